"""Routes of certificates: the certificate of an answer, and the key that they are signed by."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from app.answers import certifying
from app.api.access import RuledRoute, any_key, on_answer
from app.api.answers import AnswerId
from app.api.deps import RuntimeDep
from app.api.problems import PROBLEM_RESPONSES
from app.certificates.form import public_text
from app.certificates.keys import instance_key, public_pem

router = APIRouter(tags=["answers"], responses=PROBLEM_RESPONSES, route_class=RuledRoute)

CERTIFICATE_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file: canonical JSON with question, answer, citations, hashes, model, index and signature; "
        "decision 0105 names its fields.",
        "content": {"application/json": {"example": {"format": "fathom-certificate", "version": 1}}},
    }
}


class CertificateKeyOut(BaseModel):
    """The public key of this installation, as certificates name it, and as PEM."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
                "pem": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                "-----END PUBLIC KEY-----\n",
            }
        }
    )

    public_key: str = Field(description="Ed25519, 32 bytes in base64.")
    pem: str


@router.get("/answers/{answer_id}/certificate", response_class=Response, responses=CERTIFICATE_DOC)
@on_answer("read")
def get_certificate(answer_id: AnswerId, runtime: RuntimeDep) -> Response:
    """A certificate of an answer, as a file: `fathom verify FILE` checks it without this server."""
    data = certifying.certificate_of(runtime, answer_id)
    name = {"Content-Disposition": f'attachment; filename="{answer_id}.certificate.json"'}
    return Response(data, media_type="application/json", headers=name)


@router.get("/certificate-key")
@any_key("read")
def get_certificate_key(runtime: RuntimeDep) -> CertificateKeyOut:
    """The public key that this installation's certificates are signed by; keep it elsewhere to verify them."""
    key = instance_key(runtime.settings.home).public_key()
    return CertificateKeyOut(public_key=public_text(key), pem=public_pem(key))
