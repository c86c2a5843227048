"""A plan in a file that somebody reviews, and apply after it."""

from __future__ import annotations

from typing import Any

import yaml

from tests.harness import execute
from tests.support.catalogue import catalogue
from tests.support.command import Ended
from tests.support.command import dbprov as cli
from tests.support.specs import one
from tests.support.walk import Walk


class Reviewed:
    """A spec file in a folder, and the command line in it: plan -o, and apply --reviewed."""

    def __init__(self, walk: Walk, prefix: str) -> None:
        self.walk, self.prefix = walk, prefix
        self.file = walk.folder / "change.sql"
        self.write()

    def write(self, *deployments: dict[str, Any], **more: Any) -> None:
        made = deployments or (one(self.prefix, **more),)
        text = yaml.safe_dump({"server": self.walk.url, "deployments": list(made)})
        (self.walk.folder / "spec.yaml").write_text(text)

    def __call__(self, *words: str) -> Ended:
        env = {"DBPROV_ADMIN_PASSWORD": self.walk.password}
        return cli(words[0], "spec.yaml", *words[1:], folder=self.walk.folder, env=env)

    def refused(self, *words: str) -> str:
        """apply --reviewed stops, and neither the server nor any password's place was touched."""
        before = self.state()
        ended = self("apply", "--reviewed", *(words or ("change.sql",)))
        assert ended.returncode == 2, ended.stderr
        assert ended.stdout == ""
        assert "nothing was changed" in ended.stderr
        assert self.state() == before
        return ended.stderr

    def state(self) -> list[Any]:
        kept = sorted(str(path) for path in self.walk.folder.rglob("*") if path.is_file())
        there = execute(self.walk.server, "superuser", DATABASES[self.walk.server.engine])
        database = f"{self.prefix}db"
        if (database,) in there or self.walk.server.engine == "mysql":
            return [kept, there, catalogue(self.walk.server, self.prefix, database)]
        return [kept, there]


DATABASES = {
    "postgresql": "SELECT datname::text FROM pg_database ORDER BY 1",
    "mysql": "SELECT CAST(SCHEMA_NAME AS CHAR) FROM information_schema.SCHEMATA ORDER BY 1",
}
