"""Names of people, by a spaCy model where one is installed: no rule tells `Will Green` from a sentence.

A model is named in the settings, as a package (`en_core_web_sm`) or a folder, and is loaded when the first text is looked into.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from headgate.errors import SettingsError
from headgate.process.imports import undefer, without

_LABELS = frozenset({"PERSON", "PER", "PERS", "persName"})
_UNUSED = ("parser", "tagger", "morphologizer", "lemmatizer", "attribute_ruler", "senter", "textcat")
_AT_ONCE = 20_000  # characters; memory of a model grows with the text


def find_names(text: str, model: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every name of a person.

    Raises:
        SettingsError: there is no such model.
    """
    language = _load(model)
    for offset, part in _parts(text):
        for entity in language(part).ents:
            if entity.label_ in _LABELS and any(letter.isalpha() for letter in entity.text):
                yield offset + entity.start_char, offset + entity.end_char


def names_model_version(model: str) -> str:
    """What a model is, without loading it: name and version of its own description.

    Raises:
        SettingsError: there is no such model.
    """
    folder = _folder(model)
    described = next(iter(sorted(folder.glob("meta.json")) or sorted(folder.glob("*/meta.json"))), None)
    if described is None:
        raise SettingsError(f"validation.names_model {model!r} is no spaCy model: {str(folder)!r} has no meta.json")
    meta = json.loads(described.read_text(encoding="utf-8"))
    return f"{meta.get('lang')}_{meta.get('name')} {meta.get('version')}"


def _folder(model: str) -> Path:
    if Path(model).is_dir():
        return Path(model)
    found = importlib.util.find_spec(model) if model.isidentifier() else None
    if found is None or found.origin is None:
        raise SettingsError(
            f"validation.names_model {model!r} is neither an installed package nor a folder; install a spaCy model that finds names, "
            'or set personal_data_by_type.person = "ignore"'
        )
    return Path(found.origin).parent


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """(offset, text) of parts that end with a line, each of at most `_AT_ONCE` characters where lines allow it."""
    start = 0
    while start < len(text):
        end = start + _AT_ONCE
        if end < len(text):
            end = max(text.rfind("\n", start, end) + 1, start) or end
            end = end if end > start else start + _AT_ONCE
        yield start, text[start:end]
        start = end


@lru_cache(maxsize=2)
def _load(model: str) -> Any:
    _folder(model)
    with without("torch", "transformers", "stanza"):
        undefer("spacy")
        import spacy

    try:
        language = spacy.load(model)
    except OSError as error:
        raise SettingsError(f"validation.names_model {model!r} can't be loaded: {' '.join(str(error).split())[:200]}") from error
    language.select_pipes(disable=[name for name in _UNUSED if name in language.pipe_names])
    return language
