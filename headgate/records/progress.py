"""How a stage tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

#: Called with (done, in all) of what the stage counts: files, texts, questions, versions.
Progress = Callable[[int, int], None]
