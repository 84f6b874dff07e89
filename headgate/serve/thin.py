"""Keeps the pipeline's packages out of the service process, wherever they are installed.

Some libraries import pandas or torch if they find them; a process that answers questions has no use for the seconds and megabytes.
After `refuse_pipeline_imports()` these packages look as if they were not installed: an import raises ModuleNotFoundError, and
`importlib.util.find_spec` returns None. It must run before the first import of lancedb.

`defer_remote_client()` saves more than a third of the start: lancedb imports data classes out of a generated REST client, whose own
`__init__` builds every route of an API that nobody calls here.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

REFUSED = frozenset(
    {
        "dagster",
        "dvc",
        "great_expectations",
        "mlflow",
        "pandas",
        "ragas",
        "sentence_transformers",
        "torch",
        "transformers",
        "unstructured",
    }
)

#: The REST client of LanceDB's hosted catalogue.
_REMOTE_CLIENT = "lance_namespace_urllib3_client"


class _Without:
    """A finder of `sys.meta_path` that does not find the refused packages."""

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] in REFUSED:
            return None
        found: ModuleSpec | None = self._finder.find_spec(fullname, path, target)
        return found


def refuse_pipeline_imports() -> None:
    """Hide the packages in this process, once and for good.

    Raises:
        RuntimeError: one of them was imported already, so that hiding it would be a pretence.
    """
    if loaded := sorted(REFUSED & sys.modules.keys()):
        raise RuntimeError(f"imported before the service could refuse it: {', '.join(loaded)}")
    sys.meta_path[:] = [finder if isinstance(finder, _Without) else _Without(finder) for finder in sys.meta_path]


class _Deferred(ModuleType):
    """A package whose modules can be imported, and whose own `__init__` runs when a name of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.__spec__ is None or self.__spec__.loader is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = ModuleType  # type: ignore[assignment]  # from here on an ordinary module
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def defer_remote_client() -> None:
    """Put off what the REST client's package does at its import. Where it is not installed, or is loaded, nothing happens."""
    if _REMOTE_CLIENT not in sys.modules and (spec := importlib.util.find_spec(_REMOTE_CLIENT)) is not None:
        module = importlib.util.module_from_spec(spec)
        module.__class__ = _Deferred
        sys.modules[_REMOTE_CLIENT] = module
