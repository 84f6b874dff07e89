"""The README as a newcomer reads it: what it names exists, and what exists is named."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from headgate.cli.main import VERBS
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
#: What people need not find: the license, the README itself and its like, what tools want in the root.
UNNAMED = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "pyproject.toml"}


def tree() -> list[str]:
    """The places of the tree block, from the root; a line is indented by two spaces below the folder it belongs to."""
    block = README.split("## The tree")[1].split("```")[1].strip("\n")
    places: list[str] = []
    folder = ""
    for line in block.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            folder = name if name.endswith("/") else ""
            places.append(name)
        else:
            places.append(folder + name)
    return places


@pytest.mark.parametrize("place", tree())
def test_what_the_tree_names_exists(place: str) -> None:
    path = REPOSITORY / place
    assert path.is_dir() if place.endswith("/") else path.is_file(), place


def test_every_room_of_the_library_is_named_in_the_tree() -> None:
    rooms = {
        f"headgate/{path.name}/" if path.is_dir() else f"headgate/{path.name}"
        for path in (REPOSITORY / "headgate").iterdir()
        if (path.is_dir() and (path / "__init__.py").exists()) or (path.suffix == ".py" and path.name != "__init__.py")
    }
    assert rooms == {place for place in tree() if place.startswith("headgate/") and place != "headgate/"}


def test_everything_in_the_root_of_the_repository_is_named_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    root = {f"{path.split('/')[0]}/" if "/" in path else path for path in listed if not path.startswith(".")}
    assert root - UNNAMED == {place for place in tree() if "/" not in place.rstrip("/")}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (REPOSITORY / link).exists(), link


def test_every_command_is_a_verb_or_a_target() -> None:
    code = "\n".join(re.findall(r"```sh\n(.*?)```", README, flags=re.S) + re.findall(r"`([^`\n]+)`", README))
    verbs = set(re.findall(r"\bheadgate ([a-z][a-z-]*)", code))
    targets = set(re.findall(r"\bmake ([a-z]+)", code))
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert verbs <= set(VERBS), verbs - set(VERBS)
    assert targets <= set(re.findall(r"^([a-z]+):", makefile, flags=re.M))
    assert {"init", "build", "dev", "serve", "promote"} <= verbs


def test_the_pages_of_docs_are_found_from_the_readme() -> None:
    pages = {f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md")}
    named = set(re.findall(r"\]\((docs/[^)#]+\.md)", README))
    reached = named | {
        f"docs/{Path(link).name}"
        for page in named
        for link in re.findall(r"\]\(([^):#]+\.md)", (REPOSITORY / page).read_text(encoding="utf-8"))
    }
    assert pages <= reached, pages - reached
