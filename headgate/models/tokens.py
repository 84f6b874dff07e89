"""How many tokens a model makes of a text: what chunk budgets are measured in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
from tokenizers import Tokenizer

_REMEMBERED = 2000
#: Tokens of a text, special ones included.
TokenCounter = Callable[[str], int]


def whole_words(tokenizer: Path) -> frozenset[str]:
    """Words of four letters or more that a WordPiece model takes as one token: common words and names of its training text.

    A list of real words that travels with the model. Other kinds of tokenizers mark words in ways of their own; they give none.
    """
    model = orjson.loads(tokenizer.read_bytes()).get("model", {})
    if model.get("type") != "WordPiece":
        return frozenset()
    return frozenset(word for word in model["vocab"] if len(word) >= 4 and word.isalpha())


class TokenizerCounter:
    """Counts as a tokenizer.json does. `ruler` counts slices of one long text without tokenising each."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._counted: dict[str, int] = {}  # the newest texts: the chunker, its check and the facts ask about the same

    def __call__(self, text: str) -> int:
        return self.each([text])[0]

    def each(self, texts: Sequence[str]) -> list[int]:
        """The count of each text; faster than one by one."""
        if len(self._counted) > _REMEMBERED:
            self._counted.clear()
        new = [text for text in texts if text not in self._counted]
        for text, encoding in zip(new, self._tokenizer.encode_batch_fast(new), strict=True):
            self._counted[text] = len(encoding.ids)
        return [self._counted[text] for text in texts]

    def ruler(self, text: str) -> Callable[[int, int], int]:
        """A function (start, end) → tokens of `text[start:end]`, special ones aside, from one pass over the whole text.

        Exact for tokenizers that begin a token at every word, as BERT's do; a token or two off for others, and for slices that begin
        or end within a word.
        """
        offsets = [span for span in self._tokenizer.encode(text, add_special_tokens=False).offsets if span[0] < span[1]]
        starts, ends = [start for start, _ in offsets], [end for _, end in offsets]

        def count(start: int, end: int) -> int:
            return max(0, bisect_left(starts, end) - bisect_right(ends, start))

        return count
