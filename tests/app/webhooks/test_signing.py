"""Signatures are those of Standard Webhooks: its own example, and what its receivers compute."""

import base64
import hashlib
import hmac

import pytest

from app.webhooks.signing import new_secret, signed_headers
from docs.webhook_receiver import BadSignatureError, verified


def test_the_example_of_the_standard_is_signed_as_it_says():
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
        b'{"test": 2432232314}',
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_256_bits_and_another_every_time():
    first, second = new_secret(), new_secret()
    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32
    made = signed_headers(first, "msg_1", 5, b"body")
    key = base64.b64decode(first.removeprefix("whsec_"))
    mine = base64.b64encode(hmac.new(key, b"msg_1.5.body", hashlib.sha256).digest()).decode()
    assert made["webhook-signature"] == f"v1,{mine}"


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "webhook-signature", "late"])
def test_the_receiver_of_the_docs_takes_what_is_signed_and_nothing_else(change):
    secret, body = new_secret(), b'{"type":"job.done"}'
    headers = dict(signed_headers(secret, "msg_1", 1_000_000, body))
    assert verified(secret, headers, body, now=1_000_100) == {"type": "job.done"}
    if change == "body":
        body += b" "
    elif change != "late":
        headers[change] = headers[change][:-2] + "17"
    with pytest.raises(BadSignatureError):
        verified(secret, headers, body, now=1_001_000 if change == "late" else 1_000_100)
