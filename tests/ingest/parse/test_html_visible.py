"""What a reader sees or reaches with one click is text; what nothing on the page can show is not, and is counted."""

from __future__ import annotations

import pytest

from headgate.ingest.parse.file import parse_file
from headgate.ingest.parse.html_colours import parse_background, parse_colour


def read(body: str, head: str = "") -> tuple[str, dict[str, int]]:
    """(text, words left out by reason)."""
    page = f"<html><head><title>Page</title>{head}</head><body><p>Always there.</p>{body}</body></html>"
    parsed = parse_file(page.encode(), "text/html", path="a.html")
    return parsed.text, {one.reason: one.words for one in parsed.left_out}


@pytest.mark.parametrize(
    "body",
    [
        '<div style="background:#036"><p style="color:#fff">Free for 60 days.</p></div>',
        '<div style="background-image:linear-gradient(#000,#333);color:white">Free for 60 days.</div>',
        '<section style="background:url(h.jpg) no-repeat;color:rgb(255, 255, 255)"><h2>Free for 60 days.</h2></section>',
        '<table bgcolor="#000000"><tr><td><font color="white">Free for 60 days.</font></td></tr></table>',
        '<table background="h.jpg"><tr><td><font color="white">Free for 60 days.</font></td></tr></table>',
        '<div style="background: var(--dark); color: #fff">Free for 60 days.</div>',
        '<div style="color:#fff"><p style="background:black">Free for 60 days.</p></div>',
        '<button aria-controls="p">More</button><div id="p" hidden>Free for 60 days.</div>',
        '<a href="#p">More</a><div id="p" style="display:none">Free for 60 days.</div>',
        '<button data-bs-target="#p">More</button><div id="p" style="height:0">Free for 60 days.</div>',
        '<div role="tabpanel" hidden>Free for 60 days.</div>',
        '<button aria-expanded="false">More</button><div style="max-height:0; overflow:hidden">Free for 60 days.</div>',
        '<h3><button aria-expanded="false">More</button></h3><div style="display:none">Free for 60 days.</div>',
        '<div class="tab-pane" style="display: none">Free for 60 days.</div>',
        '<div hidden="until-found">Free for 60 days.</div>',
        "<details><summary>More</summary>Free for 60 days.</details>",
        '<div style="opacity:0; transition: opacity 1s">Free for 60 days.</div>',
        '<div style="background: rebeccapurple no-repeat; color: white">Free for 60 days.</div>',
        '<div style="background: hsl(210 90% 20%) top left; color: #fff">Free for 60 days.</div>',
        '<div style="background-color: color-mix(in srgb, red, blue); color: #fff">Free for 60 days.</div>',
        '<div style="background: #036"><p style="background: rgba(255, 255, 255, .1); color: #fff">Free for 60 days.</p></div>',
        '<div style="background: black"><p style="background-color: #ffffff20; color: #fff">Free for 60 days.</p></div>',
        '<div style="color: #fff"><p style="color: initial">Free for 60 days.</p></div>',
        '<div style="color: #fff"><p style="color: light-dark(black, white)">Free for 60 days.</p></div>',
        '<div style="color: white"><a href="a.html">Free for 60 days.</a></div>',
        '<div style="color: white"><mark>Free for 60 days.</mark></div>',
        '<div style="position: relative; height: 0; padding-bottom: 56%">Free for 60 days.</div>',
        '<div style="position: absolute; left: 50%; margin-left: -160px">Free for 60 days.</div>',
        '<h2 style="position: relative; top: -120px">Free for 60 days.</h2>',
        "<form><label>Free for 60 days. <input name=a></label></form>",
    ],
)
def test_what_a_reader_can_see_or_open_is_text(body: str) -> None:
    text, left_out = read(body)
    assert "Free for 60 days." in text
    assert "hidden" not in left_out


@pytest.mark.parametrize(
    "body",
    [
        '<p style="color:#fff">Free for 60 days.</p>',
        '<p style="color:#fefefe">Free for 60 days.</p>',
        '<div style="background:#036"><p style="color:rgb(0,51,102)">Free for 60 days.</p></div>',
        '<div style="color:white">Free for <b>60</b> days.</div>',
        '<p style="display:none">Free for 60 days.</p>',
        '<p style="visibility: hidden">Free for 60 days.</p>',
        '<p style="font-size:0">Free for 60 days.</p>',
        '<p style="position:absolute;left:-9999px">Free for 60 days.</p>',
        '<p style="text-indent: -999em">Free for 60 days.</p>',
        '<p style="height: 0; overflow: hidden">Free for 60 days.</p>',
        '<p style="background: no-repeat center; color: #fff">Free for 60 days.</p>',
        '<p style="color: rgba(255, 255, 255, 0.5)">Free for 60 days.</p>',
        '<p style="background: rgb(255 255 255 / 100%); color: white">Free for 60 days.</p>',
        '<p style="opacity:0">Free for 60 days.</p>',
        "<p hidden>Free for 60 days.</p>",
        "<template>Free for 60 days.</template>",
        "<!-- Free for 60 days. -->",
    ],
)
def test_what_nothing_on_the_page_shows_is_left_out_and_counted(body: str) -> None:
    text, left_out = read(body)
    assert text == "Always there."
    assert left_out == {"hidden": 4}


