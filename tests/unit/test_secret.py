"""A Secret never prints. The places of passwords are the one exception to no I/O: their tests write files."""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import re
import stat
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from operator import mod
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import msgspec
import pytest

from dbprov.errors import DbprovError, PlaceError
from dbprov.passwords.env import EnvPlace
from dbprov.passwords.file import FilePlace
from dbprov.passwords.prompt import PromptPlace
from dbprov.passwords.secret import ALPHABET, Secret, admin_password, generate, never_ask

VALUE = "hunter2-TOPSECRET"


@dataclass(frozen=True)
class Holder:
    password: Secret


class HoldingStruct(msgspec.Struct, frozen=True):
    password: Secret


PRINTED: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "f-string": lambda s: f"{s} {s!r} {s!s} {s:>30}",
    "format": lambda s: "{} {!r} {:s}".format(*[s] * 3),
    "percent": lambda s: mod("%s %r", (s, s)),
    "in a list": lambda s: repr([s, (s,), {"password": s}]),
    "dataclass": lambda s: repr(Holder(s)),
    "struct": lambda s: f"{HoldingStruct(s)!r} {msgspec.structs.asdict(HoldingStruct(s))}",
    "dir": lambda s: repr(dir(s)),
    "json with a default": lambda s: json.dumps({"password": s}, default=str),
    "error": lambda s: f"{ValueError(s)!r} {ValueError(s)}",
    "our error": lambda s: f"{DbprovError(f'{s}', f'{s}', f'{s}')} {DbprovError(f'{s}').as_json()}",
}


@pytest.mark.parametrize("way", PRINTED)
def test_it_does_not_print(way: str) -> None:
    printed = PRINTED[way](Secret(VALUE))
    assert "hunter2" not in printed
    assert "TOPSECRET" not in printed
    assert way == "dir" or "***" in printed


def test_it_is_not_written_by_accident() -> None:
    one = Secret(VALUE)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"password": one})
    ways: list[Callable[[Any], Any]] = [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        lambda s: asdict(Holder(s)),
        lambda s: msgspec.json.encode(HoldingStruct(s), enc_hook=copy.copy),
    ]
    for way in ways:
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            way(one)
    with pytest.raises(TypeError):
        vars(one)


def test_it_does_not_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("x").warning("password %s %r", Secret(VALUE), Holder(Secret(VALUE)))
        try:
            raise RuntimeError(Secret(VALUE))
        except RuntimeError:
            logging.getLogger("x").exception("failed")
    assert "hunter2" not in caplog.text
    assert caplog.text.count("***") >= 3


def test_a_traceback_does_not_show_it_nor_its_variables() -> None:
    def fail(password: Secret) -> None:
        raise RuntimeError(f"with {password}")

    try:
        fail(Secret(VALUE))
    except RuntimeError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        text = "".join(shown.format())
    assert "password = ***" in text
    assert "hunter2" not in text


def test_it_is_never_compared() -> None:
    assert Secret(VALUE) != Secret(VALUE)
    anything: list[Any] = [VALUE, "***", None]
    assert Secret(VALUE) not in anything
    assert Secret(VALUE)
    assert not Secret("")
    assert Secret(VALUE).reveal() == VALUE


