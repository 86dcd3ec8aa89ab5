"""`fathom` as its user calls it: results on standard output, errors in one line, exit codes."""

import contextlib
import json
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.app.copying_generator import AttributingGenerator, CopyingGenerator
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS, GEESE

QUESTION = "Which weeds do they eat?"


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture
def folder(tmp_path):
    birds = tmp_path / "birds"
    (birds / "north").mkdir(parents=True)
    (birds / "ducks.md").write_bytes(DUCKS)
    (birds / "north" / "geese.md").write_bytes(GEESE)
    (birds / ".hidden.md").write_text("Hidden.")
    return birds


def test_help_loads_no_torch():
    code = "import sys, app.cli; sys.exit(bool({'torch', 'sqlalchemy', 'rich.table', 'fastapi'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_is_taken_in_and_answers(fathom, folder):
    code, out, _ = fathom("ingest", "birds", str(folder), "--json")
    taken = json.loads(out)
    assert (code, taken["documents"], taken["ready"], taken["failed"]) == (0, 2, 2, [])
    code, out, _ = fathom("ask", "birds", QUESTION, "--json")
    answer = json.loads(out)
    assert (code, answer["text"].strip()) == (0, "They eat weeds and insects.")
    assert answer["citations"][0]["document"]["name"] == "ducks.md"
    assert "rerank" not in answer["timings_ms"]
    assert "rerank" in json.loads(fathom("ask", "birds", QUESTION, "--rerank", "--json")[1])["timings_ms"]
    code, out, err = fathom("ask", "birds", QUESTION, "--explain")
    assert "They eat weeds and insects." in out
    assert "[1] ducks.md [" in out
    assert "copied" in err


def test_explain_shows_both_inks_and_their_sources_also_without_colour(fathom, folder, monkeypatch):
    parts = replace(
        small_parts(), generator=lambda settings: AttributingGenerator(spoil=" Surely [not/a tag].")
    )
    monkeypatch.setattr("app.composition.runtime.shipped_parts", lambda: parts)
    monkeypatch.setenv("COLUMNS", "200")
    code, _, err = fathom("ask", str(folder), QUESTION, "--explain")
    copied, written = (line for line in err.splitlines() if " copied " in line or " written " in line)
    assert code == 0
    assert "They eat weeds and insects." in copied
    assert "ducks.md [" in copied
    assert "Surely [not/a tag]." in written
    assert "looked at ducks.md [" in written
    assert "60%" in written


def test_explain_in_json_is_the_provenance_of_the_rest_interface(fathom, folder):
    answer = json.loads(fathom("ask", str(folder), QUESTION, "--json", "--explain")[1])
    assert answer["provenance"]["id"] == answer["id"]
    (run,) = answer["provenance"]["runs"]
    assert run["ranges"][0]["quote"] == answer["text"]
    assert "provenance" not in json.loads(fathom("ask", str(folder), QUESTION, "--json")[1])


def test_asking_a_folder_takes_it_in_and_keeps_up_with_it(fathom, folder):
    first = json.loads(fathom("ask", str(folder), QUESTION, "--json")[1])
    assert first["ingested"]["ingested"] == 2
    again = json.loads(fathom("ask", str(folder), QUESTION, "--json")[1])
    assert (again["ingested"]["ingested"], again["ingested"]["unchanged"]) == (0, 2)
    (folder / "ducks.md").unlink()
    (folder / "swans.md").write_text("# Swans\n\nSwans hiss at weeds and people.\n")
    later = json.loads(fathom("ask", str(folder), "Who hiss at weeds?", "--json")[1])
    assert (later["ingested"]["ingested"], later["ingested"]["deleted"]) == (1, 1)
    assert {c["document"]["name"] for c in later["citations"]} == {"swans.md"}
    assert len(json.loads(fathom("collections", "--json")[1])["items"]) == 1


