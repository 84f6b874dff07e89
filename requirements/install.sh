#!/usr/bin/env bash
# Makes the virtual environment from the lock file. Says clearly what is missing. Called by make, with PYTHON, VENV, LOCK and TORCH_INDEX.
set -euo pipefail

fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

command -v git >/dev/null || fail "git is missing; install it with your system's package manager"
python=$(command -v "$PYTHON" || command -v python3 || true)
[ -n "$python" ] || fail "Python 3.11 is missing; install it, or name it: make PYTHON=/path/to/python3.11"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$version" = 3.11 ] || fail "$python is Python $version, Python 3.11 is needed; name one with make PYTHON=/path/to/python3.11"
"$python" -c 'import venv, ensurepip' 2>/dev/null || fail "Python's venv module is missing; on Debian: apt-get install python3.11-venv"

[ -x "$VENV/bin/python" ] || { echo "set-up: creating $VENV"; "$python" -m venv "$VENV"; }
pip() { "$VENV/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }

# The CPU build of PyTorch comes first and alone: other places of the index offer a build that drags gigabytes of GPU packages.
torch=$(mktemp)
trap 'rm -f "$torch" "$torch.err"' EXIT
awk '/^torch==/ {on=1} on {print} on && !/\\$/ {exit}' "$LOCK" >"$torch"
[ -s "$torch" ] || fail "$LOCK does not pin torch"
echo "set-up: installing PyTorch (CPU build)"
pip install --no-deps --require-hashes -r "$torch" 2>"$torch.err" \
  || pip install --no-deps --require-hashes -r "$torch" --index-url "$TORCH_INDEX" \
  || { cat "$torch.err" >&2; fail "the CPU build of PyTorch could not be installed; name an index that has it: make TORCH_INDEX=https://…"; }
echo "set-up: installing the locked packages (a few minutes)"
pip install --no-deps --require-hashes -r "$LOCK" || fail "installing $LOCK failed; see above"
pip install --no-deps --no-build-isolation --editable . || fail "installing headgate itself failed; see above"
# Half of a slow import is missing bytecode; files that are templates, not Python, may fail to compile.
"$VENV/bin/python" -m compileall -q -j 0 "$VENV/lib" >/dev/null 2>&1 || true
echo "set-up: done"
