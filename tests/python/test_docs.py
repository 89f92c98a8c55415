"""The documentation names only what exists: links, paths, commands, options and targets of make."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from reelhouse.cli import app
from reelhouse.paths import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")],
    key=lambda page: page.relative_to(ROOT).as_posix(),
)
# Typer brings its own copy of click, whose errors it does not export.
USAGE_ERROR = typer.BadParameter.__base__
FOLDERS = "analyses|docs|expectations|macros|models|profiles|scripts|seeds|tests"
# Words of former drafts that readers had to translate: docs/glossary.md has the terms to use.
ARCHAIC = re.compile(
    r"\b(anew|told|tells|in vain|whoever|set aside|sets aside|bears|consents?|whereof|thus)\b", re.I
)


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for link in re.findall(r"\]\(([^)]+)\)", re.sub(r"`[^`\n]*`", "", page.read_text())):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


def missing_paths(text: str) -> list[str]:
    """Paths in backticks that start with a folder of the project; `<name>` and `*` are patterns."""
    paths = re.findall(rf"`((?:{FOLDERS})/[^`\s]*)`", text)
    patterns = [re.sub(r"<[^>]+>", "*", path).split("::")[0].rstrip("/") for path in paths]
    return [pattern for pattern in patterns if not [*ROOT.glob(pattern)] and "*" not in pattern]


def documented_commands(text: str) -> list[str]:
    """Every `reelhouse ...` in code: in blocks to the end of the command, else to the backtick."""
    text = text.replace("\\\n", " ")
    blocks = re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL)
    lines = [
        line.strip()
        for language, block in blocks
        if language in ("", "bash")
        for line in block.splitlines()
    ]
    inline = re.findall(r"`(reelhouse [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    found = (re.search(r"(?:^| )(reelhouse [a-z].*)", line) for line in lines)
    return [match[1] for match in found if match] + inline


def complaint(line: str) -> str | None:
    """What the command line says about a documented command; None if it accepts it."""
    words = re.split(r" > | \| |  #", line)[0].replace(" ...", "")
    try:
        arguments = shlex.split(words)[1:]
    except ValueError:  # a query over several lines
        arguments = [*shlex.split(words.split('"')[0])[1:], "select 1"]
    command, name = typer.main.get_command(app), "reelhouse"
    while hasattr(command, "commands") and arguments:
        if arguments[0].startswith("--"):
            return None
        if arguments[0] not in command.commands:
            return f"{line}: no command {arguments[0]}"
        name = arguments.pop(0)
        command = command.commands[name]
    given = {option for option in arguments if option.startswith("--")}
    if hasattr(command, "commands") or not given:
        return None
    try:
        # A page may leave out what is required: only wrong options and values count.
        command.make_context(name, list(arguments), resilient_parsing=False)
    except USAGE_ERROR as error:
        return f"{line}: {error}" if type(error).__name__ != "MissingParameter" else None
    return None


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_of_a_page_leads_somewhere(page):
    assert broken_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_path_and_command_of_a_page_exists(page):
    if page.name == "CHANGELOG.md":
        return  # it names what was removed
    text = page.read_text()
    assert missing_paths(text) == []
    assert [found for line in documented_commands(text) if (found := complaint(line))] == []
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z][a-z-]+)", text, re.MULTILINE)
    assert [target for target in named if target not in targets] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_page_is_written_in_plain_words(page):
    words = re.sub(r"`[^`]*`", "", page.read_text())
    assert ARCHAIC.findall(words) == []


def test_what_does_not_exist_is_reported(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](gone.md) [b](#two) [c](#one)\n")
    assert broken_links(page) == ["gone.md", "#two"]
    assert missing_paths("`scripts/build.py` and `macros/refresh`") == ["scripts/build.py"]
    assert "no command" in complaint("reelhouse refresh")
    assert "No such option" in complaint("reelhouse bench stress --work x --time 1")
    assert "unexpected extra" in complaint("reelhouse bench stress --work x --times 1 10 100")
    assert complaint("reelhouse bench stress --work x --times 1 --times 10") is None
