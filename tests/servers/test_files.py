"""Files as the system gives them to processes of other users, and what a shell hands over."""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dbprov.passwords.file import FilePlace
from tests.support.command import CLI, clean_environment, dbprov

NOBODY, GROUP = 12345, 2000  # a user without a name, as a container's; the fsGroup of its pod
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="processes of other users take root")

SPEC = """\
server: postgresql://dba@db.example.com/postgres
deployments:
- {name: analytics, database: shop, user: app, password: {file: %s}}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """That every user can enter, and NOBODY owns; pytest's own is root's alone."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        os.chown(made, NOBODY, NOBODY)
        yield Path(made)


def as_nobody(do: Callable[[], str], umask: int = 0o022) -> str:
    """What another user's process says: a child of this one, since that user may have no Python."""
    read, write = os.pipe()
    with warnings.catch_warnings():  # newer Pythons warn where other threads run
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(read)
        try:
            os.setgroups([GROUP])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.umask(umask)
            said = do()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return said


def kept(path: Path) -> Callable[[], str]:
    def ask() -> str:
        found = FilePlace(path).read()
        return found.reveal() if found else "nothing"

    return ask


def mounted(folder: Path, mode: int) -> Path:
    """As Kubernetes lays out a Secret, for a pod with fsGroup."""
    mount = folder / "secrets"
    data = mount / "..2024_05_01_10_00_00.123456789"
    data.mkdir(parents=True)
    (data / "app").write_text("from-kubernetes")
    for path, bits in ((data / "app", mode), (data, 0o2755), (mount, 0o3777)):
        os.chown(path, 0, GROUP)
        path.chmod(bits)
    (mount / "..data").symlink_to(data.name)
    (mount / "app").symlink_to("..data/app")
    return mount


@as_root
@pytest.mark.parametrize("mode", [0o644, 0o440])
def test_a_pod_reads_its_secrets(mode: int, folder: Path) -> None:
    mount = mounted(folder, mode)
    assert as_nobody(kept(mount / "app")) == "from-kubernetes"
    assert "symbolic link" in as_nobody(lambda: str(FilePlace(mount / "app").propose()))


@pytest.mark.attack("in a pod: exchange a password in a volume that others may write")
@as_root
def test_a_volume_of_everybody_is_none_for_secrets(folder: Path) -> None:
    (folder / "volume").mkdir()
    (folder / "volume").chmod(0o777)
    (folder / "volume/app").write_text("planted")
    os.chown(folder / "volume/app", NOBODY, NOBODY)
    said = as_nobody(kept(folder / "volume/app"))
    assert "volume can be changed by everybody (mode 0777)" in said
    assert "chmod go-w" in said
    (folder / "volume").chmod(0o1777)
    assert as_nobody(kept(folder / "volume/app")) == "planted"


@pytest.mark.attack("give a group the password's folder (setgid, mode 2775)")
@as_root
def test_a_folder_of_a_group_is_refused(folder: Path) -> None:
    (folder / "team").mkdir()
    os.chown(folder / "team", NOBODY, GROUP)
    (folder / "team").chmod(0o2775)
    assert f"can be changed by group {GROUP}" in as_nobody(
        lambda: str(FilePlace(folder / "team/app").fill())
    )
    assert not list((folder / "team").iterdir())


@as_root
@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_no_umask_locks_a_user_out_of_its_own_passwords(umask: int, folder: Path) -> None:
    def rotated() -> str:
        place = FilePlace(folder / "one/two/app", "", folder / "one")
        place.fill()
        place.propose()
        place.promote()
        return str(place.read())

    assert as_nobody(rotated, umask) == "***"
    made = {p.name: oct(p.stat().st_mode & 0o777) for p in folder.rglob("*")}
    assert made == {"one": "0o700", "two": "0o700", ".gitignore": "0o600", "app": "0o600"}


def test_what_a_shell_hands_over(tmp_path: Path) -> None:
    """-o /dev/stdout, and a spec that another program prints."""
    (tmp_path / "app").write_text("pw-of-app")
    (tmp_path / "spec.yaml").write_text(SPEC % (tmp_path / "app"))
    words = " ".join(CLI)
    for script, begins in (
        (
            f"{words} connections spec.yaml --format dotenv -o /dev/stdout > out; cat out",
            "DATABASE_URL",
        ),
        (f"{words} connections spec.yaml --format dotenv -o /dev/stdout | cat", "DATABASE_URL"),
        (f"{words} connections <(cat spec.yaml) --reveal --format dotenv", "DATABASE_URL"),
        (
            f"cat spec.yaml | {words} connections /dev/stdin --reveal --format dotenv",
            "DATABASE_URL",
        ),
    ):
        ended = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=clean_environment(tmp_path), capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert ended.stdout.startswith(begins), (script, ended.stderr)
        assert "pw-of-app" in ended.stdout
        assert "mode" not in ended.stderr, "none was set"


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (("connections", "--format", "dotenv"), "DATABASE_URL"),
        (("render",), "-- analytics: database"),
        (("render", "--password", "hash"), "-- analytics: database"),
    ],
)
def test_a_dash_is_standard_output(words: tuple[str, ...], begins: str, tmp_path: Path) -> None:
    (tmp_path / "app").write_text("pw-of-app")
    (tmp_path / "spec.yaml").write_text(SPEC % (tmp_path / "app"))
    before = sorted(tmp_path.iterdir())
    for path in ("-", "/dev/stdout"):
        ended = dbprov(words[0], "spec.yaml", *words[1:], "-o", path, folder=tmp_path)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith(begins)
    assert sorted(tmp_path.iterdir()) == before, "no file and no folder has this name"


@pytest.mark.attack("name /dev/zero, a pipe or a pipe that never ends as a file")
@pytest.mark.parametrize(
    "words",
    [
        ("plan", "/dev/zero"), ("plan", "pipe"), ("plan", "spec.yaml", "--tls-ca", "pipe"),
        ("connections", "spec.yaml", "-o", "pipe"), ("connections", "spec.yaml", "-o", "/dev/full"),
        ("connections", "spec.yaml", "--template", "pipe"), ("audit", "pipe"), ("audit", "/dev/zero"),
        ("connections", "spec.yaml", "--format", "houston", "--base", "pipe"), ("plan", "spec.yaml", "--templates", "pipe"),
        ("connections", "of-pipe.yaml", "--reveal"), ("apply", "spec.yaml", "--yes", "--audit", "pipe"),
    ],
)  # fmt: skip
def test_no_file_hangs_a_command(words: tuple[str, ...], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "app").write_text("pw-of-app")
    (tmp_path / "spec.yaml").write_text(SPEC % (tmp_path / "app"))
    (tmp_path / "of-pipe.yaml").write_text(SPEC % (tmp_path / "pipe"))
    ended = dbprov(*words, folder=tmp_path)  # within its 60 seconds
    assert ended.returncode == 2, ended.stdout
    assert "Traceback" not in ended.stderr
    assert "pw-of-app" not in ended.stdout + ended.stderr
