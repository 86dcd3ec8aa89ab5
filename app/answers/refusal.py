"""Sentences that are shown instead of an answer, in the language of the question.

Pure functions: they know neither collections' tables nor models.
"""

from app.answers.types import Reason
from app.languages import language_of

_TEXTS: dict[Reason, dict[str, str]] = {
    "not_in_documents": {
        "en": "No direct answer was found. The passages below come closest.",
        "zh": "没有找到直接的答案，下面是最接近的段落。",
    },
    "no_passages": {
        "en": "No passage was found for this question.",
        "zh": "没有找到与这个问题相关的段落。",
    },
    "empty_collection": {
        "en": "There are no searchable documents here yet. Add documents, or wait until they are ready.",
        "zh": "这里还没有可以检索的文档。请先添加文档，或等待文档处理完成。",
    },
    "sources_withdrawn": {
        "en": "The documents behind this answer were removed while it was written. Please ask again.",
        "zh": "作答期间，答案所依据的文档已被移除，请重新提问。",
    },
    "question_filtered": {
        "en": "This question is not answered: it holds words that the content filter of this server blocks.",
        "zh": "无法回答这个问题：其中含有本服务器内容过滤规则禁止的词语。",
    },
    "answer_filtered": {
        "en": "The answer is withheld: it holds words that the content filter of this server blocks.",
        "zh": "答案已被拦截：其中含有本服务器内容过滤规则禁止的词语。",
    },
}


def refusal_text(question: str, reason: Reason, custom: str | None) -> str:
    """Sentence to show instead of an answer.

    Args:
        question: Decides the language.
        reason: Why there is no answer.
        custom: The collection's own text, shown where its documents do not answer.
    """
    if custom and reason in {"not_in_documents", "no_passages"}:
        return custom
    return _TEXTS[reason][language_of(question)]
