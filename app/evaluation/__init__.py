"""`fathom eval`: question sets, the measured run over them, and the report."""
