"""How well validation detects text that addresses the model and near-duplicates, and what it costs; personal data: benchmarks/personal_data.py.

    python -m benchmarks.validation                # all three
    python -m benchmarks.validation instructions   # or: copies, cost

Recall is the share of labelled places that were found, precision the share of found places that are labelled; both with Wilson's 95 %
interval.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tarfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headgate.detect.instructions import find_instructions, find_suspects
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.markdown import parse_markdown
from headgate.ingest.validate.duplicates import comparable, find_copies
from headgate.ingest.validate.facts.access import decide_access, vocabulary_of
from headgate.ingest.validate.facts.document_facts import DocumentFacts, document_facts
from headgate.ingest.validate.facts.resemblance import shingle
from headgate.records import Document, DocumentMetadata
from headgate.settings import CorpusSettings, PersonalSearch, RetrievalSettings

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts: dict[str, Callable[[], None]] = {"instructions": instructions, "copies": copies, "cost": cost}
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="default: all")
    for name in parser.parse_args().parts or parts:
        print(f"\n== {name}")
        parts[name]()


def instructions() -> None:
    """Documents of inj_prompts with and without an order to the model, as text that readers see and as hidden text."""
    rows = read_rows("inj_prompts", "indirect.jsonl")
    for way in (
        "text that readers see: quarantined",
        "text that readers see: quarantined or remarked on",
        "hidden text: quarantined",
    ):
        hidden = way.startswith("hidden")
        flagged, total = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
        for row in rows:
            # Hidden: the attack alone is what a reader would not see; of a clean document a harmless part.
            if hidden:
                part = row["attack"] if row["injected"] else row["document"][:300]
                hits = find_instructions("", [part])
            else:
                hits = find_instructions(row["document"], [])
                hits += find_suspects(row["document"]) if "remarked" in way else []
            key = row["task"], row["injected"]
            total[key] += 1
            flagged[key] += bool(hits)
        print(way)
        for task in sorted({task for task, _ in total}):
            print(
                f"  {task:10s} recall {flagged[task, True]}/{total[task, True]} {interval(flagged[task, True], total[task, True])}"
                f"  false alarms {flagged[task, False]}/{total[task, False]} {interval(flagged[task, False], total[task, False])}"
            )
    direct = read_rows("inj_prompts", "direct.jsonl")
    groups: dict[str, list[bool]] = defaultdict(list)
    for row in direct:
        if row["label"] != "harmful_request":
            groups[f"{row['label']} {row['kind']}"].append(bool(find_instructions(row["text"], [])))
    print("prompts of users, as if they stood in a document")
    for group, flags in sorted(groups.items()):
        print(f"  {group:38s} flagged {sum(flags)}/{len(flags)} {interval(sum(flags), len(flags))}")
    for name, pages in (("kb_sourcegraph_handbook", handbook()), ("kb_aws_cloudformation_scale", cloudformation())):
        count = len(pages)
        found = [(path, hit) for path, parsed in pages for hit in find_instructions(parsed.text, parsed.hidden)]
        print(f"{name}: {len({path for path, _ in found})} of {count} real pages flagged")
        print(f"    {sum(bool(find_suspects(parsed.text)) for _, parsed in pages)} remarked on")
        for path, hit in found[:5]:
            print(f"    {path}: {hit.rule}: {hit.excerpt!r}")


def copies() -> None:
    """Handbook pages with a share of their words replaced: found as near copies at 0.9 or not, against the exact similarity."""
    pages = [facts_of(path, parsed) for path, parsed in handbook() if len(parsed.text) > 600][:300]
    texts = {path: parsed.text for path, parsed in handbook()}
    base = find_copies(map(comparable, pages), threshold=0.9)
    print(f"{len(pages)} pages of their own: {len(base.copies)} taken for copies")
    chance = random.Random(20260202)
    for share in (0.005, 0.01, 0.02, 0.03, 0.05):
        right = wrong = above = below = 0
        for page in pages:
            if page.doc_id in base.copies:
                continue
            words = texts[page.doc_id].split(" ")
            changed = " ".join(f"{word}x" if chance.random() < share else word for word in words)
            other = facts_of(f"copy/{page.doc_id}", parsed_text(changed))
            one, two = shingle(texts[page.doc_id]), shingle(changed)
            true = len(one & two) / len(one | two) >= 0.9
            told = bool(find_copies(map(comparable, (page, other)), threshold=0.9).copies)
            above, below = above + true, below + (not true)
            right, wrong = right + (true and told), wrong + (told and not true)
        print(
            f"  {share:.1%} of words changed: found {right}/{above} of the pairs at 0.9 or more, {wrong}/{below} of those below"
        )


def cost() -> None:
    """Milliseconds a page for facts; seconds for comparing all of them."""
    for name, pages in (("kb_sourcegraph_handbook", handbook()), ("kb_aws_cloudformation_scale", cloudformation())):
        facts_of(*pages[0])
        started = time.perf_counter()
        facts = [facts_of(path, parsed) for path, parsed in pages]
        derived = time.perf_counter() - started
        started = time.perf_counter()
        found = find_copies(map(comparable, facts), threshold=0.9)
        print(
            f"{name}: {len(facts)} pages, facts {1000 * derived / len(facts):.1f} ms a page, "
            f"comparing all {time.perf_counter() - started:.2f} s, {len(found.copies)} copies"
        )


# --- data -----------------------------------------------------------------------------------------------------------


def read_rows(name: str, file: str) -> list[dict[str, Any]]:
    path = DATA / name / file
    if not path.is_file():
        raise SystemExit(f"{path} is not there: the benchmark needs the public data next to the repository")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def handbook() -> list[tuple[str, ParsedFile]]:
    return read_pages("kb_sourcegraph_handbook")


def cloudformation() -> list[tuple[str, ParsedFile]]:
    return read_pages("kb_aws_cloudformation_scale", limit=2000)


def read_pages(name: str, *, limit: int = 0) -> list[tuple[str, ParsedFile]]:
    pages: list[tuple[str, ParsedFile]] = []
    path = DATA / name / "base.tar.gz"
    if not path.is_file():
        raise SystemExit(f"{path} is not there: the benchmark needs the public data next to the repository")
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".md") else None
            if stream is not None:
                pages.append((member.name, parse_markdown(stream.read().decode("utf-8", "replace"))))
            if limit and len(pages) == limit:
                break
    return pages


def parsed_text(text: str) -> ParsedFile:
    return ParsedFile(text=text, elements=())


def facts_of(path: str, parsed: ParsedFile) -> DocumentFacts:
    document = Document(path, "", "text/markdown", parsed.text, parsed.elements, DocumentMetadata(language="en"), "benchmark")
    access = decide_access(parsed, [], vocabulary_of(CorpusSettings(), RetrievalSettings().access))
    return document_facts(document, parsed, search=PersonalSearch(), access=access)


def interval(count: int, total: int) -> str:
    """Wilson's 95 % interval as text."""
    if not total:
        return "(none)"
    share, z = count / total, 1.96
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return f"{share:.2f} [{max(middle - half, 0):.2f}, {min(middle + half, 1):.2f}]"


if __name__ == "__main__":
    main()
