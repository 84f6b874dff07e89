"""The lock of a store that knows conditional create alone: never two holders, whatever comes between looking and taking."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.errors import StorageError
from headgate.storage.lease import hold_lease
from tests.s3 import Bucket


def test_a_taker_who_looked_too_early_does_not_take_a_number_that_others_cleared_away(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = bucket.store(tmp_path / "slow"), bucket.store(tmp_path / "quick")
    with hold_lease(quick, "retention"):
        pass
    create = slow.create
    third = hold_lease(quick, "retention")

    def after_others(key: str, content: bytes) -> None:
        monkeypatch.setattr(slow, "create", create)
        with hold_lease(quick, "retention"):  # takes number 2 and frees it
            pass
        third.__enter__()  # takes number 3, and clears 1 and 2 away
        create(key, content)

    monkeypatch.setattr(slow, "create", after_others)
    with pytest.raises(StorageError, match="is being written by another run"), hold_lease(slow, "retention"):
        pass
    assert list(quick.list("locks/retention")) == ["locks/retention/00000003.json"]
    third.__exit__(None, None, None)
    with hold_lease(slow, "retention") as held:
        held.check()
