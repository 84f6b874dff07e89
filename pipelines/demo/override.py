"""Why the demo releases a bundle whose gates did not pass, in the words of the record; and when it does not.

The floors of evals/gates.yaml are those of a support team. The built-in default, which runs without a network or a key, misses some of them: the demo shows
the path all the same, by an override that says which and why. A certain loss, a damaged report or an event that must not happen is never overridden.
"""

from headgate.records import GateResult, Verdict

#: Floors that the built-in default is known to miss, and why.
KNOWN_SHORT = {
    "helps most askers": "the built-in model quotes sentences, it does not put an answer together",
    "finds the passage": "MiniLM, the embedding model in the package, is small",
    "cites the right documents": "it also quotes from passages that are only near",
    "declines what it can't answer": "its evidence is counted from words, nobody reads them",
    "seldom declines what it could answer": "its evidence is counted from words, nobody reads them",
}
WHAT_HELPS = "A chat model and a stronger embedding model raise all of them."


def override_reason(verdict: Verdict) -> str | None:
    """The reason of the override; None where something blocks that the demo has no business with."""
    blocking = [gate for gate in verdict.gates if gate.blocks]
    if not blocking or any(gate.verdict == "failed" and gate.name not in KNOWN_SHORT for gate in blocking):
        return None
    return "; ".join([*map(_why, blocking), WHAT_HELPS])


def _why(gate: GateResult) -> str:
    measured = "" if gate.value is None or gate.limit is None else f" ({gate.value:.2f}, limit {gate.limit:g})"
    why = KNOWN_SHORT.get(gate.name, "the suites have too few cases to tell")
    return f"{gate.name}{measured} {gate.verdict}: {why}"
