"""How well personal data is found, by kind, and what is taken for it on ordinary pages.

    python -m benchmarks.personal_data                  # sets, pages, other numbers
    python -m benchmarks.personal_data sets             # or: pages, others
    python -m benchmarks.personal_data sets --names en_core_web_sm

Recall is the share of labelled places that a found span of the kind overlaps, precision the share of found spans that overlap a labelled place of
the kind; both with Wilson's 95 % interval. Rules were written on rows of even number: the figures to believe are those of the odd ones. The sets
are made from templates, so a kind is found either in nearly all sentences of a template or in none: expect less of other texts. Postal
addresses are labelled in parts (house, street, flat, postal code), each counts; a found address may take along towns, which are labelled as such.
"""

from __future__ import annotations

import argparse
import random
import tarfile
import time
from collections import Counter
from collections.abc import Callable

from benchmarks.validation import DATA, interval, read_rows
from headgate.detect.card_numbers import passes_luhn
from headgate.detect.personal_data import locate_personal_data
from headgate.ingest.parse.markdown import parse_markdown
from headgate.settings import CONTACT_KINDS, NUMBER_KINDS, PersonalSearch

#: Label of the sets → kind of ours.
KINDS = {
    "CREDIT_CARD": "credit_card",
    "IBAN_CODE": "iban_code",
    "US_SSN": "us_ssn",
    "EMAIL_ADDRESS": "email_address",
    "PHONE_NUMBER": "phone_number",
    "STREET_ADDRESS": "postal_address",
    "ADDRESS": "postal_address",
    "PERSON": "person",
}
#: Labels that a found span of a kind may cover too.
ALONG = {"postal_address": {"ZIP_CODE", "GPE", "LOCATION"}, "person": {"TITLE", "PREFIX"}}
PAGES = 200
#: Forms in which a number of 16 digits that begins like a card and passes the check digit is none.
OTHERS = (
    "The share is 0.{n} of the cards.", "ratio 3,{n}", "lat 48.{n}, lon 2.{n}", "id {n}", "order {n} was placed", "ticket: {n}", "https://shop.test/pay/{n}?card=1", "ORD-{n}",
    "card_{n}", "trace {n}ab", "{n}.5 bytes", "the message {n} was sent", "| {n} | done |", "snowflake {n}", "a serial number ({n}) of the card reader", "-{n}", "tx={n}&y=1",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["sets", "pages", "others", []], help="default: all")
    parser.add_argument("--names", default="", help="a spaCy model, installed or a folder: names of people are looked for too")
    given = parser.parse_args()
    kinds = tuple(kind for kind in (*NUMBER_KINDS, *CONTACT_KINDS) if kind != "person" or given.names)
    search = PersonalSearch(kinds, names_model=given.names)
    parts: dict[str, Callable[[PersonalSearch], None]] = {"sets": sets, "pages": pages, "others": others}
    for name in given.parts or parts:
        print(f"\n== {name}")
        parts[name](search)


def sets(search: PersonalSearch) -> None:
    """Both files of pii_presidio, by half."""
    for file in ("data", "extra_legacy"):
        rows = read_rows("pii_presidio", f"{file}.jsonl")
        for half, about in ((0, "even rows, on which rules were written"), (1, "odd rows")):
            labelled, found, hits, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
            for row in rows[half::2]:
                values = locate_personal_data(row["text"], search)
                spans = [(span["type"], span["start"], span["end"]) for span in row["spans"]]
                for label, start, end in spans:
                    kind = KINDS.get(label, "")
                    if kind in search.kinds:
                        labelled[kind] += 1
                        hits[kind] += any(value.kind == kind and value.start < end and start < value.end for value in values)
                for value in values:
                    found[value.kind] += 1
                    right[value.kind] += any(
                        (KINDS.get(label) == value.kind or label in ALONG.get(value.kind, ()))
                        and value.start < end
                        and start < value.end
                        for label, start, end in spans
                    )
            print(f"{file}, {about}: {len(rows[half::2])} sentences")
            for kind in sorted(labelled | found):
                print(
                    f"  {kind:16s} recall {hits[kind]}/{labelled[kind]} {interval(hits[kind], labelled[kind])}"
                    f"  precision {right[kind]}/{found[kind]} {interval(right[kind], found[kind])}"
                )


def pages(search: PersonalSearch) -> None:
    """What is found on ordinary pages of two knowledge bases; e-mail addresses there are real, and told from others by their domain."""
    for name in ("kb_sourcegraph_handbook", "kb_aws_cloudformation_scale"):
        texts = [parse_markdown(page).text for page in _sample(name)]
        started = time.process_time()
        found = [(value.kind, text[value.start : value.end]) for text in texts for value in locate_personal_data(text, search)]
        spent = time.process_time() - started
        counts = Counter(kind for kind, _ in found)
        print(
            f"{name}: {len(texts)} pages, {sum(map(len, texts)):,} characters, {1000 * spent / len(texts):.1f} ms of processor time a page"
        )
        for kind in search.kinds:
            if counts[kind]:
                print(f"  {kind:16s} {counts[kind]} found, {counts[kind] / len(texts):.3f} a page")
                for _, value in sorted({one for one in found if one[0] == kind})[:8]:
                    print(f"      {value!r}")
        print(f"  nothing of the other {sum(not counts[kind] for kind in search.kinds)} kinds")


def others(search: PersonalSearch) -> None:
    """Numbers that have all of a card but what stands around it."""
    chance = random.Random(20261127)
    taken = Counter[str]()
    for form in OTHERS:
        for _ in range(100):
            number = _card_like(chance)
            text = f"Notes on the import of {chance.randrange(9)} tables.\n\n{form.format(n=number)}\n"
            taken[form] += any(value.kind == "credit_card" for value in locate_personal_data(text, search))
    wrong = sum(taken.values())
    print(
        f"{wrong}/{100 * len(OTHERS)} numbers in decimals, ids, paths and the like taken for cards {interval(wrong, 100 * len(OTHERS))}"
    )
    for form, count in taken.items():
        if count:
            print(f"  {count}/100 of {form!r}")


def _card_like(chance: random.Random) -> str:
    while True:
        number = chance.choice(("4", "51", "6011", "3528")) + "".join(str(chance.randrange(10)) for _ in range(15))
        if passes_luhn(number[:16]):
            return number[:16]


def _sample(name: str) -> list[str]:
    path = DATA / name / "base.tar.gz"
    if not path.is_file():
        raise SystemExit(f"{path} is not there: the benchmark needs the public data next to the repository")
    found: list[str] = []
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".md") else None
            if stream is not None:
                found.append(stream.read().decode("utf-8", "replace"))
    return random.Random(20261127).sample(found, PAGES)


if __name__ == "__main__":
    main()
