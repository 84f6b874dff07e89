"""Questions put to a real index of pages in several languages: which passages are found, and in what order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.answer.engine import Answerer
from headgate.build import build
from headgate.bundle import Manifest, load_manifest, open_bundle
from headgate.records import Hit, Question
from headgate.storage import open_store
from tests.small_project import write_project

PAGES = {
    "en/billing.md": "# Billing\n\nThe bill is due ten days after it was sent. You can pay the bill by card or at a bank.",
    "en/errors.md": "# Error E-42\n\nThe line is not connected. Check the cable and wait until the light is green.",
    "en/errors-next.md": "# Error E-43\n\nThe line is connected too slowly. Check the cable and wait until the light is green.",
    "en/terms.md": "# Terms\n\nArticle 5 says who pays for repairs. There are 12 articles, and 5 of them are new.",
    "es/factura.md": "# Factura\n\nLa factura se paga diez días después de su envío. Puede pagar la factura con tarjeta o en el banco.",
    "es/banco.md": "# Banco\n\nEl banco cobra una tasa por cada transferencia que hace un cliente para pagar su factura de luz o de agua.",
    "es/contrato.md": "# Contrato\n\nEl contrato dura un año. Después puede darlo de baja cada mes, sin costes y sin dar razones.",
    "ro/factura.md": "# Factura\n\nFactura se plătește la zece zile după ce a fost trimisă. Puteți plăti factura cu cardul sau la bancă.",
    "ro/contract.md": "# Contract\n\nContractul ține un an. Apoi îl puteți denunța în fiecare lună, fără costuri și fără să dați motive.",
}


@dataclass(frozen=True)
class Opened:
    answerer: Answerer
    manifest: Manifest

    def hits(self, question: str) -> tuple[Hit, ...]:
        return asyncio.run(self.answerer.retrieve(Question(text=question))).hits


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, exported_model: Path) -> Iterator[Opened]:
    project = write_project(tmp_path_factory.mktemp("found"), exported_model)
    for page in (project.folder / "documents").rglob("*.md"):
        page.unlink()
    for path, text in PAGES.items():
        project.write_page(path, f"---\nlanguage: {path[:2]}\n---\n\n{text}")
    built = build(project.settings)
    store = open_store(project.settings)
    answerer = open_bundle(store, built.bundle_id)
    yield Opened(answerer, load_manifest(store, built.bundle_id))
    answerer.close()


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("Când se plătește factura?", "ro/factura.md"),
        ("pot plăti factura la bancă", "ro/factura.md"),
        ("¿Cuándo se paga la factura?", "es/factura.md"),
        ("When is the bill due?", "en/billing.md"),
        ("cât ține un contract", "ro/contract.md"),
    ],
)
def test_a_page_in_the_language_of_the_question_comes_first_beside_close_relatives(
    opened: Opened, question: str, page: str
) -> None:
    assert opened.hits(question)[0].doc_id == page


def test_no_page_is_hidden_for_its_language(opened: Opened) -> None:
    assert {hit.doc_id for hit in opened.hits("factura banco")} >= {"es/factura.md", "es/banco.md", "ro/factura.md"}


@pytest.mark.parametrize("question", ["What is error E42?", "error e-42", "what does E 42 mean", "E_42"])
def test_a_code_is_found_however_it_is_written(opened: Opened, question: str) -> None:
    assert opened.hits(question)[0].doc_id == "en/errors.md"


def test_the_article_of_that_number_comes_first(opened: Opened) -> None:
    assert opened.hits("what is in article 5")[0].doc_id == "en/terms.md"


def test_every_hit_tells_both_measures(opened: Opened) -> None:
    hits = opened.hits("When is the bill due?")
    assert all(hit.cosine is not None and hit.bm25 is not None for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_the_bundle_tells_what_vectors_count_and_that_few_passages_were_not_measured(opened: Opened) -> None:
    assert {one.language: (one.share, one.measured) for one in opened.manifest.fusion} == {
        "en": (0.5, False),
        "es": (0.0, False),
        "ro": (0.0, False),
    }
