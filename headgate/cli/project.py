"""Projects: init, settings.

`init` writes   headgate.toml  .gitignore  prompts/answer.md  prompts/refusal.md  evals/README.md  evals/gates.yaml  evals/suites/starter.jsonl
              evals/expectations/{documents,changes,corpus,chunks}.yaml
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from headgate.cli.display import print_json, say
from headgate.cli.invocation import Invocation, json_option, pass_invocation
from headgate.cli.settings_file import settings_toml
from headgate.errors import CorpusError, StorageError, UsageError
from headgate.settings import SETTINGS_FILE, Settings, parse_settings

_TEMPLATE = Path(__file__).parent / "template"
#: The built-in suites of validation; a project gets its own copy to edit.
_EXPECTATIONS = Path(__file__).parents[1] / "ingest" / "validate" / "expectations"
#: Template file → its place in the project. A dot file would not be seen among templates.
_FILES = {
    "gitignore": ".gitignore",
    "prompts/answer.md": "prompts/answer.md",
    "prompts/refusal.md": "prompts/refusal.md",
    "evals/README.md": "evals/README.md",
    "evals/gates.yaml": "evals/gates.yaml",
    "evals/suites/starter.jsonl": "evals/suites/starter.jsonl",
}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--documents", type=click.Path(path_type=Path), required=True, help="The folder with your documents.")
@click.option("--name", help="Name of the collection: lower-case letters, digits, - and _; by default made from DIR.")
@json_option
def init(folder: Path, documents: Path, name: str | None, as_json: bool) -> None:
    """Write a ready project into DIR: settings with every key explained, prompts, a gate file and a suite to fill in."""
    settings = _settings_for(folder, documents, name)
    contents = {SETTINGS_FILE: settings_toml(settings)}
    contents |= {place: (_TEMPLATE / source).read_text(encoding="utf-8") for source, place in _FILES.items()}
    contents |= {
        f"evals/expectations/{file.name}": file.read_text(encoding="utf-8") for file in sorted(_EXPECTATIONS.glob("*.yaml"))
    }
    if taken := [place for place in contents if (folder / place).exists()]:
        raise UsageError(
            f"{str(folder)!r} has {', '.join(taken)} already; nothing was written: choose another folder or remove them"
        )
    try:
        for place, content in contents.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(content, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{str(folder)!r} can't be written: {error.strerror}") from error
    if as_json:
        print_json({"project": str(folder.resolve()), "documents": str(documents.resolve()), "files": list(contents)})
        return
    say(f"Written to {folder}: {', '.join(contents)}")
    say(f'Next: cd {folder} && headgate build && headgate ask "…"')
    say("Then put real questions into evals/suites/starter.jsonl (evals/README.md says how), set evals/gates.yaml, and release.")


@click.command("settings")
@json_option
@pass_invocation
def show_settings(invocation: Invocation, as_json: bool) -> None:
    """Show the settings in effect, defaults and environment included."""
    if as_json:
        print_json(invocation.settings.model_dump(mode="json"))
        return
    click.echo(settings_toml(invocation.settings), nl=False)


def _settings_for(folder: Path, documents: Path, name: str | None) -> Settings:
    if not documents.is_dir():
        raise CorpusError(f"--documents {str(documents)!r} is no folder")
    if not any(path.is_file() for path in documents.rglob("*")):
        raise CorpusError(f"--documents {str(documents)!r} holds no file")
    collection = name or re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")[:40] or "corpus"
    content = {
        "corpus": {"name": collection, "folder": _relative(documents, folder)},
        "evaluation": {"suites": ["evals/suites/starter.jsonl"]},
        "validation": {"expectations": "evals/expectations", "as_of": "today"},
    }
    return parse_settings(content, project_dir=folder.resolve(), source="headgate init")


def _relative(documents: Path, folder: Path) -> str:
    """Relative when both lie in the same home or project, so that they can move together; else absolute."""
    here, there = folder.resolve(), documents.resolve()
    shared = Path(os.path.commonpath([here, there]))
    return Path(os.path.relpath(there, here)).as_posix() if shared in (here, here.parent, there.parent) else there.as_posix()
