"""The path of a question in process: real ingestion, indexes and database, a generator that copies."""

import pytest

from app.answers import run
from app.answers.accept import Ask, accept
from app.answers.json_form import as_json, event_data, event_name
from app.answers.types import AnswerPart, AnswerRange
from app.api.wire import answer_out
from app.db.documents import serving_content
from app.db.sources import DocumentName
from app.errors import CollectionNotFoundError, InvalidInputError, QuoteMismatchError
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.search import searching
from generator.types import Evidence, Generated, Ink, Part, PartKind, Shape, Span, Token
from tests.app.copying_generator import CopyingGenerator
from tests.app.texts import DUCKS, GEESE

CHINESE = "第一条 劳动者每日工作时间不超过八小时。\n\n第二条 用人单位应当按月支付工资。\n".encode()


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture
def fill(runtime, work):
    def put(name, **files):
        collection = collections.get_or_create(runtime, name).row.id
        uploads = [Upload(name=f"{key}.md", blob=runtime.blobs.put(data)) for key, data in files.items()]
        taken = record_uploads(runtime, collection, uploads)
        work()
        return [item.view.document.id for item in taken]

    return put


def ask(runtime, question, *names, stop=lambda: None, **more):
    events = []
    pending = run.begin(runtime, Ask(collections=names or ("birds",), question=question, **more))
    emit = lambda event: events.append((event_name(event), event_data(event)))  # noqa: E731
    return run.complete(runtime, pending, emit, stop).answer, events


def test_an_answer_is_copied_and_its_citation_equals_the_document(runtime, fill):
    (document, _) = fill("birds", ducks=DUCKS, geese=GEESE)
    answer, events = ask(runtime, "Which weeds do they eat?")
    assert answer.text.strip() == "They eat weeds and insects."
    (citation,) = answer.citations
    assert citation.document == DocumentName(id=document, name="ducks.md", title="Ducks")
    assert citation.quote == "They eat weeds and insects."
    assert answer.text[citation.answer_start : citation.answer_end] == citation.quote
    with runtime.db.read() as session:
        _, content = serving_content(session, document)
    assert content.text[citation.start : citation.end] == citation.quote
    assert [event for event, _ in events if event != "token"] == ["meta", "citation", "done"]
    assert "".join(data["text"] for event, data in events if event == "token") == answer.text


def test_a_citation_tells_what_stands_around_its_quote(runtime, fill):
    long = b"# Ducks\n\n" + b"Ducks swim. " * 20 + b"They eat weeds and insects. " + b"Ducks quack. " * 20
    fill("birds", ducks=DUCKS)
    fill("lakes", ducks=long)
    for name in ("birds", "lakes"):
        answer, _ = ask(runtime, "Which weeds do they eat?", name)
        (citation,) = answer.citations
        with runtime.db.read() as session:
            _, content = serving_content(session, citation.document.id)
        start = citation.start - len(citation.before.removeprefix("…"))
        end = citation.end + len(citation.after.removesuffix("…"))
        whole = citation.before.removeprefix("…") + citation.quote + citation.after.removesuffix("…")
        assert content.text[start:end] == whole
        assert "\n" not in whole
        cut = citation.before[:1] + citation.after[-1:]
        assert cut == "……" if name == "lakes" else "…" not in cut
        assert max(len(citation.before), len(citation.after)) <= 121


def test_timings_and_usage_are_told_by_stage(runtime, fill):
    fill("birds", ducks=DUCKS)
    answer, _ = ask(runtime, "Which weeds do they eat?")
    stages = {"embed", "retrieve", "compress", "fuse", "first_token", "total"}
    assert stages <= answer.timings_ms.keys()
    assert 0 < answer.timings_ms["first_token"] <= answer.timings_ms["total"]
    assert answer.usage.context_tokens >= answer.usage.compressed_tokens > 0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Quantum chromodynamics?", "No direct answer was found. The passages below come closest."),
        ("量子色动力学？", "没有找到直接的答案，下面是最接近的段落。"),
    ],
)
def test_no_evidence_gives_the_refusal_in_the_language_of_the_question(runtime, fill, question, text):
    fill("birds", ducks=DUCKS)
    answer, _ = ask(runtime, question)
    assert (answer.answerable, answer.text, answer.citations) == (False, text, ())
    assert answer.reason == "not_in_documents"
    assert answer.nearest[0].document.name == "ducks.md"
    assert answer.nearest[0].quote in DUCKS.decode()


def test_a_collection_has_its_own_refusal_text(runtime, fill):
    fill("birds", ducks=DUCKS)
    collections.update(runtime, "birds", {"settings": {"refusal_text": "Ask the ranger."}})
    assert ask(runtime, "Quantum chromodynamics?")[0].text == "Ask the ranger."


def test_an_empty_collection_says_so_and_asks_no_model(runtime, fill, generator):
    collections.create(runtime.db, name="empty")
    answer, _ = ask(runtime, "Which weeds do they eat?", "empty")
    assert (answer.answerable, answer.reason) == (False, "empty_collection")
    assert "Add documents" in answer.text
    assert generator.requests == []


