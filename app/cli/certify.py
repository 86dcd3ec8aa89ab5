"""`fathom certify` and `fathom verify`: a file that proves an answer, and its check without the server."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json, settings_of, visible

if TYPE_CHECKING:
    from app.certificates.form import Certificate, CertifiedDocument
    from app.settings.schema import Settings

MARKS = {"ok": "ok    ", "failed": "FAILED", "not checked": "-     "}


def certify(
    context: typer.Context,
    answer: Annotated[str | None, typer.Argument(metavar="[ANSWER]", help="Id of an answer.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; else standard output.", dir_okay=False),
    ] = None,
    public_key: Annotated[
        bool,
        typer.Option(
            "--public-key", help="Print the public key that certificates of this home are signed by."
        ),
    ] = False,
) -> None:
    """Write a certificate: question, answer, citations, hashes of texts and documents, model and index, signed.

    It holds what the answer says and quotes, and no more of the documents; it is a copy that deleting the answer does
    not reach.
    """
    from app.answers import certifying
    from app.certificates import keys
    from app.errors import InvalidInputError

    if public_key:
        print(keys.public_pem(keys.instance_key(settings_of(context).home).public_key()), end="")
        return
    if answer is None:
        raise InvalidInputError("no_answer_named", "No answer is named.", "Give the id of an answer.")
    with open_runtime(context) as runtime:
        data = certifying.certificate_of(runtime, answer)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    output.write_bytes(data)
    print(f"{output} is written.", file=sys.stderr)


def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A certificate.", exists=True, dir_okay=False)],
    originals: Annotated[
        Path | None,
        typer.Option(
            help="Folder with the files of the documents, at any depth.", exists=True, file_okay=False
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            help="Public key that it must be signed by, as `fathom certify --public-key` prints it.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    derive: Annotated[
        bool | None,
        typer.Option(
            "--derive/--no-derive",
            help="Answer again, where model and collection are here; by default if so.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a certificate without the server: form, hash, signature, citations, ranges; originals where given.

    Ends with 0 where it holds, else with 6; with --derive also where the answer can't be derived again as it was.
    """
    from app.certificates import keys
    from app.certificates.checking import checks
    from app.certificates.form import public_text

    settings = settings_of(context)
    certificate, found = checks(
        file.read_bytes(),
        public_key=None if key is None else public_text(keys.read_public(key.read_bytes())),
        originals=originals,
        read_text=None if originals is None else _reader(settings, file),
    )
    holds = all(one.verdict != "failed" for one in found)
    again = "not re-derived: it does not hold"
    if certificate is not None and holds:
        again = _derived(context, settings, certificate, derive)
    if as_json:
        listed = [{"check": one.name, "verdict": one.verdict, "detail": one.detail} for one in found]
        print_json({"holds": holds, "checks": listed, "derivation": again})
    else:
        for one in found:
            print(
                f"{MARKS[one.verdict]}  {visible(one.name)}{': ' if one.detail else ''}{visible(one.detail)}"
            )
        print(f"{'The certificate holds.' if holds else 'The certificate does NOT hold.'} Answer: {again}.")
    if not holds or (derive and again != "same"):
        raise typer.Exit(SOME_FAILED)


def _derived(
    context: typer.Context, settings: "Settings", certificate: "Certificate", wanted: bool | None
) -> str:
    from app import home
    from app.answers import certifying

    if wanted is False:
        return "not re-derived: not asked for"
    if not home.has_database(settings.url):
        return "not re-derived: there is no database here"
    with open_runtime(context) as runtime:
        return certifying.derived(runtime, certificate)


def _reader(settings: "Settings", file: Path) -> "Callable[[bytes, CertifiedDocument], str]":
    """Reads originals as the installation did that wrote the certificate."""
    from dataclasses import replace

    from app.certificates.form import NotACertificateError, opened
    from app.intake.mapping import parsing_limits
    from ingestion.errors import IngestionError
    from ingestion.pipeline import parse
    from ingestion.types import Source

    try:
        limits = replace(parsing_limits(settings.limits), **opened(file.read_bytes()).derivation.parsing)
    except (NotACertificateError, TypeError):
        limits = parsing_limits(settings.limits)

    def read(data: bytes, document: "CertifiedDocument") -> str:
        is_suffix = document.hint.startswith(".")
        source = Source(
            name=f"document{document.hint}" if is_suffix else "document",
            data=data,
            media_type=None if is_suffix else document.hint,
        )
        try:
            return parse(source, limits, keep=lambda *_: None).text
        except IngestionError as error:
            raise ValueError(str(error)) from error

    return read
