from __future__ import annotations

from pathlib import Path

import pytest

from headgate.errors import GateFileError
from headgate.evaluate.gates.gate_file import GateFile, load_gates
from headgate.storage import sha256_hex
from tests.conftest import REPOSITORY


def load(folder: Path, text: str) -> GateFile:
    path = folder / "gates.yaml"
    path.write_text(text)
    return load_gates(path, suites={"golden", "all"}, recall_at=(1, 5))


def test_the_shipped_gates_are_valid() -> None:
    path = REPOSITORY / "evals" / "gates.yaml"
    loaded = load_gates(path, suites={"golden", "refusals", "hard", "all"}, recall_at=(1, 3, 5, 10))
    assert loaded.digest == sha256_hex(path.read_bytes())
    assert {"golden/recall@5", "all/refusal_recall", "all/unscored"} <= {gate.metric for gate in loaded.gates}


def test_all_problems_of_a_gate_file_are_named_at_once(tmp_path: Path) -> None:
    text = """
gates:
  - {name: typo, metric: golden/recal@5, at_least: 0.9}
  - {name: cut-off, metric: golden/recall@7, at_least: 0.9}
  - {name: suite, metric: goldn/recall@5, at_least: 0.9}
  - {name: both, metric: golden/mrr, at_least: 0.9, at_most: 0.95}
  - {name: none, metric: golden/mrr}
  - {name: key, metric: golden/mrr, at_least: 0.9, atmost: 1}
  - {name: twice, metric: golden/mrr, at_least: 0.9}
  - {name: twice, metric: golden/mrr, at_least: 0.8}
  - {name: margin, metric: golden/mrr, not_worse_than_baseline: -1}
  - {name: way, metric: golden/mrr, not_worse_than_baseline: 0.1, compare: value}
  - {name: text, metric: golden/mrr, at_least: high}
  - {name: bare, metric: mrr, at_least: 0.9}
  - {name: count, metric: all/unscored, not_worse_than_baseline: 1}
  - {name: shown, metric: golden/mrr, report: true, at_least: 0.9}
  - not a gate
"""
    with pytest.raises(GateFileError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    for words in (
        "gate 'typo': nobody computes 'recal@5'; did you mean 'recall@5'? known: recall@1",
        "gate 'cut-off': nobody computes 'recall@7'",
        "gate 'suite': there is no suite 'goldn'; did you mean 'golden'? known: all, golden",
        "gate 'both': has at_least and at_most",
        "gate 'none': has no limit",
        "gate 'key': unknown key 'atmost'; known keys: name, metric",
        "gate 'twice': the name is used 2 times",
        "gate 'margin': not_worse_than_baseline",
        "gate 'way': compare: value goes with",
        "gate 'text': at_least",
        "gate 'bare': metric",
        "gate 'count': unscored is a count",
        "gate 'shown': has report and a limit",
        "gate 15:",
    ):
        assert words in message, words


def test_a_file_that_lets_any_bundle_pass_is_refused(tmp_path: Path) -> None:
    reports = "gates:\n  - {name: a, metric: golden/mrr, report: true}\n  - {name: b, metric: all/latency_p95, at_most: 2}\n"
    with pytest.raises(GateFileError, match="no gate decides"):
        load(tmp_path, reports)
    assert [gate.decides for gate in load(tmp_path, reports + "  - {name: c, metric: golden/mrr, at_least: 0.5}\n").gates] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "gates: []",
        "gates: {}",
        "gate: []",
        "gates:\n  - {name: a, metric: golden/mrr, at_least: 1}\nextra: 1",
        "gates: [",
        "\tx: 1",
    ],
)
def test_a_file_that_is_not_a_list_of_gates_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(GateFileError, match=r"gates\.yaml"):
        load(tmp_path, text)


def test_a_missing_file_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(GateFileError, match=r"does not exist; set evaluation\.gates"):
        load_gates(tmp_path / "gates.yaml", suites=(), recall_at=(1,))
