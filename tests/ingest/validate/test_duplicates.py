"""Which of several copies is kept and why; what must not be taken for a copy."""

from __future__ import annotations

import random

import pytest

from headgate.ingest.validate.duplicates import Copies, comparable, find_copies
from headgate.ingest.validate.facts.document_facts import DocumentFacts
from headgate.ingest.validate.facts.resemblance import estimate, shingle, sign
from tests.ingest.documents import LONG, facts_of


def compared(*facts: DocumentFacts, threshold: float = 0.9) -> Copies:
    return find_copies(map(comparable, facts), threshold=threshold)


def test_the_most_canonical_of_equal_documents_is_kept() -> None:
    copies = compared(
        facts_of("account/password-help.md", LONG, title="Reset your password"),
        facts_of("account/reset-password.md", LONG.upper(), title="Reset your password"),
        facts_of("archive/reset-password.md", LONG, title="Reset your password", effective_date="2026-01-01"),
    ).copies
    assert {path: (copy.of, copy.because) for path, copy in copies.items()} == {
        "account/password-help.md": ("account/reset-password.md", "its name fits its title better"),
        "archive/reset-password.md": ("account/reset-password.md", "it lies in no folder for old pages"),
    }


@pytest.mark.parametrize(
    ("kept", "other", "because"),
    [
        (
            {"path": "z.md", "effective_date": "2026-01-01"},
            {"path": "a.md", "effective_date": "2025-01-01"},
            "its effective date is later",
        ),
        ({"path": "z.md", "effective_date": "2020-01-01"}, {"path": "a.md"}, "its effective date is later"),
        ({"path": "b/b.md"}, {"path": "a/long-name.md"}, "its path is shorter"),
        ({"path": "a.md"}, {"path": "b.md"}, "its path comes first"),
    ],
)
def test_the_order_of_canonical_documents(kept: dict[str, str], other: dict[str, str], because: str) -> None:
    for order in ([kept, other], [other, kept]):
        copies = compared(
            *(facts_of(one["path"], LONG, **{key: one[key] for key in one if key != "path"}) for one in order)
        ).copies
        assert {path: (copy.of, copy.because) for path, copy in copies.items()} == {other["path"]: (kept["path"], because)}


