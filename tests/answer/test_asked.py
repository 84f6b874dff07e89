"""Questions put to a real bundle of a few pages: what may be answered, what may not, and what is quoted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.answer.engine import Answerer
from headgate.build import build
from headgate.bundle import open_bundle
from headgate.records import Answer, Question
from headgate.storage import open_store
from tests.small_project import write_project

PAGES = {
    "shipping.md": "# Shipping\n\nWe ship to Austria in five days for 12 EUR.\n\nWe ship to Iraq in thirty days for 90 EUR.\n\nWe ship to Slovenia in six days for 15 EUR.",
    "devices.md": "# Supported music players\n\nThe iPod can be connected through the USB port. It charges in three hours.",
    "faq.md": "# Billing\n\n**Q: Can I pay with Visa?** A: Yes, with Visa and Mastercard, not with Amex.\n\n**Q: When is the invoice sent?**\nA: On the third working day of the month.",
    "returns.md": "# Returns\n\nWho pays for the parcel when something is sent back?\n\nThe buyer pays the return parcel, unless the goods were damaged.",
    "notes.md": "# Release notes\n\n## Version 2.1\n\nVersion 2.1 adds the dark theme.\n\n## Version 2.10\n\nVersion 2.10 removes the fax module.\n\n## Version 2.1.1\n\nVersion 2.1.1 repairs the clock.",
    "policy.md": "# House rules\n\nThe IT department is on floor nine. The US office opens at eight in the morning.",
    "kitchen.md": "# Kitchen\n\nIt is cleaned on Fridays. Where it smells, open the window; whatever it is, tell the caretaker.",
    "manual.md": "# Device manual\n\nDeveloper mode is enabled by tapping the serial number seven times.\n\nThe warranty covers repairs for two years.",
}


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory, exported_model: Path) -> Answerer:
    project = write_project(tmp_path_factory.mktemp("asked"), exported_model)
    for page in (project.folder / "documents").rglob("*.md"):
        page.unlink()
    for path, text in PAGES.items():
        project.write_page(path, text)
    settings = project.settings
    return open_bundle(open_store(settings), build(settings).bundle_id)


@pytest.fixture(scope="module")
def ask(answerer: Answerer) -> Callable[[str], Answer]:
    return lambda question: answerer.answer_now(Question(text=question))


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Do you ship to Australia?", "Australia"),
        ("do you ship to australia?", "australia"),
        ("Do you ship to Iran?", "Iran"),
        ("Do you ship to Slovakia?", "Slovakia"),
        ("Is the iPad supported?", "iPad"),
        ("Can I pay with PayPal?", "PayPal"),
        ("Is the dark theme in version 2.2?", "2.2"),
        ("What changed in v2.1.10?", "2.1.10"),
    ],
)
def test_what_is_asked_of_a_name_that_no_page_has_is_declined_and_the_name_is_told(
    ask: Callable[[str], Answer], question: str, missing: str
) -> None:
    answer = ask(question)
    assert answer.refused
    assert answer.refusal_reason in ("other_name", "no_evidence")
    assert answer.corrections == {}
    if answer.refusal_reason == "other_name":
        assert answer.missing_names == (missing,)


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Do you ship to Austria?", "We ship to Austria in five days"),
        ("Can I pay with Visa?", "Yes, with Visa and Mastercard"),
        ("When is the invoice sent ?", "On the third working day of the month."),
        ("Who pays for the parcel when something is sent back?", "The buyer pays the return parcel"),
        ("What changed in version 2.10?", "Version 2.10 removes the fax module."),
        ("What changed in v2.1.1?", "Version 2.1.1 repairs the clock."),
        ("What changed in version 2.1?", "Version 2.1 adds the dark theme."),
        ("Where is IT?", "The IT department is on floor nine."),
        ("When does the US office open?", "The US office opens at eight"),
    ],
)
def test_the_line_that_answers_is_quoted(ask: Callable[[str], Answer], question: str, quote: str) -> None:
    answer = ask(question)
    assert quote in answer.text
    assert "?" not in answer.text


@pytest.mark.parametrize("question", ["What changed in version 2.10?", "What changed in v2.1.1?", "What changed in version 2.1?"])
def test_no_other_version_is_spoken_of(ask: Callable[[str], Answer], question: str) -> None:
    things = [thing for thing in ("dark theme", "fax module", "clock") if thing in ask(question).text]
    assert len(things) == 1


def test_a_slip_of_the_pen_is_searched_beside_what_was_written_and_told(ask: Callable[[str], Answer]) -> None:
    answer = ask("how long does the waranty cover repairs")
    assert answer.corrections == {"waranty": "warranty"}
    assert "two years" in answer.text


@pytest.mark.parametrize(
    ("message", "reply"), [("thanks!", "You're welcome"), ("hi", "Hello"), ("Danke schön", "Gern geschehen")]
)
def test_small_talk_gets_a_sentence_of_its_own(ask: Callable[[str], Answer], message: str, reply: str) -> None:
    answer = ask(message)
    assert answer.text.startswith(reply)
    assert (answer.small_talk, answer.refused, answer.citations) == (True, False, ())
