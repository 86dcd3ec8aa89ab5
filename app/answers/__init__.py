"""Answers: questions accepted, answers generated from passages, cited, streamed, stored and read again."""
