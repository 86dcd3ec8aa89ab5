"""Names of files on disk: nothing given is left out, and nothing takes another file's place."""

import subprocess
from pathlib import Path

from app.intake.local_files import files_under


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")


def named(*paths: Path) -> dict[str, str]:
    return {file.name: file.path.read_text(encoding="utf-8") for file in files_under(paths)}


def test_a_file_is_named_by_its_way_from_the_folder(tmp_path: Path) -> None:
    tree(tmp_path, "docs/en/start.md", "docs/zh/start.md", "docs/.hidden/x.md")
    assert named(tmp_path / "docs") == {"en/start.md": "docs/en/start.md", "zh/start.md": "docs/zh/start.md"}


def test_equal_names_of_several_paths_are_told_apart(tmp_path: Path) -> None:
    tree(tmp_path, "one/docs/en/start.md", "one/docs/zh/start.md", "two/docs/en/start.md")
    folders = [tmp_path / "one/docs/en", tmp_path / "one/docs/zh", tmp_path / "two/docs/en"]
    assert named(*folders) == {
        "start.md": "one/docs/en/start.md",
        "zh/start.md": "one/docs/zh/start.md",
        "en/start.md": "two/docs/en/start.md",
    }
    assert set(named(*folders, tmp_path / "one/docs/zh/start.md").values()) == set(named(*folders).values())


def test_names_that_are_equal_further_up_too(tmp_path: Path) -> None:
    tree(tmp_path, "a/docs/start.md", "b/docs/start.md", "docs/start.md")
    found = named(tmp_path / "a/docs", tmp_path / "b/docs", tmp_path / "docs")
    assert sorted(found.values()) == ["a/docs/start.md", "b/docs/start.md", "docs/start.md"]


def test_a_file_given_twice_is_taken_once(tmp_path: Path) -> None:
    tree(tmp_path, "docs/a.md", "docs/b.md")
    assert named(tmp_path / "docs", tmp_path / "docs/a.md", tmp_path / "docs/../docs") == {
        "a.md": "docs/a.md",
        "b.md": "docs/b.md",
    }


def test_a_link_is_a_file_of_its_own(tmp_path: Path) -> None:
    tree(tmp_path, "docs/a.md")
    (tmp_path / "docs/b.md").symlink_to(tmp_path / "docs/a.md")
    assert set(named(tmp_path / "docs")) == {"a.md", "b.md"}


def test_of_a_git_repository_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    root = tmp_path / "project"
    tree(root, "docs/start.md", "docs/build/page.html", "draft.md", "README.md", ".github/note.md")
    (root / ".gitignore").write_text("draft.md\n")
    (root / "docs" / ".gitignore").write_text("build/\n")
    assert set(named(root)) == {"README.md", "docs/build/page.html", "docs/start.md", "draft.md"}
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    assert set(named(root)) == {"README.md", "docs/start.md"}
    assert set(named(root / "docs")) == {"build/page.html", "start.md"}


def test_a_repository_starts_no_program_of_its_own(tmp_path: Path) -> None:
    tree(tmp_path, "a.md")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    hook, trace = tmp_path / ".git" / "hook", tmp_path / "trace"
    hook.write_text(f"#!/bin/sh\ntouch {trace}\n")
    hook.chmod(0o755)
    subprocess.run(["git", "-C", str(tmp_path), "config", "core.fsmonitor", str(hook)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "status"], check=True, capture_output=True)
    assert trace.exists()  # so the setting does start a program
    trace.unlink()
    assert set(named(tmp_path)) == {"a.md"}
    assert not trace.exists()


def test_a_folder_that_only_looks_like_a_repository_is_read_whole(tmp_path: Path) -> None:
    tree(tmp_path, "a.md", ".git/config")
    assert set(named(tmp_path)) == {"a.md"}
