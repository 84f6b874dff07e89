"""How many tokens the embedding model makes of a text, and how many it takes: what chunk budgets are measured in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
from tokenizers import Tokenizer

from headgate.errors import SettingsError
from headgate.models.model import locate_source
from headgate.settings import Settings

_REMEMBERED = 2000
#: Tokens of a text, special ones included.
TokenCounter = Callable[[str], int]


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


def token_counter(settings: Settings) -> TokenCounter:
    """Counts tokens as the configured embedding model does, its special tokens included.

    Raises:
        SettingsError: chunks of the size that the settings ask for would be cut by the model.
    """
    wanted, limit = settings.chunks, token_limit(settings)
    if wanted.budget > limit:
        key = "child_tokens" if wanted.strategy == "parent_document" else "max_tokens"
        raise SettingsError(
            f"chunks.{key} is {wanted.budget}, but embedding.model {settings.embedding.model!r} takes {limit} tokens and would cut the rest; "
            f"set it to {limit} or less"
        )
    if settings.embedding.engine != "litellm":
        return TokenizerCounter(Tokenizer.from_file(str(locate_source(settings) / "tokenizer.json")))
    if settings.embedding.tokenizer:
        path = settings.place(settings.embedding.tokenizer)
        if not path.is_file():
            raise SettingsError(f"embedding.tokenizer {settings.embedding.tokenizer!r} is no file (looked for {str(path)!r})")
        return TokenizerCounter(Tokenizer.from_file(str(path)))
    from headgate.models.remote_embed import remote_token_counter

    return remote_token_counter(settings.embedding.model)


def token_limit(settings: Settings) -> int:
    """The longest text that the configured embedding model takes, tokens, special ones included.

    Raises:
        SettingsError: it is not known.
    """
    if settings.embedding.engine == "litellm":
        from headgate.models.remote_embed import remote_token_limit

        return remote_token_limit(settings.embedding)
    return _folder_limit(locate_source(settings))


def _folder_limit(folder: Path) -> int:
    """As sentence-transformers decides it: its own setting, else the smaller of the tokenizer's and the positions of the network."""
    own = _read(folder / "sentence_bert_config.json").get("max_seq_length")
    if own:
        return int(own)
    limits = [
        _read(folder / "tokenizer_config.json").get("model_max_length"),
        _read(folder / "config.json").get("max_position_embeddings"),
    ]
    return int(min((limit for limit in limits if limit), default=512))


def _read(path: Path) -> dict[str, Any]:
    content: Any = orjson.loads(path.read_bytes()) if path.is_file() else {}
    return content if isinstance(content, dict) else {}
