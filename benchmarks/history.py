"""The weeks of a real knowledge base, judged one after the other: what would have stopped a release, what was quarantined, and why.

    python -m benchmarks.history [--kb handbook|cloudformation] [--steps N] [--read]

Each version of a page is parsed and measured once, in this process; nothing is chunked or embedded. Every batch is judged against the last
accepted one, as an ingest does it. What stops a batch is accepted as a person would accept it, document by document with its text, and must
not be asked for again. At the end all pages are parsed, measured and judged anew in an empty store, and must come out the same. Figures are
told for the first half of the weeks, on which checks may be tuned, and for the second. `--read` names every document with its reasons.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from benchmarks.cost_of_change import KBS
from benchmarks.projects import make_project, public_data
from headgate.ingest.derive import Deriver, Origin
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.file import parse_file
from headgate.ingest.validate.facts.document_facts import DocumentFacts
from headgate.ingest.validate.outcome import Validated, validate
from headgate.storage import open_store, sha256_hex

MARKDOWN = "text/markdown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kb", choices=sorted(KBS), default="handbook")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--read", action="store_true", help="name every document that stopped a batch or was quarantined")
    arguments = parser.parse_args()
    name, all_steps = KBS[arguments.kb]
    last = all_steps if arguments.steps is None else arguments.steps
    with tempfile.TemporaryDirectory(prefix="headgate-history-") as folder:
        history = History(arguments.kb, Path(folder) / "weekly", read=arguments.read)
        pages = read_base(public_data(name))
        batches = read_batches(public_data(name))
        history.judge(0, pages)
        for step in range(1, last + 1):
            apply_batch(pages, batches[step])
            history.judge(step, pages)
        for half, steps in (("first half", range(1, last // 2 + 1)), ("second half", range(last // 2 + 1, last + 1))):
            history.tell(half, steps)
        weekly = history.digest(pages)
        scratch = History(arguments.kb, Path(folder) / "scratch", read=False)
        scratch.judge(0, pages)
        if scratch.digest(pages) != weekly:
            raise SystemExit("the documents differ from those judged from scratch")
        print(f"{len(pages)} pages at the end: facts and quarantine equal to those from scratch, {weekly[:16]}")


@dataclass
class Week:
    """What was found of one batch: the checks that stop it, the documents that fail them, and, of texts not seen before, document → reasons."""

    stopping: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    quarantined: dict[str, list[str]] = field(default_factory=dict)


class History:
    """Judges the batches of one project, one after the other."""

    def __init__(self, kb: str, folder: Path, *, read: bool) -> None:
        folder.mkdir(parents=True)
        self._kb, self._folder, self._read = kb, folder, read
        self._accepted: list[dict[str, Any]] = []
        self._settings = self._make_settings()
        self._store = open_store(self._settings)
        self._deriver = Deriver(self._settings.ingest_setup)
        self._parsed: dict[str, ParsedFile] = {}
        self._facts: dict[tuple[str, str], DocumentFacts] = {}
        self._known: set[tuple[str, str]] = set()
        self._last = Validated()
        self.weeks: dict[int, Week] = {}

    def judge(self, step: int, pages: dict[str, bytes]) -> None:
        """One batch; what stops it is accepted.

        Raises:
            SystemExit: it stops in spite of that, or for what was accepted before.
        """
        week = self.weeks[step] = Week()
        found = self._judge(pages)
        if stopping := [check for check in found.checks if check.level == "error" and not check.passed and not check.accepted]:
            week.stopping = [check.name for check in stopping]
            asked = [loss for loss in found.losses if not loss.accepted]
            week.losses = [loss.path for loss in asked]
            self._accepted += [
                {"documents": {loss.path: loss.text_digest}, "by": "the benchmark", "reason": "read, see RESULTS.md"}
                for loss in asked
            ]
            self._settings = self._make_settings()
            found = self._judge(pages)
            if left := [
                check.name for check in found.checks if check.level == "error" and not check.passed and not check.accepted
            ]:
                raise SystemExit(f"step {step}: {', '.join(left)} can't be accepted document by document")
        new = {
            path: reasons for path, reasons in found.quarantined.items() if (path, self._digest(path, pages)) not in self._known
        }
        week.quarantined = {path: [str(reason) for reason in reasons] for path, reasons in new.items()}
        self._known |= {(path, self._digest(path, pages)) for path in new}
        self._last = found
        print(
            f"step {step}: {len(pages)} pages, {len(new)} newly quarantined, stopped by {', '.join(week.stopping) or 'nothing'}",
            flush=True,
        )
        if self._read:
            for path, reasons in sorted(week.quarantined.items()):
                print(f"    quarantined {path}: {'; '.join(reasons)}")
            for loss in found.losses:
                told = "; ".join(str(one) for one in found.findings.get(loss.path, ()))
                print(f"    stopped by {loss.path}: {told}", flush=True)

    def tell(self, half: str, steps: Iterable[int]) -> None:
        weeks = [self.weeks[step] for step in steps]
        kinds = Counter(reason.partition(":")[0] for week in weeks for reasons in week.quarantined.values() for reason in reasons)
        documents = sum(len(week.losses) for week in weeks)
        blocked = sum(bool(week.stopping) for week in weeks)
        print(
            f"{half}: {blocked} of {len(weeks)} batches blocked, for {documents} documents; quarantined {dict(kinds.most_common())}"
        )

    def digest(self, pages: dict[str, bytes]) -> str:
        """Over the facts of all pages, and over what of them is quarantined for which reasons."""
        facts = [self._facts_of(path, content).to_json() for path, content in sorted(pages.items())]
        kept_out = {path: [str(reason) for reason in reasons] for path, reasons in sorted(self._last.quarantined.items())}
        return sha256(orjson.dumps([facts, kept_out], option=orjson.OPT_SORT_KEYS)).hexdigest()

    def _judge(self, pages: dict[str, bytes]) -> Validated:
        facts = [self._facts_of(path, content) for path, content in sorted(pages.items())]
        revision = sha256_hex(orjson.dumps([[one.doc_id, one.digest] for one in facts]))[:32]
        return validate(facts, setup=self._settings.validation_setup, store=self._store, revision=revision)

    def _facts_of(self, path: str, content: bytes) -> DocumentFacts:
        digest = sha256_hex(content)
        if (path, digest) not in self._facts:
            if digest not in self._parsed:
                self._parsed[digest] = parse_file(content, MARKDOWN, path=path)
            parsed = self._parsed[digest]
            document = self._deriver.document(Origin(path, digest, MARKDOWN, b""), parsed)
            self._facts[path, digest] = self._deriver.facts(document, parsed).facts
        return self._facts[path, digest]

    def _digest(self, path: str, pages: dict[str, bytes]) -> str:
        return self._facts_of(path, pages[path]).text_digest

    def _make_settings(self) -> Any:
        return make_project(self._folder, name=self._kb, validation={"accept_change": self._accepted})


def read_base(data: Path) -> dict[str, bytes]:
    """Path → content of every page before the first batch."""
    pages: dict[str, bytes] = {}
    with tarfile.open(data / "base.tar.gz") as archive:
        for member in archive:
            if (stream := archive.extractfile(member) if member.isfile() else None) is not None:
                pages[member.name] = stream.read()
    return pages


def read_batches(data: Path) -> dict[int, list[dict[str, str]]]:
    batches: dict[int, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(data / "replay.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            change = json.loads(line)
            batches[change["step"]].append(change)
    return batches


def apply_batch(pages: dict[str, bytes], changes: list[dict[str, str]]) -> None:
    for change in changes:
        if change["op"] == "delete":
            del pages[change["path"]]
            continue
        if change["op"] == "rename":
            pages.pop(change["old_path"], None)
        pages[change["path"]] = change["text"].encode()


if __name__ == "__main__":
    main()
