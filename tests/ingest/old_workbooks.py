"""xls files of Excel 97 made by hand (BIFF8 records in an OLE container): plain, and behind a password by RC4, as [MS-XLS] and [MS-CFB] say."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from struct import pack

from msoffcrypto.method.rc4 import DocumentRC4

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SALT = bytes(range(16))
_MINI = 4096  # bytes; smaller streams are kept in another way
_FILLER = 0x0F00  # a record that means nothing
_BLOCK = 1024  # bytes of the stream that one key is for

Value = str | float


def old_workbook(
    rows: Sequence[Sequence[Value]], *, formats: Sequence[str] = (), password: str = "", scheme: tuple[int, int] = (1, 1)
) -> bytes:
    """One sheet.

    Args:
        formats: number formats of the columns, "" for General.
        password: encrypts the workbook.
        scheme: version of the encryption; any but (1, 1) is one that nobody knows.
    """
    codes = [code for code in dict.fromkeys(formats) if code]
    styles = [0] * 15 + [0, *(164 + number for number in range(len(codes)))]
    columns = [15 + (codes.index(code) + 1 if code else 0) for code in formats]
    head = [_record(0x0809, pack("<HHHHII", 0x0600, 5, 0, 0, 0, 6))]
    if password:
        head.append(_record(0x002F, _file_pass(password, scheme)))
    head.append(_record(0x0042, pack("<H", 1200)))
    head += [_record(0x0031, pack("<HHHHHBBBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0, 5, 0) + b"Arial")] * 4
    head += [_record(0x041E, pack("<H", 164 + number) + _text(code, 2)) for number, code in enumerate(codes)]
    head += [
        _record(0x00E0, pack("<HHHBBBBIIH", 0, form, 1 if number >= 15 else 0xFFF5, 0x20, 0, 0, 0, 0, 0, 0))
        for number, form in enumerate(styles)
    ]
    sheet = [_record(0x0809, pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 6))]
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            place = pack("<HHH", number, column, columns[column] if column < len(columns) else 15)
            sheet.append(
                _record(0x0204, place + _text(value, 2)) if isinstance(value, str) else _record(0x0203, place + pack("<d", value))
            )
    sheet.append(_record(_FILLER, bytes(_MINI)))
    sheet.append(_record(0x000A, b""))
    end = _record(0x000A, b"")
    named = len(_record(0x0085, pack("<IBB", 0, 0, 0) + _text("Sheet1", 1)))
    start = sum(map(len, head)) + named + len(end)
    book = [*head, _record(0x0085, pack("<IBB", start, 0, 0) + _text("Sheet1", 1)), end, *sheet]
    return _container(_encrypted(book, password) if password else b"".join(book))


def _record(identity: int, content: bytes) -> bytes:
    return pack("<HH", identity, len(content)) + content


def _text(text: str, size: int) -> bytes:
    return pack("<B" if size == 1 else "<H", len(text)) + b"\x01" + text.encode("utf-16-le")


def _file_pass(password: str, scheme: tuple[int, int]) -> bytes:
    verifier = bytes(range(16, 32))
    told = b"".join(DocumentRC4.decrypt(password, _SALT, io.BytesIO(verifier + hashlib.md5(verifier).digest()), blocksize=_BLOCK))
    return pack("<HHH", 1, *scheme) + _SALT + told


def _encrypted(records: Sequence[bytes], password: str) -> bytes:
    """Contents of records are encrypted by their place in the stream; their heads, BOF, FilePass and places of sheets are not."""
    size = sum(map(len, records))
    stream = b"".join(DocumentRC4.decrypt(password, _SALT, io.BytesIO(bytes(size)), blocksize=_BLOCK))
    made = bytearray()
    for record in records:
        identity = int.from_bytes(record[:2], "little")
        plain = len(record) if identity in (0x0809, 0x002F) else 8 if identity == 0x0085 else 4
        made += record[:plain]
        made += bytes(
            byte ^ key for byte, key in zip(record[plain:], stream[len(made) : len(made) + len(record) - plain], strict=True)
        )
    return bytes(made)


def _container(stream: bytes) -> bytes:
    """An OLE file that holds the stream `Workbook`."""
    size = len(stream)
    stream = stream.ljust(-(-size // _SECTOR) * _SECTOR, b"\0")
    count = len(stream) // _SECTOR
    # Sectors: the stream, the directory, the table of sectors.
    table = [*range(1, count), _END, _END, _FAT]
    table += [_FREE] * (_SECTOR // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += pack("<HHHHHHIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, 1, count, 0, _MINI, _END, 0, _END, 0)
    header += pack("<109I", count + 1, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, child=1, start=_END, size=0) + _entry("Workbook", 2, child=_FREE, start=0, size=size)
    return header + stream + directory.ljust(_SECTOR, b"\0") + pack(f"<{len(table)}I", *table)


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    named = name.encode("utf-16-le") + b"\0\0"
    return (
        named.ljust(64, b"\0") + pack("<HBBIII", len(named), kind, 1, _FREE, _FREE, child) + bytes(36) + pack("<IQ", start, size)
    )