def test_chinese_questions_find_chinese_documents(runtime, fill):
    fill("laws", labour=CHINESE)
    answer, _ = ask(runtime, "工资何时支付？", "laws")
    assert answer.citations[0].quote == "第二条 用人单位应当按月支付工资。"


def test_several_collections_are_asked_as_one(runtime, fill):
    fill("ducks", ducks=DUCKS)
    fill("geese", geese=GEESE)
    for question, name in (
        ("Which weeds do they eat?", "ducks.md"),
        ("When do geese fly south?", "geese.md"),
    ):
        answer, _ = ask(runtime, question, "ducks", "geese")
        assert answer.citations[0].document.name == name
    assert len(ask(runtime, "Which weeds do they eat?", "ducks", "ducks")[0].collections) == 1


def test_a_deleted_document_is_never_cited_again(runtime, fill):
    (document,) = fill("birds", ducks=DUCKS)
    assert ask(runtime, "Which weeds do they eat?")[0].citations
    documents.delete(runtime, document)
    answer, _ = ask(runtime, "Which weeds do they eat?")
    assert (answer.reason, answer.citations, answer.nearest) == ("empty_collection", (), ())


def test_a_document_deleted_while_the_answer_is_written_withdraws_it(runtime, fill, generator):
    (document,) = fill("birds", ducks=DUCKS)
    generator.spoil = " Surely."

    def delete_at_the_first_token(event):
        names.append(event_name(event))
        if names.count("token") == 1:
            documents.delete(runtime, document)

    names = []
    pending = run.begin(runtime, Ask(collections=("birds",), question="Which weeds do they eat?"))
    answer = run.complete(runtime, pending, delete_at_the_first_token).answer
    assert (answer.reason, answer.citations, answer.spans) == ("sources_withdrawn", (), ())
    assert names[-2:] == ["replace", "done"]
    assert generator.closed == 1


def test_written_words_stand_in_the_other_ink_and_are_not_cited(runtime, fill, generator):
    fill("birds", ducks=DUCKS)
    generator.spoil = " Surely."
    answer, _ = ask(runtime, "Which weeds do they eat?")
    assert [span.kind for span in answer.spans] == ["copied", "written"]
    assert answer.text.endswith("Surely.")
    assert len(answer.citations) == 1


def test_a_passage_can_be_left_out_or_weighted(runtime, fill, generator):
    fill("birds", ducks=DUCKS, geese=GEESE)
    answer, _ = ask(runtime, "Which weeds do they eat?")
    cited = answer.citations[0].chunk
    without, _ = ask(runtime, "Which weeds do they eat?", weights={cited: 0.0})
    assert str(cited) not in [passage.key for passage in generator.requests[-1].passages]
    assert cited not in [item.chunk for item in [*without.citations, *without.nearest]]
    ask(runtime, "Which weeds do they eat?", weights={cited: 0.5})
    first, second = generator.requests[0].passages[0], generator.requests[-1].passages[0]
    assert (first.key, second.weight) == (second.key, 0.5 * first.weight)


def test_stopping_keeps_what_was_written_and_frees_the_generator(runtime, fill, generator):
    fill("birds", ducks=DUCKS)
    count = iter(range(99))
    answer, events = ask(
        runtime,
        "Which weeds do they eat?",
        stop=lambda: "stopped" if generator.requests and next(count) >= 2 else None,
    )
    assert answer.status == "cancelled"
    assert answer.text == "They eat "
    assert answer.citations[0].quote == "They eat"
    assert events[-1][0] == "done"
    assert generator.closed == 1


class LyingGenerator(CopyingGenerator):
    """Says that it copied what is not there."""

    def stream(self, request):
        key = request.passages[0].key
        yield Token(text="Ducks bark.", ink=Ink.COPIED, passage=key, start=0, end=11)
        span = Span(answer_start=0, answer_end=11, ink=Ink.COPIED, passage=key, start=0, end=11)
        yield Generated(text="Ducks bark.", spans=(span,), answerable=True, confidence=1.0)


class RevisingGenerator(CopyingGenerator):
    """Streams one word, and settles on the whole sentence."""

    def stream(self, request):
        *_, last = super().stream(request)
        key = last.spans[0].passage
        start = last.spans[1].start
        yield Token(text="eat", ink=Ink.COPIED, passage=key, start=start, end=start + 3)
        yield last


class ReachingGenerator(CopyingGenerator):
    """Copies all of the document that it may reach from the first passage, as an answer of one part."""

    def stream(self, request):
        self.requests.append(request)
        source = request.passages[0]
        text = source.before + source.text + source.after
        start, end = -len(source.before), len(source.text) + len(source.after)
        yield Token(text=text, ink=Ink.COPIED, passage=source.key, start=start, end=end, action="copy")
        span = Span(
            answer_start=0, answer_end=len(text), ink=Ink.COPIED, passage=source.key, start=start, end=end
        )
        yield Generated(
            text=text,
            spans=(span,),
            answerable=True,
            confidence=1.0,
            shape=Shape.LIST,
            phrase="weeds",
            emphasis=[(0, 5)],
            parts=[Part(answer_start=0, answer_end=5, kind=PartKind.ITEM)],
            more=True,
            evidence=[Evidence(passage=source.key, start=0, end=3, probability=0.25)],
        )


