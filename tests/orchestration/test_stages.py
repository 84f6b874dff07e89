"""What an asset does is short; that it does it is `tests/assets/test_path.py`."""

import ast
import inspect

import pytest

from headgate.orchestration import stages

TREE = ast.parse(inspect.getsource(stages))
FUNCTIONS = [node for node in TREE.body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_stage_is_a_few_lines_around_one_call(function: ast.FunctionDef) -> None:
    docstring, *body = function.body
    assert isinstance(docstring, ast.Expr)
    assert body[-1].end_lineno is not None
    assert body[-1].end_lineno - body[0].lineno + 1 <= 25
