"""A whole project in a folder: six Markdown pages, a suite, gates, settings. For tests that run every stage for real."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from headgate.settings import Settings, load_settings
from tests.conftest import REPOSITORY

PAGES = {
    "billing/refunds.md": "# Refunds\n\nRefunds go back to the original payment method within 10 working days. Account credit arrives within 24 hours.",
    "setup/lights.md": "# Router lights\n\nA solid red light on the router means that there is no internet. A pulsing blue light means pairing.",
    "plans/plus.md": "# Home Plus\n\nHome Plus costs £31.00 a month on an 18 month contract. Its download speed is 150 Mbps.",
    "account/contact.md": "# Contact support\n\nYou can contact support on 01632 960200 from 08:00 to 20:00, Monday to Friday.",
    "moving/home.md": "# Moving home\n\nTell us 14 days before you move home. Moving your service to the new address is free of charge.",
    "privacy/recordings.md": "# Call recordings\n\nWe keep recordings of telephone calls for 90 days and then delete them for good.",
}
ANSWERABLE = (
    (
        "How long does a refund take?",
        "billing/refunds.md",
        "Refunds go back to the original payment method within 10 working days.",
    ),
    (
        "What does a solid red light on the router mean?",
        "setup/lights.md",
        "A solid red light on the router means that there is no internet.",
    ),
    ("How much does Home Plus cost a month?", "plans/plus.md", "Home Plus costs £31.00 a month on an 18 month contract."),
    (
        "How can I contact support?",
        "account/contact.md",
        "You can contact support on 01632 960200 from 08:00 to 20:00, Monday to Friday.",
    ),
    (
        "How long are recordings of calls kept?",
        "privacy/recordings.md",
        "We keep recordings of telephone calls for 90 days and then delete them for good.",
    ),
)
UNANSWERABLE = ("Who won the football world cup in 1998?", "Can you write me a poem about autumn leaves?")


@dataclass(frozen=True)
class SmallProject:
    """`folder` holds everything; edit its files and load the settings anew."""

    folder: Path

    @property
    def settings_file(self) -> Path:
        return self.folder / "headgate.toml"

    @property
    def settings(self) -> Settings:
        return load_settings(self.settings_file, environment={})

    def write_page(self, path: str, text: str) -> None:
        target = self.folder / "documents" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def write_gates(self, *, at_least: float = 0.5) -> None:
        """One gate: recall@5 of the suite. More than 1 can't be passed."""
        gates = {"gates": [{"name": "finds the passage", "metric": "small/recall@5", "at_least": at_least, "compare": "value"}]}
        (self.folder / "evals" / "gates.yaml").write_text(yaml.safe_dump(gates), encoding="utf-8")

    def write_suite(self, *more: dict[str, Any]) -> None:
        """Questions that the pages answer, two that they don't, and `more` cases."""
        cases = [
            {
                "id": f"small-{number}",
                "question": question,
                "tags": [document.split("/")[0]],
                "answerable": True,
                "gold_documents": [document],
                "gold_passages": [{"document": document, "quote": quote}],
                "reference_answer": quote,
            }
            for number, (question, document, quote) in enumerate(ANSWERABLE)
        ]
        cases += [
            {"id": f"none-{number}", "question": question, "tags": ["out_of_scope"], "answerable": False}
            for number, question in enumerate(UNANSWERABLE)
        ]
        cases += more
        suite = self.folder / "evals" / "suites" / "small.jsonl"
        suite.parent.mkdir(parents=True, exist_ok=True)
        suite.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")


def write_project(folder: Path, exported_model: Path) -> SmallProject:
    """Write the project into `folder`, with the exported embedding model in its store."""
    project = SmallProject(folder)
    for path, text in PAGES.items():
        project.write_page(path, text)
    shutil.copytree(REPOSITORY / "prompts", folder / "prompts")
    shutil.copytree(exported_model, folder / ".headgate" / "models", copy_function=os.link)
    project.settings_file.write_text(
        "\n".join(
            (
                "[corpus]",
                'name = "small"',
                'folder = "documents"',
                "[[corpus.labels]]",
                'pattern = "**"',
                'audience = "customer"',
                'confidentiality = "public"',
                "[evaluation]",
                'suites = ["evals/suites/small.jsonl"]',
                "bootstrap_samples = 200",
                "",
            )
        ),
        encoding="utf-8",
    )
    project.write_suite()
    project.write_gates()
    return project


@pytest.fixture
def small_project(tmp_path: Path, exported_model: Path) -> SmallProject:
    return write_project(tmp_path / "small", exported_model)
