"""The one judge of rows is imported late, small, and only where there is a row to judge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.ingest import files
from tests.ingest.test_run import page


def run(program: str, *arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_it_is_imported_without_plots_statistics_and_databases_which_others_still_get() -> None:
    program = """
import sys
from pathlib import Path
from headgate.ingest.validate.engine import load_great_expectations, start_import
start_import()
gx = load_great_expectations()
print("thread" if gx.expectations.ExpectColumnValuesToBeBetween else "", *[name in sys.modules for name in ("altair.vegalite", "scipy.optimize", "sqlalchemy", "boto3")])
import sqlalchemy
from scipy import stats
print(sqlalchemy.create_engine("sqlite://").name, stats.norm.cdf(0))
"""
    assert run(program) == ["thread", "False", "False", "False", "False", "sqlite", "0.5"]


INGEST = """
import sys
from pathlib import Path
from headgate.ingest.run import ingest
from headgate.settings import load_settings
from headgate.storage import open_store
folder = Path(sys.argv[1])
for words in ("", "", "Refunds take ten days now, not five."):
    if words:
        (folder / "documents" / "refunds.md").write_text("# Refunds\\n\\n" + words)
    settings = load_settings(folder / "headgate.toml")
    result = ingest(open_store(settings), settings.ingest_setup)
    print(result.parsed, "great_expectations" in sys.modules)
    if not words and "again" not in sys.argv:
        break
"""


def test_an_ingest_without_a_change_does_not_import_it_and_one_with_a_change_does(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "headgate.toml").write_text('[corpus]\nname = "pages"\nfolder = "documents"\n')
    files.write(
        tmp_path / "documents", refunds__md=page("Refunds", "Refunds are paid within five days."), prices__md=files.markdown()
    )

    assert run(INGEST, str(tmp_path)) == ["2", "True"]
    assert run(INGEST, str(tmp_path), "again") == ["0", "False", "0", "False", "1", "True"]
