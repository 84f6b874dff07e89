"""What a person writes into headgate.toml to accept what stopped a release: lines that are ready but for who and why."""

from __future__ import annotations

import json
from collections.abc import Sequence

from headgate.records import Loss, Widened


def change_lines(losses: Sequence[Loss]) -> str:
    """One entry that accepts these documents with the texts they have now."""
    if not losses:
        return ""
    documents = ", ".join(f"{json.dumps(one.path, ensure_ascii=False)} = {json.dumps(one.text_digest)}" for one in losses)
    return "\n".join(("[[validation.accept_change]]", f"documents = {{ {documents} }}", 'by = ""', 'reason = ""', ""))


def audience_lines(widened: Sequence[Widened]) -> str:
    """What `headgate.toml` needs to accept these documents, one entry for those that change alike."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for one in widened:
        groups.setdefault((one.before, one.now), []).append(one.path)
    return "\n".join(
        "\n".join(
            (
                "[[validation.accept_audience]]",
                f"documents = {json.dumps(paths, ensure_ascii=False)}",
                f"seen_before = {json.dumps(before)}",
                f"seen_now = {json.dumps(now)}",
                'by = ""',
                'reason = ""',
                "",
            )
        )
        for (before, now), paths in groups.items()
    )
