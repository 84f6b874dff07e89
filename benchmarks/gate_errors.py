"""How often do the shipped gates err? Simulated: python -m benchmarks.gate_errors [repetitions]

Suites of the shipped sizes are made up, not answered: a case is resolved or not before, and changes with a given probability. Cases lie on sources as
unevenly as those of evals/suites, and one change in five is shared by all cases of a source. Every simulated candidate is judged by the functions
that judge real ones, on evals/gates.yaml as it is: `gain_of`, `judge_primary`, `alarms`, `decide`, `against_limit`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headgate.evaluate.gates.compare import Comparison, gain_of, numbered
from headgate.evaluate.gates.floors import against_limit
from headgate.evaluate.gates.gate_file import load_gates
from headgate.evaluate.gates.relative import alarms, decide, judge_primary
from headgate.evaluate.gates.schema import Gate, GateFile
from headgate.evaluate.report.summary import LOWER_IS_BETTER
from headgate.evaluate.statistics import wilson_interval
from headgate.evaluate.suites.suite import load_suite
from headgate.records import MetricSummary

REPOSITORY = Path(__file__).parents[1]
SEED = 20260202
SIZES = {"golden": 460, "hard": 155, "refusals": 204}
#: Cases answered otherwise when nothing became better or worse.
DISCORDANCE = 0.10
#: Of the changes, those that all cases of a source share.
TOGETHER = 0.2
#: Shares before: of askers helped, and of every other figure.
BEFORE = 0.75
#: Cases of each language, as a share.
LANGUAGES = {"en": 0.88, "de": 0.03, "es": 0.03, "fr": 0.03, "ja": 0.03}
RELEASES, STEP = 20, 0.01
Shares = npt.NDArray[np.float64]
Random = np.random.Generator


@dataclass(frozen=True)
class Cases:
    """The made-up suites: of each case its suite, source and language."""

    suite: npt.NDArray[np.str_]
    source: npt.NDArray[np.intp]
    language: npt.NDArray[np.str_]

    @property
    def n(self) -> int:
        return len(self.suite)

    def of(self, suite: str, figure: str) -> npt.NDArray[np.bool_]:
        """The cases that a figure of a suite applies to."""
        chosen = np.full(self.n, True) if suite == "all" else self.suite == suite
        if figure in ("recall@5", "citation_precision", "answer_correctness", "over_refusal"):
            chosen &= self.suite != "refusals"
        return chosen


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    gates = load_gates(REPOSITORY / "evals" / "gates.yaml", suites={"all", *SIZES}, recall_at=(1, 3, 5, 10))
    random = np.random.default_rng(SEED)
    cases = made_up(random)
    print(f"{cases.n} cases of {cases.source.max() + 1} sources, {repetitions} repetitions, seed {SEED}\n")
    print("| what is true | judged | wanted | found |\n|---|---|---|---|")
    for title, loss, apart in (
        ("nothing changed, service = reference", 0.0, False),
        ("nothing changed, service ≠ reference", 0.0, True),
    ):
        blocked = np.array([verdict(gates, cases, random, loss=loss, apart=apart) for _ in range(repetitions)])
        row(f"{title}, 10 % discordant", "blocked, all relative gates", "≤ 5 %", blocked.any(axis=1))
        row("", "blocked by the primary gate", "", blocked[:, 0])
        row("", "blocked by a family's alarm", "", blocked[:, 1])
    assert gates.primary is not None
    for loss, wanted in ((gates.primary.margin, "≤ 5 %"), (0.05, "≤ 20 %"), (0.08, "")):
        passed = [not primary_blocks(gates, cases, random, loss=loss) for _ in range(repetitions)]
        row(f"a true loss of {loss * 100:g} points overall", "passed by the primary gate", wanted, np.array(passed))
    raised = [family_alarm(gates, cases, random, at_margin=True) for _ in range(repetitions)]
    row("every gate of the family exactly at its margin", "any alarm", "≤ 5 %", np.array(raised))
    ends = np.array([creep(gates, cases, random) for _ in range(repetitions)])
    row(f"{RELEASES} candidates, each {STEP:.0%} worse", "more than 5 points below the reference in the end", "", ends > 5)
    print(
        f"| | points below in the end: mean, 95 of 100, worst | ≤ 5 | {ends.mean():.2f}, {np.quantile(ends, 0.95):.0f}, {ends.max():.0f} |"
    )
    without = np.array([creep(gates, cases, random, reference=False) for _ in range(min(repetitions, 500))])
    print(
        f"| the same without a reference release | points below: mean, 95 of 100 | | {without.mean():.2f}, {np.quantile(without, 0.95):.0f} |"
    )
    for above in (0.0, 0.03, 0.05, 0.07):
        blocked = np.array([floors_block(gates, cases, random, above) for _ in range(repetitions)])
        what = "at" if above == 0 else f"{above * 100:g} points better than"
        row(f"every figure {what} its floor", "blocked by a floor", "", blocked)


def made_up(random: Random) -> Cases:
    """Cases of the shipped sizes, on sources as unevenly as those of today's suites."""
    suite = np.repeat(list(SIZES), list(SIZES.values()))
    sources = Counter(
        case.source_cluster
        for name in ("golden", "hard")
        for case in load_suite(REPOSITORY / "evals" / "suites" / f"{name}.jsonl").cases
    )
    weights = np.array(list(sources.values()), dtype=np.float64)
    drawn = random.choice(list(sources), size=len(suite), p=weights / weights.sum())
    alone = np.array([f"refusal {place}" for place in range(len(suite))])
    named = np.where(suite == "refusals", alone, drawn)
    language = random.choice(list(LANGUAGES), size=len(suite), p=list(LANGUAGES.values()))
    return Cases(suite, numbered(named.tolist()), language)


