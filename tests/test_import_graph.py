"""No module of the library imports itself by a detour, imports inside functions and under TYPE_CHECKING included.

The contracts in pyproject.toml say which room may import which; they look at rooms and at siblings. This looks at single modules, so that
it also finds a package whose `__init__` imports a module that imports the package.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp


def circle(graph: grimp.ImportGraph) -> list[str]:
    """The modules of one import circle, in the order of their imports; empty when there is none."""
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found[::-1]
    return []


def test_a_circle_of_three_modules_is_found() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")):
        for module in (importer, imported):
            graph.add_module(module)
        graph.add_import(importer=importer, imported=imported)
    assert set(circle(graph)) == {"a", "b", "c"}


def test_no_module_of_the_library_imports_itself_by_a_detour() -> None:
    assert circle(grimp.build_graph("headgate", cache_dir=None)) == []
