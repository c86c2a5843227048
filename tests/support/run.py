"""The command line against one server, in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.harness import TestServer, execute
from tests.support.command import Ended, dbprov
from tests.support.specs import one


class Run:
    """The CLI in a folder with a spec in it, as the restricted admin of a server."""

    def __init__(self, server: TestServer, folder: Path, prefix: str) -> None:
        self.server, self.folder, self.prefix = server, folder, prefix
        self.password = {"DBPROV_ADMIN_PASSWORD": server.password("admin")}
        self.write()

    def write(self, **more: Any) -> None:
        text = yaml.safe_dump(
            {"server": self.server.url("admin"), "deployments": [one(self.prefix, **more)]}
        )
        (self.folder / "spec.yaml").write_text(text)

    def __call__(self, *arguments: str, **env: str) -> Ended:
        return dbprov(*arguments, folder=self.folder, env={**self.password, **env})

    def databases(self) -> list[Any]:
        if self.server.engine == "postgresql":
            return execute(
                self.server,
                "superuser",
                f"SELECT datname FROM pg_database WHERE datname LIKE '{self.prefix}%'",
            )
        like = f"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{self.prefix}%'"
        return execute(self.server, "superuser", like)
