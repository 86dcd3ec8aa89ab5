"""Loaded models at work: passages read once, answers decoded, each token traced to its source."""
