"""`fathom`: the command line. Commands import heavy modules when they run, so that help is instant."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.cli import (
    adopt,
    ask,
    backup,
    certify,
    collections,
    doctor,
    evaluate,
    index,
    ingest,
    mcp,
    processes,
    prove,
    search,
    tune,
    usage,
)
from app.cli.answers import answers_app
from app.cli.audit import audit_app
from app.cli.bench import bench_app
from app.cli.deletions import bin_app
from app.cli.documents import documents_app
from app.cli.feedback import feedback_app
from app.cli.golden import golden_app
from app.cli.lexicons import lexicons_app
from app.cli.output import State, fail
from app.cli.people import grants_app, keys_app, users_app
from app.cli.run import run
from app.cli.train import train_app
from app.cli.webhooks import webhooks_app
from app.settings.process import collect_garbage_seldom, let_threads_sleep

INTERRUPTED = 130

app = typer.Typer(
    name="fathom",
    help="Ask your own documents, and see for every answer where it comes from.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Folder of the data; otherwise FATHOM_HOME, or ./.fathom.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """Options of all commands."""
    context.obj = State(home=home, debug=debug)


app.command("run")(run)
app.command("serve")(processes.serve)
app.command("worker")(processes.worker)
app.command("mcp")(mcp.mcp)
app.command("ingest")(ingest.ingest)
app.command("ask")(ask.ask)
app.command("search")(search.search)
app.command("eval")(evaluate.evaluate)
app.command("tune")(tune.tune)
app.command("doctor")(doctor.doctor)
app.command("adopt")(adopt.adopt)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("prove-gone")(prove.prove_gone)
app.command("usage")(usage.usage)
app.command("certify")(certify.certify)
app.command("verify")(certify.verify)
app.add_typer(collections.collections_app)
app.add_typer(documents_app)
app.add_typer(bin_app)
app.add_typer(index.index_app)
app.add_typer(answers_app)
app.add_typer(feedback_app)
app.add_typer(golden_app)
app.add_typer(webhooks_app)
app.add_typer(users_app)
app.add_typer(keys_app)
app.add_typer(grants_app)
app.add_typer(lexicons_app)
app.add_typer(audit_app)
app.add_typer(bench_app)
app.add_typer(train_app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code.

    0 done; 2 a wrong argument or unusable input; 3 no such collection or document; 4 a conflict;
    5 something needed is missing or busy; 6 some documents failed; 7 the disk is full or does not work; 8 the database
    is damaged; 9 a stored file is damaged; 70 a fault of the program; 130 interrupted.

    Args:
        arguments: Command line without the program's name; None takes the process's own.
    """
    let_threads_sleep()
    collect_garbage_seldom()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(given, prog_name="fathom", standalone_mode=False)
    except typer.Exit as error:
        code = error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        # `fathom … | head` is no error; keep Python from complaining again while it closes stdout
        sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: PTH123, SIM115
        code = 0
    except Exception as error:  # noqa: BLE001 - the last place that can tell the user in one line
        code = _tell(error, given)
    sys.exit(code if isinstance(code, int) else 0)


def _tell(error: Exception, given: Sequence[str]) -> int:
    """Print the error; returns the exit code."""
    # Typer's own errors (an unknown option, a missing argument) show themselves; their base class is private
    show = getattr(error, "show", None)
    if show is not None:
        show()
        return int(getattr(error, "exit_code", 2))
    return fail(error, as_json="--json" in given, debug="--debug" in given)