LONG = "# Ducks\n\n" + "\n\n".join(
    f"## Pond {n}\n\n" + f"Ducks eat weeds of pond {n}. " * 25 for n in range(12)
)


@pytest.mark.parametrize("generator", [ReachingGenerator()])
def test_an_answer_that_reaches_beyond_its_passage_is_cited_whole(runtime, fill, generator):
    (document,) = fill("birds", ducks=LONG.encode())
    answer, _ = ask(runtime, "Which weeds do they eat in pond 6?")
    source = generator.requests[-1].passages[0]
    assert source.before
    assert source.after
    with runtime.db.read() as session:
        _, content = serving_content(session, document)
    (citation,) = answer.citations
    assert content.text[citation.start : citation.end] == citation.quote == answer.text.strip()
    assert len(citation.quote) > len(source.text)


@pytest.mark.parametrize("generator", [ReachingGenerator()])
def test_the_shape_of_an_answer_is_told_and_stored(runtime, fill, generator):
    fill("birds", ducks=DUCKS)
    answer, _ = ask(runtime, "Which weeds do they eat?")
    assert (answer.shape, answer.phrase, answer.more) == ("list", "weeds", True)
    assert answer.emphasis == (AnswerRange(answer_start=0, answer_end=5),)
    assert answer.parts == (AnswerPart(answer_start=0, answer_end=5, kind="item"),)
    (other,) = answer.also
    assert (other.quote, other.score) == (DUCKS.decode()[2:5], 0.25)
    told = answer_out(answer)
    assert told.parts[0].kind == "item"
    assert told.also[0].quote == other.quote


def test_a_refusal_has_no_shape_and_the_key_sentence_of_each_passage(runtime, fill):
    fill("birds", ducks=DUCKS)
    answer, _ = ask(runtime, "Quantum chromodynamics?")
    assert (answer.shape, answer.phrase, answer.parts, answer.also) == (None, "", (), ())
    told = answer_out(answer)
    assert told.nearest[0].key_start is not None
    assert told.nearest[0].start <= told.nearest[0].key_start < (told.nearest[0].key_end or 0)


def test_the_generator_gets_what_stands_around_a_passage(runtime, fill, generator):
    fill("birds", ducks=LONG.encode())
    ask(runtime, "Which weeds do they eat in pond 6?")
    for source in generator.requests[-1].passages:
        wide = source.before + source.text + source.after
        for block in source.blocks:
            said = wide[block.start + len(source.before) : block.end + len(source.before)]
            if block.start >= -len(source.before) and block.end <= len(wide) - len(source.before):
                assert (block.kind == "heading") == (len(said) < 10)
        assert source.headings[0] == "Ducks"
        assert any(block.level == 2 for block in source.blocks if block.kind == "heading")


@pytest.mark.parametrize("generator", [LyingGenerator()])
def test_a_quote_that_is_not_in_the_document_is_never_shown(runtime, fill, generator):
    fill("birds", ducks=DUCKS)
    with pytest.raises(QuoteMismatchError, match="does not read"):
        ask(runtime, "Which weeds do they eat?")


@pytest.mark.parametrize("generator", [RevisingGenerator()])
def test_a_revised_text_replaces_what_was_streamed(runtime, fill, generator):
    fill("birds", ducks=DUCKS)
    answer, events = ask(runtime, "Which weeds do they eat?")
    names = [name for name, _ in events]
    assert names == ["meta", "token", "replace", "citation", "done"]
    assert events[2][1]["text"] == answer.text
    assert events[3][1] == as_json(answer.citations[0])


@pytest.mark.parametrize(("question", "code"), [("", "empty"), (" \n？!", "empty"), ("a" * 100_000, "long")])
def test_questions_that_can_not_be_answered_are_refused_at_once(runtime, question, code):
    collections.create(runtime.db, name="birds")
    with pytest.raises(InvalidInputError) as refused:
        accept(runtime, Ask(collections=("birds",), question=question))
    assert code in refused.value.code
    assert refused.value.hint


def test_an_unknown_collection_is_named(runtime):
    with pytest.raises(CollectionNotFoundError, match="'nowhere'"):
        ask(runtime, "What?", "nowhere")


def test_search_gives_hits_by_stage_with_verbatim_text(runtime, fill):
    fill("birds", ducks=DUCKS, geese=GEESE)
    found = searching.as_wire(searching.search(runtime, ["birds"], "ducks eggs", k=2))
    assert found["hits"][0]["document"]["name"] == "ducks.md"
    assert found["hits"][0]["text"] in DUCKS.decode()
    assert found["stages"].keys() >= {"dense", "lexical", "fused"}
    assert [hit["rank"] for hit in found["hits"]] == list(range(1, len(found["hits"]) + 1))


def test_a_search_in_an_empty_collection_is_empty(runtime):
    collections.create(runtime.db, name="empty")
    assert searching.as_wire(searching.search(runtime, ["empty"], "ducks"))["hits"] == []
