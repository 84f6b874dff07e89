"""Who may see which confidentiality label: `retrieval.access`, read so that what carries no label is seen by as few as may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Audiences:
    """`access`: audience → labels that it may see, as the settings and bundles have it."""

    access: Mapping[str, tuple[str, ...]]

    @property
    def privileged(self) -> frozenset[str]:
        """The audiences that see pages without a label: those that see every label, where another audience sees fewer.

        Where all audiences see the same labels, or there is one only, none is more privileged: then those whose list names "".
        """
        labels = {audience: set(seen) - {""} for audience, seen in self.access.items()}
        every = set().union(*labels.values())
        most = frozenset(audience for audience, seen in labels.items() if seen == every)
        if any(seen and seen != every for seen in labels.values()):
            return most
        return frozenset(audience for audience in most if "" in self.access[audience])

    def seen_by(self, audience: str) -> tuple[str, ...]:
        """The confidentiality labels that an audience sees; "" is among them only for a privileged one, whatever `access` lists."""
        named = tuple(label for label in self.access.get(audience, ()) if label)
        return (*named, "") if audience in self.privileged else named

    def seeing(self, label: str) -> frozenset[str]:
        """The audiences that see pages with this confidentiality label; "" = pages without one."""
        return frozenset(audience for audience in self.access if label in self.seen_by(audience))

    def label_for(self, audience: str) -> str:
        """The label of pages that are meant for an audience: of those that it sees, the one that the fewest see; "" for an unknown one."""
        labels = [label for label in self.access.get(audience, ()) if label]
        return min(labels, key=lambda label: len(self.seeing(label)), default="")
