"""Servers as plain processes, from binaries that are brought here without root."""

import os
import pwd
import secrets
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.harness import accounts, cache, clients, debian, ports, supervisor, wheel
from tests.harness.model import Reached, ServerUnavailable

# Flavor and version -> suite and packages of Debian.
DEBIAN = {
    ("postgresql", "13"): ("bullseye", "postgresql-13"),
    ("postgresql", "15"): ("bookworm", "postgresql-15"),
    ("postgresql", "17"): ("trixie", "postgresql-17"),
    ("mysql", "9.7"): ("sid", "mysql-server-core", "mysql-client-core"),
    ("mariadb", "10.11"): ("bookworm", "mariadb-server-core", "mariadb-client-core"),
    ("mariadb", "11.8"): ("trixie", "mariadb-server-core", "mariadb-client-core"),
}

POSTGRESQL = (
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c log_statement=all"
    " -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c jit=off"
)
INNODB = "--innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=64M --sync-binlog=0"
MYSQL = f"--mysqlx=OFF --performance-schema=OFF --secure-file-priv=NULL {INNODB}"
MARIADB = INNODB


def start(
    flavor: str,
    version: str,
    options: str = "",
    files: Mapping[str, bytes] | None = None,
    copied: Reached | None = None,
) -> Reached:
    """``options`` are for the server; ``{folder}`` in them is its own, where ``files`` are put.

    ``copied``: it begins with the data of this one, which does not run meanwhile.
    """
    installed, origin = bring(flavor, version)
    for _ in range(3):
        folder, port = make_folder(), ports.reserve()
        password = copied.superuser[1] if copied else secrets.token_hex(12)
        if copied and copied.folder:
            subprocess.run(["cp", "-a", copied.folder / "data", folder], check=True)
        for name, content in (files or {}).items():
            put(folder / name, content)
        more = options.format(folder=folder)
        _prepare(flavor, installed, folder, port, password, more)
        # Only SIGQUIT lets PostgreSQL end at once and leave no shared memory behind.
        end = signal.SIGQUIT if flavor == "postgresql" else signal.SIGKILL
        supervisor_process = supervisor.supervise_server(
            ["sh", "run.sh"], folder, end, cache.server_user()
        )
        reached = Reached(
            source=f"binaries ({origin})",
            host="127.0.0.1",
            port=port,
            superuser=("postgres" if flavor == "postgresql" else "root", password),
            client=_client(flavor, installed),
            log=folder / ("server.log" if flavor == "postgresql" else "general.log"),
            folder=folder,
            supervisor_process=supervisor_process,
        )
        try:
            accounts.wait(flavor, reached, partial(supervisor.runs, folder))
            return reached
        except ServerUnavailable as error:
            log = (folder / "server.log").read_text(errors="replace")
            supervisor.stop(supervisor_process)
            if "Address already in use" not in log:
                tail = " | ".join(log.splitlines()[-3:])
                raise ServerUnavailable(f"{error}, its log ends with: {tail}") from error
    raise ServerUnavailable("three ports that were free were taken before the server had them")


def bring(flavor: str, version: str) -> tuple[Path, str]:
    """The folder with bin/ in it, and where it is from."""
    if flavor == "postgresql" and version in wheel.FOLDERS:
        return wheel.bring(version), "wheel"
    if (flavor, version) not in DEBIAN:
        known = [*(("postgresql", v) for v in wheel.FOLDERS), *DEBIAN]
        versions = ", ".join(sorted(v for f, v in known if f == flavor))
        raise ServerUnavailable(f"no binaries of {flavor} {version} are known, only {versions}")
    suite, *packages = DEBIAN[flavor, version]
    return debian.bring(f"{flavor}-{version}", suite, *packages), "Debian"


def plugins(version: str) -> Path:
    """The folder of MariaDB's plugins for passwords, which its server package brings."""
    suite = DEBIAN["mariadb", version][0]
    brought = debian.bring_alone(f"mariadb-{version}-plugins", suite, "mariadb-server")
    return brought / "root/usr/lib/mysql/plugin"


