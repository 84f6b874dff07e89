"""Keeps the pipeline's packages out of the service process, wherever they are installed.

Some libraries import pandas or torch if they find them; a process that answers questions has no use for the seconds and megabytes.
"""

from __future__ import annotations

import sys

from headgate.process.imports import hide

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


def refuse_pipeline_imports() -> None:
    """Hide the packages in this process, once and for good. It must run before the first import of lancedb.

    Raises:
        RuntimeError: one of them was imported already, so that hiding it would change nothing.
    """
    if loaded := sorted(REFUSED & sys.modules.keys()):
        raise RuntimeError(f"imported before the service could refuse it: {', '.join(loaded)}")
    hide(REFUSED)
