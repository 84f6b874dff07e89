"""Encrypted office files: told from old formats, and opened with the passwords that were given."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

from headgate.errors import ParseFailure

#: Streams of an OLE file → what it is.
_STREAMS = (
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("__properties_version1.0", "msg"),
)


def ole_kind(content: bytes) -> str:
    """What an OLE file is: `encrypted` (an office file of today behind a password), `doc`, `ppt`, `xls`, `msg`, or "" for anything else."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            if file.exists("EncryptedPackage"):
                return "encrypted"
            return next((kind for stream, kind in _STREAMS if file.exists(stream)), "")
    except (OSError, ValueError, IndexError, TypeError, AttributeError):
        return ""


def decrypt_office(content: bytes, passwords: Sequence[str], *, path: str) -> bytes:
    """The office file inside, of today or of Office 97 to 2003.

    Raises:
        ParseFailure: `encrypted`: no password fits, or the encryption is one that can't be undone here.
    """
    import msoffcrypto
    from msoffcrypto.exceptions import InvalidKeyError
    from msoffcrypto.format.ooxml import OOXMLFile

    tried = 0
    problem = ""
    for password in passwords:
        target = io.BytesIO()
        try:
            file = msoffcrypto.OfficeFile(io.BytesIO(content))
            # Old formats verify a password in any case.
            file.load_key(password=password, **({"verify_password": True} if isinstance(file, OOXMLFile) else {}))
            file.decrypt(target)
        except InvalidKeyError:
            tried += 1
            continue
        except _failures() as error:
            tried += 1
            problem = type(error).__name__
            continue
        return target.getvalue()
    if problem:
        raise ParseFailure(
            path,
            "encrypted",
            f"the office file is encrypted in a way that can't be undone here ({problem}); store a copy without a password",
        )
    raise encrypted("office file", tried, path)


def decrypt_old_office(content: bytes, passwords: Sequence[str], *, path: str) -> bytes:
    """A doc, ppt or xls file as it is where it is not encrypted, else what is inside.

    Raises:
        ParseFailure: as `decrypt_office`.
    """
    import msoffcrypto

    if not ole_kind(content):
        return content
    try:
        closed = msoffcrypto.OfficeFile(io.BytesIO(content)).is_encrypted()
    except _failures():
        # What can't be looked into may still be read by LibreOffice, which says so when it can't.
        return content
    return decrypt_office(content, passwords, path=path) if closed else content


def _failures() -> tuple[type[Exception], ...]:
    """What msoffcrypto raises on damaged files and on kinds of encryption that it does not know."""
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, ParseError

    known = (DecryptionError, FileFormatError, ParseError)
    return (*known, ValueError, LookupError, AttributeError, AssertionError, TypeError, OSError, struct.error)


def encrypted(what: str, tried: int, path: str) -> ParseFailure:
    """The failure of a file that asks for a password. Says how many were tried, never which."""
    if tried:
        detail = f"the {what} asks for a password and none of the {tried} given fits; add it to parse.passwords_env, or store a copy without one"
    else:
        detail = f"the {what} asks for a password; name one by parse.passwords_env or parse.passwords_file, or store a copy without one"
    return ParseFailure(path, "encrypted", detail)
