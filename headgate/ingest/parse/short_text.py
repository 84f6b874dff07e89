"""What a short line of plain text is: a title, an item of a list or text. The only module that imports unstructured."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=1)
def short_text_classifier() -> Callable[[str], str]:
    """unstructured's rules for short texts, on the offline language model.

    Raises:
        ImportError: this unstructured has no `nlp.tokenize._load_spacy_model`; see findings on its private name.
    """
    import unstructured.nlp.tokenize as tokenize
    from unstructured.documents.elements import ListItem, Title
    from unstructured.partition.text import element_from_text

    from headgate.ingest.parse.language_model import load_language_model

    if not hasattr(tokenize, "_load_spacy_model"):
        raise ImportError(
            "unstructured has changed: nlp.tokenize._load_spacy_model is gone; install the version that pyproject.toml pins"
        )
    tokenize._load_spacy_model = load_language_model

    def classify(text: str) -> str:
        element = element_from_text(text)
        return "title" if isinstance(element, Title) else "list_item" if isinstance(element, ListItem) else "text"

    return classify
