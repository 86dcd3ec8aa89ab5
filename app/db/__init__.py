"""Tables and queries of the database; indexes and answers are checked against its rows."""
