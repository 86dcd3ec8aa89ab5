"""`fathom adopt`: let this home folder and this database belong together, on purpose."""

import typer

from app.cli.output import settings_of


def adopt(context: typer.Context) -> None:
    """Join the home folder and the configured database where they belonged to others before.

    Every start refuses a database that is not the one of the stored files, or that is empty beside them. This
    accepts it. Files that it does not know are put into blobs/quarantine once it knows any, and deleted from there
    after FATHOM_WORKER__QUARANTINE_DAYS. Stop server and workers first.
    """
    from app.composition.runtime import build_runtime

    settings = settings_of(context)
    runtime = build_runtime(settings, adopt=True)
    try:
        files = sum(1 for _ in runtime.blobs.hashes())
    finally:
        runtime.close()
    print(f"{settings.home} with its {files:,} stored files belongs to the configured database from now on.")
