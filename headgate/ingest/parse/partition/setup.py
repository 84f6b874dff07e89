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

_OFFICE = "application/vnd.openxmlformats-officedocument."


@lru_cache(maxsize=1)
def unstructured_version() -> str:
    """Of the installed package, "" without one; read without importing it."""
    try:
        return importlib.metadata.version("unstructured")
    except importlib.metadata.PackageNotFoundError:
        return ""


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


def load_partitioner(media_type: str) -> None:
    """Import what reads files of `media_type`, so that its memory and time are not counted as a file's."""
    load_unstructured()
    match media_type.rpartition(".")[0] if media_type.startswith(_OFFICE) else media_type:
        case "application/vnd.openxmlformats-officedocument.wordprocessingml":
            import unstructured.partition.docx
        case "application/vnd.openxmlformats-officedocument.presentationml":
            import unstructured.partition.pptx
        case "application/vnd.openxmlformats-officedocument.spreadsheetml":
            import unstructured.partition.xlsx
        case _:
            import unstructured.partition.html  # noqa: F401


class _NoLanguageModel:
    """In the place of a spaCy pipeline: one sentence, and words without parts of speech."""

    max_length = 2**31

    def __call__(self, text: str) -> Any:
        return _Words(text)


class _Words(list[Any]):
    def __init__(self, text: str) -> None:
        super().__init__(SimpleNamespace(text=word, tag_="") for word in text.split())
        self.sents = [SimpleNamespace(text=text)]
