"""One server is one server, whatever its names; a copy of its data is another one, and nothing is dropped where that cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import dbprov
from dbprov.commands.drop import drop as drop_deployment
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.errors import DbprovError, LockError, LookError, RefusedError, SpecError
from dbprov.plan.drop_survey import DropOptions
from dbprov.spec.model import Spec, Timeouts
from dbprov.spec.server_identity import Same
from tests.harness import TestServer, execute
from tests.harness.dedicated_server import DedicatedServer
from tests.support.command import dbprov as run
from tests.support.drop import lets_in
from tests.support.proxy import Proxy
from tests.support.specs import one
from tests.support.walk import Walk

QUARANTINE, WHOLE, USERS = DropOptions(quarantine=True), DropOptions(database=True), DropOptions()


def other_names(walk: Walk, port: int) -> dict[str, str]:
    """URLs of the server that are not the one in ``walk``, each by what is different."""
    via_proxy = walk.url.replace(f":{walk.server.port}", f":{port}")
    found = {
        "an option": walk.url + ("?application_name=x" if "postgresql" in walk.url else "?x=y"),
        "localhost": walk.url.replace("127.0.0.1", "localhost"),
        "a proxy on another port": via_proxy,
    }
    admin = walk.server.user("admin")
    if f"//{admin}@" in walk.url:
        found["another admin"] = walk.url.replace(
            f"//{admin}@", f"//{walk.server.user('superuser')}@"
        )
    socket = walk.server.log.with_name("socket") if walk.server.log else None
    if walk.server.engine == "mysql" and socket and socket.exists():  # a container keeps its own
        found["its socket"] = f"{walk.url}?unix_socket={socket}"
    if walk.server.engine == "postgresql":
        found["another database of the admin"] = walk.url.rpartition("/")[0] + "/template1"
    return found


@pytest.fixture
def proxy(walk: Walk) -> Iterator[Proxy]:
    with Proxy(walk.server.host, walk.server.port) as made:
        yield made


def pair(walk: Walk, prefix: str, url: str, **more: Any) -> Spec:
    """Deployment a on one name of a server, and c on another one, with keys that both have."""
    database = more.pop("database", f"{prefix}db2")
    user = more.setdefault("user", f"{prefix}app2")
    first = {"user": more.pop("first", user), "name": "a"}
    return walk.spec(
        one(prefix, **{**more, **first}), {**more, "name": "c", "server": url, "database": database}
    )


def provision(spec: Spec) -> None:
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            applied = dbprov.apply(deployment, servers[deployment])
            assert applied.ok, (applied.error, applied.left)


def dropped(spec: Spec, options: DropOptions) -> Any:
    deployment = spec.deployments[0]
    with dbprov.servers(spec) as servers:
        return drop_deployment(spec, deployment, servers[deployment], options)


def databases(server: TestServer, prefix: str) -> list[str]:
    query = (
        "SELECT datname FROM pg_database"
        if server.engine == "postgresql"
        else "SELECT schema_name FROM information_schema.schemata"
    )
    return sorted(name for (name,) in execute(server, "superuser", query) if prefix in name)


@pytest.mark.sampled
@pytest.mark.attack("one server by two names: drop of a database that another one uses")
def test_a_database_of_another_deployment_is_not_dropped(
    walk: Walk, prefix: str, proxy: Proxy
) -> None:
    provision(walk.spec(one(prefix, name="a")))
    for what, url in other_names(walk, proxy.port).items():
        with pytest.raises(DbprovError) as met:
            dropped(pair(walk, prefix, url, first=f"{prefix}app", database=f"{prefix}db"), WHOLE)
        if isinstance(met.value, SpecError):
            [mistake] = met.value.mistakes
            assert "two deployments have the database" in mistake.what
            assert what in ("an option", "another admin", "another database of the admin")
            continue
        assert "a and c cannot both be" in met.value.what, (what, met.value)
        assert "nothing was changed" in met.value.what
        assert f'both have the database "{prefix}db"' in met.value.why, what
        assert databases(walk.server, prefix) == [f"{prefix}db"]


@pytest.mark.sampled
@pytest.mark.attack("one server by two names: drop of a user that another one uses")
def test_a_user_of_another_deployment_stays(walk: Walk, prefix: str, proxy: Proxy) -> None:
    place = {"password": {"file": "app.pw"}, "user": f"{prefix}app"}
    for what in ("an option", "a proxy on another port"):
        url = other_names(walk, proxy.port)[what]
        spec = pair(walk, prefix, url, **place)
        provision(spec)
        with pytest.raises(RefusedError, match="nothing was changed") as met:
            dropped(spec, QUARANTINE)
        assert "serves c too" in met.value.why
        assert lets_in(walk, spec, f"{prefix}app"), what
        departed = dropped(spec, WHOLE)
        assert departed.ok, (what, departed.error, departed.left)
        assert databases(walk.server, prefix) == [f"{prefix}db2"], what
        assert lets_in(walk, Spec(spec.deployments[1:]), f"{prefix}app"), what


@pytest.mark.sampled
@pytest.mark.attack("one server by two names: one user's password kept in two places")
def test_a_user_has_one_password(walk: Walk, prefix: str, proxy: Proxy) -> None:
    """The places of passwords that nobody names are called like the server's host and port."""
    for what, url in other_names(walk, proxy.port).items():
        if what == "another admin":
            continue
        spec = pair(walk, prefix, url, user=f"{prefix}app")
        first, second = spec.deployments
        if first.accounts[0].place == second.accounts[0].place:
            continue
        ways: list[Callable[..., Any]] = [dbprov.plan, dbprov.apply, plan_rotation]
        for number, do in enumerate(ways):
            asked = spec.deployments[number % 2]
            with dbprov.servers(spec) as servers, pytest.raises(RefusedError) as met:
                do(asked, servers[asked])
            assert "cannot both be on one server; nothing was changed" in met.value.what, what
            assert f'both have the user "{prefix}app"' in met.value.why
            for deployment in spec.deployments:
                assert str(deployment.accounts[0].place) in met.value.why
    assert databases(walk.server, prefix) == []


