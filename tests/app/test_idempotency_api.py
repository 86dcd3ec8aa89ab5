"""`Idempotency-Key`, and uploads that arrive many times at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from tests.app.texts import DUCKS, GEESE, upload


@pytest.fixture
def birds(api: TestClient) -> str:
    return str(api.post("/v1/collections", json={"name": "birds"}).json()["id"])


def test_a_repeated_post_takes_effect_once(api):
    headers = {"Idempotency-Key": "k-1"}
    first = api.post("/v1/collections", json={"name": "birds"}, headers=headers)
    again = api.post("/v1/collections", json={"name": "birds"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    other = api.post("/v1/collections", json={"name": "fish"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_failed_post_does_not_use_the_key_up(api, birds):
    headers = {"Idempotency-Key": "k-1"}
    assert api.post("/v1/collections", json={"name": "birds"}, headers=headers).status_code == 409
    assert api.post("/v1/collections", json={"name": "fish"}, headers=headers).status_code == 201


def test_a_repeated_upload_gives_the_same_jobs(api, birds):
    first = upload(api, birds, {"ducks.md": DUCKS}, key="u-1").json()
    again = upload(api, birds, {"ducks.md": DUCKS}, key="u-1").json()
    assert first == again
    assert len(first["jobs"]) == 1
    assert upload(api, birds, {"ducks.md": GEESE}, key="u-1").json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("key", ["one-key", None])
def test_parallel_uploads_make_one_document(api, birds, work, key):
    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(lambda _: upload(api, birds, {"ducks.md": DUCKS}, key=key), range(100)))
    codes = {reply.status_code for reply in replies}
    assert codes <= ({202, 409} if key else {202})
    accepted = [reply.json() for reply in replies if reply.status_code == 202]
    assert len({reply["documents"][0]["id"] for reply in accepted}) == 1
    jobs = {job["id"] for reply in accepted for job in reply["jobs"]}
    assert len(jobs) == 1
    assert work() == 1
    assert api.get(f"/v1/collections/{birds}").json()["documents"] == 1
