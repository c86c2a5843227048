"""A verification that was killed leaves its probes on a server that takes no DDL back; the next one drops them."""

from __future__ import annotations

import pytest

from tests.harness import accounts, execute
from tests.support.specs import one
from tests.support.walk import Walk


@pytest.mark.mysql
def test_probes_of_the_dead_are_dropped_and_those_of_the_living_are_not(
    walk: Walk, prefix: str
) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    database = f"{prefix}db"
    walk.as_user(
        spec,
        f"{prefix}app",
        "CREATE TABLE dbprov_probe_0badcafe (id INTEGER)",
        "CREATE PROCEDURE dbprov_probe_0badcafe_p() SELECT 1",
        "CREATE TABLE dbprov_probe_600dcafe_l (id INTEGER)",
    )
    user = (walk.server.user("superuser"), walk.server.password("superuser"))
    with (
        accounts.mysql(walk.server.host, walk.server.port, user, database) as living,
        living.cursor() as cursor,
    ):
        cursor.execute("SELECT GET_LOCK('dbprov_probe_600dcafe', 0)")
        walk.prove(spec)
        assert execute(walk.server, "superuser", "SHOW TABLES", database) == [
            ("dbprov_probe_600dcafe_l",)
        ]
    walk.prove(spec)
    assert execute(walk.server, "superuser", "SHOW TABLES", database) == []
    assert execute(walk.server, "superuser", f"SHOW PROCEDURE STATUS WHERE Db = '{database}'") == []
