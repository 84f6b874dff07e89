from __future__ import annotations

import pytest

from headgate.answer.prompt import parse_answer_prompt, parse_prompt, parse_refusal
from headgate.errors import PromptError

GOOD = b"""---
name: answer
variables: [language, passages, question]
---
# system
Answer in {{language}} from {{passages}}.
# user
{{question}}
"""


def test_values_are_filled_in_by_one_pass_so_a_value_stays_text() -> None:
    prompt = parse_answer_prompt(GOOD, source="p.md")
    rendered = prompt.render("system", {"language": "en", "passages": "see {{question}}", "question": "secret"})
    assert rendered == "Answer in en from see {{question}}."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no front matter", "front matter"),
        (GOOD.replace(b"{{passages}}", b"nothing"), "does not use: passages"),
        (GOOD.replace(b"{{passages}}", b"{{passages}} {{extra}}"), "undeclared variable\\(s\\): extra"),
        (
            GOOD.replace(b", question]", b", question, tone]").replace(b"{{question}}", b"{{question}} {{tone}}"),
            "unknown variable\\(s\\): tone",
        ),
        (GOOD.replace(b"# user", b"# human"), "exactly the sections"),
        (GOOD.replace(b"name: answer", b"nome: answer"), "nome: unknown key; known keys: name, description, variables"),
        (GOOD.replace(b"name: answer", b"name: [}"), "can't be read"),
        (b"\xff\xfe", "can't be read"),
    ],
)
def test_a_prompt_that_does_not_fit_is_refused_with_the_reason(content: bytes, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        parse_answer_prompt(content, source="p.md")


def test_rendering_wants_exactly_the_declared_variables() -> None:
    prompt = parse_answer_prompt(GOOD, source="p.md")
    with pytest.raises(PromptError, match="no value for passages, question"):
        prompt.render("system", {"language": "en"})
    with pytest.raises(PromptError, match="unknown variable\\(s\\) x"):
        prompt.render("system", {"language": "en", "passages": "", "question": "", "x": ""})
    with pytest.raises(PromptError, match="no section 'assistant'"):
        prompt.render("assistant", {})


def test_replies_to_small_talk_stand_beside_the_refusals() -> None:
    content = b"---\nname: refusal\n---\n# en\nSorry.\n# en-greeting\nHello!\n"
    assert parse_refusal(content, source="r.md").sections == {"en": "Sorry.", "en-greeting": "Hello!"}
    with pytest.raises(PromptError, match="en-greetings"):
        parse_refusal(content.replace(b"en-greeting", b"en-greetings"), source="r.md")
    with pytest.raises(PromptError, match="no section that refuses"):
        parse_refusal(b"---\nname: refusal\n---\n# en-greeting\nHello!\n", source="r.md")


def test_refusal_sections_are_language_codes() -> None:
    content = b"---\nname: refusal\n---\n# en\nSorry.\n# de\nLeider nein.\n"
    assert parse_refusal(content, source="r.md").sections == {"en": "Sorry.", "de": "Leider nein."}
    with pytest.raises(PromptError, match="english"):
        parse_refusal(content.replace(b"# en", b"# english"), source="r.md")


def test_an_empty_section_is_refused() -> None:
    with pytest.raises(PromptError, match="empty section"):
        parse_prompt(b"---\nname: x\n---\n# en\n\n# de\nhallo\n", source="x.md")
