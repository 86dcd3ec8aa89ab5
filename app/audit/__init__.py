"""The audit trail: records of what came in and went out, each bound to the one before by its hash."""
