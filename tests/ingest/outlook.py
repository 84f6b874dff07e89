"""Writes messages as Outlook saves them: an OLE container (MS-CFB) with properties (MS-OXMSG)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import count
from typing import Any

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
Tree = Mapping[str, Any]  # name → bytes of a stream, or the tree of a storage


def message(
    *, subject: str = "", body: str = "", html: str = "", headers: str = "", attachments: Mapping[str, bytes | None] | None = None
) -> bytes:
    """A message. An attachment of None stands for a message inside of the message."""
    texts = {0x0037: subject, 0x1000: body, 0x007D: headers}
    values: dict[tuple[int, int], bytes] = {(pid, 0x001F): text.encode("utf-16-le") for pid, text in texts.items() if text}
    if html:
        values[0x1013, 0x0102] = html.encode()
    files = attachments or {}
    tree: dict[str, Any] = _properties(struct.pack("<8x4I8x", 0, len(files), 0, len(files)), values, numbers={0x3FDE: 65001})
    for number, (name, content) in enumerate(files.items()):
        inner = {(0x3707, 0x001F): name.encode("utf-16-le")}
        if content is not None:
            inner[0x3701, 0x0102] = content
        tree[f"__attach_version1.0_#{number:08X}"] = _properties(b"\0" * 8, inner, numbers={0x3705: 5 if content is None else 1})
    return compound_file(tree)


def _properties(head: bytes, values: Mapping[tuple[int, int], bytes], *, numbers: Mapping[int, int]) -> dict[str, Any]:
    entries = [struct.pack("<HHIIi", 0x0003, pid, 6, value, 0) for pid, value in numbers.items()]
    entries += [
        struct.pack("<HHIII", kind, pid, 6, len(value) + (2 if kind == 0x001F else 0), 0) for (pid, kind), value in values.items()
    ]
    streams = {f"__substg1.0_{pid:04X}{kind:04X}": value for (pid, kind), value in values.items()}
    return {"__properties_version1.0": head + b"".join(entries), **streams}


def compound_file(tree: Tree) -> bytes:
    """An OLE container with these streams and storages."""
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5, "child": _FREE, "right": _FREE}]
    _add(tree, entries, 0)
    mini, mini_fat = b"", []
    large: list[tuple[dict[str, Any], bytes]] = []
    for entry in entries:
        content = entry.get("content", b"")
        entry["size"], entry["start"] = len(content), _END
        if len(content) >= _CUTOFF:
            large.append((entry, content))
        elif content:
            entry["start"] = len(mini_fat)
            sectors = -(-len(content) // _MINI)
            mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + sectors), _END]
            mini += content.ljust(sectors * _MINI, b"\0")
    entries[0]["size"] = len(mini)
    large.append((entries[0], mini))
    sectors: list[bytes] = []
    fat: list[int] = []

    def store(content: bytes) -> int:
        if not content:
            return _END
        start, number = len(sectors), -(-len(content) // _SECTOR)
        padded = content.ljust(number * _SECTOR, b"\0")
        sectors.extend(padded[place : place + _SECTOR] for place in range(0, len(padded), _SECTOR))
        fat.extend([*range(start + 1, start + number), _END])
        return start

    for entry, content in large:
        entry["start"] = store(content)
    mini_start = store(b"".join(struct.pack("<I", one) for one in [*mini_fat, *[_FREE] * (-len(mini_fat) % 128)]))
    directory = b"".join(_entry(entry) for entry in entries)
    directory_start = store(directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0"))
    fat_sectors = next(number for number in count(1) if (len(fat) + number) <= number * 128)
    places = list(range(len(sectors), len(sectors) + fat_sectors))
    fat += [_FAT] * fat_sectors
    fat += [_FREE] * (-len(fat) % 128)
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, fat_sectors, directory_start, 0, _CUTOFF,
        mini_start, -(-len(mini_fat) // 128), _END, 0,
    )  # fmt: skip
    header += struct.pack("<109I", *places, *[_FREE] * (109 - len(places)))
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


def _add(tree: Tree, entries: list[dict[str, Any]], parent: int) -> None:
    """Siblings hang in a row, each to the right of the one before."""
    previous: dict[str, Any] | None = None
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        number, entry = len(entries), {"name": name, "kind": 2, "child": _FREE, "right": _FREE}
        entries.append(entry)
        if previous is None:
            entries[parent]["child"] = number
        else:
            previous["right"] = number
        previous = entry
        if isinstance(tree[name], bytes):
            entry["content"] = tree[name]
        else:
            entry["kind"] = 1
            _add(tree[name], entries, number)


def _entry(entry: Mapping[str, Any]) -> bytes:
    name = entry["name"].encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16xI8x8xIQ",
        name,
        len(name),
        entry["kind"],
        1,
        _FREE,
        entry["right"],
        entry["child"],
        0,
        entry["start"],
        entry["size"],
    )
