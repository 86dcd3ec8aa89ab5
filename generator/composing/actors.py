"""Who may or must do something, in Chinese: the party before the modal verb of a question and of a line of a text.

In a statute the same words stand in both directions: "用人单位有下列情形之一的，劳动者可以解除劳动合同" and
"劳动者有下列情形之一的，用人单位可以解除劳动合同" differ in nothing but who may do it.
"""

import re

_MODAL = r"(?:可以|应当|必须|不得|有权|能够)"
_WHEN = r"(?:在|于)?(?:什么|哪些|哪种|何种|怎样的?)(?:的)?(?:情形|情况|条件|时候)(?:之?下)?"
_OF_QUESTION = re.compile(
    rf"^(?:请问|有)?(?:{_WHEN})?[，,]?(?P<actor>[一-鿿]{{2,8}}?)(?:{_WHEN}.*?{_MODAL}|{_MODAL}|能|要)"
)
_OF_CLAUSE = re.compile(rf"(?:^|[，,；])(?P<actor>[一-鿿]{{2,8}}?){_MODAL}")


def asks_of_another(question: str, line: str) -> bool:
    """Whether a line lets another party do it than the question asks about, whom it names in another part.

    Args:
        question: What was asked.
        line: Such as the sentence that leads a list in.
    """
    asked = _OF_QUESTION.match(question.strip())
    if asked is None or asked["actor"] not in line:
        return False
    acting = [found["actor"] for found in _OF_CLAUSE.finditer(line)]
    return bool(acting) and not any(asked["actor"] in actor for actor in acting)
