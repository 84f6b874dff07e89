"""Encrypted office files: told from old formats, and opened with the passwords that were given."""

from __future__ import annotations

import io
from collections.abc import Sequence

from headgate.errors import ParseFailure

#: Streams of an OLE file → what it is.
_STREAMS = (("WordDocument", "doc"), ("PowerPoint Document", "ppt"), ("Workbook", "xls"), ("Book", "xls"))


def ole_kind(content: bytes) -> str:
    """What an OLE file is: `encrypted` (an office file of today behind a password), `doc`, `ppt`, `xls`, or "" for anything else."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            if file.exists("EncryptedPackage"):
                return "encrypted"
            return next((kind for stream, kind in _STREAMS if file.exists(stream)), "")
    except (OSError, ValueError, IndexError, TypeError, AttributeError):
        return ""


def decrypt_office(content: bytes, passwords: Sequence[str], *, path: str) -> bytes:
    """The office file inside.

    Raises:
        ParseFailure: `encrypted`: no password fits, or the encryption is one that can't be undone here.
    """
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    tried = 0
    problem = ""
    for password in passwords:
        target = io.BytesIO()
        try:
            file = msoffcrypto.OfficeFile(io.BytesIO(content))
            file.load_key(password=password, verify_password=True)
            file.decrypt(target)
        except InvalidKeyError:
            tried += 1
            continue
        except (DecryptionError, FileFormatError, ParseError, ValueError, KeyError, AttributeError, OSError) as error:
            tried += 1
            problem = f"; {type(error).__name__} with one of them"
            continue
        return target.getvalue()
    raise encrypted("office file", tried, path, problem)


def encrypted(what: str, tried: int, path: str, problem: str = "") -> ParseFailure:
    """The failure of a file that asks for a password. Says how many were tried, never which."""
    if tried:
        detail = f"the {what} asks for a password and none of the {tried} given fits{problem}; add it to parse.passwords_env, or store a copy without one"
    else:
        detail = f"the {what} asks for a password; name one by parse.passwords_env or parse.passwords_file, or store a copy without one"
    return ParseFailure(path, "encrypted", detail)
