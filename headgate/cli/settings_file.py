"""Settings as a commented `headgate.toml`. The comments are the descriptions of the settings' fields, so that they can't fall behind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from headgate.settings import Settings

#: Section → what it is about, in the order of the file.
SECTIONS = {
    "corpus": "which documents",
    "ingest": "what happens to documents that can't be read",
    "parse": "every file is parsed in a subprocess that can be killed",
    "validation": "what is quarantined",
    "chunks": "how documents are cut into passages",
    "embedding": "the model that turns passages into vectors; travels in the bundle",
    "index": "the table of passages",
    "retrieval": "how passages are found; travels in the bundle",
    "reranker": "a model that reads question and passage together and orders the first passages anew; travels in the bundle, except keys",
    "answer": "how passages become an answer; travels in the bundle, with the content of the two files",
    "model": "who writes the answer; travels in the bundle, except keys: those stay in the environment",
    "guard": "what may come in; travels in the bundle",
    "evaluation": "what `evaluate` and `gate` use",
    "canary": "when a rebuilt index is worse than the one before, see docs/versions.md",
    "storage": "where everything is kept",
    "retention": "what `versions prune` leaves, see docs/versions.md",
    "release": "what is in service",
    "serve": "the HTTP service",
    "alerts": "whom to tell when ingestion fails, a source goes stale or the index is damaged; the log is always told",
}
_HEAD = """\
# Settings of this project. Every key is here; unknown keys are refused. Places are relative to this file.
# Environment: HEADGATE_SETTINGS names another file, HEADGATE_STORE replaces storage.root, MLFLOW_TRACKING_URI replaces
# evaluation.tracking_uri. Keys of model providers stay in the providers' own variables, such as OPENAI_API_KEY.
"""
#: What stands before the rules of a project as well as before the example of one.
_ABOUT = {
    "corpus.labels": """
# Labels for files that carry none; the first rule whose pattern matches fills what is missing. Also: topic, region, language,
# effective_date, owner. confidentiality decides who sees a page (retrieval.access): a page that carries no label and that no rule covers
# is seen by the audience that sees every label, and by no other; one whose own label is damaged is covered by no rule (docs/access.md).
""",
}
_EXAMPLES = {
    "corpus.labels": """
# [[corpus.labels]]
# pattern = "internal/**"
# audience = "staff"
# confidentiality = "internal"
""",
    "validation.accept_audience": """
# Documents that more audiences may see than at the last accepted ingest, each by its name; the report has these lines ready.
# [[validation.accept_audience]]
# documents = ["offers/summer.md"]
# seen_before = ["staff"]
# seen_now = ["customer", "staff"]
# by = "J. Doe"
# reason = "the offer is public from 1 June"
""",
    "validation.accept_change": """
# Documents that lost text, tables or the like on purpose, each by its name and the digest of its text; the report has these lines ready.
# [[validation.accept_change]]
# documents = { "offers/summer.md" = "9d9852fa0f979929c188b13db060eea9" }
# by = "J. Doe"
# reason = "the summer offers are over"
""",
    "corpus.sources": """
# Several sources as one corpus, in place of dvc_file and folder. kind = "folder", "dvc", "s3" or "http"; docs/sources.md has all keys.
# [[corpus.sources]]
# name = "help"
# kind = "http"
# sitemap = "https://help.example.com/sitemap.xml"
# prefix = "help"
# fresh_within_hours = 24
# labels = { audience = "customer" }
""",
    "corpus.rules": """
# Which files are taken; the first rule that matches decides, a file that none matches is taken. Also: smaller_than, as_of, labels.
# [[corpus.rules]]
# name = "old-drafts"
# action = "exclude"
# pattern = "drafts/**"
# older_than_days = 365
# larger_than = "1 MiB"
# languages = ["de"]
""",
}


def settings_toml(settings: Settings) -> str:
    """The whole file; reading it back gives the same settings."""
    return "\n".join([_HEAD, *(_section(name, getattr(settings, name)) for name in SECTIONS)])


def _section(name: str, section: BaseModel) -> str:
    lines = [f"[{name}]  # {SECTIONS[name]}"]
    tables: list[str] = []
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        if isinstance(value, Mapping):
            tables.append(_table(f"{name}.{key}", value, field))
        elif isinstance(value, tuple) and _holds_models(field.annotation):
            rules = "".join(_rule(f"{name}.{key}", rule) for rule in value)
            about = _ABOUT.get(f"{name}.{key}", "").rstrip("\n")
            tables.append(about + (rules or _EXAMPLES[f"{name}.{key}"]))
        else:
            lines.append(f"# {_comment(field)}\n{key} = {_value(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _holds_models(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(_holds_models(inner) for inner in get_args(annotation))


def _table(name: str, content: Mapping[str, Any], field: FieldInfo) -> str:
    lines = "".join(f"{_key(key)} = {_value(value)}\n" for key, value in content.items())
    return f"\n# {_comment(field)}\n[{name}]\n{lines}".rstrip("\n")


def _rule(name: str, rule: BaseModel) -> str:
    return f"\n[[{name}]]\n" + "".join(
        f"{key} = {_value(value)}\n" for key, value in rule.model_dump(exclude_defaults=True).items()
    )


def _comment(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    """A TOML value. JSON's strings, numbers and booleans are TOML's too."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
