"""The audit trail: records of inputs and outputs, each bound to the record before by its hash."""
