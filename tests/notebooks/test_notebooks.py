from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from headgate.build import build
from tests.small_project import REPOSITORY, SmallProject
from tests.verbs import evaluate, gate, promote

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
#: Marked as answerable, and nothing on the page answers it: a failure to look into.
HOPELESS = {
    "id": "hopeless",
    "question": "Which shop in town repairs bicycles?",
    "tags": ["hopeless"],
    "answerable": True,
    "gold_documents": ["moving/home.md"],
    "reference_answer": "The one next to the station.",
}


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.fixture
def released(small_project: SmallProject) -> SmallProject:
    """The project's bundle has been evaluated, gated and promoted."""
    small_project.write_suite(HOPELESS)
    settings = small_project.settings
    bundle_id = build(settings).bundle_id
    evaluate(settings, bundle_id)
    assert gate(settings, bundle_id).verdict == "passed"
    promote(settings, bundle_id, promoted_by="a test")
    return small_project


def test_there_is_a_notebook() -> None:
    assert [path.name for path in NOTEBOOKS] == ["read_an_evaluation.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs_and_imports_only_the_library(path: Path) -> None:
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    tree = ast.parse("\n".join(cell.source for cell in cells))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= {"headgate", "matplotlib", "pandas"}


def test_reading_an_evaluation_runs_and_looks_into_a_failure(released: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_SETTINGS", str(released.settings_file))
    monkeypatch.delenv("HEADGATE_STORE", raising=False)
    notebook = read(NOTEBOOKS[0])
    NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS[0].parent)}}
    ).execute()
    printed = "".join(
        output.text for cell in notebook.cells for output in cell.get("outputs", ()) if output.output_type == "stream"
    )
    shown = "".join(str(output.get("data", {})) for cell in notebook.cells for output in cell.get("outputs", ()))
    assert "small/hopeless" in printed
    assert "The one next to the station." in printed
    assert "of 8 questions failed" in printed
    assert "recall@5" in shown
    assert "image/png" in shown
