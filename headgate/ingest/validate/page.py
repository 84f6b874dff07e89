"""The last validation as one page that can be browsed: every check, what it looks for, and the documents that fail it.

Great Expectations' own Data Docs load their styles and scripts from six hosts on the internet; this page is one file that needs none.
Whatever comes from a document is escaped, and the page runs no script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, NamedTuple

from headgate.ingest.validate.acceptance import audience_lines, change_lines
from headgate.records import AccessReport, Loss, Remark, ValidationCheck
from headgate.storage.layout import VALIDATION_REPORTS

_SUITES = {
    "documents": ("Documents", "every document by itself, and against the others of this ingest"),
    "changes": ("Changes", "documents that changed since the last accepted ingest"),
    "corpus": ("Corpus", "the ingest as a whole"),
    "chunks": ("Chunks", "the passages of every indexed document"),
}
_MAX_WIDENED = 1000  # that the page lists; all are counted
_STYLE = """
:root { --ink: #1c2430; --soft: #5b6676; --line: #dfe4ea; --ground: #f6f8fa; --good: #1a7f4b; --look: #9a6700; --bad: #b42318; --info: #31577f }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: var(--ink); background: var(--ground) }
main { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { font-size: 1.6rem; margin: 0 0 .25rem } h2 { font-size: 1.15rem; margin: 2.25rem 0 .25rem } h3 { font-size: 1rem; margin: 0 }
p { margin: .25rem 0 } .soft { color: var(--soft) } code { font: .86em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }
.verdict { display: inline-block; margin: 1rem 0; padding: .5rem .9rem; border-radius: .4rem; color: #fff; font-weight: 600 }
.verdict.pass { background: var(--good) } .verdict.stop { background: var(--bad) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1rem 0 }
dl div { background: #fff; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem }
dt { color: var(--soft); font-size: .85rem } dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100%; background: #fff; border: 1px solid var(--line) }
th, td { text-align: left; vertical-align: top; padding: .4rem .65rem; border-bottom: 1px solid var(--line) }
th { font-size: .82rem; color: var(--soft); font-weight: 600 } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
td { overflow-wrap: anywhere } td.n, td.k { white-space: nowrap; overflow-wrap: normal } a { color: var(--info) }
.tag { display: inline-block; padding: 0 .5rem; border-radius: 1rem; font-size: .82rem; font-weight: 600; white-space: nowrap }
.tag.pass { color: var(--good); background: #e6f4ec } .tag.finding { color: var(--look); background: #fdf3d7 }
.tag.quarantine { color: var(--info); background: #e5eef8 } .tag.error { color: #fff; background: var(--bad) } .tag.accepted { color: var(--look); background: #fdf3d7 }
section.check { background: #fff; border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem; margin: 1rem 0 } section.check:target { border-color: var(--info) }
section.check table { margin-top: .6rem } section.check th:first-child { width: 34% } details { margin: .6rem 0 } summary { cursor: pointer; color: var(--info) }
""".strip()


class ReportedRow(NamedTuple):
    """One failing row. `path` is empty for the corpus as a whole."""

    path: str
    reason: Remark


@dataclass(frozen=True, slots=True)
class CheckReport:
    """One check with what it states and, of the failing rows, the first ones."""

    check: ValidationCheck
    suite: str
    expectation: str
    kwargs: Mapping[str, Any]
    reason: str
    rows: Sequence[ReportedRow]


def report_key(revision: str) -> str:
    """Storage key of the report of one corpus revision."""
    return VALIDATION_REPORTS.key(revision)


def render_report(
    reports: Sequence[CheckReport],
    *,
    corpus: str,
    revision: str,
    compared_with: str,
    counts: Mapping[str, Any],
    access: AccessReport | None,
    losses: Sequence[Loss],
    now: datetime,
) -> str:
    """The page as HTML.

    Args:
        compared_with: revision of the last accepted ingest, "" when there was none to compare with.
        counts: as `validate.CORPUS_COLUMNS`.
        access: who sees what.
        losses: documents that lost something since then.
    """
    stopping = [report for report in reports if outcome(report.check) == "error"]
    verdict = (
        f'<p class="verdict stop">Not fit to be released: {_links(stopping)}</p>'
        if stopping
        else '<p class="verdict pass">No check stops a release</p>'
    )
    against = (
        f"compared with revision <code>{escape(compared_with)}</code>" if compared_with else "compared with no earlier ingest"
    )
    figures = {
        "files": counts["files"],
        "documents to index": counts["documents"],
        "quarantined": counts["quarantined"],
        "could not be read": counts["dead_lettered"],
        "checks": len(reports),
        "checks that found something": sum(not report.check.passed for report in reports),
    }
    parts = [
        "<!doctype html>",
        _head(corpus),
        f"<h1>Validation of {escape(corpus)}</h1>",
        f'<p class="soft">Corpus revision <code>{escape(revision)}</code>, {now:%d %B %Y %H:%M} UTC, {against}</p>',
        verdict,
        "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{value:,}</dd></div>" for name, value in figures.items()) + "</dl>",
    ]
    if access is not None:
        parts.append(_access(access))
    failed = [report for report in reports if not report.check.passed]
    if failed:
        order = {"error": 0, "accepted": 1, "quarantine": 2, "finding": 3}
        parts.append("<h2>What was found</h2>")
        parts += [_losses(losses)] if any(not one.accepted for one in losses) else []
        parts += [_detail(report) for report in sorted(failed, key=lambda report: order[outcome(report.check)])]
    for suite, (title, about) in _SUITES.items():
        chosen = [report for report in reports if report.suite == suite]
        parts += [f"<h2>{title}</h2>", f'<p class="soft">{about}; <code>{suite}.yaml</code></p>', _overview(chosen)]
    return "\n".join([*parts, "</main></body></html>"])


def _access(access: AccessReport) -> str:
    """Who sees what, and what of it is new."""
    figures = {
        **{f"seen by {audience}": count for audience, count in access.seen_by.items()},
        "labelled": access.by_label,
        "declared by a rule": access.by_rule,
        "without a label": access.without_label,
        "label damaged": access.damaged,
        "seen by more than before": len(access.widened),
        "seen by fewer": len(access.narrowed),
    }
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{value:,}</dd></div>" for name, value in figures.items())
    rows = "".join(
        f"<tr><td><code>{escape(one.path)}</code></td><td>{escape(', '.join(one.before) or 'nobody')}</td>"
        f"<td>{escape(', '.join(one.now))}</td><td>{escape(one.accepted or 'not accepted')}</td></tr>"
        for one in access.widened[:_MAX_WIDENED]
    )
    head = "<tr><th>document</th><th>seen by until now</th><th>from now on</th><th>accepted</th></tr>"
    table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
    refused = [one for one in access.widened if not one.accepted]
    lines = (
        f'<p class="soft">To accept them, put into headgate.toml:</p><pre><code>{escape(audience_lines(refused))}</code></pre>'
        if refused
        else ""
    )
    return f"<h2>Who sees what</h2><dl>{cells}</dl>{table}{lines}"


def _losses(losses: Sequence[Loss]) -> str:
    """What to write where a loss is meant."""
    refused = [one for one in losses if not one.accepted]
    return (
        f'<p class="soft">{len(refused):,} document(s) lost something since the last accepted ingest. Those that lost it on purpose are accepted '
        f"with their text, once, in headgate.toml:</p><pre><code>{escape(change_lines(refused))}</code></pre>"
    )


def _head(corpus: str) -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>Validation of {escape(corpus)}</title><style>{_STYLE}</style></head><body><main>"
    )


def outcome(check: ValidationCheck) -> str:
    """`pass`, `finding`, `quarantine`, `error`, or `accepted` for an error that a person accepted."""
    if check.passed:
        return "pass"
    return "accepted" if check.level == "error" and check.accepted else check.level


def _overview(reports: Sequence[CheckReport]) -> str:
    rows = "".join(
        f'<tr><td class="k">{_tag(report.check)}</td><td class="k">{_name(report)}</td><td class="k">{escape(report.check.level)}</td>'
        f'<td><code>{escape(_statement(report))}</code></td><td class="n">{report.check.failed:,}</td><td class="n">{report.check.checked:,}</td></tr>'
        for report in reports
    )
    head = '<tr><th></th><th>check</th><th>level</th><th>expectation</th><th class="n">failing</th><th class="n">of</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _detail(report: CheckReport) -> str:
    check = report.check
    shown = f"{check.failed:,} of {check.checked:,}"
    more = f'<p class="soft">The first {len(report.rows):,} of them.</p>' if len(report.rows) < check.failed else ""
    accepted = f'<p><span class="tag accepted">accepted</span> {escape(check.accepted)}</p>' if check.accepted else ""
    body = "".join(f"<tr><td><code>{escape(row.path)}</code></td><td>{escape(str(row.reason))}</td></tr>" for row in report.rows)
    table = f"<table><thead><tr><th>document</th><th>reason</th></tr></thead><tbody>{body}</tbody></table>{more}"
    if len(report.rows) > 15:
        table = f"<details><summary>{shown} documents</summary>{table}</details>"
    return (
        f'<section class="check" id="{escape(check.name, quote=True)}"><h3>{_tag(check)} {escape(check.name)}: {shown}</h3>'
        f'<p class="soft"><code>{escape(report.expectation)}({escape(_statement(report))})</code></p>{accepted}{table}</section>'
    )


def _name(report: CheckReport) -> str:
    name = escape(report.check.name)
    return name if report.check.passed else f'<a href="#{escape(report.check.name, quote=True)}">{name}</a>'


def _links(reports: Sequence[CheckReport]) -> str:
    return ", ".join(
        f'<a style="color:inherit" href="#{escape(report.check.name, quote=True)}">{escape(report.check.name)}</a>'
        for report in reports
    )


def _tag(check: ValidationCheck) -> str:
    kind = outcome(check)
    return f'<span class="tag {kind}">{kind}</span>'


def _statement(report: CheckReport) -> str:
    def shown(value: Any) -> str:
        text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        return text if len(text) <= 80 else f"{text[:77]}…"

    return ", ".join(f"{key}: {shown(value)}" for key, value in report.kwargs.items())
