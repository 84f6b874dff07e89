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
    assert {"golden/recall@5", "refusals/refusal_recall", "all/unscored"} <= {gate.metric for gate in loaded.gates}
    assert loaded.judges_correctness
    assert loaded.primary is not None
    assert loaded.primary.metric == "all/resolved"


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
        "gate 'typo': nobody computes 'recal@5'; did you mean 'recall@5'? known: resolved, recall@1",
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


WHOLE = """
primary: {metric: all/resolved, margin: 0.05, alpha: 0.025, power: 0.9, least_cases: 650, superior: true, on_inconclusive: warn}
families: {explains: {alpha: 0.05, correction: holm}}
gates:
  - {name: a, metric: golden/recall@5, not_worse_than_baseline: 0.03, family: explains, by: language, least_cases: 10, severity: warn}
  - {name: b, metric: all/forbidden, no_events: 0.01, on_inconclusive: pass}
  - {name: c, metric: golden/resolved, at_least: 0.5, slice: topic=billing}
  - {name: d, metric: golden/resolved, at_least: 0.9, severity: report}
must_pass: [golden/golden-001]
known_failures: [{case: golden/golden-002, owner: A. Person, until: 2026-12-31, reason: page is rewritten}]
"""


def test_every_key_of_the_file_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, WHOLE)
    assert found.primary is not None
    assert (found.primary.margin, found.primary.superior, found.primary.against) == (0.05, True, ("service", "reference"))
    assert [gate.decides for gate in found.gates] == [False, True, True, False]
    assert (found.families["explains"].correction, found.must_pass) == ("holm", ("golden/golden-001",))
    assert (found.known_failures[0].owner, str(found.known_failures[0].until)) == ("A. Person", "2026-12-31")
    assert found.judges_correctness
    assert load(tmp_path, "primary: {margin: 0.05}\n").gates == ()


def test_mistakes_in_every_key_are_named_at_once(tmp_path: Path) -> None:
    text = """
primary: {metric: all/resolvd, margin: 0, alpha: 0.7}
families: {a: {alpha: 2}, b: {correction: bonferroni}}
gates:
  - {name: family, metric: golden/mrr, not_worse_than_baseline: 0.1, family: c}
  - {name: alone, metric: golden/mrr, at_least: 0.1, family: a}
  - {name: both, metric: golden/mrr, not_worse_than_baseline: 0.1, by: language, slice: language=de}
  - {name: division, metric: golden/mrr, at_least: 0.1, slice: planet=mars}
  - {name: rate, metric: all/forbidden, no_events: 0}
  - {name: severity, metric: golden/mrr, at_least: 0.1, severity: loud}
must_pass: [golden-001]
known_failures: [{case: golden/a, until: 2026-12-31, reason: x}, {case: gold/b, owner: o, until: soon, reason: x}]
"""
    with pytest.raises(GateFileError) as caught:
        load(tmp_path, text)
    for words in (
        "primary: margin", "primary: alpha", "family 'a': alpha", "family 'b': correction", "gate 'alone': family and by go with",
        "gate 'both': has by and slice", "gate 'division': cases are not divided by 'planet'", "gate 'rate': no_events",
        "gate 'severity': severity", "must_pass: a list of suite/case", "known failure 'golden/a': owner", "known failure 'gold/b': until",
        "gate 'family': families has no 'c'",
    ):  # fmt: skip
        assert words in str(caught.value), words


def test_a_file_whose_gates_only_warn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GateFileError, match="no gate decides"):
        load(
            tmp_path,
            "primary: {margin: 0.05, severity: warn}\ngates: [{name: a, metric: golden/mrr, at_least: 1, severity: warn}]\n",
        )
