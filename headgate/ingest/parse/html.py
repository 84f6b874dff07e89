"""HTML → a tree that holds the text of the page alone, and what was taken out of it with the reason. html_visible.py tells what a reader
can see; html_labels.py reads the labels; html_blocks.py makes blocks of what is left.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any, Literal

from headgate.errors import ParseFailure
from headgate.ingest.parse.html_visible import drop, take_hidden
from headgate.ingest.parse.html_visible import writable as _writable
from headgate.ingest.parse.left_out import LeftOut, LeftOutReason, count_words, leave_out
from headgate.ingest.parse.pictures import is_placeholder

#: Of Gmail, Thunderbird, Apple Mail, Yahoo and Outlook.
_QUOTED = (
    "//*[contains(concat(' ', @class, ' '), ' gmail_quote ')] | //blockquote[@type='cite'] | //*[contains(@class, 'moz-cite-prefix')]"
    " | //*[contains(@class, 'yahoo_quoted')] | //*[@id='appendonsend' or @id='divRplyFwdMsg' or @id='divRplyFwdMsg']/following-sibling::*"
    " | //*[@id='divRplyFwdMsg']"
)
_FORWARDED = re.compile(
    r"-{3,60}\s{0,5}(?:forwarded|weitergeleitet|message transf|mensaje reenviado|begin forwarded)|begin forwarded message",
    re.IGNORECASE,
)
#: Tags whose content is no text of the page, and why; "" where it is no text at all.
_NO_TEXT_OF_THE_PAGE: tuple[tuple[str, LeftOutReason | Literal[""]], ...] = (
    ("script style link meta embed", ""),
    ("svg", "unreadable"),
    ("iframe object canvas audio video", "duplicate_form"),
)
_CROSSED = re.compile(r"text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)


def read_tree(source: str) -> Any:
    """The lxml tree of a page. No network, no entities.

    Raises:
        ParseFailure: `malformed`: it is nested deeper than libxml2 reads, 2,048 tags.
    """
    from lxml import html

    parser = html.HTMLParser(no_network=True, recover=True, huge_tree=True)
    # lxml refuses an encoding declaration in decoded text; its line breaks stay, for the lines of what follows.
    declared = re.match(r"\s*<\?xml[^>]*\?>", source)
    if declared:
        source = "\n" * declared[0].count("\n") + source[declared.end() :]
    source = source.replace("\0", "")
    tree = html.document_fromstring(source if source.strip() else "<html></html>", parser=parser, ensure_head_body=True)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ParseFailure("", "malformed", "the HTML is nested too deeply")
    return tree


def clean(tree: Any, *, styled: bool = False) -> list[LeftOut]:
    """Take all that is no text of the page out of `tree`: what nobody sees, what is crossed out, quoted mails, navigation. Scripts and styles go too.

    Args:
        styled: style sheets apply that are not in the tree.
    """
    left_out = [leave_out("hidden", text) for text in take_hidden(tree, styled=styled)]
    for element in list(tree.iter("math")):
        _replace(element, _formula(element))
    for tags, reason in _NO_TEXT_OF_THE_PAGE:
        for element in list(tree.iter(*tags.split())):
            if reason:
                left_out.append(leave_out(reason, " ".join(element.itertext())))
            drop(element)
    for picture in tree.iter("img"):
        if is_placeholder(alternative := picture.get("alt") or ""):
            left_out.append(leave_out("placeholder", alternative))
            picture.set("alt", "")
    left_out += [leave_out("navigation", text) for text in _settle_controls(tree)]
    left_out += [leave_out("struck_out", text) for text in remove_struck(tree)]
    left_out += [leave_out("quoted", text) for text in _remove_quoted(tree)]
    return left_out + [leave_out("navigation", text) for text in _remove_furniture(tree)]


def _settle_controls(tree: Any) -> list[str]:
    """Buttons that open a panel become its heading, those within headings their text; all others, and fields to fill in, go."""
    taken = []
    for button in list(tree.iter("button")):
        if button.xpath(
            "ancestor::h1 | ancestor::h2 | ancestor::h3 | ancestor::h4 | ancestor::h5 | ancestor::h6 | ancestor::summary"
        ):
            button.tag = "span"
            continue
        panel = _panel_of(button, tree)
        if panel is not None:
            heading = panel.makeelement("h6")
            heading.text = _writable(" ".join("".join(button.itertext()).split()))
            panel.addprevious(heading)
        else:
            taken.append(" ".join(button.itertext()))
        drop(button)
    for element in list(tree.iter("select", "textarea", "datalist")):
        taken.append(" ".join(element.itertext()))
        drop(element)
    return taken


def _panel_of(button: Any, tree: Any) -> Any:
    """What a button opens: the panel that it names, or the one behind it; None where it opens nothing."""
    for name in (button.get("aria-controls") or "").split():
        for panel in tree.xpath("//*[@id=$name]", name=name):
            return panel if panel.getparent() is not None and panel not in list(button.iterancestors()) else None
    return button.getnext() if button.get("aria-expanded") is not None else None


def _formula(element: Any) -> str:
    """A formula as its author wrote it in TeX where MathML carries that, else its signs one after the other."""
    for annotation in element.iter("annotation"):
        if "tex" in (annotation.get("encoding") or "").lower() and (annotation.text or "").strip():
            return f" {annotation.text.strip()} "
    return " ".join("".join(element.itertext()).split())


def _replace(element: Any, text: str) -> None:
    element.tail = _writable(text) + _writable(element.tail)
    drop(element)


def _remove_furniture(tree: Any) -> list[str]:
    """A page's navigation, footer and, unless it holds the page's heading, header; and what stands beside a `<main>` that is most of the page.

    A page with nothing else keeps all of it.
    """
    furniture = tree.xpath(
        "//body//footer[not(ancestor::article or ancestor::main)] | //body/header[not(.//h1)] | //nav | //*[@role='navigation']"
    )
    inside = {one for element in furniture for one in element.iter()}
    mains = tree.xpath("//main | //*[@role='main']")
    main = sum(
        count_words(_text_without(element, inside))
        for element in mains
        if not any(one in inside for one in element.iterancestors())
    )
    rest = count_words(_text_without(tree, inside))
    if rest == 0:
        return []
    taken = []
    for element in furniture:
        if element.getparent() is not None:
            taken.append(" ".join(element.itertext()))
            drop(element)
    if mains and 2 * main >= rest:
        kept = {one for element in mains for one in (*element.iterancestors(), *element.iter())}
        for element in [
            one
            for one in tree.iter()
            if one not in kept and one.getparent() in kept and not one.xpath("ancestor::main | ancestor::*[@role='main']")
        ]:
            if element.tag != "head" and element.xpath("ancestor::body"):
                taken.append(" ".join(element.itertext()))
                drop(element)
    return taken


def _text_without(element: Any, left_out: Container[Any]) -> str:
    """The text of an element without that of some of its parts."""
    parts = []
    for one in element.iter():
        if one not in left_out and isinstance(one.tag, str):
            parts.append(one.text or "")
        parent = one.getparent()
        if one is not element and parent not in left_out:
            parts.append(one.tail or "")
    return " ".join(parts)


def _remove_quoted(tree: Any) -> list[str]:
    """Earlier mails inside a reply, as mail programs mark them; a mail that is nothing else, or forwards, keeps them."""
    quotes = tree.xpath(_QUOTED)
    inside = {one for element in quotes for one in element.iter()}
    if not quotes or not _text_without(tree, inside).strip():
        return []
    taken = []
    for element in quotes:
        text = " ".join(element.itertext())
        if element.getparent() is not None and not _FORWARDED.search(text[:200]):
            taken.append(text)
            drop(element)
    return taken


def remove_struck(tree: Any) -> list[str]:
    """Take what is crossed out, by tag or by style, out of `tree`; returns its text."""
    from lxml import etree

    struck: list[str] = []
    for element in [
        *tree.iter("s", "strike", "del"),
        *(element for element in tree.iter(etree.Element) if _CROSSED.search(element.get("style") or "")),
    ]:
        if element.getparent() is not None:
            struck.append(" ".join(element.itertext()))
            drop(element)
    return struck


def read_fragment(source: str) -> tuple[Any, list[LeftOut]]:
    """(the body of a piece of HTML such as Markdown may contain, what it does not show). The site that shows it has style sheets."""
    tree = read_tree(f"<html><body>{source}</body></html>")
    return tree.find("body"), clean(tree, styled=True)