@pytest.mark.sampled
@pytest.mark.attack("one server by two names: prune of what another one's spec wants")
def test_what_another_deployment_wants_is_not_pruned(walk: Walk, prefix: str, proxy: Proxy) -> None:
    place = {"password": {"file": "app.pw"}, "user": f"{prefix}app"}
    for what in ("an option", "a proxy on another port"):
        url = other_names(walk, proxy.port)[what]
        spec = pair(walk, prefix, url, **place)
        provision(spec)
        with dbprov.servers(spec) as servers:
            for deployment in spec.deployments:
                planned = dbprov.plan(deployment, servers[deployment], prune=True)
                assert planned.steps == (), what


@pytest.mark.sampled
def test_a_plan_knows_what_a_plan_before_it_makes(walk: Walk, prefix: str, proxy: Proxy) -> None:
    place = {"password": {"file": "app.pw"}, "user": f"{prefix}app"}
    spec = pair(walk, prefix, other_names(walk, proxy.port)["a proxy on another port"], **place)
    with dbprov.servers(spec) as servers:
        first, second = spec.deployments
        earlier = dbprov.plan(first, servers[first])
        planned = dbprov.plan(second, servers[second], earlier=[earlier])
    made = [step.item.kind for step in planned.steps if step.verb == "create"]
    assert "user" not in made
    assert [account.name for account in planned.awaited] == [f"{prefix}app"]


@pytest.mark.sampled
@pytest.mark.attack("one server by two names: two runs at once on one database")
def test_runs_exclude_each_other_by_whatever_name(walk: Walk, prefix: str, proxy: Proxy) -> None:
    for what, url in other_names(walk, proxy.port).items():
        if what == "another admin":
            continue
        place = {"password": {"file": "app.pw"}, "user": f"{prefix}app"}
        spec = pair(walk, prefix, url, **place)
        first, second = spec.deployments
        for one_of, other in ((first, second), (second, first)):
            with (
                dbprov.servers(spec, timeouts=Timeouts(lock=0)) as servers,
                servers[one_of].lock(one_of),
                pytest.raises(LockError),
                servers[other].lock(other),
            ):
                pytest.fail(what)


@pytest.mark.sampled("newest")
def test_one_user_is_rotated_once(walk: Walk, prefix: str, proxy: Proxy) -> None:
    place = {"password": {"file": "app.pw"}, "user": f"{prefix}app"}
    spec = pair(walk, prefix, other_names(walk, proxy.port)["localhost"], **place)
    provision(spec)
    document = {
        "deployments": [
            {"name": d.name, "server": url, "database": d.database, **place}
            for d, url in zip(
                spec.deployments,
                (walk.url, walk.url.replace("127.0.0.1", "localhost")),
                strict=True,
            )
        ]
    }
    (walk.folder / "spec.yaml").write_text(yaml.safe_dump(document))
    ended = run("rotate", "spec.yaml", "--yes", "--json", folder=walk.folder,
                env={"DBPROV_ADMIN_PASSWORD": walk.password})  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("logs in with the new password") == 1
    assert all(lets_in(walk, Spec((one_of,)), f"{prefix}app") for one_of in spec.deployments)


