"""Our own model: reads passages, composes the answer, writes in two inks."""
