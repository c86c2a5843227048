"""Deployments as a person makes them, by the command line, and the consumers that take what is handed out.

One server of each engine, as the restricted admin: what differs between versions is tested in tests/servers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import ServerUnavailable, TestServer, Who
from tests.harness import airflow as released
from tests.harness.report import skip_or_fail
from tests.support.deployed import Made, Make


@pytest.fixture
def make(server: TestServer, prefix: str, tmp_path: Path) -> Make:
    """A Deployment that `dbprov apply` made. With ``password`` it is that of every user."""

    def made(
        password: str | None = None,
        names: tuple[str, ...] = ("app",),
        access: str = "all",
        who: Who = "admin",
        after: str = "db",
        **keys: Any,
    ) -> Made:
        users: list[dict[str, Any]] = [{"name": f"{prefix}{n}", "access": access} for n in names]
        env = {f"APP_PASSWORD_{n}": password for n in range(len(names))} if password else {}
        for user, variable in zip(users, env, strict=False):
            user["password"] = {"env": variable}
        one = {"name": "analytics", "database": f"{prefix}{after}", "users": users, **keys}
        text = yaml.safe_dump({"server": server.url(who), "deployments": [one]})
        (tmp_path / "spec.yaml").write_text(text)
        deployment = Made(server, tmp_path, f"{prefix}{after}", env, who)
        ended = deployment.cli("apply", "spec.yaml", "--yes")
        assert ended.returncode == 0, ended.stderr
        return deployment

    return made


@pytest.fixture
def airflow(server: TestServer) -> released.Airflow:
    try:
        return released.bring(server.engine)
    except ServerUnavailable as error:
        skip_or_fail(f"NO AIRFLOW: {error}")
