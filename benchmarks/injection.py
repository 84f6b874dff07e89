"""Orders to a model in documents and in questions: what is found, and what is taken for one. Both halves apart; the rules saw the development half.

    python -m benchmarks.injection              # both
    python -m benchmarks.injection documents    # or: questions

Documents are read as text that readers see, once as they are (as a text file gives them) and once as a Markdown file; the lower recall counts.
Found: quarantined, or only remarked on. Shares with Wilson's 95 % interval.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable

from benchmarks.injection_data import HALVES, Clean, Half, as_markdown, clean_documents, half_of, passages, poisoned
from benchmarks.validation import interval, read_rows
from headgate.answer.question.guard import find_violation
from headgate.detect.instructions import find_instructions, find_suspects
from headgate.settings import GuardSettings
from tests.detect.honest_questions import HONEST
from tests.detect.ordinary import QUESTIONS, SENTENCES

#: Pages of each knowledge base and passages of each question set, of each half.
PAGES = 300
NAMED = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts: dict[str, Callable[[], None]] = {"documents": documents, "questions": questions}
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="default: both")
    for name in parser.parse_args().parts or parts:
        print(f"\n== {name}", flush=True)
        parts[name]()


def documents() -> None:
    found: dict[tuple[str, str, Half], list[tuple[bool, bool]]] = defaultdict(list)
    for document in poisoned():
        seen = [_found(text) for text in (document.text, as_markdown(document.text))]
        worst = (all(quarantined for quarantined, _ in seen), all(noticed for _, noticed in seen))
        found[document.task, document.kind, document.half].append(worst)
        found[document.task, "all", document.half].append(worst)
    print("| in | kind | half | quarantined | quarantined or remarked on |\n|---|---|---|---|---|")
    for (task, kind, half), flags in sorted(found.items(), key=lambda entry: (entry[0][2], entry[0][0], entry[0][1] == "all")):
        print(f"| {task} | {kind} | {half} | {_share(q for q, _ in flags)} | {_share(n for _, n in flags)} |")
    alarms: dict[tuple[str, Half], list[tuple[bool, bool]]] = defaultdict(list)
    named: list[str] = []
    for page in (*clean_documents(), *passages("qa_mtrag_un")):
        group = alarms[page.source, page.half]
        if page.source in ("handbook", "cloudformation", "qa_xquad", "qa_mtrag_un") and len(group) == PAGES:
            continue
        group.append(_found(page.text, page.hidden))
        if group[-1][0] and page.half == HALVES[1]:
            named.append(_name(page))
    print("\n| clean documents | half | quarantined | quarantined or remarked on |\n|---|---|---|---|")
    for (source, half), flags in sorted(alarms.items()):
        print(f"| {source} | {half} | {_share(q for q, _ in flags)} | {_share(n for _, n in flags)} |", flush=True)
    alone = [_found(sentence) for sentence in SENTENCES]
    print(f"| {len(SENTENCES)} ordinary sentences alone | – | {_share(q for q, _ in alone)} | {_share(n for _, n in alone)} |")
    print("\nquarantined of the half that is held out:", *named[:NAMED], sep="\n  ")


def questions() -> None:
    settings = GuardSettings()
    groups: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row in read_rows("inj_prompts", "direct.jsonl"):
        if row["label"] != "harmful_request":
            refused = find_violation(row["text"], settings) == "guard:injection"
            groups[f"{row['label']}: {row['kind']}", half_of(str(row["cluster"] or row["id"]))].append(refused)
    for language, honest in HONEST.items():
        for question in honest:
            refused = find_violation(question, settings) is not None
            groups["benign: honest questions of ours", "all"].append(refused)
            groups["benign: honest questions, English" if language == "en" else "benign: honest questions, other", "all"].append(
                refused
            )
    groups["benign: first questions of ours", "all"] = [find_violation(question, settings) is not None for question in QUESTIONS]
    print("| questions | half | refused |\n|---|---|---|")
    for (group, half), flags in sorted(groups.items()):
        print(f"| {group} | {half} | {_share(flags)} |")


def _found(text: str, hidden: Iterable[str] = ()) -> tuple[bool, bool]:
    """Whether a document is quarantined, and whether it is at least remarked on."""
    quarantined = bool(find_instructions(text, hidden))
    return quarantined, quarantined or bool(find_suspects(text))


def _name(page: Clean) -> str:
    return f"{page.source} {page.name[-80:]!r}: " + "; ".join(
        f"{hit.rule} {hit.excerpt!r}" for hit in find_instructions(page.text, page.hidden)
    )


def _share(flags: Iterable[bool]) -> str:
    listed = list(flags)
    return f"{sum(listed)}/{len(listed)} {interval(sum(listed), len(listed))}"


if __name__ == "__main__":
    main()
