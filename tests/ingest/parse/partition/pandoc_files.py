"""Files of the kinds that pandoc writes, made of one Markdown text by the pandoc that the package brings along."""

from __future__ import annotations

import subprocess
import zipfile
from functools import lru_cache
from io import BytesIO

from headgate.ingest.parse.conversion import find_programs

PROGRAMS = find_programs()
SOURCE = """\
---
title: Refunds
author: Eva
keywords: [audience=customer; region=all]
---

# Returns

Refunds are paid within **10** working days.[^1] We have 10^6^ customers.

[^1]: Bank holidays do not count.

## Prices

| plan | price a month |
|---|---|
| Home Lite | £24.00 |
| Home Plus | £31.00 |

1. Open the app.
2. Press Refund.

```sh
ping 192.168.8.1
```

> Keep the receipt.
"""


@lru_cache
def made(extension: str, source: str = SOURCE) -> bytes:
    """`source` in the format of `extension`."""
    return subprocess.run(
        [PROGRAMS["pandoc"], "--standalone", "--from", "markdown", "--to", extension, "--output", "-"],
        input=source.encode(), capture_output=True, check=True, timeout=900,
    ).stdout  # fmt: skip


def changed(package: bytes, name: str, *changes: tuple[str, str]) -> bytes:
    """A zip in which texts of one member are replaced, or with a further member where `name` is new."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(package)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member)
            for before, after in changes if member == name else ():
                assert before.encode() in content, before
                content = content.replace(before.encode(), after.encode())
            new.writestr(member, content)
        if name not in old.namelist():
            new.writestr(name, changes[0][1])
    return target.getvalue()
