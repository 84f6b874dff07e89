"""Formats that other programs read: LibreOffice turns old office files into new ones, tesseract reads pictures of text, pandoc (partition/pandoc.py)
makes pages of markup.

They run below a parser process: with its limits, in a folder that goes with the file, and are ended with all that they started when
the file's time is up. They have no network where the kernel gives the parser a network namespace or takes its seccomp filter
(isolation.py; where neither, the log warns). Its fence around files is Python's own and does not bind them: they can read what the user
may who runs headgate. Where they are not installed the file is refused with "needs …".
"""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO

from headgate.errors import ParseFailure

#: Name under which a parser knows a program → names it is installed under.
_NAMES = {"soffice": ("soffice", "libreoffice"), "tesseract": ("tesseract",)}
#: Media type of an old office format → (extension, what LibreOffice makes of it).
OLD_OFFICE = {
    "application/msword": ("doc", "docx"),
    "application/rtf": ("rtf", "docx"),
    "application/vnd.oasis.opendocument.text": ("odt", "docx"),
    "application/vnd.ms-powerpoint": ("ppt", "pptx"),
    "application/vnd.oasis.opendocument.presentation": ("odp", "pptx"),
    "application/vnd.ms-excel": ("xls", "xlsx"),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods", "xlsx"),
}
_OCR_RESOLUTION = 200  # dots an inch at which a page is drawn for text recognition
_MAX_OCR_PAGES = 100
_MAX_PIXELS = 40_000_000
_LEAST_FREE = 2**20  # bytes; with less left, what a converter wrote may be cut or missing, and it says so nowhere
#: Wall time after which a converter is taken to hang, as a multiple of the processor time that its file has: whoever runs the parser counts that.
_PATIENCE = 20
_LIST_SECONDS = 20.0  # for `tesseract --list-langs`
#: What tesseract lists with its languages: finding out a page's orientation, and formulas.
_NO_LANGUAGES = frozenset({"osd", "equ"})


def find_programs() -> dict[str, str]:
    """Name → path of the converters that this machine has."""
    found = {name: next(filter(None, map(shutil.which, names)), None) for name, names in _NAMES.items()}
    found["pandoc"] = _find_pandoc()
    return {name: os.path.realpath(path) for name, path in found.items() if path}


def _find_pandoc() -> str:
    """Path of pandoc: the one that comes as a package before the machine's; "" where there is neither."""
    spec = importlib.util.find_spec("pypandoc")
    packaged = Path(spec.origin).parent / "files" / "pandoc" if spec and spec.origin else None
    if packaged is not None and packaged.is_file():
        return os.path.realpath(packaged)
    return os.path.realpath(found) if (found := shutil.which("pandoc")) else ""


def ocr_languages(programs: Mapping[str, str]) -> tuple[str, ...]:
    """Codes of the languages that tesseract has data for, sorted, `eng` first; empty where it is not installed or names none."""
    if "tesseract" not in programs:
        return ()
    with tempfile.TemporaryDirectory() as folder, Path(folder, "languages").open("w+b") as listed:
        try:
            run_program([programs["tesseract"], "--list-langs"], folder, path="", seconds=_LIST_SECONDS, output=listed)
        except (ParseFailure, OSError):
            return ()
        listed.seek(0)
        lines = listed.read().decode("utf-8", "replace").splitlines()
    codes = {line.strip() for line in lines if re.fullmatch(r"[\w/-]+", line.strip())} - _NO_LANGUAGES
    return tuple(sorted(codes, key=lambda code: (code != "eng", code)))


@lru_cache(maxsize=1)
def _languages_of(tesseract: str) -> tuple[str, ...]:
    """`ocr_languages`, asked once a parser process."""
    return ocr_languages({"tesseract": tesseract})