def test_failed_documents_are_listed_with_reason_and_hint(fathom, folder):
    (folder / "empty.txt").write_bytes(b"")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    code, out, _ = fathom("ingest", "birds", str(folder), "--json")
    failed = {item["name"]: item for item in json.loads(out)["failed"]}
    assert code == 6
    assert failed.keys() == {"empty.txt", "broken.pdf"}
    assert all(item["code"] and item["message"] and item["hint"] for item in failed.values())
    code, _, err = fathom("ingest", "birds", str(folder))
    assert (code, "empty.txt" in err) == (6, True)
    shown = json.loads(fathom("collections", "show", "birds", "--json")[1])
    assert [item["status"] for item in shown["items"]].count("failed") == 2


def test_a_file_beyond_the_limit_is_refused_and_the_others_are_taken(fathom, folder, monkeypatch):
    monkeypatch.setenv("FATHOM_LIMITS__MAX_UPLOAD_BYTES", "2000")
    (folder / "large.txt").write_text("word " * 1000)
    code, out, _ = fathom("ingest", "birds", str(folder), "--json")
    taken = json.loads(out)
    assert (code, taken["ready"], taken["failed_by_reason"]) == (6, 2, {"file_too_large": 1})


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["ask", "nowhere", "What?"], 3, "nowhere"),
        (["search", "nowhere", "ducks"], 3, "nowhere"),
        (["collections", "show", "nowhere"], 3, "nowhere"),
        (["collections", "delete", "nowhere", "--yes"], 3, "nowhere"),
        (["ask", "birds", " "], 2, "question"),
        (["ask", "birds", "a" * 100_000], 2, "100,000 characters"),
        (["ingest", "birds", "no/such/path"], 2, "no/such/path"),
        (["ingest", "bad/name", "."], 2, "bad/name"),
        (["eval", "no-such-file.json"], 2, "no-such-file.json"),
        (["bench", "index", "--from", "birds"], 2, "holds 0 passages"),
        (["bench", "index", "--from", "nowhere"], 3, "nowhere"),
        (["ask", "birds"], 2, "Missing argument"),
        (["fly"], 2, "fly"),
    ],
)
def test_errors_are_one_clear_line_and_a_code(fathom, folder, arguments, code, word):
    fathom("collections", "create", "birds")
    got, out, err = fathom(*arguments)
    assert (got, out) == (code, "")
    assert word in err
    assert "Traceback" not in err


