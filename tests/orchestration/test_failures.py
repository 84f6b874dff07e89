import dagster as dg
import pytest

from headgate.errors import CorpusError, IntegrityError, ModelError
from headgate.orchestration.failures import MAX_RETRIES, library_errors


@pytest.mark.parametrize("error", [CorpusError("no corpus; run `dvc pull`"), IntegrityError("a byte was changed")])
def test_an_error_of_the_library_becomes_a_failure_with_its_message_and_is_not_tried_again(error: Exception) -> None:
    with pytest.raises(dg.Failure) as caught, library_errors():
        raise error
    assert caught.value.description == str(error)
    assert caught.value.allow_retries is False


@pytest.mark.parametrize("error", [ModelError("did not answer in time"), ConnectionResetError(), TimeoutError()])
def test_a_transient_error_is_tried_again(error: Exception) -> None:
    with pytest.raises(dg.RetryRequested) as caught, library_errors():
        raise error
    assert caught.value.max_retries == MAX_RETRIES


def test_a_defect_is_neither_hidden_nor_tried_again() -> None:
    with pytest.raises(KeyError), library_errors():
        raise KeyError("a defect")
