"""Wire types of the REST interface; never tables, never domain types."""
