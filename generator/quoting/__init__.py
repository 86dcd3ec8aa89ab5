"""Answers by a prompted language model: its prompt, its sentences, and its quotes found in the sources."""
