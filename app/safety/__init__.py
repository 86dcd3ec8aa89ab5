"""Content filter, personal data, and the screen between a generator and its reader. Pure: no database, no HTTP."""
