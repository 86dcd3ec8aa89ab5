"""Answers by a published DeepSeek V2 or V3 checkpoint in a local folder, in our own decoder."""