def _client(flavor: str, installed: Path) -> tuple[str, ...]:
    if flavor == "postgresql":
        return clients.program(flavor)
    return clients.with_options(flavor, installed / "bin" / flavor)


def make_folder() -> Path:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="dbprov-test-", dir=memory))
    _give(folder)
    return folder


def _give(path: Path) -> None:
    user = cache.server_user()
    if user:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def put(path: Path, content: bytes) -> None:
    """A file that only the server's user can read."""
    path.touch(mode=0o600)
    path.write_bytes(content)
    _give(path)


def _prepare(
    flavor: str, installed: Path, folder: Path, port: int, password: str, more: str
) -> None:
    """Write run.sh, which makes the data folder, if it is not there, and becomes the server."""
    if flavor == "postgresql":
        files = {"password": password, "run.sh": _run_postgresql(installed, port, more)}
    else:
        run = _run_mysql if flavor == "mysql" else _run_mariadb
        # root@localhost would shadow root@% for a client on 127.0.0.1.
        accounts_sql = (
            f"CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '{password}';\n"
            "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION;\n"
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n"
        )
        files = {"init.sql": accounts_sql, "run.sh": run(installed, folder, port, more)}
    for name, text in files.items():
        put(folder / name, text.encode())


def _run_postgresql(installed: Path, port: int, more: str) -> str:
    binaries = shlex.quote(str(installed / "bin"))
    return f"""set -e
[ -e data ] || {binaries}/initdb -D data -U postgres --auth=scram-sha-256 --pwfile=password \\
    --encoding=UTF8 --locale=C --no-sync
exec {binaries}/postgres -D data -c port={port} {POSTGRESQL} {more}
"""


def _run_mysql(installed: Path, folder: Path, port: int, more: str) -> str:
    share = shlex.quote(str(installed / "root/usr/share/mysql"))
    server = f"{_mysqld(installed, 'mysqld')} --lc-messages-dir={share} {MYSQL}"
    server = f"{server} --tmpdir={folder}/tmp"
    return f"""set -e
mkdir -p tmp
[ -e data ] || {server} --datadir={folder}/data --initialize-insecure
exec {server} {_serve(folder, port)} {more}
"""


def _run_mariadb(installed: Path, folder: Path, port: int, more: str) -> str:
    shares = [installed / "root/usr/share" / name for name in ("mysql", "mariadb")]
    share = next(path for path in shares if list(path.glob("*_system_tables.sql")))
    names = ("system_tables", "performance_tables", "system_tables_data")
    tables = [path for name in names for path in share.glob(f"m*_{name}.sql")]
    tables += [*share.glob("maria_add_gis_sp_bootstrap.sql"), *share.glob("m*_sys_schema.sql")]
    plugins = shlex.quote(str(installed / "root/usr/lib/mysql/plugin"))
    messages = shlex.quote(str(share))
    server = f"{_mysqld(installed, 'mariadbd')} --lc-messages-dir={messages}"
    # A server that starts removes temporary tables of others from a folder that they share.
    server = f"{server} --plugin-dir={plugins} --tmpdir={folder}/tmp {MARIADB}"
    lines = ["CREATE DATABASE mysql;", "USE mysql;"]
    lines += ["SET @auth_root_socket=NULL;", "SET @skip_auth_anonymous=1;"]
    return f"""set -e
mkdir -p tmp
if [ ! -e data ]; then
    mkdir data
    {{ printf '%s\\n' {shlex.join(lines)}; cat {shlex.join(map(str, tables))}; }} |
        {server} --datadir={folder}/data --bootstrap --skip-log-bin
fi
exec {server} {_serve(folder, port)} {more}
"""


def _mysqld(installed: Path, program: str) -> str:
    path, base = str(installed / "bin" / program), str(installed / "root/usr")
    return f"{shlex.quote(path)} --no-defaults --basedir={shlex.quote(base)}"


def _serve(folder: Path, port: int) -> str:
    return (
        f"--datadir={folder}/data --init-file={folder}/init.sql --bind-address=127.0.0.1"
        f" --port={port} --socket={folder}/socket --pid-file={folder}/pid"
        f" --general-log=1 --general-log-file={folder}/general.log"
    )