def test_generated_passwords() -> None:
    made = [generate().reveal() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{31,}", one) for one in made)
    assert set("".join(made)) == set(ALPHABET), "each sign comes"
    for kind in ("[a-z]", "[A-Z]", "[0-9]", "[-_]"):
        assert all(re.search(kind, one) for one in made), kind


# -- places ----------------------------------------------------------------------------------------------------------------


def test_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    place = EnvPlace("DBPROV_TEST_PLACE")
    monkeypatch.delenv(place.name, raising=False)
    assert place.read() is None
    assert not place.writable
    with pytest.raises(PlaceError, match="environment variable DBPROV_TEST_PLACE"):
        place.fill()
    monkeypatch.setenv(place.name, VALUE)
    kept = place.read()
    assert kept is not None
    assert kept.reveal() == VALUE


@pytest.mark.parametrize(
    "wrong", ["", "two\nlines", "cr\rx", "SCRAM-SHA-256$4096:x", "md5" + "0" * 32]
)
def test_what_no_engine_takes_is_refused_and_not_shown(
    wrong: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBPROV_TEST_PLACE", wrong)
    (tmp_path / "p").write_bytes(wrong.encode() + b"\n")
    for place in (EnvPlace("DBPROV_TEST_PLACE"), FilePlace(tmp_path / "p")):
        with pytest.raises(PlaceError, match="cannot be used") as caught:
            place.read()
        assert not wrong or wrong not in f"{caught.value}"


@pytest.mark.parametrize(
    "fine", ["md5", "md5" + "g" * 32, "scram", " ", 'it\'s "$x" \\ %s', "ü", "***"]
)
def test_whatever_else_is_a_password(fine: str, tmp_path: Path) -> None:
    for written in (fine, fine + "\n", fine + "\r\n"):
        (tmp_path / "p").write_bytes(written.encode())
        kept = FilePlace(tmp_path / "p").read()
        assert kept is not None
        assert kept.reveal() == fine


def test_a_prompt_that_may_not_ask() -> None:
    place = PromptPlace("user u", never_ask, {})
    with pytest.raises(PlaceError, match="Password of user u is needed"):
        place.read()
    with pytest.raises(PlaceError, match="New password of user u is needed"):
        place.fill()
    assert {place}


def test_a_new_password_is_typed_twice_and_asked_for_once() -> None:
    asked: list[tuple[str, bool]] = []

    def ask(label: str, confirm: bool = False) -> Secret:
        asked.append((label, confirm))
        return Secret(VALUE)

    place = PromptPlace("user u", ask, {})
    assert place.fill() is place.read() is place.fill()
    assert asked == [("New password of user u", True)]


def test_the_admins_password_comes_from_the_environment() -> None:
    assert admin_password({}) is None
    assert admin_password({"DBPROV_ADMIN_PASSWORD": ""}) is None
    given = admin_password({"DBPROV_ADMIN_PASSWORD": VALUE, "PGPASSWORD": "other"})
    assert given is not None
    assert given.reveal() == VALUE


def test_a_file_is_filled_once(tmp_path: Path) -> None:
    place = FilePlace(tmp_path / ".dbprov/h_1/app", ".dbprov/h_1/app", tmp_path / ".dbprov")
    assert place.read() is None
    assert not (tmp_path / ".dbprov").exists(), "reading makes nothing"
    made = place.fill()
    kept = place.read()
    assert kept is not None
    assert kept.reveal() == made.reveal()
    assert place.path.read_text() == made.reveal() + "\n"
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700
    assert (tmp_path / ".dbprov/.gitignore").read_text() == "*\n"
    assert [p.name for p in place.path.parent.iterdir()] == ["app"], "no draft is left"
    assert place.fill().reveal() == made.reveal(), "never written over"


def test_a_file_of_the_users_own_is_not_written_over(tmp_path: Path) -> None:
    place = FilePlace(tmp_path / "p")
    place.path.write_text("mine\n")
    place.path.chmod(0o640)
    assert place.fill().reveal() == "mine"
    assert place.path.read_text() == "mine\n"
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o640
    assert not (tmp_path / ".gitignore").exists(), "only a folder of ours keeps itself out of git"


def test_a_gitignore_of_the_users_own_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    FilePlace(tmp_path / "app", "app", tmp_path).fill()
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_two_at_once_keep_one_password(tmp_path: Path) -> None:
    for number in range(10):
        place, gate = FilePlace(tmp_path / f"{number}/app"), Barrier(4)
        made: list[str] = []

        def fill(place: FilePlace = place, gate: Barrier = gate, made: list[str] = made) -> None:
            gate.wait()
            made.append(place.fill().reveal())

        threads = [Thread(target=fill) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(made) == {place.path.read_text().strip()}
        assert len(made) == 4


def test_a_mode_is_not_left_to_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FilePlace(tmp_path / "new/p").fill()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new/p").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["open", "link", "fsync"])
def test_a_full_disk_leaves_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"dbprov.system.files.os.{name}", full)
    place = FilePlace(tmp_path / "p")
    with pytest.raises(PlaceError, match="No space left on device") as caught:
        place.fill()
    assert caught.value.exit_code == 2
    assert "nothing was changed on the server" in caught.value.todo
    assert list(tmp_path.iterdir()) == []


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "bytes", tmp_path / "file/below", tmp_path / ("x" * 300)):
        with pytest.raises(PlaceError):
            FilePlace(path).read()
    with pytest.raises(PlaceError, match="could not be kept"):
        FilePlace(tmp_path / "file/below").fill()


def test_six_bits_are_one_sign() -> None:
    """Each sign is as likely as any other only while there are 64 of them."""
    assert len(set(ALPHABET)) == len(ALPHABET) == 64
