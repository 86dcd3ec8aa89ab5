"""REST routes of the server, and the guards, queues and idempotency around them."""
