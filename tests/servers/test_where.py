"""Where the server is: what a URL leaves open is asked of the session, and the strings that are handed out lead there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy
import yaml

from tests.harness import ServerUnavailable, TestServer, remove
from tests.harness.report import skip_or_fail
from tests.harness.servers import start_dedicated
from tests.support.command import Ended
from tests.support.proxy import Proxy
from tests.support.run import Run
from tests.support.specs import one

pytestmark = pytest.mark.sampled("newest")


def handed(run: Run, url: str, *form: str, **env: str) -> str:
    """Provisioned through this URL, and then handed out."""
    spec = {"server": url, "deployments": [one(run.prefix)]}
    (run.folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    applied = run("apply", "spec.yaml", "--yes", **env)
    assert applied.returncode == 0, applied.stderr
    return strings(run, *form, **env).stdout


def strings(run: Run, *form: str, **env: str) -> Ended:
    ended = run("connections", "spec.yaml", "--reveal", *(form or ("--json",)), **env)
    assert ended.returncode == 0, ended.stderr
    return ended


def enters(url: str) -> None:
    """With nothing but the string: no environment, no service file."""
    assert not {"PGHOST", "PGPORT", "PGSERVICE"} & set(os.environ)
    engine = sqlalchemy.create_engine(url.replace("mysql://", "mysql+pymysql://"))
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT 1")) == 1
    engine.dispose()


def metadata(document: str) -> str:
    [made] = json.loads(document)["deployments"]
    return str(made["metadataConnection"])


@contextmanager
def service(run: Run, **more: str) -> Iterator[dict[str, str]]:
    server = run.server
    where = {"host": server.host, "port": str(server.port), **more}
    lines = [f"{key}={value}" for key, value in where.items() if value]
    file = run.folder / "services"
    file.write_text("\n".join(["[s]", f"user={server.user('admin')}", *lines]) + "\n")
    yield {"PGSERVICEFILE": str(file)}


WAYS = {
    "a service": ("///postgres?service=s", {}),
    "hostaddr": ("//{user}@/postgres?hostaddr=127.0.0.1&port={port}", {}),
    "PGHOST": ("//{user}@/postgres", {"PGHOST": "{host}", "PGPORT": "{port}"}),
    "PGHOSTADDR": ("//{user}@:{port}/postgres", {"PGHOSTADDR": "127.0.0.1", "PGPORT": "1"}),
    "PGSERVICE": ("///postgres", {"PGSERVICE": "s"}),
}


@pytest.mark.postgresql
@pytest.mark.parametrize("way", WAYS)
def test_what_libpq_finds_is_handed_out(run: Run, way: str) -> None:
    url, env = WAYS[way]
    server = run.server
    known = {"host": server.host, "port": str(server.port), "user": server.user("admin")}
    with service(run) as file:
        around = {**file, **{key: value.format(**known) for key, value in env.items()}}
        made = metadata(handed(run, f"postgresql:{url.format(**known)}", **around))
        assert f"@{server.host}:{server.port}/" in made
        enters(made)
        for form, where in (
            ("pgpass", f"{server.host}:{server.port}:"),
            ("pgbouncer", f"host={server.host} port={server.port} "),
            ("service", f"host={server.host}\nport={server.port}\n"),
            ("chart", f"host: {server.host}\n    port: {server.port}\n"),
            ("jdbc", f"//{server.host}:{server.port}/"),
            ("dotenv", f"DATABASE_PORT={server.port}\n"),
        ):
            assert where in strings(run, "--format", form, **around).stdout
        rotated = run("rotate", "spec.yaml", "--yes", "-o", "new", "--format", "sqlalchemy", **around)  # fmt: skip
        assert rotated.returncode == 0, rotated.stderr
        enters((run.folder / "new").read_text().replace("+psycopg2", "").strip())


@pytest.mark.postgresql
def test_a_service_that_leads_through_a_tunnel(run: Run) -> None:
    """The name is the server's, what is dialled is here: that the port may be the tunnel's is said."""
    with Proxy(run.server.host, run.server.port) as tunnel:
        where = {"host": "db.example.com", "hostaddr": "127.0.0.1", "port": str(tunnel.port)}
        with service(run, **where) as file:
            made = handed(run, "postgresql:///postgres?service=s", **file)
            assert f"@db.example.com:{tunnel.port}/" in metadata(made)
            for form in ("json", "env", "k8s"):
                said = strings(run, "--format", form, **file).stderr
                assert f"127.0.0.1:{tunnel.port} (hostaddr)" in said
                assert "publish: {port: PORT}" in said
            run.write(publish={"port": 5432})
            text = (run.folder / "spec.yaml").read_text()
            (run.folder / "spec.yaml").write_text(
                text.replace(run.server.url("admin"), "postgresql:///postgres?service=s")
            )
            published = strings(run, **file)
            assert "hostaddr" not in published.stderr
            assert "@db.example.com:5432/" in metadata(published.stdout)


@pytest.mark.postgresql
def test_a_server_that_cannot_be_asked(run: Run) -> None:
    spec = {"server": "postgresql:///postgres?service=s", "deployments": [one(run.prefix)]}
    (run.folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    with service(run) as file:
        assert run("apply", "spec.yaml", "--yes", **file).returncode == 0
    for words in (("--reveal",), ("--format", "jdbc")):
        ended = run("connections", "spec.yaml", *words)  # the service file is not there
        assert ended.returncode == 2
        assert "host and port of analytics are not known" in ended.stderr
        assert ended.stdout == ""
        assert "publish: {host: HOST, port: PORT}" in ended.stderr
        assert "add [s] to ~/.pg_service.conf" in ended.stderr
        assert "firewall" not in ended.stderr
    published = {"publish": {"host": "db.example.com", "port": 6543}}
    spec["deployments"] = [one(run.prefix, **published)]
    (run.folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    assert "@db.example.com:6543/" in metadata(strings(run).stdout)
    ended = run("connections", "spec.yaml", "--format", "pgbouncer")
    assert ended.returncode == 2, "PgBouncer is told the server itself"
    with service(run) as file:
        made = strings(run, "--format", "pgbouncer", **file).stdout
        assert f"host={run.server.host} port={run.server.port} " in made


@pytest.mark.mysql
@pytest.mark.parametrize("key", ["socket", "unix_socket"])
@pytest.mark.parametrize("host", ["", "localhost"])
def test_a_socket_of_mysql(run: Run, key: str, host: str) -> None:
    path = run.server.log.with_name("socket") if run.server.log else None
    if path is None or not path.exists():
        pytest.skip("a container keeps its socket to itself")
    user, wrong = run.server.user("admin"), "1" if host else ""
    url = f"mysql://{user}@{host}{wrong and ':'}{wrong}/?{key}={path}"
    made = metadata(handed(run, url))
    assert f"unix_socket={path}" in made
    enters(made)
    assert f'socket="{path}"' in strings(run, "--format", "mycnf").stdout
    ended = strings(run, "--format", "dotenv")
    assert f"DATABASE_HOST={path}\n" in ended.stdout
    assert f"the strings name the socket {path}" in ended.stderr
    assert "publish: {host: NAME}" in ended.stderr
    assert run("connections", "spec.yaml", "--format", "jdbc").returncode == 2
    head = run(
        "render",
        "spec.yaml",
        "--server-version",
        run.server.version,
        "--flavor",
        run.server.flavor,
        "-o",
        "sql",
    )
    assert head.returncode == 0, head.stderr
    assert f"--socket={path} " in (run.folder / "sql" / "analytics.sql").read_text()


@pytest.mark.mysql
def test_no_host_of_mysql_is_what_was_dialled(run: Run) -> None:
    """``localhost`` would be a socket to the clients that read the strings."""
    user, port = run.server.user("admin"), run.server.port
    made = metadata(handed(run, f"mysql://{user}@:{port}"))
    assert f"@127.0.0.1:{port}/" in made or f"@[::1]:{port}/" in made
    enters(made)


# -- a socket of PostgreSQL ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_socket() -> Iterator[tuple[TestServer, Path]]:
    try:
        yield start_dedicated("postgresql", "18", "-c unix_socket_directories={folder}")
    except ServerUnavailable as error:
        skip_or_fail(f"no PostgreSQL with a socket: {error}")


@pytest.mark.parametrize("way", ["in the query", "PGHOST"])
def test_a_socket_of_postgresql(
    with_socket: tuple[TestServer, Path], way: str, tmp_path: Path
) -> None:
    server, folder = with_socket
    run = Run(server, tmp_path, "t_socket_")
    query = f"&host={quote(str(folder))}" if way == "in the query" else ""
    env = {} if query else {"PGHOST": str(folder), "PGPORT": str(server.port)}
    url = f"postgresql://{server.user('admin')}@/postgres?" + (
        f"port={server.port}{query}" if query else ""
    )
    try:
        made = metadata(handed(run, url, **env))
        with psycopg.connect(made) as connection:
            assert connection.info.host == str(folder)
        ended = strings(run, "--format", "k8s", **env)
        assert f"the strings name the socket {folder}" in ended.stderr
        assert run("connections", "spec.yaml", "--format", "chart", **env).returncode == 2
    finally:
        remove(server, "t_socket_")


# -- IPv6 ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def on_six(run: Run) -> Iterator[int]:
    try:
        with Proxy(run.server.host, run.server.port, listens="::1") as proxy:
            yield proxy.port
    except OSError:
        pytest.skip("this machine has no IPv6")


def test_an_address_of_ipv6_is_bracketed_where_host_and_port_are_joined(
    run: Run, on_six: int
) -> None:
    engine = run.server.engine
    database = "postgres" if engine == "postgresql" else ""
    url = f"{engine}://{run.server.user('admin')}@[::1]:{on_six}/{database}"
    made = metadata(handed(run, url))
    assert f"@[::1]:{on_six}/" in made
    enters(made)
    joined = ("env", "cfg", "k8s", "houston", "sqlalchemy", "jdbc")
    for form in joined:
        assert f"[::1]:{on_six}/" in strings(run, "--format", form).stdout
    chart = yaml.safe_load(strings(run, "--format", "chart").stdout)["data"]
    assert chart["metadataConnection"]["host"] == "[::1]", "the chart joins the two"
    if engine == "postgresql":
        chart = yaml.safe_load(strings(run, "--format", "chart", "--pgbouncer").stdout)["data"]
        assert chart["metadataConnection"]["host"] == "::1", "PgBouncer's file has each alone"
        assert f"host=::1 port={on_six} " in strings(run, "--format", "pgbouncer").stdout
        file = run.folder / "pgpass"
        assert run("connections", "spec.yaml", "--format", "pgpass", "-o", "pgpass").returncode == 0
        with psycopg.connect(
            host="::1", port=on_six, user=f"{run.prefix}app", dbname=f"{run.prefix}db", passfile=str(file)
        ):  # fmt: skip
            pass
    else:
        assert 'host="::1"' in strings(run, "--format", "mycnf").stdout
    published = {"publish": {"host": "[2001:db8::1]", "port": 6543}}
    spec = {"server": url, "deployments": [one(run.prefix, **published)]}
    (run.folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    assert "@[2001:db8::1]:6543/" in metadata(strings(run).stdout)
    verified = run("verify", "spec.yaml")
    assert "[2001:db8::1]:6543, which is published" in verified.stdout + verified.stderr
    template = run.folder / "mine"
    template.write_text("{{ deployments[0].metadata.address }}")
    assert strings(run, "--template", "mine").stdout.strip() == "[2001:db8::1]:6543"
