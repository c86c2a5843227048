"""Which files are believed, and how one is written: each rule broken once, by whoever could gain by it."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dbprov.audit.log import AuditLog
from dbprov.cli.output import write
from dbprov.errors import AuditError, PlaceError, RenderError, SpecError
from dbprov.passwords.file import FilePlace
from dbprov.spec.reader import load
from dbprov.system.permissions import alone_in_group
from tests.support.made import renderer
from tests.support.templates import own_block

EVE = 12345  # somebody who is neither this user nor root
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="files of another user take root to make")


@contextmanager
def masked(umask: int) -> Iterator[None]:
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def place(tmp_path: Path) -> FilePlace:
    """A password in ``outer/inner/app``, as it should be."""
    (tmp_path / "outer/inner").mkdir(parents=True)
    made = FilePlace(tmp_path / "outer/inner/app")
    made.fill()
    return made


def refused(do: Callable[[], Any]) -> PlaceError:
    with pytest.raises(PlaceError) as caught:
        do()
    return caught.value


# -- reading ---------------------------------------------------------------------------------------------------------------


def give_link_away(folder: Path) -> None:
    (folder / "outer/inner/app").rename(folder / "app")
    (folder / "outer/inner/app").symlink_to(folder / "app")
    os.lchown(folder / "outer/inner/app", EVE, EVE)


def give_to_group(folder: Path) -> None:
    os.chown(folder / "outer", 0, EVE)
    (folder / "outer").chmod(0o775)


def link_into_open_folder(folder: Path) -> None:
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    (folder / "outer/inner/app").rename(folder / "open/app")
    (folder / "outer/inner/app").symlink_to("../../open/app")


def link_to_folder(folder: Path) -> None:
    """The folder that the link is in is open, the one that it leads to is not."""
    (folder / "real").mkdir()
    (folder / "outer/inner/app").rename(folder / "real/app")
    (folder / "outer/inner").rmdir()
    (folder / "outer/inner").symlink_to("../real")
    (folder / "outer").chmod(0o777)


OPEN: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "the file": (lambda f: (f / "outer/inner/app").chmod(0o666), "everybody", "chmod go-w"),
    "its folder": (lambda f: (f / "outer/inner").chmod(0o777), "everybody", "chmod go-w"),
    "a folder above": (lambda f: (f / "outer").chmod(0o757), "everybody", "chmod go-w"),
    "where a link leads": (link_into_open_folder, "open can be changed by everybody", "chmod go-w"),
    "where a link is": (link_to_folder, "outer can be changed by everybody", "chmod go-w"),
}
THEIRS: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "the file": (lambda f: os.chown(f / "outer/inner/app", EVE, 0), "belongs to user", "chown"),
    "its folder": (lambda f: os.chown(f / "outer/inner", EVE, 0), "belongs to user", "chown"),
    "a folder above": (lambda f: os.chown(f / "outer", EVE, 0), "belongs to user", "chown"),
    "the link": (give_link_away, "symbolic link of user", "real path"),
    "a group": (give_to_group, f"group {EVE}", "chmod go-w"),
}  # fmt: skip


@pytest.mark.attack("let everybody write a password's file, its folder or its links")
@pytest.mark.parametrize("which", OPEN)
def test_what_everybody_could_have_written_is_no_password(
    which: str, place: FilePlace, tmp_path: Path
) -> None:
    spoil, why, todo = OPEN[which]
    spoil(tmp_path)
    error = refused(place.read)
    assert why in error.why
    assert todo in error.todo
    if which != "the file":
        assert refused(place.propose).why, "nor is a new one kept there"


@pytest.mark.attack("own a password's file, its folder or a link on the way")
@pytest.mark.parametrize("which", THEIRS)
@as_root
def test_what_another_user_could_have_written_is_no_password(
    which: str, place: FilePlace, tmp_path: Path
) -> None:
    spoil, why, todo = THEIRS[which]
    spoil(tmp_path)
    error = refused(place.read)
    assert why in error.why
    assert todo in error.todo
    assert refused(place.propose).why


def test_a_sticky_folder_is_as_good_as_ones_own(place: FilePlace, tmp_path: Path) -> None:
    (tmp_path / "outer").chmod(0o1777)
    (tmp_path / "outer/inner").chmod(0o1777)
    assert place.read()
    place.propose()
    place.promote()
    assert place.read()


@pytest.mark.attack("make a hard link to a user's file in a folder of everybody")
def test_a_second_name_in_a_folder_of_everybody(place: FilePlace, tmp_path: Path) -> None:
    os.link(place.path, tmp_path / "outer/app")
    assert place.read(), "in a folder of ones own that is nobody's attack"
    (tmp_path / "outer").chmod(0o1777)
    assert "hard link" in refused(FilePlace(tmp_path / "outer/app").read).why


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)  # a socket's name is short
        made.bind(path.name)


STRANGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "pipe": (_fifo, "a named pipe"),
    "socket": (_socket, "a socket"),
    "folder": (Path.mkdir, "a folder"),
    "endless": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "circle": (lambda path: path.symlink_to(path.name), "circle of symbolic links"),
    "large": (lambda path: path.write_text("x" * (1 << 17)), "larger than 64 KB"),
}


@pytest.mark.attack("put a pipe, device, socket or circle where a password is read")
@pytest.mark.parametrize("which", STRANGE)
def test_what_is_no_file_is_refused_at_once(which: str, tmp_path: Path) -> None:
    make, why = STRANGE[which]
    make(tmp_path / "app")
    place = FilePlace(tmp_path / "app")
    assert why in refused(place.read).why
    assert refused(place.propose).why if which != "large" else True


@as_root
@pytest.mark.parametrize("file_mode", [0o644, 0o440, 0o400])
def test_secrets_as_kubernetes_mounts_them(file_mode: int, tmp_path: Path) -> None:
    """root's, through ..data, in a folder that its group may write and everybody enters."""
    mount = tmp_path / "secrets"
    data = mount / "..2024_05_01_10_00_00.123456789"
    data.mkdir(parents=True)
    (data / "app").write_text("from-kubernetes")
    (data / "app").chmod(file_mode)
    os.chown(data / "app", 0, 2000)
    os.chown(data, 0, 2000)
    os.chown(mount, 0, 2000)
    data.chmod(0o2755)
    mount.chmod(0o3777)
    (mount / "..data").symlink_to(data.name)
    (mount / "app").symlink_to("..data/app")
    place = FilePlace(mount / "app")
    kept = place.read()
    assert kept
    assert kept.reveal() == "from-kubernetes"
    assert "symbolic link" in refused(place.propose).why, "and is not rotated here"
    assert sorted(p.name for p in mount.iterdir()) == [data.name, "..data", "app"]