def convert_office(
    content: bytes, media_type: str, programs: Mapping[str, str], *, path: str, seconds: float
) -> tuple[bytes, str]:
    """(the file in the format of today, its extension).

    Raises:
        ParseFailure: `needs_libreoffice`, `timeout`, or `malformed` where nothing came out.
    """
    extension, target = OLD_OFFICE[media_type]
    if "soffice" not in programs:
        raise ParseFailure(
            path,
            "needs_libreoffice",
            f"a .{extension} file needs LibreOffice (soffice), whoever reads it, and that is not installed; install it or store a {target}",
        )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, f"document.{extension}")
        source.write_bytes(content)
        command = [
            programs["soffice"],
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--norestore",
            "--nolockcheck",
            "--convert-to",
            target,
            "--outdir",
            f"{folder}/out",
            str(source),
        ]
        run_program(command, folder, path=path, seconds=seconds)
        made = Path(folder, "out", f"document.{target}")
        if not made.is_file():
            raise ParseFailure(
                path, "malformed", f"LibreOffice made nothing of the .{extension} file; open it there and store a {target}"
            )
        return made.read_bytes(), target


def read_picture(content: bytes, programs: Mapping[str, str], *, path: str, seconds: float) -> str:
    """The text in a picture, by tesseract with every language it has.

    Raises:
        ParseFailure: `needs_tesseract` (or a language for it), `timeout` or `malformed`.
    """
    if "tesseract" not in programs:
        raise ParseFailure(
            path,
            "needs_tesseract",
            "a picture of text needs tesseract (OCR), which is not installed; install it or store the text",
        )
    languages = _languages_of(programs["tesseract"])
    if not languages:
        raise ParseFailure(
            path,
            "needs_tesseract",
            "tesseract (OCR) names no language that it can read (`tesseract --list-langs`); install one, or store the text",
        )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "picture")
        source.write_bytes(content)
        run_program(
            [programs["tesseract"], str(source), f"{folder}/text", "-l", "+".join(languages)], folder, path=path, seconds=seconds
        )
        made = Path(folder, "text.txt")
        if not made.is_file():
            raise ParseFailure(path, "malformed", "tesseract could not read the picture")
        return made.read_text(encoding="utf-8", errors="replace")


def read_scan(content: bytes, programs: Mapping[str, str], *, path: str, seconds: float, password: str) -> list[str]:
    """The text of every page of a PDF without text.

    Raises:
        ParseFailure: as `read_picture`; `too_large` past 100 pages.
    """
    import io

    import pypdfium2

    if "tesseract" not in programs:
        raise ParseFailure(
            path,
            "needs_tesseract",
            "a scan: its pages are pictures, which needs tesseract (OCR), and that is not installed; install it or store the text",
        )
    document = pypdfium2.PdfDocument(content, password=password or None)
    if len(document) > _MAX_OCR_PAGES:
        raise ParseFailure(path, "too_large", f"a scan of {len(document)} pages, {_MAX_OCR_PAGES} are read at most; split it")
    texts: list[str] = []
    for page in document:
        width, height = page.get_size()
        scale = min(_OCR_RESOLUTION / 72, (_MAX_PIXELS / max(width * height, 1)) ** 0.5)
        picture = io.BytesIO()
        page.render(scale=scale, grayscale=True).to_pil().save(picture, "PNG")
        texts.append(read_picture(picture.getvalue(), programs, path=path, seconds=seconds))
    return texts


def run_program(
    command: list[str], folder: str, *, path: str, seconds: float, output: int | IO[bytes] = subprocess.DEVNULL
) -> int:
    """Run a converter and end it, with its children, when it hangs; returns its exit code. What it prints goes to `output`.

    Raises:
        ParseFailure: `timeout`.
        OSError: ENOSPC where the disk is full afterwards.
    """
    environment = {"PATH": os.defpath, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        process.wait(timeout=_PATIENCE * seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        raise ParseFailure(
            path, "timeout", f"{Path(command[0]).name} took {_PATIENCE} times as long as parse.timeout_seconds = {seconds:g}"
        ) from None
    if shutil.disk_usage(folder).free < _LEAST_FREE:
        raise OSError(errno.ENOSPC, f"No space left on device after {Path(command[0]).name}")
    return process.returncode
