"""Small documents and the way tests upload them."""

from collections.abc import Mapping

import httpx

DUCKS = b"# Ducks\n\nDucks swim on ponds. They eat weeds and insects. A duck lays about ten eggs.\n\n"
GEESE = b"# Geese\n\nGeese fly south in autumn. They form a wedge. A goose guards its nest.\n\n"


def upload(
    client: httpx.Client,
    collection: str,
    files: Mapping[str, bytes],
    *,
    key: str | None = None,
    media_type: str = "application/octet-stream",
    **fields: str,
) -> httpx.Response:
    parts = [("files", (name, data, media_type)) for name, data in files.items()]
    headers = {"Idempotency-Key": key} if key else {}
    path = f"/v1/collections/{collection}/documents"
    return client.post(path, files=parts, data=fields, headers=headers)
