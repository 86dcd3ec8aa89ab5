"""A Fathom with users, and some of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.composition.runtime import Runtime
from app.identity import people
from app.identity.people import KeyWish
from app.identity.principal import SCOPES
from app.library import lexicons
from app.main import create_app
from app.safety.types import Lexicon
from app.worker import Worker
from tests.app.texts import DUCKS, upload
from tests.ui.servers import serve


@dataclass
class World:
    """An API in the mode for users; `runtime` is its own, which sees everything."""

    app: FastAPI
    client: TestClient | httpx.Client
    runtime: Runtime
    work: Callable[[], int]
    keys: dict[str, str] = field(default_factory=dict)

    def user(self, name: str, role: str = "member", **wish: Any) -> dict[str, str]:
        """Make a user with a key; gives the header that shows it."""
        people.add_user(self.runtime.db, name, role)
        return self.key(name, **wish)

    def key(self, name: str, **wish: Any) -> dict[str, str]:
        made = people.make_key(self.runtime.db, name, KeyWish(**({"scopes": SCOPES} | wish)))
        self.keys[made.text] = made.view.id
        return {"Authorization": f"Bearer {made.text}"}

    def revoke(self, header: dict[str, str]) -> None:
        people.revoke_key(self.runtime.db, self.keys[header["Authorization"].split()[1]])

    def session(self, name: str, role: str = "member") -> dict[str, str]:
        """Make a user who is signed in to the web pages."""
        made = people.open_session(self.runtime.db, people.add_user(self.runtime.db, name, role).id, 1.0)
        return {"Authorization": f"Bearer {made.text}"}

    def things(self, header: dict[str, str], name: str) -> dict[str, str]:
        """What routes name, by the path parameters that name it: a collection of whoever shows `header`, and more."""
        made = self.client.post("/v1/collections", json={"name": name}, headers=header).json()["id"]
        self.client.headers.update(header)
        try:
            taken = upload(self.client, made, {"ducks.md": DUCKS}, external_id="wiki/1").json()
            self.work()
        finally:
            del self.client.headers["Authorization"]
        asked = {"collections": [made], "question": "What do ducks eat?"}
        answer = self.client.post("/v1/answers", json=asked, headers=header)
        assert answer.status_code == 200, answer.text
        sent = {"file": ("geese.md", b"# Geese\n\nGeese fly south.\n")}
        file = self.client.post(
            "/openai/v1/files", files=sent, data={"purpose": "assistants"}, headers=header
        ).json()["id"]
        batch = self.client.post(
            f"/openai/v1/vector_stores/{made}/file_batches",
            json={"file_ids": [taken["documents"][0]["id"]]},
            headers=header,
        ).json()["id"]
        self.client.headers.update(header)
        try:
            spare_document = upload(self.client, made, {"geese.md": b"# Geese"}).json()["documents"][0]["id"]
            bin_item = self.client.delete(f"/v1/documents/{spare_document}").headers["bin-item"]
            listed = self.client.get(f"/v1/documents/{taken['documents'][0]['id']}/chunks").json()["items"]
            first_chunk = listed[0]["id"]
            shelf = self.client.post("/v1/collections", json={"name": f"shelf of {name}"}).json()["id"]
            binned = self.client.delete(f"/v1/collections/{shelf}").headers["bin-item"]
        finally:
            del self.client.headers["Authorization"]
        guest = people.add_user(self.runtime.db, f"guest of {name}")
        people.set_group(self.runtime.db, guest.id, "guests", member=True)
        me = self.client.get("/v1/me", headers=header).json()["id"]
        spare = people.make_key(self.runtime.db, me, KeyWish())
        review = self.client.post(f"/v1/collections/{made}/reviews", headers=header).json()["id"]
        hook = self.client.post("/v1/webhooks", json={"url": "https://example.org/x"}, headers=header).json()
        delivery = self.client.post(f"/v1/webhooks/{hook['id']}/test", headers=header).json()
        kept = {"question": "What do ducks eat?", "expected": ["weeds"]}
        golden = f"/v1/collections/{made}/golden"
        question = self.client.post(golden, json=kept, headers=header).json()["id"]
        return {
            "question_id": question,
            "run_id": self.client.post(f"{golden}/runs", headers=header).json()["id"],
            "webhook_id": hook["id"],
            "message_id": delivery["message_id"],
            "review_id": review,
            "collection": made,
            "document_id": taken["documents"][0]["id"],
            "job_id": taken["jobs"][0]["id"],
            "answer_id": answer.json()["id"],
            "response_id": answer.json()["id"].replace("ans_", "resp_"),
            "store_file": taken["documents"][0]["id"],
            "file_id": file,
            "batch_id": batch,
            "model": f"fathom:{name}",
            "chunk_id": str(first_chunk),
            "bin_item": bin_item,
            "binned_collection": binned,
            "user": guest.id,
            "group": "guests",
            "key_id": spare.view.id,
            "grant_id": people.grant(self.runtime.db, made, "reader", user=guest.id).id,
            "external_id": "wiki/1",
            "lexicon": lexicons.put(
                self.runtime.db, Lexicon(name=f"words of {name}"[-64:].strip(), level="flag")
            ).name,
        }


@pytest.fixture
def world(settings, parts) -> Iterator[World]:
    app = create_app(settings.model_copy(update={"mode": "users"}), parts)
    with TestClient(app) as client:
        runtime = app.state.runtime
        yield World(app, client, runtime, Worker(runtime).run_pending)


@pytest.fixture
def served(settings, parts) -> Iterator[World]:
    """A world behind a real server, so that replies come while they are made."""
    app = create_app(settings.model_copy(update={"mode": "users"}), parts)
    with serve(app) as url, httpx.Client(base_url=url, timeout=20.0, trust_env=False) as client:
        runtime = app.state.runtime
        yield World(app, client, runtime, Worker(runtime).run_pending)
