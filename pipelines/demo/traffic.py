"""Clients that keep asking while releases come and go, and what became of every request."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipelines.demo.service import ServiceError, ask

#: Clients asking at the same time, each its next question as soon as the last is answered.
CLIENTS = 2
#: Seconds between looks at what has come in.
POLL = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """One request. `problem` is empty when it was answered whole."""

    release: int
    bundle_id: str
    problem: str = ""


@dataclass(slots=True)
class Traffic:
    """What has come in so far."""

    outcomes: list[Outcome] = field(default_factory=list)

    def wait_for(self, *, release: int, answers: int, seconds: float) -> bool:
        """Whether `release` has given so many answers before time was up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if sum(outcome.release == release and not outcome.problem for outcome in list(self.outcomes)) >= answers:
                return True
            time.sleep(POLL)
        return False


@contextmanager
def steady_traffic(address: str, questions: Sequence[str]) -> Iterator[Traffic]:
    """CLIENTS clients ask `questions` again and again while the block runs; all have ended when it is left."""
    traffic = Traffic()
    stop = threading.Event()

    def client(first: int) -> None:
        for question in itertools.islice(itertools.cycle(questions), first, None):
            if stop.is_set():
                return
            traffic.outcomes.append(_request(address, question))

    clients = [threading.Thread(target=client, args=(number,), name=f"client-{number}", daemon=True) for number in range(CLIENTS)]
    for thread in clients:
        thread.start()
    try:
        yield traffic
    finally:
        stop.set()
        for thread in clients:
            thread.join()


def _request(address: str, question: str) -> Outcome:
    """Ask as a stream; an answer counts only if its pieces make up the whole."""
    pieces: list[str] = []
    try:
        for part in ask(address, question):
            if isinstance(part, str):
                pieces.append(part)
            elif "".join(pieces) != part["answer"]:
                return Outcome(part["release"], part["bundle_id"], "the pieces of the stream do not make up the answer")
            else:
                return Outcome(part["release"], part["bundle_id"])
    except ServiceError as error:
        return Outcome(0, "", str(error))
    return Outcome(0, "", "no answer")