@pytest.mark.sampled("newest")
@pytest.mark.attack("one server by two names, as two admins: drop")
def test_it_is_the_same_for_two_admins(walk: Walk, prefix: str, proxy: Proxy) -> None:
    """PostgreSQL's identifier is of a function whose EXECUTE may be taken from PUBLIC."""
    walk.monkeypatch.setenv("SUPERUSER", walk.server.password("superuser"))
    url = walk.url.replace(f"//{walk.server.user('admin')}@", f"//{walk.server.user('superuser')}@")
    url = url.replace(f":{walk.server.port}", f":{proxy.port}")
    spec = walk.spec(
        one(prefix, name="a"),
        {"name": "c", "server": url, "admin": {"password": {"env": "SUPERUSER"}}, "database": f"{prefix}db", "user": "c"},
    )  # fmt: skip
    function = "FUNCTION pg_control_system()"
    if walk.server.engine == "postgresql":
        execute(walk.server, "superuser", f"REVOKE EXECUTE ON {function} FROM PUBLIC")
    try:
        with dbprov.servers(spec) as servers:
            first, second = (servers[d] for d in spec.deployments)
            assert first.same_as(second).same is Same.SAME
            assert (first.facts.identifier == "") is (walk.server.engine == "postgresql")
        with pytest.raises(RefusedError, match="a and c cannot both be"):
            dropped(spec, WHOLE)
    finally:
        if walk.server.engine == "postgresql":
            execute(walk.server, "superuser", f"GRANT EXECUTE ON {function} TO PUBLIC")


@pytest.mark.sampled("newest")
@pytest.mark.attack("one server by two names: the drop command")
def test_the_command_refuses(walk: Walk, prefix: str) -> None:
    place = {"password": {"file": "app.pw"}, "user": f"{prefix}app"}
    other = walk.url.replace("127.0.0.1", "localhost")
    document = {"server": walk.url, "deployments": [one(prefix, name="a", **place)]}
    path, env = walk.folder / "spec.yaml", {"DBPROV_ADMIN_PASSWORD": walk.password}
    path.write_text(yaml.safe_dump(document))
    assert run("apply", "spec.yaml", "--yes", folder=walk.folder, env=env).returncode == 0
    words = ("drop", "spec.yaml", "--deployment", "a", "--yes")
    for database, more, why in (
        (f"{prefix}db", ("--database", "--yes-drop", f"{prefix}db"), "both have the database"),
        (f"{prefix}db2", ("--quarantine",), f'user "{prefix}app" serves c too'),
    ):
        both = [
            *document["deployments"],
            {"name": "c", "server": other, "database": database, **place},
        ]
        path.write_text(yaml.safe_dump({**document, "deployments": both}))
        ended = run(*words, *more, folder=walk.folder, env=env)
        assert ended.returncode == 2, ended.stderr
        assert why in ended.stderr
        assert "nothing was changed" in ended.stderr
    assert databases(walk.server, prefix) == [f"{prefix}db"]


@pytest.mark.sampled
@pytest.mark.attack("a server that may be the same and cannot be asked: drop")
def test_what_cannot_be_asked_may_be_the_same(walk: Walk, prefix: str) -> None:
    """Whoever has the same database or user there may be on this very server."""
    gone = walk.url.replace(f":{walk.server.port}", ":1")
    spec = pair(walk, prefix, gone, first=f"{prefix}app", database=f"{prefix}db")
    provision(Spec(spec.deployments[:1]))
    for options in (QUARANTINE, USERS, WHOLE):
        with pytest.raises(RefusedError, match="nothing was changed") as met:
            dropped(spec, options)
        assert f'c on {spec.deployments[1].server} has database "{prefix}db" too' in met.value.why
        assert "cannot be told" in met.value.why
        assert "same_server: false" in met.value.todo
    with dbprov.servers(spec) as servers, pytest.raises(RefusedError, match="is not known"):
        dbprov.plan(spec.deployments[0], servers[spec.deployments[0]], prune=True)
    with dbprov.servers(spec) as servers:
        assert dbprov.plan(spec.deployments[0], servers[spec.deployments[0]]).complete
    apart = walk.spec(one(prefix, name="a"), {"name": "c", "server": gone, "same_server": False,
                                              "database": f"{prefix}db", "user": f"{prefix}app2"})  # fmt: skip
    assert dropped(apart, WHOLE).ok
    assert databases(walk.server, prefix) == []


# -- a copy of the data --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def copied(own: DedicatedServer) -> Iterator[DedicatedServer]:
    """Another server with a copy of the data of ``own``."""
    made = own.copy()
    yield made
    made.end()


def url_of(server: TestServer) -> str:
    path = "/postgres" if server.engine == "postgresql" else ""
    return f"{server.engine}://{server.superuser[0]}@{server.host}:{server.port}{path}"


def original_and_copy(
    own: DedicatedServer, copied: DedicatedServer, folder: Path, **more: Any
) -> Spec:
    """The same names on both, as whoever restores a backup has them."""
    document = {
        "deployments": [
            {"name": "a", "server": url_of(own.server), "database": "shop", "user": "app"},
            {
                "name": "c",
                "server": url_of(copied.server),
                "database": "shop",
                "user": "app",
                **more,
            },
        ]
    }
    return dbprov.parse(yaml.safe_dump(document), "spec.yaml", folder)


