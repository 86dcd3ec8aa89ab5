"""Webhooks: signed messages about finished jobs and changed answers, from an outbox in the database."""
