"""Answers by a language model that is told to quote: its prompt, its sentences, and its quotes found in the sources."""
