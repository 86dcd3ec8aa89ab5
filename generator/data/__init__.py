"""Training data: sets read into examples, questions made of texts, examples tokenised and batched. Knows no model."""
