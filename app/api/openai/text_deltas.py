"""An answer as text that only grows, for protocols that can't take back a word."""

from app.answers.streams import StreamEvent

WITHDRAWN = {
    False: "\n\n[The text above is withdrawn. The answer is:]\n",
    True: "\n\n[以上内容作废，回答如下：]\n",
}
"""Between words that were sent and the text that replaces them, by whether the answer is Chinese."""


class TextDeltas:
    """Events of an answer to the text that each adds. A client that joins all has the answer at the end.

    Where a text replaces another that begins otherwise, a line says so: the words before it can't be taken back.
    """

    def __init__(self) -> None:
        self._sent = ""
        self._answer_from = 0

    def of(self, event: StreamEvent) -> str:
        """Text to send for an event: of a token its own, of a replacement the part that is new."""
        if event.event == "token":
            return self._add(event.data["text"])
        if event.event == "replace":
            return self._settle(event.data["text"])
        if event.event == "done":
            return self._settle(event.data["answer"]["text"])
        return ""

    def _settle(self, text: str) -> str:
        shown = self._sent[self._answer_from :]
        if text.startswith(shown):
            return self._add(text[len(shown) :])
        note = WITHDRAWN[any("\u4e00" <= character <= "\u9fff" for character in text)]
        self._answer_from = len(self._sent) + len(note)
        return self._add(note + text)

    def _add(self, text: str) -> str:
        self._sent += text
        return text
