"""Programs unpacked from Debian's packages, without root and without touching the system.

They come with Debian's own C library beside them, so that they run on a Debian of another age, and
each is started by a small script in the folder bin/. apt verifies what it brings.
"""

import re
import shlex
import subprocess
from pathlib import Path
from shutil import which

from tests.harness import cache
from tests.harness.model import ServerUnavailable

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# What is not needed to run a server: perl, the tools of the system, LLVM (PostgreSQL's JIT).
NEEDED = re.compile(
    r"(lib|zlib|postgresql-(client-)?\d|mysql|mariadb|pgbouncer|openssh|dropbear|prometheus-mysqld)"
)
NOT_NEEDED = re.compile(r"lib(llvm|z3|perl|pam-|semanage|sepol|c-bin|c-l10n)")


def bring(name: str, suite: str, package: str, *more: str) -> Path:
    """The folder in the cache, with the programs in bin/."""

    def fill(work: Path, final: Path) -> None:
        _unpack(work, suite, [package, *more, "libc6"])
        _write_scripts(work, final)

    return cache.bring(name, fill)


def bring_alone(name: str, suite: str, package: str) -> Path:
    """The folder in the cache with what this package alone holds."""

    def fill(work: Path, final: Path) -> None:
        _unpack(work, suite, [package], alone=True)

    return cache.bring(name, fill)


def _unpack(work: Path, suite: str, packages: list[str], alone: bool = False) -> None:
    state = work / "apt"
    (state / "lists" / "partial").mkdir(parents=True)
    (state / "archives" / "partial").mkdir(parents=True)
    (state / "status").touch()
    source = f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n"
    (state / "sources.list").write_text(source)
    options = [
        f"Dir::Etc::sourcelist={state}/sources.list",
        "Dir::Etc::sourceparts=-",
        f"Dir::State::Lists={state}/lists",
        f"Dir::State::status={state}/status",
        "Dir::Cache::pkgcache=",
        "Dir::Cache::srcpkgcache=",
        f"Dir::Cache::archives={state}/archives",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=root",  # that is: do not change the user
        "Acquire::Check-Valid-Until=false",  # old suites are not signed anew
        "Acquire::Languages=none",
        "Acquire::Retries=3",
    ]
    apt = ["apt-get", "-qq", "-y", *(word for option in options for word in ("-o", option))]
    _run([*apt, "update"])
    if alone:
        _run([*apt, "download", *packages], folder=state / "archives")
    else:
        _run([*apt, "--no-install-recommends", "--download-only", "install", *packages])
    for deb in sorted((state / "archives").glob("*.deb")):
        if NEEDED.match(deb.name) and not NOT_NEEDED.match(deb.name):
            _run(["dpkg-deb", "-x", str(deb), str(work / "root")])
    _run(["rm", "-rf", str(state), str(work / "root/usr/share/doc")])


def _mirror() -> str:
    """The Debian archive that apt is set up with."""
    for program in ("apt-get", "dpkg-deb"):
        if not which(program):
            raise ServerUnavailable(f"{program} is missing: this is no Debian")
    listed = _run(["apt-get", "indextargets", "--format", "$(REPO_URI)"])
    for uri in listed.split():
        if re.search(r"/debian/?$", uri) and KEYRING.exists():
            return uri
    raise ServerUnavailable("apt is set up with no archive of Debian")


def _run(command: list[str], folder: Path | None = None) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, cwd=folder
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        why = " ".join(lines or done.stderr.splitlines()[-1:])
        raise ServerUnavailable(f"{command[0]} failed: {why}")
    return done.stdout


def _write_scripts(work: Path, final: Path) -> None:
    (work / "bin").mkdir()
    loader = next(work.glob("root/**/ld-linux-*.so.*"))
    folders = [*work.glob("root/lib/*-linux-gnu"), *work.glob("root/usr/lib/*-linux-gnu")]
    path = ":".join(str(final / p.relative_to(work)) for p in folders)

    def script(place: Path, program: Path) -> None:
        words = [str(final / loader.relative_to(work)), "--library-path", path]
        words.append(str(final / program.relative_to(work)))
        place.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        place.chmod(0o755)

    for program in (*work.glob("root/usr/sbin/*"), *work.glob("root/usr/bin/[dms]*")):
        if program.is_file() and not program.is_symlink() and program.read_bytes()[:2] != b"#!":
            script(work / "bin" / program.name, program)
    for folder in work.glob("root/usr/lib/postgresql/*/bin"):
        if not (folder / "postgres").exists():
            script(work / "bin/psql", folder / "psql")
            continue
        # initdb runs the postgres beside it, which must be a script too. The program itself
        # finds its files from where it is, so its new place looks like the old one.
        real = work / "real" / folder.relative_to(work / "root")
        real.mkdir(parents=True)
        (folder / "postgres").rename(real / "postgres")
        script(folder / "postgres", real / "postgres")
        (work / "real/usr/share").symlink_to(final / "root/usr/share")
        (real.parent / "lib").symlink_to(final / folder.relative_to(work).parent / "lib")
        script(work / "bin/postgres", real / "postgres")
        script(work / "bin/initdb", folder / "initdb")
