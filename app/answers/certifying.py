"""Certificates of stored answers, and answers derived again from certificates."""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.answers.accept import Again, Ask, accept
from app.answers.generate import generate
from app.answers.json_form import answer_from_json, trace_from_json
from app.answers.provenance import places_of, provenance_of
from app.answers.types import Answer, RunProvenance, Trace
from app.certificates import form
from app.certificates.form import Certificate
from app.certificates.keys import instance_key
from app.db import answers as rows
from app.db import certified, installation
from app.db.certified import SourceDocument
from app.db.sources import read_sources
from app.db.types import utc_now
from app.errors import AnswerNotFoundError, ConflictError, FathomError
from app.search.parts import SearchParts
from app.search.scope import RankingChoice

_GONE = (
    "certificate_sources_gone",
    "A source of this answer is not there any more as it was answered from.",
    "Ask the question again, and certify the new answer.",
)
_CHOICES = ("rerank", "compress", "mmr_lambda", "max_per_document", "neighbours")


class CertifyingParts(SearchParts, Protocol):
    """Parts that certificates need: those of answering, and the encoder's name without the encoder."""

    @property
    def encoder_id(self) -> str:
        """Id of the encoder in use."""


def certificate_of(parts: CertifyingParts, answer_id: str) -> bytes:
    """The certificate of a stored answer, as the bytes of its file.

    Args:
        parts: The database, and the settings.
        answer_id: Its id.

    Raises:
        AnswerNotFoundError: There is no such answer.
        ConflictError: It is not finished, or a source of it is gone, changed, or masked by the content filter.
        UnavailableError: The installation's key can't be read.
    """
    key = instance_key(parts.settings.home)
    with parts.db.read() as session:
        row = rows.get(session, answer_id, with_provenance=True)
        if row is None:
            raise AnswerNotFoundError(answer_id)
        if row.answer is None or row.status != "done":
            raise ConflictError(
                "answer_not_finished",
                f"Answer {answer_id!r} is {row.status}.",
                "Certify an answer that is done.",
            )
        answer = answer_from_json(row.answer)
        trace = None if row.provenance is None else trace_from_json(row.provenance)
        runs, documents = _sources(session, answer, trace)
        statement = form.Statement(
            format=form.FORMAT,
            version=form.VERSION,
            issued_at=utc_now().isoformat(timespec="seconds").replace("+00:00", "Z"),
            answer=_answer(answer, runs, documents),
            documents=tuple(_document(one) for one in {one.id: one for one in documents.values()}.values()),
            derivation=_derivation(parts, session, row),
            instance=form.Instance(
                id=installation.read(session) or "", public_key=form.public_text(key.public_key())
            ),
        )
    return form.sealed(statement, key)


def derived(parts: CertifyingParts, certificate: Certificate) -> str:
    """Derive the answer of a certificate again, from the collections and models that are here; nothing is stored.

    Returns:
        "same", "differs: …" with the reasons that are known, or "not re-derived: …".
    """
    made, reasons = certificate.derivation, []
    with parts.db.read() as session:
        there = certified.collections_of(session, [one.id for one in made.collections])
    if len(there) != len(made.collections) or not there:
        return "not re-derived: its collections are not here"
    try:
        if parts.generator.model_id != made.model and made.model:
            return f"not re-derived: it was answered by {made.model}, and {parts.generator.model_id} is here"
        if parts.encoder_id != made.encoder:
            return f"not re-derived: the index was made by {made.encoder}, and {parts.encoder_id} is here"
        outcome = generate(parts, accept(parts, _ask(certificate)), lambda _: None, lambda: None)
    except FathomError as error:
        return f"not re-derived: {error.message}"
    answer = outcome.answer
    cited = [(one.document.id, one.start, one.end) for one in answer.citations]
    before = [(one.document, one.start, one.end) for one in certificate.answer.citations]
    if (answer.text, cited) == (certificate.answer.text, before):
        return "same"
    reasons.append(
        "another text" if answer.text != certificate.answer.text else "the same text from other places"
    )
    if there != [(one.id, one.name, one.index_seq) for one in made.collections]:
        reasons.append("the collections have changed since")
    return f"differs: {', '.join(reasons)}"


def _ask(certificate: Certificate) -> Ask:
    request, answer = certificate.derivation.request, certificate.answer
    options: dict[str, Any] = {name: request["ranking"].get(name) for name in _CHOICES}
    if options["mmr_lambda"] is not None:
        options["mmr_lambda"] = float(options["mmr_lambda"])
    return Ask(
        collections=tuple(one.id for one in certificate.derivation.collections),
        question=answer.question,
        k=request["k"],
        temperature=float(request["temperature"]),
        choice=RankingChoice(**options),
        wanted=_with_fractions(request["filter"]),
        weights={int(chunk): float(weight) for chunk, weight in request["weights"].items()},
        again=Again(answer_id=answer.id, standalone_question=answer.standalone_question),
    )