@pytest.fixture
def as_superuser(own: DedicatedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBPROV_ADMIN_PASSWORD", own.server.superuser[1])


@pytest.mark.attack("a copy of a server beside it: drop of what both have")
def test_a_copy_is_told_from_its_original(
    own: DedicatedServer, copied: DedicatedServer, tmp_path: Path, as_superuser: None
) -> None:
    spec = original_and_copy(own, copied, tmp_path)
    provision(spec)  # two servers for plans and passwords
    with dbprov.servers(spec) as servers:
        facts = [servers[d].facts.identity for d in spec.deployments]
        planned = [dbprov.plan(d, servers[d]) for d in spec.deployments]
    try:
        if own.server.flavor == "mariadb":  # its identifier is not of the data: they are two
            assert facts[0] != facts[1]
            assert not any("same_server" in r for p in planned for r in p.remarks)
            assert dropped(spec, QUARANTINE).ok
            return
        assert facts[0] == facts[1]
        assert all(any("same_server: false" in r for r in p.remarks) for p in planned)
        for options in (QUARANTINE, USERS, WHOLE):
            with pytest.raises(RefusedError, match="nothing was changed") as met:
                dropped(spec, options)
            assert str(own.server.port) in met.value.why
            assert str(copied.server.port) in met.value.why
            assert 'has user "app", database "shop" too' in met.value.why
            assert f"both report {facts[0]}" in met.value.why
            assert "same_server: false" in met.value.todo
        told = original_and_copy(own, copied, tmp_path, same_server=False)
        with dbprov.servers(told) as servers:
            planned = [dbprov.plan(d, servers[d]) for d in told.deployments]
        assert not any("same_server" in r for p in planned for r in p.remarks)
        assert dropped(told, WHOLE).ok
        assert databases(own.server, "shop") == []
        assert databases(copied.server, "shop") == ["shop"]
    finally:
        for one_of in original_and_copy(own, copied, tmp_path, same_server=False).deployments:
            alone = Spec((one_of,))
            assert dropped(alone, WHOLE).ok


@pytest.mark.attack("two servers, and one place for the password of a user on each")
def test_two_servers_have_a_place_each(
    own: DedicatedServer, copied: DedicatedServer, tmp_path: Path, as_superuser: None
) -> None:
    """The user of one name on another server is another user: a rotation would lose a password."""
    text = yaml.safe_dump(
        {
            "same_server": False,
            "deployments": [
                {
                    "name": name,
                    "server": url_of(server),
                    "database": "shop",
                    "user": "app",
                    "password": {"file": "pw"},
                }
                for name, server in (("a", own.server), ("c", copied.server))
            ],
        }
    )
    spec = dbprov.parse(text, "spec.yaml", tmp_path)
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            with pytest.raises(RefusedError, match="keep two passwords in one place"):
                dbprov.apply(deployment, servers[deployment])
    assert not (tmp_path / "pw").exists()


@pytest.mark.postgresql  # on MySQL one session does everything
@pytest.mark.parametrize("home", ["postgres", "template1"])
@pytest.mark.attack("the name of a server leads to another one in the middle of a run")
def test_every_session_is_to_the_same_server(
    own: DedicatedServer, copied: DedicatedServer, tmp_path: Path, as_superuser: None, home: str
) -> None:
    """As after a failover, or where a name has several addresses in DNS."""
    execute(copied.server, "superuser", "CREATE DATABASE shop")
    try:
        with Proxy(own.server.host, own.server.port) as proxy:
            document = {
                "server": f"postgresql://postgres@127.0.0.1:{proxy.port}/{home}",
                "deployments": [{"name": "a", "database": "shop", "user": "app"}],
            }
            spec = dbprov.parse(yaml.safe_dump(document), "spec.yaml", tmp_path)
            [deployment] = spec.deployments
            with dbprov.servers(spec) as servers:
                server = servers[deployment]
                planned = dbprov.plan(deployment, server)
                proxy.target = (copied.server.host, copied.server.port)
                applied = dbprov.apply(deployment, server, planned)
            assert isinstance(applied.error, LookError), applied.error
            assert "is not the server that it was a moment ago" in applied.error.what
            # A lock in another database is a session of its own, before anything is changed.
            assert bool(applied.done) is (home == "postgres")
            proxy.target = (own.server.host, own.server.port)
            assert dropped(spec, WHOLE).ok
        grants = "SELECT count(*) FROM pg_default_acl"
        assert execute(copied.server, "superuser", grants, "shop") == [(0,)]
    finally:
        execute(copied.server, "superuser", "DROP DATABASE shop")