def test_secrets_as_docker_mounts_them(tmp_path: Path) -> None:
    mount = tmp_path / "run/secrets"
    mount.mkdir(parents=True)
    (mount / "app").write_text("from-docker\n")
    (mount / "app").chmod(0o444)
    kept = FilePlace(mount / "app").read()
    assert kept
    assert kept.reveal() == "from-docker"


class Person:
    def __init__(self, **known: Any) -> None:
        vars(self).update(known)


ALICE = Person(pw_name="alice", pw_uid=1000, pw_gid=1000)
BOB = Person(pw_name="bob", pw_uid=1001, pw_gid=1000)


@pytest.mark.parametrize(
    ("members", "others", "gid", "alone"),
    [([], [], 1000, True), (["alice"], [], 1000, True), (["eve"], [], 1000, False), ([], [BOB], 1000, False), ([], [], 50, False)],
)  # fmt: skip
def test_a_group_of_one_is_no_group(
    members: list[str], others: list[Any], gid: int, alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Debian and Red Hat give each user a group of its own, and umask 002."""
    monkeypatch.setattr(pwd, "getpwuid", lambda number: ALICE)
    monkeypatch.setattr(pwd, "getpwall", lambda: [ALICE, *others])
    monkeypatch.setattr(grp, "getgrgid", lambda number: Person(gr_gid=number, gr_mem=members))
    state = os.stat_result((0o40775, 0, 0, 1, 1000, gid, 0, 0, 0, 0))
    assert alone_in_group(state, str(tmp_path)) is alone


def test_a_path_through_dots_is_walked_too(place: FilePlace, tmp_path: Path) -> None:
    dotted = FilePlace(tmp_path / "outer/inner/../inner/./app")
    assert dotted.read()
    (tmp_path / "outer/inner").chmod(0o777)
    assert (
        "everybody" in refused(FilePlace(tmp_path / "outer/inner/../../outer/inner/app").read).why
    )


# -- writing ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_no_umask_says_who_reads_a_password(umask: int, tmp_path: Path) -> None:
    place = FilePlace(tmp_path / "one/two/app", "", tmp_path / "one")
    with masked(umask):
        place.fill()
        place.propose()
        place.promote()
        said = write(tmp_path / "three/four/app.env", "x", 0o600)
        with AuditLog(tmp_path / "audit"):
            pass
    folders = ("one", "one/two", "three", "three/four")
    assert {name: mode(tmp_path / name) for name in folders} == dict.fromkeys(folders, 0o700)
    made = ("one/two/app", "one/.gitignore", "three/four/app.env", "audit")
    assert {name: mode(tmp_path / name) for name in made} == dict.fromkeys(made, 0o600)
    assert said.endswith("app.env (mode 0600)")


@pytest.mark.attack("let dbprov write a password through a symbolic link")
def test_a_password_is_never_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "app").symlink_to("elsewhere")
    place = FilePlace(tmp_path / "app", "", tmp_path)
    (tmp_path / ".gitignore").symlink_to("ignored")
    assert "symbolic link" in refused(place.fill).why
    (tmp_path / "app").unlink()
    place.fill()
    place.propose()
    (tmp_path / "elsewhere").write_text("theirs\n")
    place.path.unlink()
    place.path.symlink_to("elsewhere")
    assert "symbolic link" in refused(place.promote).why
    assert place.pending(), "the new one is still kept"
    assert "symbolic link" in refused(place.forget).why
    assert (tmp_path / "elsewhere").read_text() == "theirs\n"
    assert not (tmp_path / "ignored").exists()


@pytest.mark.attack("own the file that a rotation would replace")
@as_root
def test_a_file_of_another_user_is_not_replaced(place: FilePlace) -> None:
    place.propose()
    os.chown(place.path, EVE, EVE)
    for do in (place.propose, place.promote, place.forget, place.fill):
        assert "belongs to user" in refused(do).why
    os.chown(place.path, 0, 0)
    os.chown(place.beside.path, EVE, EVE)
    for do in (place.propose, place.promote):
        assert "belongs to user" in refused(do).why


@pytest.mark.attack("lose a file that is named nearly like a draft of ours")
def test_tidying_up_takes_our_own_drafts_only(tmp_path: Path) -> None:
    gone = 4_000_000  # above what Linux gives to a process
    theirs = (
        ".20240101-backup.new", f".{gone}-deadbeef.new.bak", f".{gone}-DEADBEEF.new", f".{gone}-deadbeef0.new",
        f"x.{gone}-deadbeef.new", f".{os.getpid()}-deadbeef.new", ".-deadbeef.new", ".99999999999999999999-backup.new",
    )  # fmt: skip
    for name in theirs:
        (tmp_path / name).write_text("mine")
    (tmp_path / f".{gone}-0badcafe.new").mkdir()
    for name in (f".{gone}-deadbeef.new", ".99999999999999999999-deadbeef.new"):
        (tmp_path / name).write_text("a draft")
    FilePlace(tmp_path / "app").fill()
    left = {path.name for path in tmp_path.iterdir()} - {"app", f".{gone}-0badcafe.new"}
    assert left == set(theirs)


def link_to_theirs(path: Path) -> None:
    path.with_name("theirs").write_text("theirs")
    path.symlink_to("theirs")


OUTPUTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "pipe": (_fifo, "a named pipe"),
    "socket": (_socket, "a socket"),
    "device": (lambda path: path.symlink_to("/dev/null"), "a symbolic link"),
    "link": (link_to_theirs, "a symbolic link"),
    "folder": (Path.mkdir, "a folder"),
}  # fmt: skip


@pytest.mark.attack("put a pipe, device or link where -o or --audit writes")
@pytest.mark.parametrize("which", OUTPUTS)
def test_nothing_is_written_into_what_is_no_file(which: str, tmp_path: Path) -> None:
    make, why = OUTPUTS[which]
    make(tmp_path / "out")
    assert why in refused(lambda: write(tmp_path / "out", "x", 0o600)).why
    with pytest.raises(AuditError) as caught, AuditLog(tmp_path / "out"):
        pass
    assert why in caught.value.why
    if which == "link":
        assert (tmp_path / "theirs").read_text() == "theirs"


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero"])
def test_a_device_is_no_output(path: str) -> None:
    assert "a device" in refused(lambda: write(Path(path), "x", 0o600)).why


@pytest.mark.attack("own the file, or the link to the folder, that -o writes to")
@as_root
def test_an_output_of_another_user_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("theirs")
    os.chown(tmp_path / "out", EVE, EVE)
    (tmp_path / "open").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "open/link").symlink_to(tmp_path / "target")
    os.lchown(tmp_path / "open/link", EVE, EVE)
    for path in (tmp_path / "out", tmp_path / "open/link/out"):
        assert f"user {EVE}" in refused(lambda path=path: write(path, "x", 0o600)).why  # type: ignore[misc]
        with pytest.raises(AuditError), AuditLog(path):
            pass
    assert (tmp_path / "out").read_text() == "theirs"
    assert not list((tmp_path / "target").iterdir())
    os.lchown(tmp_path / "open/link", 0, 0)
    write(tmp_path / "open/link/out", "x", 0o600)
    assert (tmp_path / "target/out").read_text() == "x"


@pytest.mark.attack("make the audit file a second name of another file")
def test_an_audit_file_has_one_name(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("")
    os.link(tmp_path / "profile", tmp_path / "audit")
    with pytest.raises(AuditError, match="audit") as caught, AuditLog(tmp_path / "audit"):
        pass
    assert "hard link" in caught.value.why


def test_a_file_that_is_there_gets_the_mode_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("before")
    (tmp_path / "out").chmod(0o644)
    assert write(tmp_path / "out", "after", 0o600) == f"{tmp_path}/out (mode 0600)"
    assert mode(tmp_path / "out") == 0o600
    assert write(tmp_path / "out", "for all", 0o644) == f"{tmp_path}/out"
    assert mode(tmp_path / "out") == 0o644


def test_a_full_disk_leaves_the_output_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").write_text("before")

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dbprov.system.files.os.fsync", full)
    assert "No space left" in refused(lambda: write(tmp_path / "out", "after", 0o600)).why
    assert (tmp_path / "out").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


# -- what decides what runs ------------------------------------------------------------------------------------------------


SPEC = "server: postgresql://dba@h\ndeployments: [{name: a, database: d, user: u}]\n"


@pytest.mark.attack("let everybody write the spec, its folder, a template or the CA")
def test_what_everybody_could_have_written_decides_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "specs"
    folder.mkdir()
    path = folder / "spec.yaml"
    path.write_text(SPEC)
    path.chmod(0o664)
    assert load(path).deployments, "a team's checkout"
    for one, wrong, right in ((path, 0o666, 0o644), (folder, 0o777, 0o1777)):
        one.chmod(wrong)
        with pytest.raises(SpecError, match="everybody on this machine can change") as caught:
            load(path)
        assert "chmod o-w" in str(caught.value)
        one.chmod(right)
        assert load(path).deployments
    (folder / "ca.pem").write_text("")
    (folder / "ca.pem").chmod(0o666)
    path.write_text("tls: {ca: ca.pem}\n" + SPEC)
    with pytest.raises(SpecError, match=r"spec\.yaml:1:11: everybody on this machine"):
        load(path)
    template = own_block(tmp_path / "own", "postgresql", "database", "create", "x")
    template.chmod(0o666)
    with pytest.raises(RenderError) as met:
        renderer(templates=tmp_path / "own")
    assert "everybody on this machine can change" in met.value.why
    template.chmod(0o644)
    renderer(templates=tmp_path / "own")


@pytest.mark.attack("name a pipe, an endless device or a folder as the spec")
@pytest.mark.parametrize("which", ["pipe", "endless", "folder"])
def test_a_spec_is_a_file(which: str, tmp_path: Path) -> None:
    make, why = STRANGE[which]
    make(tmp_path / "spec.yaml")
    with pytest.raises(SpecError, match=why):
        load(tmp_path / "spec.yaml")
