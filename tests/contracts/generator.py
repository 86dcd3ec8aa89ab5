"""What every `Generator` must do. A test class inherits this and gives the fixture `generator`."""

from dataclasses import replace

import pytest

from generator.types import Generated, Generator, Ink, Request, SourcePassage, Token, Waiting

PASSAGES = [
    SourcePassage(
        key="a", text="the cat sat on the mat. the dog ran to the park.", sentences=[(0, 23), (24, 48)]
    ),
    SourcePassage(key="b", text="条约在1992年签署。", sentences=[(0, 11)]),
]
QUESTION = "who sat on the mat?"


class GeneratorContract:
    @pytest.fixture
    def generator(self) -> Generator:
        """A generator that answers `QUESTION` from `PASSAGES`."""
        raise NotImplementedError

    def answer(self, generator, **more):
        request = Request(**{"question": QUESTION, "passages": PASSAGES, **more})
        *before, last = generator.stream(request)
        assert isinstance(last, Generated)
        assert all(isinstance(event, Token | Waiting) for event in before)
        return [event for event in before if isinstance(event, Token)], last

    def test_the_tokens_are_the_text_and_the_spans_cover_it(self, generator):
        tokens, generated = self.answer(generator)
        assert generated.answerable
        assert "".join(token.text for token in tokens) == generated.text
        ends = [0, *(span.answer_end for span in generated.spans)]
        assert [span.answer_start for span in generated.spans] == ends[:-1]
        assert ends[-1] == len(generated.text)

    def test_copied_runs_equal_their_source(self, generator):
        tokens, generated = self.answer(generator)
        texts = {passage.key: passage.text for passage in PASSAGES}
        copied = [span for span in generated.spans if span.ink is Ink.COPIED]
        assert copied
        for span in copied:
            assert (
                texts[span.passage][span.start : span.end]
                == generated.text[span.answer_start : span.answer_end]
            )
        assert all(texts[t.passage][t.start : t.end] == t.text for t in tokens if t.ink is Ink.COPIED)

    def test_confidence_is_a_probability_or_absent(self, generator):
        _, generated = self.answer(generator)
        assert generated.confidence is None or 0 <= generated.confidence <= 1

    def test_nothing_to_read_is_no_answer(self, generator):
        tokens, generated = self.answer(generator, passages=[])
        assert (tokens, generated.text, generated.answerable) == ([], "", False)

    def test_weight_zero_equals_removal(self, generator):
        for key in ("a", "b"):
            ignored = [replace(p, weight=0.0) if p.key == key else p for p in PASSAGES]
            without = [p for p in PASSAGES if p.key != key]
            (tokens, generated), (others, other) = (
                self.answer(generator, passages=passages) for passages in (ignored, without)
            )
            assert (tokens, generated.spans, generated.confidence) == (others, other.spans, other.confidence)

    def test_a_closed_stream_gives_nothing_more(self, generator):
        events = generator.stream(Request(question=QUESTION, passages=PASSAGES))
        next(events)
        events.close()
        assert list(events) == []

    def test_relevance_is_a_probability_for_each_passage(self, generator):
        scores = generator.relevance(QUESTION, PASSAGES)
        assert len(scores) == len(PASSAGES)
        assert all(0 <= score <= 1 for score in scores)

    def test_the_model_has_a_name(self, generator):
        assert generator.model_id == generator.model_id
        assert generator.model_id
