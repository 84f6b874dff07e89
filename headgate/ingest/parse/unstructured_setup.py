"""Getting unstructured ready to work offline and small. Imported in the parser processes alone that need it.

unstructured asks spaCy's English model where sentences end and whether a text has a verb, and downloads that model where it is not
installed. The partitioners used here ask it only to tell narrative from other text, which become the same element; so they are given a
stand-in that says nothing of verbs, and spaCy, which takes 2 s and 230 MiB, is never loaded (docs/decisions/0013-readers.md).
"""

from __future__ import annotations

import importlib.metadata
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from headgate.process.imports import defer


def unstructured_version() -> str:
    """Of the installed package; read without importing it."""
    return importlib.metadata.version("unstructured")


@lru_cache(maxsize=1)
def load_unstructured() -> None:
    """Import the core of unstructured; its partitioners can be imported from then on.

    Raises:
        ImportError: it is not installed, or this version asks for its language model in another way.
    """
    defer("spacy")
    import unstructured.nlp.tokenize as tokenize

    if not hasattr(tokenize, "_load_spacy_model"):
        raise ImportError(
            "this version of unstructured has no nlp.tokenize._load_spacy_model, so it would download a language model; "
            "install the version that pyproject.toml pins"
        )
    tokenize._load_spacy_model = _NoLanguageModel


class _NoLanguageModel:
    """In the place of a spaCy pipeline: one sentence, and words without parts of speech."""

    max_length = 2**31

    def __call__(self, text: str) -> Any:
        return _Words(text)


class _Words(list[Any]):
    def __init__(self, text: str) -> None:
        super().__init__(SimpleNamespace(text=word, tag_="") for word in text.split())
        self.sents = [SimpleNamespace(text=text)]
