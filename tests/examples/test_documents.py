"""What stands in docs/, the README and the examples: each command line has real options, each spec loads, each link leads somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
import trustme
import yaml

import dbprov
from dbprov.cli import main
from tests.support.command import dbprov as run
from tests.support.houston import MUTATIONS, TOKEN, Platform, running
from tests.support.runbook import EXAMPLES, ROOT

REFERENCE = [ROOT / "docs/design.md", ROOT / "docs/traps.md", ROOT / "docs/spec.md"]
DOCS = sorted(set((ROOT / "docs").glob("*.md")) - set(REFERENCE))
PAGES = [*DOCS, *REFERENCE, EXAMPLES / "README.md", ROOT / "README.md"]
SCRIPTS = sorted(
    p for p in EXAMPLES.rglob("*") if p.suffix in (".sh", ".yml", ".yaml", ".tf", ".py")
)
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^\s*(?:- run: |run: |\$ )?(dbprov (?!COMMAND)[^:].*)$")
ENDS = re.compile(r"\s*(\|\||&&|\||>|2>|< ).*$")  # of a command in a shell
PLATFORMS = {"0.37": "platform-0.37.md", "1.x": "platform-1.x.md", "2.x": "platform-2.x.md"}
SERVERS = ("rds.md", "aurora.md", "cloud-sql.md", "azure.md", "on-prem.md")


def blocks(path: Path, *languages: str) -> Iterator[str]:
    for indent, language, text in FENCE.findall(path.read_text(encoding="utf-8")):
        if language in languages:
            yield re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)


def lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if found := LINE.match(line):
            yield ENDS.sub("", found[1])


def commands() -> list[tuple[str, str]]:
    """Each with the file in which it stands."""
    found = []
    for page in PAGES:
        for text in blocks(page, "console", "sh", ""):
            found += [(page.name, line) for line in lines(text)]
        if page.parent != ROOT:
            told = re.findall(r"`(dbprov [a-z][^`]*)`", page.read_text(encoding="utf-8"))
            found += [(page.name, line) for line in map(ENDS.sub, [""] * len(told), told)]
    for script in SCRIPTS:
        text = script.read_text(encoding="utf-8")
        found += [(script.name, line) for line in lines(text)]
        for argv in re.findall(r"argv: \[(dbprov, .*)\]$", text, re.MULTILINE):
            found.append((script.name, argv.replace(",", "")))
        for words in re.findall(r'dbprov\(((?:"[^"]+"|spec|, )+)\)', text):
            found.append((script.name, f"dbprov {words}".replace(",", "")))
    return found


def read(line: str, folder: Path) -> None:
    """As click does, with options and choices; nothing is run. Raises what click says of a mistake."""
    words = shlex.split(line, comments=True)[1:]
    group: click.Command = main
    context = click.Context(main, info_name="dbprov")
    while isinstance(group, click.Group) and words and words[0] not in ("--help", "--version"):
        found = group.get_command(context, words[0])
        if not found:
            raise click.UsageError(f"no command {words[0]}")
        group, words = found, words[1:]
    if words[-1:] in (["--help"], ["--version"]):
        return
    for option, path in pairwise(words):
        if option == "--reviewed":  # which must be there
            (folder / path).mkdir() if path.endswith("/") else (folder / path).touch()
    group.make_context(group.name, words, parent=context)


@pytest.mark.parametrize(("where", "line"), commands())
def test_every_command_line_is_one(
    where: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read(line, tmp_path)


def test_the_lines_are_found(tmp_path: Path) -> None:
    """Of every page and every example that has any; and a wrong one is seen."""
    known = {where for where, _ in commands()}
    assert {"README.md", "six-steps.md", *PLATFORMS.values()} <= known
    assert {"provision.sh", "databases.yml", "connection.py"} <= known
    assert len(commands()) > 50
    with pytest.raises(click.NoSuchOption):
        read("dbprov plan deployment.yaml --nothing", tmp_path)
    with pytest.raises(click.BadParameter):
        read("dbprov connections deployment.yaml --format nothing", tmp_path)
    with pytest.raises(click.UsageError):
        read("dbprov nothing deployment.yaml", tmp_path)


# -- specs ------------------------------------------------------------------------------------------------------------


def specs() -> list[tuple[str, str]]:
    found = [
        (page.name, text)
        for page in (*DOCS, EXAMPLES / "README.md")
        for text in blocks(page, "yaml")
    ]
    found.append(("examples", (EXAMPLES / "deployment.yaml").read_text()))
    [spec] = next(iter(yaml.safe_load_all((EXAMPLES / "kubernetes/job.yaml").read_text())))[
        "data"
    ].values()
    return [*found, ("job.yaml", spec)]


@pytest.mark.parametrize(("where", "text"), specs())
def test_every_spec_loads(where: str, text: str, tmp_path: Path) -> None:
    said = yaml.safe_load(text)
    if "server" not in said:
        assert set(said) == {"astronomer"}, where
        return
    for name in re.findall(r"ca: ([\w-]+\.pem)", text):
        trustme.CA().cert_pem.write_to_path(str(tmp_path / name))
    if said["server"].startswith("rds://"):  # what it stands for, AWS says: see tests/platform
        text = text.replace(said["server"], "postgresql://boss@db.example.com/postgres")
    spec = dbprov.parse(text, where, tmp_path)
    assert [one.name for one in spec.deployments] == ["analytics"]


# -- the six steps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", MUTATIONS)
def test_the_document_of_step_6_is_taken(version: str, tmp_path: Path) -> None:
    """By a GraphQL server with the schema of each version of the platform."""
    [page] = [page for known, page in PLATFORMS.items() if known[:2] == version[:2]]
    [text] = [text for text in blocks(ROOT / "docs" / page, "json") if "workspaceUuid" in text]
    (tmp_path / "deployment.json").write_text(text)
    (tmp_path / "deployment.yaml").write_text((EXAMPLES / "deployment.yaml").read_text())
    env = {"ANALYTICS_PASSWORD": "pw", "DBPROV_HOUSTON_TOKEN": TOKEN}
    [line] = [one for one in lines("\n".join(blocks(ROOT / "docs/six-steps.md", "console"))) if one.endswith("--base deployment.json") and "upsert" in one]  # fmt: skip
    with running(Platform(version)) as platform:
        words = shlex.split(line.replace("https://houston.BASEDOMAIN/v1", platform.url))[1:]
        ended = run(*words, "--yes", folder=tmp_path, env=env)
    assert ended.returncode == 0, ended.stderr
    assert "created" in ended.stdout


@pytest.mark.parametrize("version", MUTATIONS)
def test_step_1_of_a_platforms_page_works(version: str, tmp_path: Path) -> None:
    [page] = [page for known, page in PLATFORMS.items() if known[:2] == version[:2]]
    text = (ROOT / "docs" / page).read_text()
    [line] = re.findall(r"dbprov platform enable [^`\n]*", text)
    with running(Platform(version)) as platform:
        platform.clusters[0]["id"] = "cm3g0cjd2000108l7h2a1b2c3"
        words = line.replace("https://houston.BASEDOMAIN/v1", platform.url).replace(
            " URL", f" {platform.url}"
        )
        ended = run(
            *words.split()[1:], "--yes", folder=tmp_path, env={"DBPROV_HOUSTON_TOKEN": TOKEN}
        )
    assert ended.returncode == 0, ended.stderr
    assert "on now" in ended.stdout or (version == "0.37" and "astronomer:" in ended.stdout)


@pytest.mark.parametrize(("platform", "page"), PLATFORMS.items())
def test_a_platforms_page_names_its_values(platform: str, page: str) -> None:
    assert f"--format values --platform {platform}" in (ROOT / "docs" / page).read_text()


def test_the_shared_page_has_all_six_steps() -> None:
    text = (ROOT / "docs/six-steps.md").read_text()
    numbers: list[Any] = [
        re.findall(r"\d", line) for line in re.findall(r"^## (\d.*)\. ", text, re.MULTILINE)
    ]
    assert [int(n) for found in numbers for n in found] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_a_page_is_short_and_says_what_is_not_verified(page: Path) -> None:
    text = page.read_text()
    assert len(text.splitlines()) <= 150
    assert re.search(r"\b[Vv]erified\b", text)
    if page.name in SERVERS or page.name in PLATFORMS.values():
        assert f"]({page.name})" in (ROOT / "docs/README.md").read_text()


def test_there_is_a_page_for_each_platform_and_each_server() -> None:
    assert {page.name for page in DOCS} == {
        "README.md",
        "six-steps.md",
        *PLATFORMS.values(),
        *SERVERS,
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, heading = target.partition("#")
        if name.startswith("http"):
            continue
        there = (page.parent / name) if name else page
        assert there.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
            assert heading in slugs, target
