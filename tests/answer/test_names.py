from __future__ import annotations

import pytest

from headgate.answer.question.names import names, speaks_of_another_version


@pytest.mark.parametrize(
    ("question", "language", "found"),
    [
        ("Do you ship to Australia?", "en", ("Australia",)),
        ("Is the iPad supported?", "en", ("iPad",)),
        ("iPad supported?", "en", ("iPad",)),
        ("What changed in version 2.10?", "en", ("2.10",)),
        ("What changed in v2.1.1?", "en", ("2.1.1",)),
        ("I live in Leeds. Is error E42 bad?", "en", ("E42",)),
        ("Is RFC-2119 followed?", "en", ("RFC-2119",)),
        ("Can I pay £24.00 at 5pm on Monday in March?", "en", ()),
        ("DO YOU SHIP TO IRAN?", "en", ()),
        ("How Do I Reset My Router", "en", ()),
        ("Wie hoch ist der Preis in Berlin?", "de", ()),
        ("¿Enviáis a Perú?", "es", ("Perú",)),
    ],
)
def test_names_versions_and_codes_of_the_sentence_that_asks(question: str, language: str, found: tuple[str, ...]) -> None:
    assert names(question, language) == found


@pytest.mark.parametrize(
    ("text", "another"),
    [
        ("Version 2.1 adds the dark theme.", True),
        ("Version 2.10 costs 24.00 more than version 2.1.", False),
        ("It costs 24.00.", False),
        ("In 2.1.10 the clock is right.", True),
    ],
)
def test_a_sentence_on_another_version_is_told_from_one_on_none(text: str, another: bool) -> None:
    assert speaks_of_another_version("What changed in version 2.10?", text) is another
    assert speaks_of_another_version("What changed?", text) is False
