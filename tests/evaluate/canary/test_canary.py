"""A rebuilt index against the one before: what got worse is found and named, what only changed is not."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headgate.bundle import load_manifest
from headgate.cli.main import main
from headgate.errors import CorpusError
from headgate.evaluate.canary.canary import choose_baseline, find_canary, recent_questions, refuse_regression, unreachable_check
from headgate.evaluate.canary.hits import Finder, Found, retrieval_key
from headgate.evaluate.canary.overlap import jaccard, rank_biased_overlap
from headgate.evaluate.canary.paired_recall import AskedOfBoth, paired_recalls
from headgate.evaluate.canary.probes import IndexedDocument, Lost, probe_documents
from headgate.evaluate.suites.quotes import searchable
from headgate.evaluate.suites.suite import Case
from headgate.interactions.log import InteractionLog, new_interaction_id
from headgate.records import Answer, Canary, FileOutcome, Interaction, Question, Remark, VersionDifference
from headgate.settings import CanarySettings, Settings
from headgate.storage import open_store
from headgate.storage.layout import CANARY_HITS
from tests.fakes import make_settings, put_bundle, put_release
from tests.small_project import PAGES, SmallProject, write_project
from tests.verbs import create_bundle, ingest, run_canary, update_table

GROWN = PAGES | {
    "faults/outage.md": "# Outages\n\nIf the whole street has no internet, an engineer is on the way within four hours of the first report. "
    "You need not call: we text everybody in the area as soon as the fault is found, and again when it is mended. "
    "Televisions and telephones that use the line come back by themselves; a router that stays dark for longer than ten minutes "
    "wants to be unplugged once and plugged in again.",
    "offers/spring.md": "# Spring offer\n\nUntil the end of May new customers pay nothing for the first three months of any plan they choose.",
    "bills/paper.md": "# Paper bills\n\nA paper bill costs two pounds a month. Switch to online bills in your account under Billing, then Format.",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, exported_model: Path) -> tuple[SmallProject, str]:
    """A project of nine pages, three of which no suite asks about, and its bundle."""
    made = write_project(tmp_path_factory.mktemp("canary") / "project", exported_model)
    for path, text in GROWN.items():
        made.write_page(path, text)
    return made, bundle_of(made.settings)


def bundle_of(settings: Settings) -> str:
    """A bundle of the folder as it is, also where the checks of the ingest would stop `headgate build`."""
    return create_bundle(settings, update_table(settings, ingest(settings).chunk_set)).bundle_id


def rebuilt(project: tuple[SmallProject, str], pages: Mapping[str, str | None], *, settings: Settings | None = None) -> Canary:
    """The canary of a build in which some pages are other or gone (None); the folder is put back."""
    made, first = project
    settings = settings or made.settings
    documents = made.folder / "documents"
    for path, text in pages.items():
        if text is None:
            (documents / path).unlink()
        else:
            made.write_page(path, text)
    try:
        return run_canary(settings, bundle_of(settings), against=first)
    finally:
        for path in pages.keys() - GROWN.keys():
            (documents / path).unlink()
        for path, text in GROWN.items():
            made.write_page(path, text)


def verdicts(canary: Canary) -> dict[str, str]:
    return {check.name: check.verdict for check in canary.checks}


def test_a_bundle_that_searches_the_same_content_in_the_same_way_is_asked_nothing(project: tuple[SmallProject, str]) -> None:
    made, first = project
    settings = made.settings.model_copy(update={"answer": made.settings.answer.model_copy(update={"evidence_threshold": 0.4})})
    again = bundle_of(settings)
    assert again != first
    canary = run_canary(settings, again, against=first)
    assert (verdicts(canary), canary.questions, canary.searches) == ({"retrieval": "passed"}, 0, 0)
    assert find_canary(open_store(settings), again, first) == canary


def test_what_was_asked_of_the_same_index_is_remembered(project: tuple[SmallProject, str]) -> None:
    page = {"faults/outage.md": GROWN["faults/outage.md"] + " You are told by text message when it is over."}
    asked = rebuilt(project, page)
    again = rebuilt(project, page)
    assert asked.searches > 0
    assert again.searches == 0
    ignored = {"canary_id", "created_at", "seconds", "searches", "mlflow_run_id"}
    assert again.model_dump(exclude=ignored) == asked.model_dump(exclude=ignored)
    other = rebuilt(project, page | {"offers/spring.md": GROWN["offers/spring.md"] + " The offer ends in May."})
    assert 0 < other.searches < asked.searches  # the older index was asked these questions before; probes of other pages are new


def test_a_remembered_hit_whose_chunk_is_not_in_the_table_is_asked_for_again(project: tuple[SmallProject, str]) -> None:
    made, first = project
    store = open_store(made.settings)
    question = Question(text="How long does a refund take?")
    finder = Finder(store, first)
    found = finder.find(question)
    finder.close()
    key = CANARY_HITS.key(retrieval_key(load_manifest(store, first)))
    store.put(key, store.get(key).replace(found[0].chunk_id.encode(), b"0" * len(found[0].chunk_id)))
    damaged = Finder(store, first)
    assert damaged.find(question) == found
    assert damaged.asked == 1
    store.put(key, b"{")
    assert Finder(store, first).find(question) == found


def test_an_index_that_did_not_change_passes(project: tuple[SmallProject, str]) -> None:
    made, first = project
    retrieval = made.settings.retrieval.model_copy(update={"candidates": made.settings.retrieval.candidates + 1})
    settings = made.settings.model_copy(update={"retrieval": retrieval})
    again = bundle_of(settings)
    assert again != first
    canary = run_canary(settings, again, against=first)
    assert canary.verdict == "passed"
    assert set(verdicts(canary).values()) == {"passed"}
    assert (canary.jaccard, canary.rank_biased) == (1.0, pytest.approx(1.0))
    assert (canary.questions, canary.probes) == (7, 9)
    assert (canary.slices[0].name, canary.slices[0].n, canary.slices[0].difference) == ("all", 5, 0.0)
    assert (canary.unreachable, canary.lost_hits, canary.cases_lost) == ((), (), ())
    assert canary.mlflow_run_id
    assert find_canary(open_store(settings), again, first) == canary
    refuse_regression(canary)


def test_a_page_without_text_one_kept_out_and_one_without_its_answer_are_each_named(project: tuple[SmallProject, str]) -> None:
    canary = rebuilt(
        project,
        {
            "faults/outage.md": "# Outages\n\nTo be written by the team that handles faults.\n",
            "offers/spring.md": "# Spring offer\n\nUntil the end of May new customers pay nothing for the first three months of any plan they choose.",
            "bills/paper.md": "# Paper bills\n",
            "billing/refunds.md": "# Refunds\n\nAsk the team at the desk in your nearest shop about money that you want to have back: they know.",
        },
    )
    assert canary.verdict == "failed"
    assert verdicts(canary)["emptied"] == verdicts(canary)["unreachable"] == "failed"
    named = {line.partition(" (")[0]: line for line in canary.unreachable}
    assert named.keys() == {"faults/outage.md", "bills/paper.md"}
    assert "(quarantined: too_short" in named["bills/paper.md"]
    assert "characters before" in named["faults/outage.md"]
    assert canary.cases_lost == ("small/small-0",)
    assert canary.slices[0].difference == pytest.approx(-0.2)
    assert verdicts(canary)["recall"] in ("failed", "inconclusive")
    with pytest.raises(CorpusError, match=r"worse than .*faults/outage\.md"):
        refuse_regression(canary)


def test_pages_that_moved_were_rewritten_or_taken_away_are_no_regression(project: tuple[SmallProject, str]) -> None:
    text = "# Outages\n\nA fault that hits every home in an area is mended within four hours, and you get a text message from us at its end."
    pages = {
        "bills/paper.md": None,
        "billing/on-paper.md": GROWN["bills/paper.md"],
        "faults/outage.md": text,
        "offers/spring.md": None,
    }
    canary = rebuilt(project, pages)
    assert canary.verdict == "passed"
    assert canary.unreachable == ()


def test_gold_pages_that_moved_lose_neither_recall_nor_hits(project: tuple[SmallProject, str]) -> None:
    renamed = {"billing/refunds.md": "money/back.md", "plans/plus.md": "offers/plus.md", "setup/lights.md": "lights.md"}
    pages: dict[str, str | None] = dict.fromkeys(renamed)
    made, _ = project
    later = {"id": "later", "question": "How long does a refund take?", "answerable": True, "gold_documents": ["money/back.md"]}
    (made.folder / "evals" / "suites" / "later.jsonl").write_text(json.dumps(later))  # names the page as it is called now
    suites = (*made.settings.evaluation.suites, "evals/suites/later.jsonl")
    settings = made.settings.model_copy(update={"evaluation": made.settings.evaluation.model_copy(update={"suites": suites})})
    canary = rebuilt(project, pages | {after: GROWN[before] for before, after in renamed.items()}, settings=settings)
    assert (canary.cases_lost, canary.lost_hits, canary.unreachable) == ((), (), ())
    assert (canary.slices[0].n, canary.slices[0].before, canary.slices[0].after) == (6, 1.0, 1.0)
    assert canary.verdict == "passed"


def test_a_canary_that_left_changed_pages_out_does_not_pass(project: tuple[SmallProject, str]) -> None:
    made, _ = project
    edited = {path: f"{text} Ask us if anything is unclear." for path, text in GROWN.items()}
    settings = made.settings.model_copy(update={"canary": CanarySettings(changed_probes=2)})
    canary = rebuilt(project, edited, settings=settings)
    assert (canary.probes, canary.probes_left_out) == (2, 7)
    assert canary.verdict == verdicts(canary)["unreachable"] == "inconclusive"
    refuse_regression(canary)


def test_the_promoted_bundle_is_the_baseline_and_the_first_bundle_has_none(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, corpus={"name": "test", "folder": "documents"})
    store = open_store(settings)
    first = put_bundle(store, "a")
    canary = run_canary(settings, first)
    assert (canary.verdict, canary.baseline_bundle_id, canary.checks[0].name) == ("passed", "", "baseline")
    put_release(store, 1, first)
    put_bundle(store, "c")
    assert choose_baseline(store, settings.release.track, put_bundle(store, "b"), "") == (first, "")
    store.put(f"bundles/{first}.json", b"{}")
    assert "was changed" in choose_baseline(store, settings.release.track, put_bundle(store, "b"), "")[1]


def test_a_bundle_is_never_compared_with_itself_or_a_newer_candidate(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, corpus={"name": "test", "folder": "documents"})
    store = open_store(settings)
    old, served, newer = (put_bundle(store, name) for name in ("old", "served", "newer"))

    def built(bundle_id: str, at: str) -> None:
        moment = datetime.fromisoformat(at).timestamp()
        os.utime(settings.store_root / "bundles" / f"{bundle_id}.json", (moment, moment))

    built(old, "2026-01-01T00:00:00+00:00")
    built(served, "2026-02-01T00:00:00+00:00")
    built(newer, "2026-03-01T00:00:00+00:00")
    assert choose_baseline(store, settings.release.track, newer, "") == (served, "")
    assert choose_baseline(store, settings.release.track, served, "") == (old, "")
    assert choose_baseline(store, settings.release.track, old, "") == ("", "")

    put_release(store, 1, served)  # promoted on 2 February
    assert choose_baseline(store, settings.release.track, served, "") == (old, "")
    assert choose_baseline(store, settings.release.track, newer, "") == (served, "")
    assert choose_baseline(store, settings.release.track, old, "") == (served, "")
    built(served, "2026-04-01T00:00:00+00:00")  # the nightly build found nothing new, and wrote the same bundle again
    assert choose_baseline(store, settings.release.track, served, "") == (old, "")

    (settings.store_root / "bundles" / f"{old}.json").unlink()
    canary = run_canary(settings, served)
    assert (canary.verdict, canary.baseline_bundle_id) == ("passed", "")
    assert canary.checks[0].reason == "nothing to compare: no bundle of this corpus was built before this one"


def test_a_bundle_of_another_corpus_is_no_baseline(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, corpus={"name": "test", "folder": "documents"})
    store = open_store(settings)
    ids = [put_bundle(store, "other", corpus="other"), put_bundle(store, "first"), put_bundle(store, "second")]
    for age, bundle_id in enumerate(reversed(ids), start=1):
        os.utime(settings.store_root / "bundles" / f"{bundle_id}.json", (2_000_000_000 - age, 2_000_000_000 - age))
    other, first, second = ids
    assert choose_baseline(store, settings.release.track, first, "") == ("", "")
    put_release(store, 1, other)
    assert choose_baseline(store, settings.release.track, second, "") == (first, "")


def test_the_verb_tells_the_verdict_by_its_exit_code(
    project: tuple[SmallProject, str], capsys: pytest.CaptureFixture[str]
) -> None:
    made, first = project
    arguments = ["--settings", str(made.settings_file), "canary", first, "--against", first]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "recall@5" in told
    assert "nothing was asked" in told


def test_logged_questions_are_the_newest_each_once(project: tuple[SmallProject, str]) -> None:
    made, first = project
    log = InteractionLog(open_store(made.settings))
    for text in ("When is the fault mended?", "Old question?", "when is the fault mended?  ", "What costs a paper bill?"):
        answer = Answer(text="…", refused=False, bundle_id=first, model="extractive")
        log.append(
            Interaction(
                interaction_id=new_interaction_id(),
                asked_at=datetime.now(UTC).isoformat(),
                question=Question(text=text),
                answer=answer,
            )
        )
    log.close()
    store = open_store(made.settings)
    asked = [question.text for question in recent_questions(store, 2, 90)]
    assert asked == ["What costs a paper bill?", "when is the fault mended?  "]
    assert recent_questions(store, 0, 90) == []


# --- parts of it, without models ------------------------------------------------------------------------------------


def _document(text: str, language: str = "en") -> IndexedDocument:
    document = IndexedDocument()
    document.add({"text": text, "language": language, "confidentiality": "public"})
    return document


def _difference(**changes: tuple[str, ...]) -> VersionDifference:
    empty = dict.fromkeys(("documents_added", "documents_changed", "documents_removed", "documents_moved"), ())
    counts = dict.fromkeys(("chunks_added", "chunks_changed", "chunks_removed", "chunks_moved", "chunks_unchanged"), 0)
    return VersionDifference(before="t@1", after="t@2", **(empty | counts | changes))  # type: ignore[arg-type]


def _hit(doc_id: str) -> Found:
    return Found(chunk_id=doc_id, doc_id=doc_id, text=doc_id, score=1.0)


def test_a_page_that_its_own_words_do_not_find_is_unreachable_though_its_text_is_whole() -> None:
    pages = {name: _document(f"The page {name} tells at length what it is about and what to do.") for name in ("a.md", "b.md")}
    lost = probe_documents(
        pages,
        pages,
        _difference(),
        {},
        search_old=lambda question: [_hit("a.md"), _hit("b.md")],
        search_new=lambda question: [_hit("b.md")],
        access={"customer": ["public"]},
        settings=CanarySettings(),
    )
    assert lost.unreachable == ("a.md (neither its old nor its new words find it)",)
    assert lost.asked == 2


def test_a_page_that_changed_its_language_is_named_and_copies_and_stale_pages_are_not_missed() -> None:
    old = {name: _document("A page about the router and its lights.") for name in ("a.md", "copy.md", "old.md", "dead.md")}
    outcomes = {
        "copy.md": FileOutcome(
            path="copy.md", digest="", outcome="quarantined", reasons=(Remark("near_duplicate", "of 'a.md'"),)
        ),
        "old.md": FileOutcome(path="old.md", digest="", outcome="quarantined", reasons=(Remark("stale", "of 2019"),)),
        "dead.md": FileOutcome(path="dead.md", digest="", outcome="dead_lettered", reasons=(Remark("timeout", "60 s"),)),
    }
    lost = probe_documents(
        old,
        {"a.md": _document("Eine Seite über den Router und seine Lichter.", "de")},
        _difference(documents_removed=("copy.md", "old.md", "dead.md"), documents_changed=("a.md",)),
        outcomes,
        search_old=lambda question: [_hit("a.md")],
        search_new=lambda question: [_hit("a.md")],
        access={"customer": ["public"]},
        settings=CanarySettings(),
    )
    assert lost.unreachable == ("dead.md (dead-lettered: timeout: 60 s)",)
    assert lost.language_changed == ("a.md (en before, de now)",)


_REFUNDS = "Refunds come within ten days."


def _asked(case: dict[str, Any], before: str, after: str) -> AskedOfBoth:
    """A case of which either index finds one page, with the text about refunds."""
    old, new = (replace(_hit(name), text=_REFUNDS) for name in (before, after))
    return AskedOfBoth("s", Case.model_validate({"id": "c", "question": "q?"} | case), Question(text="q?"), (old,), (new,))


@pytest.mark.parametrize("named", ["billing/a.md", "money/a.md"])
@pytest.mark.parametrize("otherwise", [(), ({"answerable": False},)])
def test_a_case_that_names_either_path_of_a_page_that_moved_is_found_before_and_after(
    named: str, otherwise: tuple[dict[str, Any], ...]
) -> None:
    gold = {"answerable": True, "gold_documents": [named], "gold_passages": [{"document": named, "quote": "within ten days"}]}
    old, new = ({name: searchable([_REFUNDS])} for name in ("billing/a.md", "money/a.md"))
    for found, recall in (("money/a.md", 1.0), ("other.md", 0.0)):
        pair = _asked({"variants": [gold, *otherwise]}, "billing/a.md", found)
        recalls = paired_recalls([pair], old, new, 5, moved={"billing/a.md": "money/a.md"})
        assert (recalls.before, recalls.after, recalls.lost) == ({"s/c": 1.0}, {"s/c": recall}, ())


def test_a_page_that_is_gone_and_did_not_move_is_lost() -> None:
    gold = {"answerable": True, "gold_documents": ["a.md"], "gold_passages": [{"document": "a.md", "quote": "within ten days"}]}
    pair = _asked(gold, "a.md", "b.md")
    text = searchable([_REFUNDS])
    recalls = paired_recalls([pair], {"a.md": text}, {"b.md": text}, 5, moved={"c.md": "b.md"})
    assert (recalls.after, recalls.lost) == ({"s/c": 0.0}, ("s/c",))


def _probed(count: int, settings: CanarySettings, *, unfindable: Collection[str] = ()) -> tuple[Lost, list[str]]:
    """What probes tell of `count` changed pages and ten others, some of which the new index does not find; and the pages asked for."""
    changed = [f"changed-{number}.md" for number in range(count)]
    pages = {name: _document(f"{name} tells what it is about.") for name in (*(f"same-{n}.md" for n in range(10)), *changed)}
    asked: list[str] = []

    def search_old(question: Question) -> list[Found]:
        asked.append(question.text.split()[0])
        return [_hit(asked[-1])]

    def search_new(question: Question) -> list[Found]:
        name = question.text.split()[0]
        return [] if name in unfindable else [_hit(name)]

    lost = probe_documents(
        pages,
        pages,
        _difference(documents_changed=tuple(changed)),
        {},
        search_old=search_old,
        search_new=search_new,
        access={"staff": ["internal"], "customer": ["public"]},
        settings=settings,
    )
    return lost, asked


def test_every_changed_page_is_looked_for_however_few_probes_there_are_for_others() -> None:
    lost, asked = _probed(250, CanarySettings(probes=200), unfindable=[f"changed-{number}.md" for number in range(250)])
    assert (lost.asked, lost.left_out, len(lost.unreachable)) == (250, 0, 250)
    assert not [name for name in asked if name.startswith("same")]
    lost, asked = _probed(5, CanarySettings(probes=8))
    assert (lost.asked, lost.left_out) == (8, 0)
    assert [name.partition("-")[0] for name in asked] == ["changed"] * 5 + ["same"] * 3
    assert unreachable_check(CanarySettings(probes=8), lost).verdict == "passed"


def test_changed_pages_that_are_left_out_make_it_inconclusive_unless_the_sample_fails_already() -> None:
    settings = CanarySettings(changed_probes=20, probes=5)
    lost, asked = _probed(50, settings)
    assert (lost.asked, lost.left_out, len(asked)) == (20, 30, 20)
    check = unreachable_check(settings, lost)
    assert check.verdict == "inconclusive"
    assert "30 changed documents were not searched for" in check.reason
    again, asked_again = _probed(50, settings, unfindable=asked[:1])
    assert asked_again == asked
    check = unreachable_check(settings, again)
    assert check.verdict == "failed"
    assert asked[0] in check.reason
    assert "30 changed documents were not searched for" in check.reason
    assert unreachable_check(settings.model_copy(update={"max_unreachable": 1}), again).verdict == "inconclusive"


def test_pages_that_nobody_may_see_are_neither_looked_for_nor_left_out() -> None:
    page = _document("A page that only the board reads.")
    page.confidentiality = "secret"
    lost = probe_documents(
        {"board.md": page},
        {"board.md": page},
        _difference(documents_changed=("board.md",)),
        {},
        search_old=lambda question: [],
        search_new=lambda question: [],
        access={"customer": ["public"]},
        settings=CanarySettings(changed_probes=0),
    )
    assert (lost.asked, lost.left_out) == (0, 0)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("abc", "abc", 1.0), ("abc", "def", 0.0), ("", "", 1.0), ("abc", "", 0.0), ("abcd", "abdc", 0.9)],
)
def test_overlaps_lie_between_0_and_1_and_weigh_the_first_ranks_most(left: str, right: str, expected: float) -> None:
    assert rank_biased_overlap(left, right) == pytest.approx(expected, abs=0.1)
    assert rank_biased_overlap(left, right) == pytest.approx(rank_biased_overlap(right, left))
    assert rank_biased_overlap("abcd", "bacd") < rank_biased_overlap("abcd", "abdc")
    assert jaccard("abcd", "abxy", 4) == pytest.approx(2 / 6)
    assert jaccard("abcd", "abxy", 2) == 1.0