def test_errors_are_json_for_programs(fathom):
    code, out, _ = fathom("ask", "nowhere", "What?", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (3, "collection_not_found")


def test_collections_are_made_shown_and_deleted(fathom):
    made = json.loads(fathom("collections", "create", "laws", "--refusal-text", "Ask a lawyer.", "--json")[1])
    assert made["settings"]["refusal_text"] == "Ask a lawyer."
    assert fathom("collections", "create", "laws")[0] == 4
    assert "laws" in fathom("collections", "list")[1]
    assert fathom("collections", "delete", made["id"], "--yes")[0] == 0
    assert json.loads(fathom("collections", "--json")[1]) == {"items": []}


def test_an_empty_collection_is_no_crash(fathom):
    fathom("collections", "create", "empty")
    code, out, _ = fathom("ask", "empty", "Anything?")
    assert (code, "no searchable documents" in out) == (0, True)
    assert fathom("search", "empty", "anything")[0] == 0


def test_audit_and_doctor(fathom, folder):
    fathom("ingest", "birds", str(folder))
    code, out, _ = fathom("index", "audit", "birds", "--json")
    assert (code, json.loads(out)["clean"]) == (0, True)
    code, out, _ = fathom("doctor", "--json")
    report = json.loads(out)
    assert (code, report["ok"]) == (0, True), report["checks"]
    assert report["settings"]["FATHOM_HOME"].endswith("home")
    assert set(report["optional"]) == {"text recognition", "LibreOffice"}


def test_bench_measures_the_index_on_made_and_on_real_vectors(fathom, folder):
    code, out, _ = fathom("bench", "index", "--n", "60", "--dim", "8", "--queries", "5", "--json")
    result = json.loads(out)
    assert (code, result["n"], result["dim"], result["data"]) == (0, 60, 8, "clustered")
    assert {
        "recall@10",
        "p50_ms",
        "p99_ms",
        "build_s",
        "load_s",
        "bytes_per_vector",
        "ratio",
    } <= result.keys()
    for number in range(30):
        (folder / f"{number}.md").write_text(f"# Bird {number}\n\nBird number {number} is the {number}th.")
    fathom("ingest", "birds", str(folder), "--json")
    result = json.loads(fathom("bench", "index", "--from", "birds", "--json")[1])
    assert (result["n"], result["queries"], result["data"]) == (29, 3, "birds")
    code, out, _ = fathom("bench", "index", "--n", "60", "--dim", "8", "--queries", "5")
    assert (code, "exact search (numpy)" in out) == (0, True)


def test_search_prints_hits_and_scores(fathom, folder):
    fathom("ingest", "birds", str(folder))
    code, out, _ = fathom("search", "birds", "goose nest", "--k", "1")
    assert (code, out.startswith("1. north/geese.md [")) == (0, True)
    found = json.loads(fathom("search", "birds", "goose nest", "--json")[1])
    assert found["hits"][0]["scores"].keys() >= {"fused"}


def test_a_name_that_turns_the_direction_is_shown_with_marks_and_told_to_programs_as_it_is(fathom, folder):
    hostile = "invoice\u202etxt.md"
    (folder / hostile).write_bytes(b"Swans eat reeds.")
    (folder / "empty\u2066.md").write_bytes(b"")
    printed = [
        fathom("ingest", "birds", str(folder)),
        fathom("collections", "show", "birds"),
        fathom("search", "birds", "reeds"),
        fathom("ask", "birds", QUESTION, "--explain"),
    ]
    everything = "".join(out + err for _, out, err in printed)
    assert "invoice[U+202E]txt.md" in everything
    assert "empty[U+2066].md" in everything
    assert not {"\u202e", "\u2066"} & set(everything)
    found = json.loads(fathom("search", "birds", "reeds", "--json")[1])
    assert hostile in {hit["document"]["name"] for hit in found["hits"]}


@pytest.mark.parametrize(("name", "value"), [("FATHOM_PROT", "1"), ("FATHOM_PORT", "no number")])
def test_doctor_works_where_the_settings_do_not(fathom, monkeypatch, name, value):
    """Every other command refuses, and says that doctor lists the known settings."""
    monkeypatch.setenv(name, value)
    code, _, err = fathom("collections")
    assert (code, "setting" in err) == (2, True)
    code, out, _ = fathom("doctor", "--no-models")
    assert code == 5
    assert "FAIL  settings: " in out
    assert "FATHOM_PORT = 8000" in out
    told = json.loads(fathom("doctor", "--no-models", "--json")[1])
    assert told["settings"]["FATHOM_WORKER__LEASE_S"] == 30.0


def test_bytes_of_a_terminal_that_are_no_text_are_told(fathom, folder):
    fathom("ingest", "birds", str(folder))
    for command in ("ask", "search"):
        code, _, err = fathom(command, "birds", "which ducks\udcff?")
        assert (code, "is not valid Unicode" in err) == (2, True), err


def test_documents_that_lack_text_are_marked_with_the_reason(fathom, folder, tmp_path):
    assert json.loads(fathom("ingest", "birds", str(folder), "--json")[1])["warned"] == []
    lost = json.dumps({"visible": 1000, "kept": 880, "lost": ["chassis"]})
    with contextlib.closing(sqlite3.connect(tmp_path / "home" / "fathom.db")) as database, database:
        database.execute("UPDATE contents SET coverage = ?", (lost,))
    code, out, err = fathom("collections", "show", "birds")
    assert (code, out.count("ready (!)")) == (0, 2)
    assert "text_left_out" in err
    code, out, err = fathom("ingest", "birds", str(folder))
    assert (code, "2 with a warning" in err) == (0, True)
    shown = json.loads(fathom("collections", "show", "birds", "--json")[1])
    assert [item["warnings"][0]["code"] for item in shown["items"]] == ["text_left_out"] * 2
    assert {item["coverage"]["kept"] for item in shown["items"]} == {880}
