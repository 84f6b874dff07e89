"""Packages that are hidden look as if they were not installed, to whom and for as long as is said."""

from __future__ import annotations

import importlib.util
import sys
import threading

import pytest

from headgate.process.imports import without

NAME = "wave"  # of the standard library, and nobody here needs it


def find() -> bool:
    return importlib.util.find_spec(NAME) is not None


def test_a_hidden_package_is_not_found_until_the_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    finders = list(sys.meta_path)
    with without(NAME):
        assert not find()
        with pytest.raises(ModuleNotFoundError, match=NAME):
            __import__(NAME)
    assert find()
    assert sys.meta_path == finders


def test_other_threads_see_it_all_the_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    found: list[bool] = []
    with without(NAME):
        thread = threading.Thread(target=lambda: found.append(find()))
        thread.start()
        thread.join()
    assert found == [True]


def test_finders_that_come_in_between_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))

    class Other:
        def find_spec(self, *_: object) -> None:
            return None

    with without(NAME):
        sys.meta_path.insert(0, Other())  # type: ignore[arg-type]
    assert isinstance(sys.meta_path[0], Other)
    assert find()


def test_number_patterns_take_no_pytorch_along() -> None:
    import subprocess

    program = (
        "import sys; from headgate.detect.personal_data import find_personal_data\n"
        "print(find_personal_data('card 4111 1111 1111 1111'), 'torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=900)
    assert done.stdout.split() == ["{'credit_card':", "1}", "False", "False"]
