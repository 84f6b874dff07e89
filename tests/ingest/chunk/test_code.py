from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headgate.ingest.chunk.code import code_pieces


def pieces(text: str, most: int) -> list[str]:
    """Pieces of at most so many characters."""
    return [text[start:end] for start, end in code_pieces(text, lambda start, end: end - start <= most)]


def test_functions_stay_whole_and_a_comment_stays_with_the_one_below_it() -> None:
    text = "import os\n\n# first\ndef a(x):\n    # one\n\n    return x + 1\n# second\ndef b(x):\n    return x + 2\n"
    assert pieces(text, 50) == [
        "import os",
        "# first\ndef a(x):\n    # one\n\n    return x + 1",
        "# second\ndef b(x):\n    return x + 2",
    ]


def test_methods_of_a_class_that_is_too_long_stay_whole() -> None:
    methods = [f"    def m{n}(self):\n        return {n}" for n in range(4)]
    found = pieces("class A:\n" + "\n".join(methods), 45)
    assert found == [f"class A:\n{methods[0]}", *methods[1:]]


def test_a_line_that_closes_a_block_stays_with_it() -> None:
    text = "void a() {\n  x();\n}\nvoid b() {\n  y();\n}\nif c\n  z\nelse\n  w\nend"
    assert pieces(text, 25) == ["void a() {\n  x();\n}", "void b() {\n  y();\n}", "if c\n  z\nelse\n  w\nend"]


def test_flat_text_is_cut_at_empty_lines_before_it_is_cut_between_lines() -> None:
    assert pieces("SET a\nSET b\n\nSET c\nSET d", 12) == ["SET a\nSET b", "SET c\nSET d"]
    assert pieces("one\ntwo\nthree", 4) == ["one", "two", "three"]


def test_text_that_is_indented_ever_less_is_cut_too() -> None:
    text = "\n".join(" " * depth + "x" for depth in range(1500, -1, -1))
    assert len(pieces(text, 2)) == 1501


@given(st.text(alphabet="ab }\n\t#", max_size=80), st.integers(1, 30))
def test_pieces_cover_every_line_in_order(text: str, most: int) -> None:
    found = code_pieces(text, lambda start, end: end - start <= most)
    assert found == sorted(found)
    assert "".join("".join(text[start:end] for start, end in found).split()) == "".join(text.split())
    for start, end in found:
        assert end - start <= most or "\n" not in text[start:end]
