"""What every verb starts from: the settings, the store, which bundle is meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click

from headgate.errors import NotFoundError
from headgate.settings import Settings, load_settings
from headgate.storage import Store, open_store

F = TypeVar("F", bound=Callable[..., Any])
#: Shortest beginning of a bundle id that is taken for it, hex digits.
_SHORTEST_PREFIX = 8


class Invocation:
    """One call of `headgate`. Settings are read when first needed; `settings_path` is what --settings names, if it was given."""

    def __init__(self, settings_path: Path | None = None) -> None:
        self.settings_path = settings_path

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.settings_path)

    @cached_property
    def store(self) -> Store:
        return open_store(self.settings)

    def bundle_id(self, named: str | None) -> str:
        """The whole id of the bundle that `named` names or begins; None = the one built last.

        Raises:
            NotFoundError: there is none, or several begin so.
        """
        from headgate.bundle import last_built

        return self._whole_id(named) if named else last_built(self.store)

    def _whole_id(self, named: str) -> str:
        from headgate.bundle import list_bundles

        if not re.fullmatch(rf"[0-9a-f]{{{_SHORTEST_PREFIX},64}}", named):
            raise NotFoundError(f"{named!r} names no bundle: give its id, or at least its first {_SHORTEST_PREFIX} hex digits")
        if len(named) == 64:
            return named
        found = [bundle_id for bundle_id in list_bundles(self.store) if bundle_id.startswith(named)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise NotFoundError(
                f"no bundle begins with {named!r} in the store at {self.store.address!r}; `headgate build` makes one"
            )
        raise NotFoundError(
            f"{len(found)} bundles begin with {named!r}: {', '.join(bundle_id[:20] + '…' for bundle_id in found[:5])}; give more digits"
        )


pass_invocation = click.make_pass_decorator(Invocation)


def json_option(function: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(function)


def bundle_argument(function: F) -> F:
    """`[BUNDLE]` or `--bundle ID`; the verb gets `bundle`, None when neither is given."""
    function = click.option("--bundle", "bundle_option", metavar="ID", help="The same as the argument BUNDLE.")(function)
    return click.argument("bundle", required=False, metavar="[BUNDLE]")(function)


def chosen(bundle: str | None, bundle_option: str | None) -> str | None:
    """The bundle that was named, one way or the other."""
    if bundle and bundle_option and bundle != bundle_option:
        raise click.UsageError(f"two bundles are named: {bundle!r} and {bundle_option!r}; name one")
    return bundle or bundle_option
