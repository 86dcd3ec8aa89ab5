"""Prefixes by which the encoder knows the role of a text (as in E5, arXiv 2212.03533)."""

QUESTION_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
