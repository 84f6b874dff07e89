"""The benchmarks that take a few minutes together, one after the other, each in a process of its own.

    python -m benchmarks

The long ones run alone: `cost_of_change`, `kill_build`, `ingest_peers`, `index_scale`, `precision`,
`full_text_languages`, `fusion_languages`, `gate_errors`, and `public_qa` with all questions.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

QUICK = (
    ("benchmarks.embedding",),
    ("benchmarks.service",),
    ("benchmarks.question_cost", "--paragraphs", "60", "--questions", "40"),
    ("benchmarks.groundedness",),
    ("benchmarks.validation",),
    ("benchmarks.personal_data",),
    ("benchmarks.injection",),
    ("benchmarks.parsing",),
    ("benchmarks.public_qa", "--limit", "100"),
)


def main() -> None:
    """Exits with 1 when any of them failed; the others run all the same."""
    with tempfile.TemporaryDirectory(prefix="headgate-benchmarks-") as store:
        commands = [
            *QUICK,
            ("benchmarks.sample_suites", "--store", store),
            ("headgate.cli.main", "calibrate", "--output", f"{store}/evidence.json"),
        ]
        failed = [command[0] for command in commands if not run(command, store)]
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def run(command: tuple[str, ...], store: str) -> bool:
    """Whether it ended well. `store` is where the last two keep what they build."""
    print(f"## python -m {' '.join(command)}\n", flush=True)
    environment = {**os.environ, "HEADGATE_STORE": store}
    return subprocess.run([sys.executable, "-m", *command], check=False, env=environment).returncode == 0


if __name__ == "__main__":
    main()