def test_a_background_that_a_style_sheet_may_set_is_unknown() -> None:
    hero = '<section class="hero"><h2 style="color:#fff">Free for 60 days.</h2></section>'
    assert "Free for 60 days." in read(hero, head="<style>.hero { background: navy }</style>")[0]
    assert "Free for 60 days." in read(hero, head='<link rel="stylesheet" href="a.css">')[0]
    assert "Free for 60 days." not in read(hero)[0]


def test_a_background_that_a_style_sheet_of_the_page_gives_a_tag_is_unknown() -> None:
    body = '<section><h2 style="color: white">Free for 60 days.</h2></section>'
    assert (
        "Free for 60 days."
        in read(body, head="<style>@media print { a {} section > h2, p { margin: 0; Background: navy } }</style>")[0]
    )
    assert "Free for 60 days." not in read(body, head="<style>p { background: navy } h2 { margin: 0 }</style>")[0]


@pytest.mark.parametrize(
    ("style", "visible"),
    [
        ('class="color" style="--color: var(--violet); color: white"', True),
        ('style="--color: var(--violet); color: white"', True),
        ('id="hero" style="color: #fff"', True),
        ('style="color: white"', False),
        ('class="note" style="background: white; color: white"', False),
    ],
)
def test_what_the_style_sheets_of_a_site_give_a_piece_of_html_in_markdown_is_unknown(style: str, visible: bool) -> None:
    page = f"# Colours\n\n<div>\n  <div {style}>\n    <h5>Vivid Violet</h5>\n    <code>#a112ff</code>\n  </div>\n</div>\n"
    parsed = parse_file(page.encode(), "text/markdown", path="color.md")
    assert ("Vivid Violet" in parsed.text and "#a112ff" in parsed.text) is visible
    assert bool([one for one in parsed.left_out if one.reason == "hidden"]) is not visible


def test_a_button_that_opens_a_panel_is_its_heading_and_another_one_is_a_control() -> None:
    text, left_out = read(
        '<button aria-expanded="false">Refunds</button><div>They take nine days.</div><button>Buy now</button>'
        "<select><option>Red</option><option>Blue</option></select>"
    )
    assert "Refunds\n\nThey take nine days." in text
    assert left_out == {"navigation": 4}


def test_text_outside_main_is_kept_where_main_is_not_the_page() -> None:
    small = "<main><p>Search</p></main><div><p>The office opens at eight and closes at noon on all working days.</p></div>"
    assert "The office opens at eight" in read(small)[0]
    large = "<main><p>The office opens at eight and closes at noon on all working days.</p></main><div><p>Other pages</p></div>"
    text, left_out = read(large)
    assert "Other pages" not in text
    assert left_out["navigation"] >= 2


def test_navigation_and_footers_are_counted_and_a_page_of_nothing_else_keeps_them() -> None:
    text, left_out = read("<nav>Home Products</nav><footer>Imprint and contact</footer>")
    assert (text, left_out) == ("Always there.", {"navigation": 5})
    page = "<html><body><nav><p>Home Products</p></nav></body></html>"
    assert parse_file(page.encode(), "text/html", path="a.html").text == "Home Products"


def test_a_formula_is_read_and_a_drawing_is_counted() -> None:
    mathml = "<math><mi>x</mi><mo>=</mo><mn>2</mn></math>"
    tex = '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x = \\sqrt{2}</annotation></semantics></math>'
    text, left_out = read(f"<p>If {mathml} then {tex}.</p><svg><text>North hall</text></svg>")
    assert "If x=2 then x = \\sqrt{2} ." in text
    assert left_out == {"unreadable": 2}


@pytest.mark.parametrize(
    ("written", "colour"),
    [("#fff", (255, 255, 255)), ("#FFFFFF80", (255, 255, 255)), ("White", (255, 255, 255)), ("rgb(1 2 3)", (1, 2, 3)), ("rgba(0,0,0,0)", None),
     ("transparent", None), ("var(--x)", "unknown"), ("hsl(1,2%,3%)", "unknown"), ("initial", "unknown"), ("inherit", None)],
)  # fmt: skip
def test_colours_of_css(written: str, colour: object) -> None:
    assert parse_colour(written) == colour


@pytest.mark.parametrize(
    ("written", "colour"),
    [
        ("#036 none", (0, 51, 102)),
        ("url(a.png)", "unknown"),
        ("linear-gradient(red, blue)", "unknown"),
        ("none", None),
        ("#FFFFFF80", "unknown"),
        ("rgb(1 2 3 / 40%)", "unknown"),
        ("rgb(1 2 3 / 0)", None),
        ("top left / cover no-repeat", None),
        ("tomato fixed", "unknown"),
        ("black", (0, 0, 0)),
    ],
)
def test_backgrounds_of_css(written: str, colour: object) -> None:
    assert parse_background(written) == colour
