"""Importing a library without the heavy packages that it would take along only because they are installed.

`hide` makes packages look as if they were not installed, once and for good; `without` does so for a while and for one thread. An import of
them raises ModuleNotFoundError, and `importlib.util.find_spec` returns None.

`defer` is for packages that a library imports and never uses on our way. `REMOTE_CLIENT` is the one that every process puts off: lancedb takes
data classes out of a generated REST client, whose own `__init__` builds every route of an API that nobody calls here, a third of the import.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: The REST client of LanceDB's hosted catalogue.
REMOTE_CLIENT = "lance_namespace_urllib3_client"


class _Without:
    """A finder of `sys.meta_path` that does not find some packages.

    Args:
        thread: the one that they are hidden from; None = all.
    """

    def __init__(self, finder: Any, names: frozenset[str], thread: int | None) -> None:
        self.finder = finder
        self._names = names
        self._thread = thread

    def __getattr__(self, name: str) -> Any:
        return getattr(self.finder, name)

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] in self._names and self._thread in (None, threading.get_ident()):
            return None
        found: ModuleSpec | None = self.finder.find_spec(fullname, path, target)
        return found


def hide(names: Iterable[str]) -> None:
    """Hide packages in this process, once and for good; those that are loaded already stay."""
    hidden = frozenset(names)
    sys.meta_path[:] = [_Without(finder, hidden, None) for finder in sys.meta_path]


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Within it, packages are hidden from this thread, unless they are loaded already."""
    wrapped = [_Without(finder, frozenset(names), threading.get_ident()) for finder in sys.meta_path]
    sys.meta_path[:] = wrapped
    try:
        yield
    finally:
        sys.meta_path[:] = [finder.finder if finder in wrapped else finder for finder in sys.meta_path]


class _Deferred(ModuleType):
    """A package whose modules can be imported, and whose own `__init__` runs when a name of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.__spec__ is None or self.__spec__.loader is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = ModuleType  # type: ignore[assignment]  # from here on an ordinary module
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def undefer(package: str) -> None:
    """Let a package that was put off be imported as usual by whoever asks next; one that is loaded, or was never put off, stays."""
    if isinstance(sys.modules.get(package), _Deferred):
        for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
            del sys.modules[name]


def defer(*names: str) -> None:
    """Put off what packages do at their import until a name of theirs is first asked for. One that is not installed, or is loaded, is left."""
    for name in names:
        if name not in sys.modules and (spec := importlib.util.find_spec(name)) is not None:
            module = importlib.util.module_from_spec(spec)
            module.__class__ = _Deferred
            sys.modules[name] = module
