#!/usr/bin/env bash
# pyproject.toml → requirements/all.lock. TORCH_WHEELS is a folder or index page that has the CPU build of PyTorch.
set -euo pipefail
cd "$(dirname "$0")/.."
uv pip compile pyproject.toml requirements/build.in --extra serve --extra pipeline --extra s3 --extra dev --generate-hashes --no-annotate --no-header \
  --python-version 3.11 --index-strategy unsafe-best-match --find-links "${TORCH_WHEELS:-https://download.pytorch.org/whl/torch}" \
  --output-file requirements/all.lock
grep -q '^torch==.*+cpu' requirements/all.lock || { echo "lock: the CPU build of PyTorch was not found; set TORCH_WHEELS" >&2; exit 1; }
