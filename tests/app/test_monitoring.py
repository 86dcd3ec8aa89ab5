"""Dashboard and alerts: every metric in their expressions is in /metrics, with the labels that they use."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.worker import Worker
from tests.app.copying_generator import CopyingGenerator
from tests.app.texts import DUCKS, upload
from tests.project.source_tree import ROOT

FOLDER = ROOT / "docs" / "monitoring"
MADE_BY_PROMETHEUS = {"instance", "job"}
FUNCTIONS = {
    "absent", "histogram_quantile", "increase", "label_values", "max", "min", "rate", "sum",
}  # fmt: skip
WORDS = {"and", "or", "unless", "by"}
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?")
_GROUPING = re.compile(r"\bby\s*\(([^)]*)\)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def dashboard() -> dict:
    return json.loads((FOLDER / "grafana.json").read_text(encoding="utf-8"))


def alerts() -> list[dict]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
    found = [target["expr"] for panel in panels for target in panel["targets"]]
    return found + [rule["expr"] for rule in alerts()] + ["label_values(fathom_workers, instance)"]


def used(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric of an expression, with the labels in its selector and in the groupings around it."""
    assert expression.count("(") == expression.count(")")
    grouped = {name.strip() for names in _GROUPING.findall(expression) for name in names.split(",")}
    text = _GROUPING.sub(" by ", expression)
    text = re.sub(r"\[[\w$]+\]", "", re.sub(r", instance\)$", ")", text))
    for found in _SELECTOR.finditer(text):
        name, selector = found[1], found[2] or ""
        called = text[found.end() :].lstrip().startswith("(")
        if called or name in WORDS | FUNCTIONS:
            assert name in WORDS | FUNCTIONS, (name, expression)
            continue
        chosen = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", _STRING.sub("", selector))
        yield name, grouped | set(chosen)


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture
def shown(api, runtime, work) -> dict[str, set[str]]:
    """Labels of each sample in /metrics, by name, after one of everything."""
    collection = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    upload(api, collection, {"ducks.md": DUCKS})
    work()
    Worker(runtime)._tell_alive()
    api.post("/v1/answers", json={"collections": [collection], "question": "What do ducks eat?"})
    api.post("/v1/search", json={"collections": [collection], "query": "ducks"})
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(api.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_metric_and_label_of_dashboard_and_alerts_is_in_the_metrics(shown):
    wrong = []
    asked = set()
    for expression in expressions():
        names = list(used(expression))
        assert names, expression
        for name, labels in names:
            asked.add(name)
            if name not in shown or labels - shown[name] - MADE_BY_PROMETHEUS:
                wrong.append((name, labels, expression))
    assert wrong == []
    # and the other way round: what is counted is shown somewhere
    told = [name for name in shown if name.startswith("fathom_") and not name.endswith("_created")]
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told}
    assert bases - {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} == set()


def test_the_reader_of_expressions_sees_what_is_in_them():
    expression = 'sum by (le, kind) (rate(a_bucket{x="y", z=~"a(b"}[5m])) / max(b) > 0.5 and c{d!="e"} == 0'
    with pytest.raises(AssertionError):
        list(used(expression))  # a bracket in a string is counted
    assert list(used(expression.replace("a(b", "ab"))) == [
        ("a_bucket", {"le", "kind", "x", "z"}),
        ("b", {"le", "kind"}),
        ("c", {"le", "kind", "d"}),
    ]


def test_the_dashboard_can_be_imported():
    made = dashboard()
    panels = made["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [tuple(panel["gridPos"].values()) for panel in panels]
    assert all(x + w <= 24 for _, w, x, _ in places)
    covered = [(x + dx, y + dy) for h, w, x, y in places for dx in range(w) for dy in range(h)]
    assert len(covered) == len(set(covered)), "panels lie over each other"
    assert {name["name"] for name in made["templating"]["list"]} == {"datasource", "instance"}
    for panel in panels:
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
            named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            labels = set().union(*(labels for _, labels in used(target["expr"])))
            assert named <= labels | MADE_BY_PROMETHEUS, target


def test_every_alert_says_what_is_wrong_and_what_to_do():
    rules = alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 10
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "1m"))
