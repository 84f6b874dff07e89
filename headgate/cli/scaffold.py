"""The files of a new project: what a team edits from its first day on.

headgate.toml  pyproject.toml  README.md  dagster.yaml  .gitignore  assets/  pipelines/  evals/  prompts/  notebooks/  tests/

`assets/`, `pipelines/`, `notebooks/` and `dagster.yaml` are those of Headgate's own repository: in a checkout the template links to them.
"""

from __future__ import annotations

from pathlib import Path

import headgate
from headgate.cli.settings_file import settings_toml
from headgate.settings import SETTINGS_FILE, Settings

_TEMPLATE = Path(__file__).parent / "template"
#: The built-in suites of validation; a project gets its own copy to edit.
_EXPECTATIONS = Path(__file__).parents[1] / "ingest" / "validate" / "judge" / "expectations"
#: Files of the template whose names would hide them, or mislead tools, where the template lies.
_RENAMED = {"gitignore": ".gitignore", "dvcignore": ".dvcignore", "pyproject": "pyproject.toml"}
#: Written for a project under DVC alone.
_OF_DVC = frozenset({".dvcignore"})
_DVC_SECTION = """
## Documents

`data/` is under DVC: `data.dvc` in git says which revision of it is meant. After a change of the documents:

```sh
dvc add data && dvc push && git commit -am "Documents of this week"
headgate build                # or turn on `corpus_revision_changed` in Dagster
headgate build --revision HEAD~1
```

The remote is the folder `dvcstore/` on this machine, which git ignores. Before others clone the project, move it where they reach it:
`dvc remote modify store url s3://bucket/prefix && dvc push`.
"""


def project_files(settings: Settings, *, dvc: bool) -> dict[str, str]:
    """Place in the project → content, in the order in which they are told to people."""
    name = settings.corpus.name
    replaced = {
        "PROJECT_NAME": name,
        "HEADGATE_VERSION": headgate.__version__,
        "DVC_SECTION\n": _DVC_SECTION if dvc else "",
    }
    files = {SETTINGS_FILE: settings_toml(settings)}
    for source in _files_below(_TEMPLATE):
        place = source.relative_to(_TEMPLATE).as_posix()
        place = _RENAMED.get(place, place)
        if place in _OF_DVC and not dvc:
            continue
        content = source.read_text(encoding="utf-8")
        if place in ("pyproject.toml", "README.md"):
            for word, value in replaced.items():
                content = content.replace(word, value)
        files[place] = content
    if dvc:
        files[".gitignore"] += "/dvcstore/\n"
    return files | {f"evals/expectations/{file.name}": file.read_text(encoding="utf-8") for file in _files_below(_EXPECTATIONS)}


def _files_below(folder: Path) -> list[Path]:
    """Sorted; links are followed, what Python leaves beside its modules is not taken."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found += [] if path.name == "__pycache__" else _files_below(path)
        else:
            found.append(path)
    return found
