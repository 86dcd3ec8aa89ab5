"""Certificates of answers: a file that proves question, answer and sources to readers without this server."""
