"""What of a request is looked at: bounded, each text once, with notes on what was left out.

    Question ─within_bounds─► the newest turns ─texts_to_search─► the question, the question before along with it, its sentences

One request can't ask for hundreds of searches or embeddings: what is over a bound is left out and said in `Answer.notes`.
"""

from __future__ import annotations

from typing import NamedTuple

from headgate.records import Question, Turn
from headgate.settings import GuardSettings
from headgate.text.sentences import split_sentences

#: Shorter sentences ("Hi there.") say nothing to search for.
_MIN_PART_WORDS = 4
#: Sentences of a question that are searched each on its own; the whole question always is.
MOST_PARTS = 4
#: Characters of the question before that are searched along with this one: more would leave no room for this one in the model's 256 tokens.
_LONGEST_EARLIER = 600


class Bounded(NamedTuple):
    """A question within bounds, and what was left out of it, for the person who reads the reply."""

    question: Question
    notes: tuple[str, ...]


class Searched(NamedTuple):
    """Distinct texts, the question itself first, and what was left out."""

    texts: tuple[str, ...]
    notes: tuple[str, ...]


def within_bounds(question: Question, guard: GuardSettings) -> Bounded:
    """The question with the newest turns of its conversation that fit `guard.max_conversation_characters`; no turn is cut."""
    room = guard.max_conversation_characters
    kept: list[Turn] = []
    for turn in reversed(question.conversation):
        room -= len(turn.content)
        if room < 0:
            break
        kept.append(turn)
    if not (left_out := len(question.conversation) - len(kept)):
        return Bounded(question, ())
    note = f"the {left_out} oldest of {len(question.conversation)} earlier messages are not used: together they are over the {guard.max_conversation_characters} characters of guard.max_conversation_characters"
    return Bounded(question.model_copy(update={"conversation": tuple(reversed(kept))}), (note,))


def texts_to_search(question: Question) -> Searched:
    """What is searched for a question.

    With a conversation the previous question is searched along with the last one, since follow-ups rarely stand alone. A question of
    several sentences is searched by sentence too, since people put the story first and the question last: of more than `MOST_PARTS`
    those that ask, then the last ones.
    """
    notes: list[str] = []
    earlier = [turn.content for turn in question.conversation if turn.role == "user"][-1:]
    if earlier and len(earlier[0]) > _LONGEST_EARLIER:
        notes.append(f"of the question before, the last {_LONGEST_EARLIER} of {len(earlier[0])} characters are searched along")
        earlier = [earlier[0][-_LONGEST_EARLIER:].partition(" ")[2] or earlier[0][-_LONGEST_EARLIER:]]
    parts = _parts(question.text)
    if len(parts) > MOST_PARTS:
        chosen = sorted(range(len(parts)), key=lambda number: (not parts[number].endswith(("?", "？", "؟")), -number))[
            :MOST_PARTS
        ]
        notes.append(
            f"of {len(parts)} sentences of the question {MOST_PARTS} are searched each on its own, beside the whole question"
        )
        parts = [parts[number] for number in sorted(chosen)]
    texts = [question.text, *(f"{previous} {question.text}" for previous in earlier), *parts]
    return Searched(tuple(dict.fromkeys(texts)), tuple(notes))


def _parts(question: str) -> list[str]:
    """The distinct sentences of a question that has several."""
    spans = split_sentences(question)
    if len(spans) < 2:
        return []
    sentences = (question[start:end] for start, end in spans)
    return list(dict.fromkeys(sentence for sentence in sentences if len(sentence.split()) >= _MIN_PART_WORDS))