def test_near_copies_are_found_and_the_newer_is_kept() -> None:
    changed = LONG.replace("Sentence 5 tells", "Sentence 5 says")
    copies = compared(
        facts_of("a.md", LONG, effective_date="2025-01-01"), facts_of("b.md", changed, effective_date="2026-01-01")
    ).copies
    assert (copies["a.md"].of, copies["a.md"].exact) == ("b.md", False)
    assert 0.9 < copies["a.md"].similarity < 1
    assert not compared(facts_of("a.md", LONG), facts_of("b.md", LONG[: len(LONG) // 2])).copies


def test_a_chain_of_near_copies_ends_at_what_is_kept() -> None:
    words = LONG.split()
    second = " ".join([*words[:-14], *(f"tail{number}" for number in range(14))])
    third = " ".join([*(f"head{number}" for number in range(14)), *second.split()[14:]])
    copies = compared(facts_of("a.md", LONG), facts_of("b.md", second), facts_of("c.md", third), threshold=0.9).copies
    assert all(copy.of not in copies for copy in copies.values())


def test_copies_across_confidentiality_are_conflicts_and_left_alone() -> None:
    changed = LONG.replace("Sentence 5 tells", "Sentence 5 tells again")
    comparison = compared(
        facts_of("a.md", LONG, confidentiality="public"),
        facts_of("b.md", LONG, confidentiality="internal"),
        facts_of("cc.md", changed, confidentiality="secret"),
    )
    assert comparison.copies == {}
    assert {(path, conflict.other) for path, conflict in comparison.conflicts.items()} == {("b.md", "a.md"), ("cc.md", "a.md")}
    assert comparison.conflicts["b.md"].other_confidentiality == "public"


def test_copies_across_languages_are_left_alone() -> None:
    assert not compared(facts_of("a.md", LONG, language="en"), facts_of("b.md", LONG, language="fr")).copies


def test_japanese_near_copies_are_found_without_spaces() -> None:
    text = "".join(f"第{number}条 料金は月額{number}ポンドで、口座振替は毎月17日に行われます。" for number in range(30))
    assert compared(facts_of("a.md", text), facts_of("b.md", text.replace("第5条", "第五条"))).copies


def test_estimated_similarity_is_close_to_the_true_one() -> None:
    chance = random.Random(7)
    words = [f"word{chance.randrange(400)}" for _ in range(600)]
    for share in (0.01, 0.03, 0.1):
        changed = [f"other{chance.randrange(400)}" if chance.random() < share else word for word in words]
        one, other = shingle(" ".join(words)), shingle(" ".join(changed))
        true = len(one & other) / len(one | other)
        assert abs(estimate(sign(one), sign(other)) - true) < 0.08


def test_the_order_of_the_documents_does_not_matter() -> None:
    chance = random.Random(3)
    pages = [facts_of(f"{number}.md", LONG.replace(f"Sentence {number % 4}", f"Phrase {number}")) for number in range(12)]
    first = compared(*pages).copies
    for _ in range(3):
        chance.shuffle(pages)
        assert compared(*pages).copies == first


def form(path: str, title: str, target: str = "form.md") -> DocumentFacts:
    return facts_of(path, f"# {title}\n\n{LONG}\n\nSee [more]({target}).")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Crystal (coming soon)", "team.md#crystal"), ("Kevin (coming soon)", "team.md#kevin")),
        (("Tags of a table", "table.md"), ("Tags", "queue.md")),
        (("Accepted risks of 4.0.1", "risks.md"), ("Accepted risks of 4.0.0", "risks.md")),
        (("Principles of Search Core", "form.md"), ("Principles of Search Product", "form.md")),
    ],
    ids=["title and target", "a title inside of the other", "versions", "names"],
)
def test_a_form_that_was_filled_in_twice_is_no_copy(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert compared(form("a.md", *one), form("b.md", *other)).copies == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Refunds", "form.md"), ("Refunds", "archive/form.md")),
        (("Refunds", "form.md"), ("Refunds, old", "form.md")),
        (("Refunds 2025", "form.md"), ("Refunds 2026", "form.md")),
        (("Refunds of 1/2/2025", "form.md"), ("Refunds of 3/4/2026", "form.md")),
    ],
    ids=["only targets differ", "a title with more words", "years", "days"],
)
def test_versions_of_one_document_are_copies(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert len(compared(form("a.md", *one), form("b.md", *other)).copies) == 1


_TEMPLATES = (
    "Load balancing",
    "A group with an update policy",
    "A queue with an alarm",
    "A table with an index",
    "A bucket for a website",
)


def region(path: str, region: str, **labels: str) -> DocumentFacts:
    """A page of templates as a manual has one for each region: one title, long descriptions, other addresses."""
    prose = "creates the group, the policies by which it grows and the notices that are sent to you when it does, in several zones at once"
    rows = [
        f"| {name} | {name} {prose}. | [View](https://store.example/{region}/{number}) | [https://console.example/new?region={region}&t={number}]"
        f"(https://console.example/new?region={region}&t={number}) |"
        for number, name in enumerate(_TEMPLATES)
    ]
    table = "\n".join(["| Template | Description | View | Launch |", "| --- | --- | --- | --- |", *rows])
    introduction = LONG.translate({ord(digit): letter for digit, letter in zip("0123456789", "abcdefghij", strict=True)})
    return facts_of(path, f"# Services\n\n{introduction}\n\n{table}", **labels)


def test_pages_that_differ_in_what_readers_look_them_up_for_are_no_copies() -> None:
    one, other = region("services-us-west-2.md", "us-west-2"), region("services-eu-north-1.md", "eu-north-1")
    assert estimate(one.signature, other.signature) > 0.8
    assert compared(one, other, threshold=0.8).copies == {}


def test_an_older_version_is_a_copy_also_when_its_numbers_are_others() -> None:
    old = region("archive/services.md", "us-west-2"), region("services.md", "eu-north-1")
    assert set(compared(*old, threshold=0.8).copies) == {"archive/services.md"}
    dated = (
        region("a.md", "us-west-2", effective_date="2025-01-01"),
        region("b.md", "eu-north-1", effective_date="2026-01-01"),
    )
    assert set(compared(*dated, threshold=0.8).copies) == {"a.md"}


@pytest.mark.parametrize(
    ("was", "now"),
    [("£7.00", "£9.00"), ("Sentence 5 tells", "Sentence 5 says"), ("](form.md)", "](../account/form.md)")],
    ids=["one price of many", "a word", "a relative link"],
)
def test_a_page_under_two_paths_with_small_changes_is_a_copy(was: str, now: str) -> None:
    text = f"# Plans\n\n{LONG}\n\nSee [the form](form.md)."
    assert len(compared(facts_of("a.md", text), facts_of("account/b.md", text.replace(was, now))).copies) == 1


def test_a_title_that_only_the_name_of_the_file_gives_tells_nothing_apart() -> None:
    changed = LONG.replace("Sentence 5 tells", "Sentence 5 says")
    assert compared(facts_of("a.md", LONG, title="Refunds"), facts_of("b.md", changed, title="Payments")).copies


def test_at_1_identical_texts_alone_are_copies() -> None:
    texts = {"a.md": LONG, "b.md": LONG.replace("\n", "  "), "c.md": LONG.replace("£7.00", "£7,00"), "d.md": LONG.upper()}
    made = [facts_of(path, text) for path, text in texts.items()]
    assert {path: copy.exact for path, copy in compared(*made, threshold=1.0).copies.items()} == {"b.md": True}
    assert {path: copy.exact for path, copy in compared(*made).copies.items()} == {"b.md": True, "c.md": False, "d.md": False}
    long = " ".join(f"w{number}" for number in range(20_000))
    one, other = facts_of("a.md", long), facts_of("b.md", f"{long} w1 w2 w3")
    assert estimate(one.signature, other.signature) == 1.0
    assert compared(one, other, threshold=1.0).copies == {}


def test_pages_that_only_lead_on_are_copies_when_they_lead_to_the_same_place() -> None:
    moved = [facts_of(f"{name}.md", f"This page moved to [a new place]({to}).") for name, to in (("a", "x.md"), ("b", "y.md"))]
    again = facts_of("c.md", "This page moved to [a new place](x.md).")
    assert set(compared(*moved, again).copies) == {"c.md"}
