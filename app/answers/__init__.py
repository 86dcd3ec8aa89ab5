"""The life of an answer: a question accepted, an answer generated from passages, cited, stored and read again."""
