"""Prompt files: text with front matter, sections and `{{variable}}` places.

    ---
    name: answer
    description: what it is for
    variables: [language, passages, question]
    ---
    # system
    … {{passages}} …
    # user
    {{question}}

Every variable that the text uses is declared, and every declared one is used; rendering wants exactly these. Values are put in by
one pass, so a value that looks like a variable stays text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml
from pydantic import ValidationError

from headgate.answer.question.small_talk import KINDS
from headgate.errors import PromptError
from headgate.records import Record

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_SECTION = re.compile(r"^# ([A-Za-z][A-Za-z0-9_-]*)[ \t]*$", re.MULTILINE)


class _FrontMatter(Record):
    name: str
    description: str = ""
    variables: tuple[str, ...] = ()


class Prompt(Record):
    """A parsed prompt file. `sections` keeps the order of the file."""

    name: str
    description: str
    variables: tuple[str, ...]
    sections: dict[str, str]

    def render(self, section: str, values: Mapping[str, str]) -> str:
        """One section with its variables filled in.

        Raises:
            PromptError: no such section, or `values` holds other names than the prompt declares.
        """
        if section not in self.sections:
            raise PromptError(f"prompt {self.name!r} has no section {section!r}; it has {', '.join(self.sections)}")
        if missing := sorted(set(self.variables) - set(values)):
            raise PromptError(f"prompt {self.name!r}: no value for {', '.join(missing)}")
        if unknown := sorted(set(values) - set(self.variables)):
            raise PromptError(
                f"prompt {self.name!r}: unknown variable(s) {', '.join(unknown)}; it declares {', '.join(self.variables)}"
            )
        return _VARIABLE.sub(lambda match: values[match.group(1)], self.sections[section])


def parse_prompt(content: bytes, *, source: str, required: frozenset[str] = frozenset()) -> Prompt:
    """A prompt from a file's bytes.

    Args:
        source: the file's name, for messages.
        required: variables that whoever renders it will fill in, all of which it must use, and no others.

    Raises:
        PromptError: malformed front matter, an undeclared, unused, missing or unknown variable; all named at once.
    """
    try:
        match = _FRONT_MATTER.match(content.decode("utf-8-sig").replace("\r\n", "\n"))
        if match is None:
            raise PromptError(f"prompt {source!r} does not start with front matter between two lines of ---")
        front = _FrontMatter.model_validate(yaml.safe_load(match.group(1)) or {})
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise PromptError(f"prompt {source!r} can't be read: {error}") from error
    except ValidationError as error:
        known = f"unknown key; known keys: {', '.join(_FrontMatter.model_fields)}"
        details = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {known if problem['type'] == 'extra_forbidden' else problem['msg']}"
            for problem in error.errors()
        )
        raise PromptError(f"prompt {source!r}: front matter: {details}") from None
    pieces = _SECTION.split(match.group(2))
    sections = {name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}
    problems = []
    if not sections:
        problems.append("it has no section (a line such as '# system')")
    if empty := [name for name, body in sections.items() if not body]:
        problems.append(f"empty section(s): {', '.join(empty)}")
    used = {name for body in sections.values() for name in _VARIABLE.findall(body)}
    declared = set(front.variables)
    if undeclared := sorted(used - declared):
        problems.append(f"uses undeclared variable(s): {', '.join(undeclared)}")
    if unused := sorted(declared - used):
        problems.append(f"declares variable(s) it does not use: {', '.join(unused)}")
    if missing := sorted(required - used):
        problems.append(f"lacks variable(s): {', '.join(missing)}")
    if unknown := sorted(declared - required):
        problems.append(f"unknown variable(s): {', '.join(unknown)}; known: {', '.join(sorted(required)) or 'none'}")
    if problems:
        raise PromptError(f"prompt {source!r}: {'; '.join(problems)}")
    return Prompt(name=front.name, description=front.description, variables=front.variables, sections=sections)


#: What the engine fills in.
ANSWER_VARIABLES = frozenset({"language", "passages", "question"})


def parse_answer_prompt(content: bytes, *, source: str) -> Prompt:
    """The prompt for chat models: sections `system` and `user`.

    Raises:
        PromptError: as `parse_prompt`, or a section is missing.
    """
    prompt = parse_prompt(content, source=source, required=ANSWER_VARIABLES)
    if set(prompt.sections) != {"system", "user"}:
        raise PromptError(
            f"prompt {source!r} needs exactly the sections 'system' and 'user', it has {', '.join(prompt.sections)}"
        )
    return prompt


def parse_refusal(content: bytes, *, source: str) -> Prompt:
    """The refusal texts, one section a language (`en`), and what is said to small talk (`en-greeting`, `en-thanks`, `en-goodbye`).

    Raises:
        PromptError: as `parse_prompt`, a section of another name, or none that refuses.
    """
    prompt = parse_prompt(content, source=source)
    allowed = re.compile(rf"[a-z]{{2}}(?:-(?:{'|'.join(KINDS)}))?")
    if wrong := [name for name in prompt.sections if not allowed.fullmatch(name)]:
        raise PromptError(
            f"prompt {source!r}: section(s) {', '.join(wrong)} are neither two-letter language codes (en) nor replies to small talk "
            f"({', '.join(f'en-{kind}' for kind in KINDS)})"
        )
    if all("-" in name for name in prompt.sections):
        raise PromptError(f"prompt {source!r} has no section that refuses: one with a two-letter language code (en)")
    return prompt
