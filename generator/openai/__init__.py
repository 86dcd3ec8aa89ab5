"""Answers by any server that speaks OpenAI's chat completions protocol, with quotes checked against the sources."""
