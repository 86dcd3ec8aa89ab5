"""Pictures, and pages that are pictures, by text recognition."""
