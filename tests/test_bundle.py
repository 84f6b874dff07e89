from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from headgate.bundle import Bundle, last_built, list_bundles, load_manifest, open_bundle
from headgate.errors import ClosedError, IntegrityError, NotFoundError, PromptError
from headgate.records import IndexResult, Question
from headgate.settings import Settings, parse_settings
from headgate.storage import open_store, sha256_hex
from tests.conftest import help_chunks, make_chunk, put_chunks
from tests.verbs import create_bundle, update_table


def test_the_id_is_the_digest_of_the_manifest_and_has_no_clock(settings: Settings, indexed: IndexResult, bundle: Bundle) -> None:
    store = open_store(settings)
    assert sha256_hex(store.get(f"bundles/{bundle.bundle_id}.json")) == bundle.bundle_id
    assert create_bundle(settings, indexed).bundle_id == bundle.bundle_id
    assert str(settings.project_dir) not in store.get(f"bundles/{bundle.bundle_id}.json").decode()
    assert list_bundles(store) == [bundle.bundle_id]
    assert last_built(store) == bundle.bundle_id


def test_everything_that_varies_changes_the_id(settings: Settings, indexed: IndexResult, bundle: Bundle) -> None:
    seen = {bundle.bundle_id}

    def other(**sections: object) -> None:
        content = settings.model_dump(mode="json", exclude={"project_dir"}, exclude_defaults=True) | sections
        changed = parse_settings(content, project_dir=settings.project_dir)
        bundle_id = create_bundle(changed, indexed).bundle_id
        assert bundle_id not in seen
        seen.add(bundle_id)

    other(retrieval={"top_k": 5})
    other(answer={"evidence_threshold": 0.4})
    other(guard={"block_injection": False})
    other(model={"name": "openai/gpt-4o-mini"})
    prompt = settings.place("prompts/answer.md")
    prompt.write_text(prompt.read_text() + "\nBe brief.\n")
    other()
    grown = update_table(settings, put_chunks(settings, [*help_chunks(), make_chunk("new.md", "Something new.")], "r2"))
    assert create_bundle(settings, grown).bundle_id not in seen


def test_an_opened_bundle_answers_with_citations_and_carries_its_id(settings: Settings, bundle: Bundle) -> None:
    answerer = open_bundle(open_store(settings), bundle.bundle_id)
    answer = answerer.answer_now(Question(text="When does a refund reach my payment method?"))
    assert not answer.refused
    assert "10 working days" in answer.text
    assert answer.citations[0].doc_id == "billing/refunds.md"
    assert answer.citations[0].quote in help_chunks()[0].text
    assert answer.bundle_id == bundle.bundle_id == answerer.bundle_id


def test_a_closed_bundle_answers_no_more_and_another_opening_of_it_does(settings: Settings, bundle: Bundle) -> None:
    question = Question(text="When does a refund reach my payment method?")
    first, second = (open_bundle(open_store(settings), bundle.bundle_id) for _ in range(2))
    first.close()
    first.close()
    with pytest.raises(ClosedError, match="was closed"):
        first.answer_now(question)
    assert not second.answer_now(question).refused


def test_the_same_question_gets_the_same_answer(settings: Settings, bundle: Bundle) -> None:
    question = Question(text="what does the red light mean")
    first = open_bundle(open_store(settings), bundle.bundle_id).answer_now(question)
    second = open_bundle(open_store(settings), bundle.bundle_id).answer_now(question)
    assert first.model_dump(exclude={"timings"}) == second.model_dump(exclude={"timings"})


def flipped(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def test_one_flipped_byte_in_the_manifest_or_any_object_is_refused(settings: Settings, bundle: Bundle) -> None:
    store = open_store(settings)
    manifest = bundle.manifest
    keys = [
        f"bundles/{bundle.bundle_id}.json",
        f"objects/{manifest.vocabulary}",
        f"objects/{manifest.table.files_digest}",
        *(f"objects/{digest}" for digest in manifest.prompts.values()),
        *(f"objects/{digest}" for digest in manifest.embedding.files.values()),
    ]
    assert len(keys) == 7
    for key in keys:
        content = store.get(key)
        store.put(key, flipped(content))
        with pytest.raises(IntegrityError):
            open_bundle(store, bundle.bundle_id)
        store.put(key, content)
    open_bundle(store, bundle.bundle_id)


def test_a_missing_object_names_what_is_missing(settings: Settings, bundle: Bundle) -> None:
    store = open_store(settings)
    store.delete(f"objects/{bundle.manifest.prompts['refusal']}")
    with pytest.raises(IntegrityError, match="prompt 'refusal'"):
        open_bundle(store, bundle.bundle_id)


@pytest.mark.parametrize("bundle_id", ["", "abc", "0" * 64, "../../etc/passwd"])
def test_an_unknown_bundle_is_not_found(settings: Settings, bundle_id: str) -> None:
    with pytest.raises(NotFoundError, match="no bundle"):
        load_manifest(open_store(settings), bundle_id)


def test_a_manifest_with_an_unknown_key_is_refused_even_under_its_own_digest(settings: Settings, bundle: Bundle) -> None:
    store = open_store(settings)
    content = orjson.dumps(orjson.loads(store.get(f"bundles/{bundle.bundle_id}.json")) | {"extra": 1})
    store.put(f"bundles/{sha256_hex(content)}.json", content)
    with pytest.raises(IntegrityError, match="another version"):
        load_manifest(store, sha256_hex(content))


def test_a_prompt_with_a_missing_variable_stops_the_bundle(settings: Settings, indexed: IndexResult) -> None:
    prompt = settings.place("prompts/answer.md")
    prompt.write_text(prompt.read_text().replace("{{passages}}", ""))
    with pytest.raises(PromptError, match="passages"):
        create_bundle(settings, indexed)
    assert list_bundles(open_store(settings)) == []


def test_an_unknown_audience_sees_nothing(make_project: Callable[..., Settings], bundle: Bundle, settings: Settings) -> None:
    answerer = open_bundle(open_store(settings), bundle.bundle_id)
    assert answerer.answer_now(Question(text="When does a refund reach my payment method?", audience="nobody")).refused