def _sources(
    session: Session, answer: Answer, trace: Trace | None
) -> tuple[Sequence[RunProvenance], Mapping[int, SourceDocument]]:
    """The runs of an answer with the text of their sources, and the documents of their chunks.

    Raises:
        ConflictError: A source is gone, has changed, or reads otherwise than the answer.
    """
    places = places_of(answer, trace)
    sources = dict(zip(places, read_sources(session, places), strict=True))
    cited = [(one.chunk, one.start, one.end) for one in answer.citations]
    quotes = read_sources(session, cited)
    as_cited = all(
        source is not None and source.quote == one.quote
        for source, one in zip(quotes, answer.citations, strict=True)
    )
    if answer.erased or not as_cited or None in sources.values():
        raise ConflictError(*_GONE)
    runs = provenance_of(answer, trace, sources).runs
    for run in runs:
        said = answer.text[run.answer_start : run.answer_end]
        if run.kind == "copied" and [sources_.quote for sources_ in run.ranges] != [said]:
            raise ConflictError(*_GONE)
    chunks = {chunk for chunk, _, _ in [*places, *cited]}
    documents = certified.documents_of(session, chunks)
    if set(documents) != chunks:
        raise ConflictError(*_GONE)
    return runs, documents


def _answer(
    answer: Answer, runs: Sequence[RunProvenance], documents: Mapping[int, SourceDocument]
) -> form.CertifiedAnswer:
    def text_at(chunk: int, start: int, end: int) -> str:
        return documents[chunk].text[start:end]

    return form.CertifiedAnswer(
        id=answer.id,
        created_at=answer.created_at,
        question=answer.question,
        standalone_question=answer.standalone_question,
        text=answer.text,
        answerable=answer.answerable,
        reason=answer.reason,
        runs=tuple(
            form.Run(
                kind=run.kind,  # type: ignore[arg-type]
                answer_start=run.answer_start,
                answer_end=run.answer_end,
                ranges=tuple(
                    form.SourceRange(
                        document=one.document,
                        start=one.start,
                        end=one.end,
                        sha256=form.text_hash(text_at(one.chunk, one.start, one.end)),
                    )
                    for one in run.ranges
                ),
            )
            for run in runs
        ),
        citations=tuple(
            form.Citation(
                n=one.n,
                answer_start=one.answer_start,
                answer_end=one.answer_end,
                document=one.document.id,
                start=one.start,
                end=one.end,
                page=one.page,
                quote=one.quote,
                sha256=form.text_hash(text_at(one.chunk, one.start, one.end)),
            )
            for one in answer.citations
        ),
    )


def _document(source: SourceDocument) -> form.CertifiedDocument:
    return form.CertifiedDocument(
        id=source.id,
        name=source.name,
        title=source.title,
        version=source.version,
        sha256=form.text_hash(source.text),
        characters=len(source.text),
        original_sha256=source.original_sha256,
        media_type=source.media_type,
        hint=source.hint,
        recipe=source.recipe,
    )


def _derivation(parts: CertifyingParts, session: Session, row: rows.Answer) -> form.Derivation:
    request, limits = row.request, parts.settings.limits
    left_out = {"k", "temperature", "seed", "filter", "weights", "standalone_question", "collections"}
    return form.Derivation(
        model=row.model,
        encoder=parts.encoder_id,
        collections=tuple(
            form.CertifiedCollection(id=key, name=name, index_seq=seq)
            for key, name, seq in certified.collections_of(session, row.collection_ids)
        ),
        request={
            "k": request.get("k"),
            "temperature": repr(float(request.get("temperature", 0.0))),
            "seed": request.get("seed", 0),
            "filter": _without_fractions(request.get("filter")),
            "weights": {chunk: repr(float(value)) for chunk, value in request.get("weights", {}).items()},
            "ranking": {
                name: _without_fractions(value, plain=True)
                for name, value in request.items()
                if name not in left_out
            },
        },
        parsing={"keep_hidden": limits.keep_hidden, "keep_margins": limits.keep_margins},
        program=metadata.version("fathom"),
    )


def _without_fractions(value: Any, *, plain: bool = False) -> Any:
    """JSON with each fraction as a string; `{"fraction": …}` where it must be found again."""
    if isinstance(value, float):
        return repr(value) if plain else {"fraction": repr(value)}
    if isinstance(value, Mapping):
        return {key: _without_fractions(item, plain=plain) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_fractions(item, plain=plain) for item in value]
    return value


def _with_fractions(value: Any) -> Any:
    match value:
        case {"fraction": str(text)} if len(value) == 1:
            return float(text)
        case dict():
            return {key: _with_fractions(item) for key, item in value.items()}
        case list():
            return [_with_fractions(item) for item in value]
        case _:
            return value
