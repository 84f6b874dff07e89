"""How often text in an encoding from before Unicode is read letter by letter as it was written.

    python -m benchmarks.encodings

Beginnings of 60 and 300 characters of passages of qa_xquad and qa_jaquad_scale, written in the encodings of their language and read without a
hint. The rules were made with the passages of even number; those of odd number are reported.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict

from benchmarks.projects import REPOSITORY
from benchmarks.tables import print_table
from headgate.errors import ParseFailure
from headgate.ingest.parse.encoding import decode

DATA = REPOSITORY.parent / "shared" / "data"
ENCODINGS = {
    "en": ("cp1252",),
    "de": ("cp1252", "cp850", "mac_roman"),
    "es": ("cp1252", "cp850", "mac_roman"),
    "ro": ("cp1250", "iso8859-16"),
    "tr": ("cp1254",),
    "el": ("cp1253",),
    "ru": ("cp1251", "koi8-r", "cp866", "iso8859-5"),
    "ar": ("cp1256",),
    "th": ("cp874",),
    "zh": ("gb18030",),
    "ja": ("cp932", "euc_jp"),
}
SIZES = (60, 300)  # characters


def main() -> None:
    texts: dict[str, list[str]] = defaultdict(list)
    for line in (DATA / "qa_xquad" / "passages.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts[row["lang"]].append(row["text"])
    with gzip.open(DATA / "qa_jaquad_scale" / "passages.jsonl.gz", "rt", encoding="utf-8") as file:
        texts["ja"] = [json.loads(line)["text"] for _, line in zip(range(300), file, strict=False)]
    rows = []
    for language, encodings in ENCODINGS.items():
        for encoding in encodings:
            cells = [_share(texts[language][1::2], encoding, size) for size in SIZES]
            rows.append((language, encoding, *cells))
    print_table(("language", "encoding", *(f"{size} characters" for size in SIZES)), rows)


def _share(texts: list[str], encoding: str, size: int) -> str:
    right = total = 0
    for text in texts:
        content = "".join(letter for letter in text[:size] if letter.encode(encoding, "ignore")).encode(encoding)
        if not content.isascii():
            total += 1
            right += _read(content) == content.decode(encoding)
    return f"{right} of {total}"


def _read(content: bytes) -> str:
    try:
        return decode(content, path="text")[0]
    except ParseFailure:
        return ""


if __name__ == "__main__":
    main()
