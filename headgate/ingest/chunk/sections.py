"""A document as sections: what stands below one heading, small neighbours joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headgate.records import Element
from headgate.settings import ChunkSettings


@dataclass(frozen=True, slots=True)
class Section:
    """Content below one heading. `head` is the heading's element, None before the first one."""

    path: tuple[str, ...]
    head: Element | None
    elements: tuple[Element, ...]

    @property
    def start(self) -> int:
        return self.elements[0].start

    @property
    def end(self) -> int:
        return self.elements[-1].end

    @property
    def parent(self) -> tuple[str, ...]:
        return self.path if self.head is None else self.path[:-1]


def split_sections(elements: tuple[Element, ...]) -> list[Section]:
    """Sections in order; a heading with nothing below it is one of its own."""
    sections: list[Section] = []
    stack: list[Element] = []
    body: list[Element] = []

    def close(next_level: int) -> None:
        path = tuple(title.text.replace("\n", " ") for title in stack)
        head = stack[-1] if stack else None
        if body:
            sections.append(Section(path, head, tuple(body)))
            body.clear()
        elif head is not None and next_level <= head.level:
            # A heading with nothing below it still says something.
            sections.append(Section(path[:-1], None, (head,)))

    for element in elements:
        if element.kind != "title":
            body.append(element)
            continue
        close(element.level)
        while stack and stack[-1].level >= element.level:
            stack.pop()
        stack.append(element)
    close(0)
    return sections


def join_small(sections: list[Section], settings: ChunkSettings, count: Callable[[int, int], int]) -> list[list[Section]]:
    """Groups of neighbouring sections: those below `min_tokens` join the one before, while it is small too and the parent is the same.

    Args:
        count: tokens of a slice of the document.
    """
    groups: list[list[Section]] = []
    sizes: list[int] = []
    for section in sections:
        size = count(section.start if section.head is None else section.head.start, section.end)
        previous = groups[-1][-1] if groups else None
        if (
            previous is not None
            and previous.parent == section.parent
            and min(size, sizes[-1]) < settings.min_tokens
            and max(size, sizes[-1]) < settings.min_tokens * 2
            and size + sizes[-1] <= settings.max_tokens // 2
        ):
            groups[-1].append(section)
            sizes[-1] += size
        else:
            groups.append([section])
            sizes.append(size)
    return groups
