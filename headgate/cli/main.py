"""`headgate`: the verbs, in the order of the data's path. A verb's module is imported when the verb is called.

Exit codes: 0 done (for `gate`: passed, for `replay`: identical), 1 failed or different, 3 inconclusive, 2 a usage or set-up error.
What a verb reports goes to stdout, with `--json` as one object; progress, logs and errors go to stderr.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from headgate import __version__
from headgate.cli.invocation import Invocation
from headgate.errors import HeadgateError, UnfitCorpus, UsageError

#: Verb → where it is and what it does. The text stands here so that `headgate --help` imports no verb.
VERBS = {
    "init": ("headgate.cli.project:init", "Write a ready project for your own documents."),
    "dev": ("headgate.cli.project:dev", "The project in Dagster, with MLflow and the validation reports, in your browser."),
    "settings": ("headgate.cli.project:show_settings", "Show the settings in effect."),
    "ingest": ("headgate.cli.pipeline:ingest", "Documents → validated chunks."),
    "index": ("headgate.cli.pipeline:index", "Chunks → a pinned table version."),
    "bundle": ("headgate.cli.pipeline:bundle", "Table version, prompts, models and settings → a bundle."),
    "build": ("headgate.cli.pipeline:build", "ingest + index + bundle in one go."),
    "dead-letters": ("headgate.cli.dead_letters:dead_letters", "Files that could not be read: list, show, retry, drop."),
    "versions": ("headgate.cli.versions:versions", "Pinned versions of the index: list, diff, verify, prune."),
    "canary": ("headgate.cli.versions:canary", "The new index against the old one: exit 0 passed, 1 failed, 3 inconclusive."),
    "calibrate": ("headgate.cli.evaluation:calibrate", "Fit how much evidence an answer needs on labelled questions."),
    "evaluate": ("headgate.cli.evaluation:evaluate", "Run the suites on a bundle."),
    "gate": ("headgate.cli.evaluation:gate", "Judge a bundle: exit 0 passed, 1 failed, 3 inconclusive."),
    "override": (
        "headgate.cli.evaluation:override",
        "Record, with a name and a reason, that a bundle may pass in spite of its gates.",
    ),
    "promote": ("headgate.cli.releases:promote", "Put a bundle in service; needs a passed verdict."),
    "rollback": ("headgate.cli.releases:rollback", "Put an earlier bundle back in service."),
    "status": ("headgate.cli.releases:status", "What is in service."),
    "history": ("headgate.cli.releases:history", "All releases."),
    "release": ("headgate.cli.releases:release", "Releases: list them, and set the reference that none may fall behind."),
    "serve": ("headgate.cli.serving:serve", "The promoted bundle behind HTTP."),
    "ask": ("headgate.cli.serving:ask", "Ask the promoted bundle here in the terminal."),
    "withdraw": ("headgate.cli.withdrawals:withdraw", "Make a document unfindable in every bundle, or take that back."),
    "replay": ("headgate.cli.serving:replay", "A logged question again on its own bundle, compared."),
}
#: Packages of the thin installation; others come with the extra `pipeline`.
_SERVE_PACKAGES = frozenset({"fastapi", "uvicorn", "starlette", "prometheus_client"})


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--settings", "settings_path", type=click.Path(path_type=Path), help="headgate.toml to use instead of the nearest one."
)
@click.version_option(__version__, prog_name="headgate")
@click.pass_context
def cli(ctx: click.Context, settings_path: Path | None) -> None:
    """From source documents to a served, gated, reversible answer."""
    ctx.obj = Invocation(settings_path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    _set_up_logging()
    try:
        code = cli.main(args=None if arguments is None else list(arguments), prog_name="headgate", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        click.echo("stopped", err=True)
        return 130
    except UnfitCorpus as error:
        _complain(str(error))
        return 1
    except UsageError as error:
        return _complain(str(error))
    except HeadgateError as error:
        return _complain(f"{type(error).__name__}: {error}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "headgate"):
            raise
        extra = "serve" if package in _SERVE_PACKAGES else "pipeline"
        return _complain(
            f"the package {package!r} is not installed; this verb needs the extra {extra!r}: pip install 'headgate[{extra}]'"
        )
    return code if isinstance(code, int) else 0


def _set_up_logging() -> None:
    """Warnings of everything and headgate's own information to stderr; some packages raise their own level and are held back here."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or record.name.startswith(("headgate", "uvicorn")))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def _complain(message: str) -> int:
    click.echo(f"headgate: {message}", err=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
