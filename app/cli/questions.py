"""Shared parts of commands that ask many questions: the question file, and bars that show progress."""

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.progress import bar

if TYPE_CHECKING:
    from rich.progress import TaskID

    from app.measuring.questions.datasets import QuestionSet, Selection


def read_questions(file: Path, selection: "Selection") -> "QuestionSet":
    """Read and cut the question file.

    Raises:
        InvalidInputError: It can't be read or used.
    """
    from app.errors import InvalidInputError
    from app.measuring.questions.datasets import DatasetError, build
    from app.measuring.questions.formats import FormatError, read

    hint = "The formats are in the help of `fathom eval`."
    try:
        name, records = read(file)
        return build(file.name, name, records, selection)
    except OSError as error:
        raise InvalidInputError("file_unreadable", f"Can't read {file}: {error.strerror}.", hint) from error
    except UnicodeDecodeError as error:
        raise InvalidInputError("bad_question_file", f"{file} is not UTF-8 text.", hint) from error
    except (FormatError, DatasetError) as error:
        raise InvalidInputError("bad_question_file", f"{error}.", hint) from error


class StageBars:
    """Shows a bar for each stage that a run reports."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar = bar(quiet=quiet)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "StageBars":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=total, note="")
        self._bar.update(self._tasks[stage], completed=done, total=total)
