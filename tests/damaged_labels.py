"""Some two hundred ways to damage the label of an internal page: kinds of damage × places × formats. None may be shown to customers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage

#: What every page says; {} is a word that no other page has.
SENTENCE = "The sign at the gate of depot {} shows the word {}, and nobody else may hear of it before the move."

# --- one line of front matter ----------------------------------------------------------------------------------------
LINES = {
    "a letter is missing": "confidentialty: internal",
    "two letters are missing": "confidntialit: internal",
    "letters are swapped": "confidenitality: internal",
    "a letter is doubled": "conffidentiality: internal",
    "another letter": "confidenciality: internal",
    "the plural": "confidentialities: internal",
    "the adjective": "confidential: internal",
    "in two words": "confi dentiality: internal",
    "with a hyphen": "confi-dentiality: internal",
    "letters of another script": "соnfidеntiality: internal",
    "an invisible letter too much": "confidentiality\u2060x: internal",
    "a longer name": "page_confidentiality: internal",
    "another name": "visibility: internal",
    "a name that is a value": "internal: true",
    "a name of somebody": "for: staff",
    "no value": "confidentiality:",
    "null": "confidentiality: null",
    "a tilde": "confidentiality: ~",
    "empty quotes": "confidentiality: ''",
    "a comment for a value": "confidentiality: # internal",
    "an empty list": "confidentiality: []",
    "two values": "confidentiality: [internal, public]",
    "two values in two lines": "confidentiality:\n  - public\n  - internal",
    "a mapping": "confidentiality: {level: internal}",
    "a misspelt value": "confidentiality: internl",
    "another language": "confidentiality: intern",
    "an undeclared value": "confidentiality: secret",
    "a number": "confidentiality: 3",
    "a sentence": "confidentiality: internal, do not share with customers",
    "yes": "confidentiality: yes",
    "letters of another script in the value": "confidentiality: intеrnаl",
    "no space": "confidentiality:internal",
    "no colon": "confidentiality internal",
    "an equals sign": "confidentiality = internal",
    "a colon of another script": "confidentiality： internal",
    "an arrow": "confidentiality => internal",
    "a comment": "# confidentiality: internal",
    "a comment without a space": "#confidentiality: internal",
    "a list item": "- confidentiality: internal",
    "set in by a tab": "\tconfidentiality: internal",
    "set in by two spaces": "  confidentiality: internal",
    "a tab for a space": "confidentiality:\t\tinternal\n\tmore",
    "an open quote": "confidentiality: 'internal",
    "an open double quote": 'confidentiality: "internal',
    "a quote in the middle": "confidentiality: 'internal'ly",
    "a bracket too few": "confidentiality: [internal",
    "a brace too few": "confidentiality: {internal",
    "a tag": "confidentiality: !label internal",
    "an alias": "confidentiality: *internal",
    "a percent sign": "confidentiality: %internal",
    "an at sign": "confidentiality: @internal",
    "a backtick": "confidentiality: `internal`x",
    "inside another": "meta:\n  confidentiality: internal",
    "deep inside another": "page:\n  about:\n    confidentiality: internal",
    "in a text": "description: |\n  Of the move.\n  confidentiality: internal",
    "in a folded line": "description: of the move\n  confidentiality internal",
    "in the same line": "description: of the move confidentiality=internal",
    "twice": "confidentiality: internal\nconfidentiality: public",
    "twice, the other way round": "confidentiality: public\nconfidentiality: internal",
    "under two names": "classification: internal\nconfidentiality: public",
    "right and wrong": "confidentiality: public\nconfidentialty: internal",
    "an audience that is nobody": "audience: stuff",
    "a misspelt audience": "audeince: staff",
    "an empty audience": "audience:",
}
#: A good label beside a line that spoils the block.
NEIGHBOURS = {
    "a second colon": "title: Offers: 2026",
    "a tab": "owner:\tTeam\n\tLead: Ann",
    "an open quote": "title: 'Offers",
    "quotes within": 'title: "Offers" of the year',
    "a bracket": "tags: [move, depot",
    "a bad indent": "title: Offers\n   owner: Team",
    "an at sign": "owner: @team",
    "a line without a name": "Offers of the year",
    "an asterisk": "title: *Offers*",
    "control characters": "title: Off\x01ers",
    "a backslash": 'title: "C:\\Depot"',
    "a template": "title: {{ page.title }}",
    "a duplicate anchor": "title: &a Offers\nowner: *b",
    "another colon and a quote": "description: it's: 'here",
}
#: Around `confidentiality: internal`.
FENCES = {
    "no end": "---\nconfidentiality: internal\n\n{}",
    "no end, more names": "---\ntitle: Offers\nconfidentiality: internal\ntopic: move\n{}",
    "no beginning": "confidentiality: internal\n---\n\n{}",
    "no fences": "confidentiality: internal\n\n{}",
    "no fences, more names": "title: Offers\nConfidentiality: Internal\n\n{}",
    "two dashes": "--\nconfidentiality: internal\n--\n\n{}",
    "four dashes": "----\nconfidentiality: internal\n----\n\n{}",
    "long dashes": "———\nconfidentiality: internal\n———\n\n{}",
    "spaced dashes": "- - -\nconfidentiality: internal\n- - -\n\n{}",
    "stars": "***\nconfidentiality: internal\n***\n\n{}",
    "underscores": "___\nconfidentiality: internal\n___\n\n{}",
    "another end": "---\nconfidentiality: internal\n----\n\n{}",
    "set in": "  ---\n  confidentiality: internal\n  ---\n\n{}",
    "a word behind it": "--- yaml\nconfidentiality: internal\n---\n\n{}",
    "blank lines before": "\n\n\n---\nconfidentiality: internal\n---\n\n{}",
    "a mark and blank lines before": "\ufeff\n \n---\nconfidentiality: internal\n---\n\n{}",
    "a heading before": "# Offers\n\n---\nconfidentiality: internal\n---\n\n{}",
    "a sentence before": "Offers of the year.\n\n---\nconfidentiality: internal\n---\n\n{}",
    "at the end": "{}\n\n---\nconfidentiality: internal\n---\n",
    "a code block": "```yaml\nconfidentiality: internal\n```\n\n{}",
    "a code block with fences": "```\n---\nconfidentiality: internal\n---\n```\n\n{}",
    "a comment": "<!--\n---\nconfidentiality: internal\n---\n-->\n\n{}",
    "a comment of one line": "<!-- confidentiality: internal -->\n\n{}",
    "a comment with a slip": "<!--\n---\ntitle: Offers: 2026\nconfidentiality: internal\n---\n-->\n\n{}",
    "a comment at the end": "{}\n\n<!-- confidentiality: internal -->\n",
    "a comment before and a slip": "<!-- by hand -->\n---\nconfidentialty: internal\n---\n\n{}",
    "TOML": '+++\nconfidentiality = "internal"\n+++\n\n{}',
    "TOML without quotes": "+++\nconfidentiality = internal\n+++\n\n{}",
    "TOML with a colon": '+++\nconfidentiality: "internal"\n+++\n\n{}',
    "TOML without an end": '+++\nconfidentiality = "internal"\n\n{}',
    "TOML in a table": '+++\n[extra]\nconfidentiality = "internal"\n+++\n\n{}',
    "TOML twice": '+++\nconfidentiality = "public"\nconfidentiality = "internal"\n+++\n\n{}',
    "TOML misspelt": '+++\nconfidentialty = "internal"\n+++\n\n{}',
    "TOML with YAML's fences": '---\nconfidentiality = "internal"\n---\n\n{}',
    "YAML with TOML's fences": "+++\nconfidentiality: internal\n+++\n\n{}",
    "JSON": '{{\n"confidentiality": "internal"\n}}\n\n{}',
    "JSON with a comma": '{{\n"confidentiality": "internal",\n}}\n\n{}',
    "JSON misspelt": '{{\n"confidentialty": "internal"\n}}\n\n{}',
    "a table": "| Confidentiality | Internal |\n|---|---|\n| Owner | Team |\n\n{}",
    "bold": "**Confidentiality:** Internal\n\n{}",
    "a list": "- Owner: Team\n- Confidentiality: internal\n\n{}",
    "a field list": ":confidentiality: internal\n\n{}",
    "carriage returns": "---\rconfidentiality: internal\r---\r\r{}",
}
HTML_HEADS = {
    "misspelt": '<meta name="confidentialty" content="internal">',
    "plural": '<meta name="confidentialities" content="internal">',
    "no content": '<meta name="confidentiality">',
    "empty content": '<meta name="confidentiality" content="">',
    "misspelt content": '<meta name="confidentiality" cotnent="internal">',
    "value for content": '<meta name="confidentiality" value="internal">',
    "property for name": '<meta property="confidentiality" content="internal">',
    "misspelt name": '<meta nmae="confidentiality" content="internal">',
    "no name": '<meta "confidentiality" content="internal">',
    "the tag misspelt": '<mta name="confidentiality" content="internal">',
    "a space in the tag": '< meta name="confidentiality" content="internal">',
    "no bracket": 'meta name="confidentiality" content="internal">',
    "no end": '<meta name="confidentiality" content="internal"',
    "an open quote": '<meta name="confidentiality content="internal">',
    "an open quote at the end": '<meta name="confidentiality" content="internal>',
    "curly quotes": "<meta name=“confidentiality” content=“internal”>",
    "escaped": "&lt;meta name=&quot;confidentiality&quot; content=&quot;internal&quot;&gt;",
    "a comment": '<!-- <meta name="confidentiality" content="internal"> -->',
    "a comment of words": "<!-- confidentiality: internal -->",
    "twice": '<meta name="confidentiality" content="public"><meta name="confidentiality" content="internal">',
    "two values": '<meta name="confidentiality" content="internal, public">',
    "an unknown value": '<meta name="confidentiality" content="secret">',
    "another name": '<meta name="visibility" content="internal">',
    "an attribute of the tag": '<meta confidentiality="internal">',
    "a tag of its own": "<confidentiality>internal</confidentiality>",
}
KEYWORDS = {
    "misspelt": "audience=; confidentialty=internal",
    "a colon": "region=all; confidentiality: internal",
    "a comma": "region=all, confidentiality=internal",
    "no sign": "region=all; confidentiality internal",
    "no value": "region=all; confidentiality=",
    "an unknown value": "region=all; confidentiality=internl",
    "twice": "confidentiality=public; confidentiality=internal",
    "one word": "region=all; confidentialityinternal",
    "alone, with a colon": "confidentiality: internal",
}
PROPERTIES = {
    "Confidentialty": "internal",
    "Confidentiality": "",
    "Data Classification": "internal",
    "MSIP_Label_7f_Name": "Internal",
}
HEADERS = {
    "misspelt": "X-Confidentialty: internal",
    "empty": "X-Confidentiality:",
    "unknown": "X-Confidentiality: internl",
    "without X": "Confidentiality: internal",
    "no colon": "X-Confidentiality internal",
    "a space before the colon": "X-Confidentiality : internal",
    "another name": "Sensitivity: Company-Confidential",
    "twice": "X-Confidentiality: public\nX-Confidentiality: internal",
}


@dataclass(frozen=True)
class Damaged:
    """A page whose label is damaged. `word` stands in it, and in no other page."""

    way: str
    path: str
    content: bytes
    word: str


def damaged_pages() -> list[Damaged]:
    """All of them, each with a word of its own."""
    pages: list[Damaged] = []
    for way, extension, make in _ways():
        word = _word(len(pages))
        content = make(SENTENCE.format(_word(len(pages) + 5000), word))
        pages.append(Damaged(way, f"pages/{len(pages):03}-{extension}-page.{extension}", content, word))
    return pages


def _word(number: int) -> str:
    """A word of consonants and vowels that no language has; numbers far apart give words that are no misspellings of each other."""
    letters = [
        "bdfglmnprtvz"[(number * 7 + place * 5 + number // 12) % 12] + "aeiou"[(number // (5**place)) % 5] for place in range(5)
    ]
    return "Q" + "".join(letters) + "x"


Make = Callable[[str], bytes]


def _ways() -> Iterator[tuple[str, str, Make]]:
    for name, line in LINES.items():
        yield f"front matter, first line: {name}", "md", _front_matter(f"{line}\ntopic: move")
        yield f"front matter, last line: {name}", "md", _front_matter(f"topic: move\nregion: all\n{line}")
    for name, line in NEIGHBOURS.items():
        yield f"front matter, after {name}", "md", _front_matter(f"{line}\nconfidentiality: internal")
        yield f"front matter, before {name}", "txt", _front_matter(f"confidentiality: internal\n{line}")
    for name, text in FENCES.items():
        yield f"fences: {name}", "md", _filled(text)
        if not name.startswith(("a code block", "a comment", "a table")):
            yield f"fences in plain text: {name}", "txt", _filled(text)
    for name, tag in HTML_HEADS.items():
        yield f"head of a web page: {name}", "html", _web_page(tag)
    yield (
        "front matter of a web page, with a slip",
        "html",
        _filled("---\ntitle: A: B\nconfidentiality: internal\n---\n<html><body><p>{}</p></body></html>"),
    )
    yield (
        "front matter of a web page",
        "html",
        _filled("---\nconfidentiality: internal\n---\n<html><body><p>{}</p></body></html>"),
    )
    for name, keywords in KEYWORDS.items():
        yield f"keywords of a Word file: {name}", "docx", _word_file(keywords)
        yield f"keywords of a workbook: {name}", "xlsx", _workbook(keywords)
        yield f"keywords of a PDF: {name}", "pdf", _pdf(keywords)
    for name, value in PROPERTIES.items():
        yield f"a property of a workbook: {name}", "xlsx", _workbook("", **{name: value})
    for name, line in HEADERS.items():
        yield f"a header of a mail: {name}", "eml", _mail(line)
    yield "a mail with an internal page", "eml", _mail_with_page("---\nconfidentiality: internal\n---\n")
    yield "a mail with a damaged page", "eml", _mail_with_page("---\ntitle: A: B\nconfidentiality: internal\n---\n")
    for name, fields in {
        "misspelt": {"confidentialty": "internal"},
        "empty": {"confidentiality": None},
        "unknown": {"confidentiality": "internl"},
        "a list": {"confidentiality": ["internal", "public"]},
        "inside another": {"meta": {"confidentiality": "internal"}},
        "another name": {"visibility": "internal"},
    }.items():
        yield f"JSON: {name}", "json", _json(fields)
    yield (
        "JSON: records",
        "json",
        lambda text: json.dumps([{"text": text, "confidentiality": "internal"}, {"text": "More."}]).encode(),
    )
    for name, tag in {
        "misspelt": "<confidentialty>internal</confidentialty>",
        "deeper": "<part><confidentiality>internal</confidentiality></part>",
        "empty": "<confidentiality/>",
        "another name": "<visibility>internal</visibility>",
    }.items():
        yield f"XML: {name}", "xml", _filled(f"<page>{tag}<text>{{}}</text></page>")
    yield "CSV: a column", "csv", _filled("text,confidentiality\n{},internal\nMore.,public\n".replace("{}", '"{}"'))
    yield "CSV: a line before", "csv", _filled('confidentiality,internal\ntext,place\n"{}",gate\n')
    yield "CSV: a comment before", "csv", _filled('# confidentiality: internal\ntext,place\n"{}",gate\n')


def _front_matter(lines: str) -> Make:
    return lambda text: f"---\n{lines}\n---\n\n# Depot\n\n{text}\n".encode()


def _filled(template: str) -> Make:
    return lambda text: template.format(text).encode()


def _web_page(tag: str) -> Make:
    return lambda text: (
        f"<!doctype html>\n<html><head>\n<title>Depot</title>\n{tag}\n</head><body><h1>Depot</h1><p>{text}</p></body></html>".encode()
    )


def _word_file(keywords: str) -> Make:
    def make(text: str) -> bytes:
        import docx

        document = docx.Document()
        document.add_paragraph(text)
        document.core_properties.keywords = keywords
        target = io.BytesIO()
        document.save(target)
        return target.getvalue()

    return make


def _workbook(keywords: str, **properties: str) -> Make:
    def make(text: str) -> bytes:
        import openpyxl
        from openpyxl.packaging.custom import StringProperty

        book = openpyxl.Workbook()
        book.active.append([text])
        book.properties.keywords = keywords
        for name, value in properties.items():
            book.custom_doc_props.append(StringProperty(name=name, value=value))
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()

    return make


def _pdf(keywords: str) -> Make:
    def make(text: str) -> bytes:
        from reportlab.lib.styles import getSampleStyleSheet
        from reportlab.platypus import Paragraph, SimpleDocTemplate

        target = io.BytesIO()
        document = SimpleDocTemplate(target, title="Depot", keywords=keywords, invariant=1)
        document.build([Paragraph(text, getSampleStyleSheet()["BodyText"])])
        return target.getvalue()

    return make


def _mail(line: str) -> Make:
    return lambda text: (
        f"From: a@b.example\nTo: c@d.example\nSubject: Depot\n{line}\nContent-Type: text/plain\n\n{text}\n".encode()
    )


def _mail_with_page(front_matter: str) -> Make:
    def make(text: str) -> bytes:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "Depot"
        message.set_content("See the page that goes with this mail, please, and tell us what you think of it.")
        message.add_attachment(f"{front_matter}\n{text}\n".encode(), maintype="text", subtype="markdown", filename="page.md")
        return message.as_bytes()

    return make


def _json(fields: dict[str, object]) -> Make:
    return lambda text: json.dumps({"title": "Depot", **fields, "text": text}).encode()
