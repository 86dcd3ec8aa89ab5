"""A receiver of Fathom's webhooks with nothing but Python: it checks the signature, and prints each message once.

FATHOM_WEBHOOK_SECRET=whsec_… python docs/webhook_receiver.py 8080
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

TOLERANCE_S = 300
"""Most seconds between the time of a message and ours; an old message that somebody sends again is refused."""


class BadSignatureError(Exception):
    """The message is not from Fathom, was changed, or is too old."""


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> Any:
    """The content of a message.

    Args:
        secret: As Fathom showed it when the webhook was made.
        headers: Of the request, with names in lower case.
        body: Its bytes, as they came.
        now: Seconds since 1970.

    Raises:
        BadSignatureError: The signature is not right.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        sent = int(headers["webhook-timestamp"])
        signed = f"{headers['webhook-id']}.{sent}.".encode() + body
        given = [
            one.removeprefix("v1,") for one in headers["webhook-signature"].split() if one.startswith("v1,")
        ]
    except (KeyError, ValueError, binascii.Error) as error:
        raise BadSignatureError("a header is missing or unreadable") from error
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise BadSignatureError("the signature is another")
    if abs(now - sent) > TOLERANCE_S:
        raise BadSignatureError("the message is too old")
    return json.loads(body)


class Handler(BaseHTTPRequestHandler):
    """Answers 204 to a good message, 400 to any other."""

    seen: ClassVar[set[str]] = set()

    def do_POST(self) -> None:
        """Check a message, and print it unless it came before."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            message = verified(os.environ["FATHOM_WEBHOOK_SECRET"], headers, body, time.time())
        except BadSignatureError as error:
            self.send_error(400, str(error))
            return
        # at least once: an attempt whose reply was lost comes again under the same id
        if headers["webhook-id"] not in self.seen:
            self.seen.add(headers["webhook-id"])
            print(json.dumps(message), flush=True)
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
