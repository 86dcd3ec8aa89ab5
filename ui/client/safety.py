"""Calls about lexicons and the audit trail, which are an administrator's."""

from typing import Any, Literal, cast

from ui.client.connection import Connection, Page, segment
from ui.wire.safety import Level, Lexicon, LexiconContent, Record, Trial, Verdict

_EXPORT_TIMEOUT_S = 300.0


class SafetyCalls(Connection):
    """Lexicons of the content filter, and records of the audit trail."""

    def lexicons(self) -> list[Lexicon]:
        """All lexicons, by name."""
        return cast("list[Lexicon]", self._json("GET", "/v1/lexicons")["items"])

    def lexicon(self, name: str) -> LexiconContent:
        """A lexicon with its words."""
        return cast("LexiconContent", self._json("GET", f"/v1/lexicons/{segment(name)}"))

    def put_lexicon(
        self, name: str, *, level: Level, words: list[str], pinyin: bool, enabled: bool
    ) -> Lexicon:
        """Make a lexicon, or replace the one of this name."""
        body = {"level": level, "words": words, "pinyin": pinyin, "enabled": enabled}
        return cast("Lexicon", self._json("PUT", f"/v1/lexicons/{segment(name)}", json=body))

    def enable_lexicon(self, name: str, *, enabled: bool) -> Lexicon:
        """Switch a lexicon on or off."""
        path = f"/v1/lexicons/{segment(name)}"
        return cast("Lexicon", self._json("PATCH", path, json={"enabled": enabled}))

    def delete_lexicon(self, name: str) -> None:
        """Delete a lexicon with its words."""
        self._send("DELETE", f"/v1/lexicons/{segment(name)}")

    def try_lexicons(self, text: str) -> Trial:
        """The effect of the lexicons in use on a text; nothing of it is kept."""
        return cast("Trial", self._json("POST", "/v1/lexicons/try", json={"text": text}))

    def audit(
        self, *, event: str | None = None, actor: str | None = None, cursor: str | None = None, limit: int
    ) -> Page[Record]:
        """One page of the records, newest first."""
        wanted: dict[str, Any] = {"event": event, "actor": actor}
        return self._page("/v1/audit", cursor, limit, {k: v for k, v in wanted.items() if v})

    def verify_audit(self) -> Verdict:
        """Read the whole trail, and name the rows that were tampered with."""
        reply = self._json("POST", "/v1/audit/verify", json={"heads": []}, timeout=_EXPORT_TIMEOUT_S)
        return cast("Verdict", reply)

    def export_audit(self, form: Literal["json", "csv"]) -> bytes:
        """The whole trail, one record a line; in CSV no cell is taken for a formula."""
        reply = self._send("GET", "/v1/audit/export", params={"format": form}, timeout=_EXPORT_TIMEOUT_S)
        return reply.content
