"""Words without which a pattern can't match: no match may lack them, or a rule would be blind to it."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.detect import instructions, order_score
from headgate.detect.needed import joined, may_match, small

_RULES = {rule: (instructions._ANYWHERE[rule], ways) for rule, ways in instructions._NEEDED.items()}
_RULES["suspect"] = (instructions._SUSPECT, instructions._SUSPECT_NEEDED)


@pytest.mark.parametrize("rule", _RULES)
def test_whatever_a_rule_finds_has_the_words_that_it_is_said_to_need(rule: str) -> None:
    pattern, ways = _RULES[rule]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern))
    def holds(text: str) -> None:
        for found in pattern.finditer(text):
            assert may_match(ways, found[0])

    holds()


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (order_score._OWN_ANSWER, order_score._ANSWERS),
        (order_score._POINTS_AT_CODE, order_score._CODE),
    ],
)
def test_an_order_on_an_answer_or_code_has_one_of_its_words(pattern: re.Pattern[str], words: tuple[str, ...]) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(pattern))
    def holds(text: str) -> None:
        for found in pattern.finditer(text):
            assert any(word in small(found[0]) for word in words)

    holds()


def test_small_letters_are_those_that_patterns_without_case_take_for_equal() -> None:
    """Of every letter that a needed word is made of."""
    needed = [word for _, ways in _RULES.values() for way in ways for group in way for word in group]
    letters = {letter for word in (*needed, *order_score._ANSWERS, *order_score._CODE) for letter in word if letter.isalpha()}
    everything = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    for letter in letters:
        for other in set(re.findall(re.escape(letter), everything, re.IGNORECASE)):
            assert small(other) == letter


def test_words_stand_in_one_line_where_a_way_has_several() -> None:
    way = (("ignore",), ("rule", "prompt"))
    assert may_match([way], "First.\nIGNORE  all\trules")
    assert not may_match([way], "Ignore this.\nThe rules are below.")
    assert may_match([(("act as",),)], "act\nas")
    assert joined(("act", "speak"), ("as", "like")) == ("act as", "act like", "speak as", "speak like")


def test_the_first_word_tells_whether_a_verb_may_come_behind_it() -> None:
    """What may stand before a verb is tried only where its first word stands."""

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(order_score._BEFORE_VERB), st.sampled_from(["write", "poems", "", "7", "_x"]))
    def holds(before: str, verb: str) -> None:
        text = before + verb
        found = order_score._BEFORE_VERB.match(text)
        first = order_score._FIRST.match(text)
        assert found
        assert first
        word = small(first[1])
        assert word in order_score._LEADING or word.endswith("ly") or found.end() == first.start(1)

    holds()
