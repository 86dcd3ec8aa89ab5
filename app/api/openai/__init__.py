"""OpenAI's REST protocol over collections: its clients work unchanged against `/openai/v1`."""
