"""Option files of MySQL and MariaDB: dbprov reads the password that their own reader reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dbprov.engines.mysql import option_files
from tests.harness import binaries

READERS = (("mysql", "9.7"), ("mariadb", "10.11"))
FILES = {
    "plain": "[client]\npassword=one\n",
    "the last one wins": "[client]\npassword=one\n[mysqld]\npassword=no\n[client]\npassword = two \n",
    "without a value": "[client]\npassword=one\npassword\n",
    "only without a value": "[client]\npassword\nuser=dba\n",
    "empty": "[client]\npassword=\n",
    "a comment after it": "[client]\npassword=one # not this\n",
    "a comment at once": "[client]\npassword=one#not this\n",
    "quoted": '[client]\npassword="one#two"   # three\n',
    "single quotes": "[client]\npassword='one \"#\" two'\n",
    "a quote inside": "[client]\npassword=o'n#e' # x\n",
    "an escaped quote": '[client]\npassword="a\\"#b" # x\n',
    "one quote": '[client]\npassword="one\n',
    "escapes": "[client]\npassword=a\\sb\\tc\\\\d\\qe\\\n",
    "an escape in quotes": "[client]\npassword='a\\\\b\\'c'\n",
    "an equals sign": "[client]\npassword=a=b==\n",
    "loose": "[client]\nloose-password=one\n",
    "loose, and underlined": "[client]\nloose_password = one\n",
    "comments": "# password=a\n; b\n[client]\n#password=b\n  ;password=c\n  password = d\n",
    "a group with blanks": "[ client ]\npassword=one\n[client ]\npassword=two\n",
    "words after a group": "[client] # mine\npassword=one\n",
    "of MariaDB": "[client-mariadb]\npassword=one\n[client-server]\npassword=two\n",
    "of the client program": "[mysql]\npassword=one\n",
    "of others": "[client]\npassword=one\n[mysqldump]\npassword=two\n[client2]\npassword=three\n",
    "included": "[client]\npassword=one\n!include {folder}/more\n",
    "included, and one after it": "!include {folder}/more\n[client]\npassword=one\n",
    "a folder": "[client]\npassword=one\n!includedir {folder}/all\n",
    "the group goes on after a file": "[client]\n!include {folder}/other\npassword=one\n",
    "not ascii": "[client]\npassword=pä$$ö\n",
    "windows": "[client]\r\npassword=one\r\n",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(option_files, "FILES", ("~/.my.cnf",))
    (tmp_path / "more").write_text("[client]\npassword=more\n")
    (tmp_path / "other").write_text("[mysqld]\npassword=other\n")
    (tmp_path / "all").mkdir()
    (tmp_path / "all/x.cnf").write_text("[client]\npassword=all\n")
    (tmp_path / "all/y.txt").write_text("[client]\npassword=no\n")
    return tmp_path


def read_by(flavor: str, version: str, path: Path) -> str | None:
    """The password that the flavor's own reader finds last: --password=..., or --password alone."""
    program = binaries.bring(flavor, version)[0] / "bin/my_print_defaults"
    show = ["--show"] if flavor == "mysql" else []
    ended = subprocess.run(
        [program, *show, f"--defaults-file={path}", *sorted(option_files.GROUPS)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = None
    for line in ended.stdout.splitlines():
        name, _, value = line.removeprefix("--").partition("=")
        if name.replace("_", "-").removeprefix("loose-") == "password":
            found = value or None
    return found


@pytest.mark.parametrize(("flavor", "version"), READERS)
@pytest.mark.parametrize("name", FILES)
def test_the_password_is_read_as_the_client_reads_it(
    home: Path, name: str, flavor: str, version: str
) -> None:
    path = home / ".my.cnf"
    path.write_text(FILES[name].replace("{folder}", str(home)), encoding="utf-8", newline="")
    found = option_files.password()
    assert (found.reveal() if found else None) == read_by(flavor, version, path)


def test_a_file_that_everybody_can_write_is_left_out(home: Path) -> None:
    path = home / ".my.cnf"
    path.write_text("[client]\npassword=one\n")
    assert option_files.password()
    path.chmod(0o666)
    assert option_files.password() is None


def test_a_file_that_includes_itself_ends(home: Path) -> None:
    path = home / ".my.cnf"
    path.write_text(f"[client]\npassword=one\n!include {path}\n")
    found = option_files.password()
    assert found
    assert found.reveal() == "one"