def changed(
    values: Shares, cases: Cases, random: Random, *, loss: float, discordance: float = DISCORDANCE, level: float = BEFORE
) -> Shares:
    """A candidate: so many cases change, and the mean, in truth `level` before, falls by `loss`."""
    falls, rises = (max(discordance, loss) + loss) / 2 / level, (max(discordance, loss) - loss) / 2 / (1 - level)
    shared = random.random(int(cases.source.max()) + 1)[cases.source]
    draw = np.where(random.random(cases.n) < TOGETHER, shared, random.random(cases.n))
    return np.where(values > 0, np.where(draw < falls, 0.0, 1.0), np.where(draw < rises, 1.0, 0.0))


def before(cases: Cases, random: Random) -> Shares:
    return (random.random(cases.n) < BEFORE).astype(np.float64)


def comparison(figure: str, ours: Shares, theirs: Shares, cases: Cases, chosen: npt.NDArray[np.bool_]) -> Comparison:
    """As `headgate.evaluate.gates.compare.compare` makes it of two reports."""
    sources = np.unique(cases.source[chosen], return_inverse=True)[1].astype(np.intp)
    if figure in LOWER_IS_BETTER:  # made up as shares of what is good
        ours, theirs = 1 - ours, 1 - theirs
    return Comparison(gain_of(figure, ours[chosen], theirs[chosen], sources), identical=False)


def verdict(gates: GateFile, cases: Cases, random: Random, *, loss: float, apart: bool) -> tuple[bool, bool]:
    """Whether the primary gate blocks, and whether a family's alarm does."""
    return primary_blocks(gates, cases, random, loss=loss, apart=apart), family_alarm(gates, cases, random, at_margin=False)


def primary_blocks(gates: GateFile, cases: Cases, random: Random, *, loss: float, apart: bool = False) -> bool:
    """The primary gate on a candidate; `apart`: the reference is another bundle, equally good, as far from both as they are from each other."""
    truth = before(cases, random)
    if apart:
        half = DISCORDANCE / 2
        service, reference, candidate = (changed(truth, cases, random, loss=0, discordance=half) for _ in range(3))
    else:
        service = reference = truth
        candidate = changed(truth, cases, random, loss=loss)
    return blocks(gates, cases, candidate, {"service": service, "reference": reference})


def blocks(gates: GateFile, cases: Cases, candidate: Shares, others: Mapping[str, Shares | None]) -> bool:
    assert gates.primary is not None
    suite, figure = gates.primary.metric.split("/")
    chosen = cases.of(suite, figure)
    found = {
        name: None if other is None else comparison(figure, candidate, other, cases, chosen) for name, other in others.items()
    }
    return any(result.blocks for result in judge_primary(gates.primary, found))


def family_alarm(gates: GateFile, cases: Cases, random: Random, *, at_margin: bool) -> bool:
    """Whether a gate on a comparison blocks, of a candidate that is equal, or worse by exactly each margin; every figure changes on its own."""
    parts: list[tuple[Gate, Comparison]] = []
    for gate in gates.gates:
        if (margin := gate.not_worse_than_baseline) is None or gate.reported:
            continue
        truth = before(cases, random)
        candidate = changed(truth, cases, random, loss=margin if at_margin else 0.0)
        chosen = cases.of(gate.suite, gate.figure)
        divisions = [chosen & (cases.language == name) for name in LANGUAGES] if gate.by else [chosen]
        parts += [
            (gate, comparison(gate.figure, candidate, truth, cases, division))
            for division in divisions
            if division.sum() >= gate.least_cases
        ]
    p_values = [
        (gate.family, found.gain.at_least(-(gate.not_worse_than_baseline or 0.0)) if found.gain else None)
        for gate, found in parts
    ]
    for (gate, found), alarm in zip(parts, alarms(p_values, gates.families), strict=True):
        decided = decide(found, gate.not_worse_than_baseline or 0.0, least_cases=gate.least_cases, alarm=alarm)
        if decided.decision == "failed" or (decided.decision == "inconclusive" and gate.on_inconclusive == "block"):
            return True
    return False


def creep(gates: GateFile, cases: Cases, random: Random, *, reference: bool = True) -> float:
    """Points lost in truth after so many candidates, each a step worse than what is in service then; those that pass are released."""
    fixed = service = before(cases, random)
    lost = 0
    for _ in range(RELEASES):
        candidate = changed(service, cases, random, loss=STEP, level=BEFORE - lost * STEP)
        if not blocks(gates, cases, candidate, {"service": service, "reference": fixed if reference else None}):
            service, lost = candidate, lost + 1
    return lost * STEP * 100


def floors_block(gates: GateFile, cases: Cases, random: Random, above: float) -> bool:
    """Whether a floor blocks a bundle whose every figure is so far on the good side of its floor."""
    for gate in gates.gates:
        limit = gate.at_least if gate.at_least is not None else gate.at_most
        if limit is None or gate.compare == "value":
            continue
        truth = min(1.0, limit + above) if gate.at_least is not None else max(0.0, limit - above)
        n = int(cases.of(gate.suite, gate.figure).sum())
        value = random.binomial(n, truth) / n
        low, high = wilson_interval(value, n)
        if against_limit(gate, MetricSummary(value=value, low=low, high=high, n=n)).blocks:
            return True
    return False


def row(what: str, judged: str, wanted: str, hits: npt.NDArray[np.bool_]) -> None:
    low, high = wilson_interval(float(hits.mean()), len(hits))
    print(f"| {what} | {judged} | {wanted} | {hits.mean():.1%} [{low:.1%}, {high:.1%}] |", flush=True)


if __name__ == "__main__":
    main()
