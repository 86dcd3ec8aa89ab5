"""What stands before a text so that the encoder knows its role (as in E5, arXiv 2212.03533)."""

QUESTION_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
