"""The page that pandoc makes → as our other formats have it: notes after their paragraph, no generated words."""

from __future__ import annotations

from typing import Any

from headgate.ingest.parse.left_out import LeftOut, leave_out

_BLOCKS = ("p", "li", "td", "th", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "div", "figcaption")
#: Classes of spans that say something of a heading and are no part of it (org).
_STATES = frozenset({"todo", "done", "tag"})


def settle_page(tree: Any) -> list[LeftOut]:
    """Change the page in place; returns what was taken out."""
    left_out: list[LeftOut] = []
    for division in list(tree.iter("div")):
        _drop_generated_title(division)
    for span in list(tree.iter("span")):
        if _STATES & set((span.get("class") or "").split()) and span.getparent() is not None:
            left_out.append(leave_out("metadata", span.text_content()))
            span.drop_tree()
    place_notes(tree)
    return left_out


def _drop_generated_title(division: Any) -> None:
    """`Note` above a note: the name of the directive, which does not stand in the text."""
    first = next(iter(division), None)
    if first is None or first.tag != "div" or first.get("class") != "title":
        return
    words = " ".join(first.text_content().split()).casefold()
    if words in {name.casefold() for name in (division.get("class") or "").split()}:
        first.drop_tree()


def place_notes(tree: Any) -> None:
    """`Note: …` after the paragraph that refers to it; the signs that refer go, and the lists of notes that are left empty."""
    by_id = {element.get("id"): element for element in tree.iter() if isinstance(element.tag, str) and element.get("id")}
    for reference in [link for link in tree.iter("a") if _refers(link)]:
        note = by_id.pop((reference.get("href") or "").rpartition("#")[2], None)
        place = next((above for above in reference.iterancestors() if above.tag in _BLOCKS), None)
        if note is None or place is None or note in list(place.iterancestors()):
            # Its note is elsewhere: the sign stays, apart from the words around it.
            text = " ".join(reference.text_content().split()).strip("[]()")
            for child in list(reference):
                reference.remove(child)
            reference.text = f" [{text}] " if text else ""
            continue
        for back in [
            link for link in note.iter("a") if link.get("class") == "footnote-back" or link.get("role") == "doc-backlink"
        ]:
            back.drop_tree()
        _add_note(place, " ".join(note.text_content().split()))
        reference.drop_tree()
        note.drop_tree()
    for section in [section for section in tree.iter("section") if "footnotes" in (section.get("class") or "").split()]:
        if not section.text_content().strip():
            section.drop_tree()


def _refers(link: Any) -> bool:
    return (
        "footnote-ref" in (link.get("class") or "").split()
        or link.get("role") == "doc-noteref"
        or "noteref" in (link.get("epub:type") or "").split()
    )


def _add_note(place: Any, text: str) -> None:
    from lxml import etree

    if place.tag not in ("p", "h1", "h2", "h3", "h4", "h5", "h6"):
        inline = etree.SubElement(place, "span")
        inline.text = f" (Note: {text})"
        return
    later = place
    while (following := later.getnext()) is not None and following.get("data-note"):
        later = following
    paragraph = etree.Element("p")
    paragraph.text = f"Note: {text}"
    paragraph.set("data-note", "1")
    paragraph.tail, later.tail = later.tail, None
    later.addnext(paragraph)
