"""Which reader can parse which kind of file: our own parsers, or unstructured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Reader = Literal["headgate", "unstructured"]

_OFFICE = "application/vnd.openxmlformats-officedocument."
#: Media type → the readers that can parse it, the default first. Any other kind is read by our own parsers alone.
READERS: Mapping[str, tuple[Reader, ...]] = {
    "application/vnd.ms-outlook": ("unstructured",),
    "application/epub+zip": ("unstructured",),
    "text/x-rst": ("unstructured", "headgate"),
    "text/org": ("unstructured", "headgate"),
    "application/vnd.oasis.opendocument.text": ("unstructured", "headgate"),
    "application/rtf": ("unstructured", "headgate"),
    "text/html": ("headgate", "unstructured"),
    "text/markdown": ("headgate", "unstructured"),
    "message/rfc822": ("headgate", "unstructured"),
    _OFFICE + "wordprocessingml.document": ("headgate", "unstructured"),
    _OFFICE + "presentationml.presentation": ("headgate", "unstructured"),
    _OFFICE + "spreadsheetml.sheet": ("headgate", "unstructured"),
    "application/msword": ("headgate", "unstructured"),
    "application/vnd.ms-powerpoint": ("headgate", "unstructured"),
}


def reader_of(media_type: str, chosen: Mapping[str, Reader]) -> Reader:
    """Who parses files of `media_type`.

    Args:
        chosen: `parse.readers`.
    """
    return chosen.get(media_type) or READERS.get(media_type, ("headgate",))[0]
