"""Projects: init, settings, dev."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import click

from headgate.cli.display import print_json, say
from headgate.cli.dvc_project import DATA, refuse_links, track_documents
from headgate.cli.invocation import Invocation, json_option, pass_invocation
from headgate.cli.scaffold import project_files
from headgate.cli.settings_file import settings_toml
from headgate.errors import CorpusError, StorageError, UsageError
from headgate.orchestration.ui_addresses import DAGSTER_PORT, MLFLOW_PORT, REPORTS_PORT
from headgate.settings import Settings, parse_settings

_PORT = click.IntRange(1, 65535)
#: Whom pages that carry no label are shown to in a new project: written out, so that it is somebody's decision.
EVERYBODY = {"pattern": "**", "audience": "customer", "confidentiality": "public"}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--documents", type=click.Path(path_type=Path), required=True, help="The folder with your documents.")
@click.option("--name", help="Name of the collection: lower-case letters, digits, - and _; by default made from DIR.")
@click.option(
    "--dvc",
    is_flag=True,
    help="Copy the documents to DIR/data and put that under DVC, so that every revision can be built again.",
)
@json_option
def init(folder: Path, documents: Path, name: str | None, dvc: bool, as_json: bool) -> None:
    """Write a whole project into DIR: settings with every key explained, prompts, suites and gates, Dagster assets and jobs, tests."""
    _check_documents(documents)
    if dvc:
        refuse_links(documents)
    settings = _settings_for(folder, documents, name, dvc=dvc)
    contents = project_files(settings, dvc=dvc)
    taken = [place for place in (*contents, *([".dvc", "data.dvc"] if dvc else [])) if (folder / place).exists()]
    if dvc and (folder / DATA).exists() and (folder / DATA).resolve() != documents.resolve():
        taken.append(DATA)
    if taken:
        raise UsageError(
            f"{str(folder)!r} has {', '.join(taken)} already; nothing was written: choose another folder or remove them"
        )
    try:
        for place, content in contents.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(content, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{str(folder)!r} can't be written: {error.strerror}") from error
    if dvc:
        track_documents(folder, documents)
    if as_json:
        rules = [rule.model_dump(exclude_defaults=True) for rule in settings.corpus.labels]
        print_json(
            {
                "project": str(folder.resolve()),
                "documents": str(documents.resolve()),
                "dvc": dvc,
                "files": list(contents),
                "label_rules": rules,
            }
        )
        return
    say(
        f"Written to {folder}: {', '.join(_top(contents))}"
        + (f"; the documents are copied to {DATA}/ and under DVC" if dvc else "")
    )
    _explain_access(documents)
    say(f'Next: cd {folder} && headgate build && headgate ask "…", and `headgate dev` to see it in Dagster')
    if dvc:
        say('Keep it: git add -A && git commit -m "A new project". Git holds the project and data.dvc, DVC the documents.')
    say("Then put real questions into evals/suites/starter.jsonl (evals/README.md says how), set evals/gates.yaml, and release.")


def _explain_access(documents: Path) -> None:
    """Who will see the documents, and by which line: nobody should find that out from an answer."""
    rule = ", ".join(f'{name} = "{value}"' for name, value in EVERYBODY.items())
    say(f"\nWho sees what: headgate.toml has one rule for the documents of {documents}:  [[corpus.labels]] {rule}")
    say(
        "It shows every page that carries no label to customers. A page that says `confidentiality: internal` itself is seen by staff alone,"
    )
    say(
        "and one whose own label is damaged by nobody until it is mended. Narrow the pattern, or take the rule out: then pages without a label"
    )
    say("are seen by staff alone. The report of every build counts what is seen by such a rule. docs/access.md has it all.\n")


@click.command("settings")
@json_option
@pass_invocation
def show_settings(invocation: Invocation, as_json: bool) -> None:
    """Show the settings in effect, defaults and environment included."""
    if as_json:
        print_json(invocation.settings.model_dump(mode="json"))
        return
    click.echo(settings_toml(invocation.settings), nl=False)


def _check_documents(documents: Path) -> None:
    if not documents.is_dir():
        raise CorpusError(f"--documents {str(documents)!r} is no folder")
    if not any(path.is_file() for path in documents.rglob("*")):
        raise CorpusError(f"--documents {str(documents)!r} holds no file")


def _settings_for(folder: Path, documents: Path, name: str | None, *, dvc: bool) -> Settings:
    collection = name or re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")[:40] or "corpus"
    content = {
        "corpus": {"name": collection, "labels": [EVERYBODY]}
        | ({"dvc_file": "data.dvc"} if dvc else {"folder": _relative(documents, folder)}),
        "evaluation": {"suites": ["evals/suites/starter.jsonl"]},
        "validation": {"expectations": "evals/expectations", "as_of": "today"},
    }
    return parse_settings(content, project_dir=folder.resolve(), source="headgate init")


def _relative(documents: Path, folder: Path) -> str:
    """Relative when both lie in the same home or project, so that they can move together; else absolute."""
    here, there = folder.resolve(), documents.resolve()
    shared = Path(os.path.commonpath([here, there]))
    return Path(os.path.relpath(there, here)).as_posix() if shared in (here, here.parent, there.parent) else there.as_posix()


def _top(places: Iterable[str]) -> list[str]:
    """The first part of each place, folders with their slash, each once."""
    return list(dict.fromkeys(place if "/" not in place else place.split("/")[0] + "/" for place in places))


@click.command()
@click.option("--dagster-port", type=_PORT, default=DAGSTER_PORT, show_default=True, help="Port of the Dagster UI.")
@click.option("--mlflow-port", type=_PORT, default=MLFLOW_PORT, show_default=True, help="Port of the MLflow UI.")
@click.option("--reports-port", type=_PORT, default=REPORTS_PORT, show_default=True, help="Port of the validation reports.")
@pass_invocation
def dev(invocation: Invocation, dagster_port: int, mlflow_port: int, reports_port: int) -> int:
    """Open the project in Dagster, with MLflow and the validation reports beside it, until Ctrl-C."""
    from headgate.orchestration.ui_programs import Ports, run_dev

    ports = Ports(dagster_port, mlflow_port, reports_port)
    return run_dev(invocation.settings, ports, settings_file=invocation.settings_path, say=say)
