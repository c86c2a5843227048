"""The image of the tool: what can be held without building it.."""

from __future__ import annotations

import fnmatch
import re
import tomllib

from tests.support.runbook import ROOT

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LINES = re.sub(r"\\\n", " ", TEXT).splitlines()
INSTRUCTIONS = [line.split(None, 1) for line in LINES if line.strip() and not line.startswith("#")]


def said(name: str) -> list[str]:
    return [rest for word, rest in INSTRUCTIONS if word == name]


def test_only_known_instructions() -> None:
    known = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in INSTRUCTIONS} == known


def test_it_runs_as_nobody_special_and_starts_dbprov() -> None:
    [user] = said("USER")
    assert re.fullmatch(
        r"[1-9]\d*:[1-9]\d*", user
    )  # by number: Kubernetes must see that it is not root
    order = [word for word, _ in INSTRUCTIONS]
    assert order.index("USER") > max(n for n, word in enumerate(order) if word in ("RUN", "COPY"))
    assert said("ENTRYPOINT") == ['["dbprov"]']


def test_two_stages_of_one_base_and_only_the_installed_tool_in_the_second() -> None:
    assert said("FROM") == ["${BASE} AS build", "${BASE}"]
    last = INSTRUCTIONS[[n for n, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM"][-1] :]
    assert [rest for word, rest in last if word == "COPY"] == [
        "--from=build /opt/dbprov /opt/dbprov"
    ]


def test_no_secret_goes_in() -> None:
    assert not re.search(r"password|secret|token|\.dbprov", TEXT, re.IGNORECASE)
    names = {rest.partition("=")[0] for rest in said("ARG")}
    assert names == {"BASE", "EXTRAS", "PIP_INDEX_URL", "PACKAGES"}


def test_what_is_copied_is_there_and_is_let_through() -> None:
    """.dockerignore shuts everything out, and lets these in."""
    first, *rest = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and line[0] != "#"
    ]
    assert first == "*"
    let_in = [line.removeprefix("!") for line in rest if line.startswith("!")]
    copied = [name for line in said("COPY") if "--from" not in line for name in line.split()[:-1]]
    assert sorted(copied) == sorted(let_in)
    for name in copied:
        assert (ROOT / name).exists()
    for hidden in ("dbprov/__pycache__", "dbprov/cli/__pycache__", ".dbprov"):
        assert any(fnmatch.fnmatch(hidden, line.replace("**/", "*")) for line in rest)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {project["readme"], *project["license-files"]} <= set(copied)  # hatchling asks for them


def test_the_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [extras] = [rest.partition("=")[2] for rest in said("ARG") if rest.startswith("EXTRAS=")]
    assert set(extras.split(",")) == set(project["optional-dependencies"])
