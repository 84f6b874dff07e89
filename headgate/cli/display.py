"""How results look: one JSON object, or aligned tables for people. Progress goes to stderr."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: Hex digits of an id that tables show.
SHORT = 16
#: Without a terminal, a running stage is told this often, seconds.
_TELL_SECONDS = 30.0
_COLOURS = {
    "passed": "green",
    "failed": "red",
    "inconclusive": "yellow",
    "indexed": "green",
    "quarantined": "yellow",
    "dead_lettered": "red",
    "excluded": "dim",
}


def print_json(content: Any) -> None:
    """One object on stdout."""
    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def printable(text: str) -> str:
    """`text` without control characters but newline and tab: a document must not steer the terminal that shows it."""
    return "".join(character for character in text if character in "\n\t" or unicodedata.category(character) != "Cc")


def console() -> Console:
    """For results; when stdout is no terminal, plain text of a width that does not cut tables short."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 160)


def say(text: str = "") -> None:
    """One line of plain text on stdout; nothing in it is markup."""
    console().print(escape(printable(text)), soft_wrap=True)


def coloured(word: str) -> str:
    """A verdict or outcome in its colour."""
    shown = escape(word.replace("_", "-"))
    return f"[{_COLOURS[word]}]{shown}[/]" if word in _COLOURS else shown


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[str] = (), markup: Sequence[str] = ()
) -> None:
    """A table. Cells are plain text, except in the columns named by `markup`; columns in `right` are aligned right."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(escape(column), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(
            *(str(cell) if column in markup else escape(printable(str(cell))) for column, cell in zip(columns, row, strict=True))
        )
    target = console()
    if title:
        target.print(f"[bold]{escape(printable(title))}[/]")
    target.print(table)


def number(value: float | None, digits: int = 3) -> str:
    """A figure, a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def interval(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{low:.3f} to {high:.3f}"


@contextmanager
def progress_lines() -> Iterator[Callable[[str, int, int], None]]:
    """A callable for (what, done, total) that keeps one line a stage on stderr, with rate and time left.

    Without a terminal: a line every half minute and one at the end of each stage.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:.1f}/s" if speed else "", style="progress.data.speed")

    stderr = Console(stderr=True)
    if not stderr.is_terminal:
        yield _line_at_the_end()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show


def _line_at_the_end(clock: Callable[[], float] = time.monotonic) -> Callable[[str, int, int], None]:
    ended: set[str] = set()
    #: What → when it was first heard of, how much was done then, when it was last told.
    seen: dict[str, tuple[float, int, float]] = {}

    def show(what: str, done: int, total: int) -> None:
        now = clock()
        if what in ended:
            return
        began, before, told = seen.setdefault(what, (now, done, now))
        if done >= total:
            ended.add(what)
            click.echo(f"{what}: {done} of {total}", err=True)
        elif now - told >= _TELL_SECONDS and done > before:
            rate = (done - before) / (now - began)
            left = (total - done) / rate
            click.echo(f"{what}: {done} of {total}, {rate:.1f}/s, about {left:.0f} s left", err=True)
            seen[what] = (began, before, now)

    return show
