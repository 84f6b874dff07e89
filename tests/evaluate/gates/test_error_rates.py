"""The shipped gate file keeps its error rates, on few repetitions; the figures with their intervals are in benchmarks/RESULTS.md."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.gate_errors import SEED, SIZES, Cases, creep, family_alarm, made_up, primary_blocks
from headgate.evaluate.gates.gate_file import load_gates
from headgate.evaluate.gates.schema import GateFile
from tests.conftest import REPOSITORY

REPETITIONS = 200
#: A true rate of 5 % gives more than this in 200 repetitions once in two hundred times.
AT_MOST = 0.095


@pytest.fixture
def gates() -> GateFile:
    return load_gates(REPOSITORY / "evals" / "gates.yaml", suites={"all", *SIZES}, recall_at=(1, 3, 5, 10))


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(SEED)


@pytest.fixture
def cases(random: np.random.Generator) -> Cases:
    return made_up(random)


@pytest.mark.parametrize("apart", [False, True])
def test_equal_bundles_are_seldom_blocked(gates: GateFile, cases: Cases, random: np.random.Generator, apart: bool) -> None:
    blocked = [primary_blocks(gates, cases, random, loss=0.0, apart=apart) for _ in range(REPETITIONS)]
    assert np.mean(blocked) <= AT_MOST


def test_a_loss_of_the_margin_seldom_passes_and_a_large_one_never(
    gates: GateFile, cases: Cases, random: np.random.Generator
) -> None:
    assert gates.primary is not None
    passed = [not primary_blocks(gates, cases, random, loss=gates.primary.margin) for _ in range(REPETITIONS)]
    assert np.mean(passed) <= AT_MOST
    assert all(primary_blocks(gates, cases, random, loss=0.1) for _ in range(REPETITIONS))


@pytest.mark.parametrize("at_margin", [False, True])
def test_a_family_seldom_raises_an_alarm_of_nothing(
    gates: GateFile, cases: Cases, random: np.random.Generator, at_margin: bool
) -> None:
    raised = [family_alarm(gates, cases, random, at_margin=at_margin) for _ in range(REPETITIONS)]
    assert np.mean(raised) <= AT_MOST


def test_small_losses_do_not_add_up(gates: GateFile, cases: Cases, random: np.random.Generator) -> None:
    ends = [creep(gates, cases, random) for _ in range(30)]
    without = [creep(gates, cases, random, reference=False) for _ in range(5)]
    assert np.mean(ends) <= 5 < np.mean(without)
