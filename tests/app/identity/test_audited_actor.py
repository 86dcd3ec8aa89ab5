"""The audit trail names whoever asked, and is read by administrators alone."""


def test_an_answer_and_a_change_are_recorded_with_their_user(world):
    owner, member = world.session("ann", "admin"), world.user("bob")
    me = world.client.get("/v1/me", headers=owner).json()["id"]
    things = world.things(owner, "birds")
    body = {"level": "flag", "words": ["x1"]}
    assert world.client.put("/v1/lexicons/words", json=body, headers=owner).status_code == 200
    found = world.client.get("/v1/audit", params={"actor": me}, headers=owner).json()["items"]
    assert [one["subject"] for one in found if one["event"] == "answer"] == [things["answer_id"]]
    assert found[0]["event"] == "lexicon.changed"
    assert world.client.get("/v1/audit", headers=member).status_code == 403
