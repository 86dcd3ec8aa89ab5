"""Callers and their rights: users, keys, sessions of the web pages, rights by rows. It knows no HTTP."""
