"""Citations of an answer as annotations, and the answer itself beside the fields that OpenAI's protocol has."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.answers.types import Answer, Citation
from app.api.wire import answer_out
from ingestion.types import CountTokens


def url_annotations(citations: Sequence[Citation], base_url: str) -> list[dict[str, Any]]:
    """Citations as a chat's annotations: a range of the answer, and the address of the document's text.

    Args:
        citations: In order of the text.
        base_url: Of this server, with a slash at the end.
    """
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": item.answer_start,
                "end_index": item.answer_end,
                "title": item.document.name,
                # characters of a text are named as in RFC 5147
                "url": f"{base_url}v1/documents/{item.document.id}/content#char={item.start},{item.end}",
            },
        }
        for item in citations
    ]


def fathom_part(answer: Answer) -> Mapping[str, Any]:
    """The whole answer as `GET /v1/answers/{id}` gives it: sources with ranges and quotes, confidence, shape."""
    return answer_out(answer).model_dump(mode="json")


def usage_of(answer: Answer, count_tokens: CountTokens) -> dict[str, int]:
    """Tokens of the question and of the passages that were read, and tokens of the answer."""
    prompt = count_tokens(answer.question) + answer.usage.compressed_tokens
    completion = count_tokens(answer.text)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
