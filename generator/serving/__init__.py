"""One loaded model for many callers at once. Knows token ids only; nothing is batched yet."""
