"""Requests made from the API's own description: none is a fault of the program, and each reply is as described.

Many more, and sequences of them, by hand against a running server with a home folder to throw away:
`schemathesis run http://127.0.0.1:8000/openapi.json -c all --max-time 600`.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, strategies
from hypothesis import settings as tries
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from app.intake import public_web
from app.main import create_app
from tests.app.texts import DUCKS, upload
from tests.ui.servers import serve

EXAMPLES = 6
# Rules on names and cursors that JSON Schema can't say; and words that stand for yes and no are taken as such.
LOOSE = [positive_data_acceptance, negative_data_rejection]


@pytest.fixture
def known(api, work) -> dict[str, str]:
    """A collection with a document that can be searched and an answer, by the parameters that name them."""
    collection = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    taken = upload(api, collection, {"ducks.md": DUCKS}).json()
    work()
    answer = api.post(
        "/v1/answers", json={"collections": [collection], "question": "What do ducks eat?"}
    ).json()
    return {
        "collection": collection,
        "document_id": taken["documents"][0]["id"],
        "job_id": taken["jobs"][0]["id"],
        "answer_id": answer["id"],
    }


async def nowhere(_host: str, _port: int) -> list[str]:
    return []


def test_no_described_request_is_a_fault(settings, parts, known, monkeypatch):
    monkeypatch.setattr(public_web, "_system_addresses", nowhere)
    app = create_app(settings, parts)
    described = schemathesis.openapi.from_dict(app.openapi())
    with serve(app) as url:
        for found in described.get_all_operations():
            _try(found.ok(), known, url)


def _try(operation, known: dict[str, str], url: str) -> None:
    cases = strategies.one_of(*(operation.as_strategy(mode) for mode in GenerationMode))
    # What is deleted is made up: the others need it.
    names = strategies.just({}) if operation.method == "delete" else strategies.sampled_from([{}, known])

    @tries(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases, names)
    def holds(case: Case, given_names: dict[str, str]) -> None:
        case.path_parameters |= {
            name: given_names[name] for name in case.path_parameters if name in given_names
        }
        case.call_and_validate(base_url=url, excluded_checks=LOOSE, timeout=60)

    holds()
