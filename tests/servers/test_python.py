"""dbprov as a library: the examples of the package and of the README run, and what applying yields is committed."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import dbprov
from dbprov.commands.apply import fill_places
from dbprov.items import Membership
from tests.support.command import on_one_of_each
from tests.support.processes import write
from tests.support.runbook import ROOT
from tests.support.specs import one
from tests.support.walk import Walk

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = {
    "docstring": (dbprov.__doc__ or "").split("\n", 1)[1],
    "README": re.findall(r"^```python\n(import dbprov\n.*?)^```$", README, re.MULTILINE | re.DOTALL)[0],
}  # fmt: skip


@on_one_of_each
@pytest.mark.parametrize("place", EXAMPLES)
def test_the_example(walk: Walk, prefix: str, place: str) -> None:
    write(walk, one(prefix)).rename(walk.folder / "deployment.yaml")
    ended = subprocess.run(
        [sys.executable, "-c", EXAMPLES[place]],
        cwd=walk.folder,
        env={"DBPROV_ADMIN_PASSWORD": walk.password, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert f"{prefix}app:" in ended.stdout
    spec = dbprov.load(str(walk.folder / "deployment.yaml"))
    assert spec == dbprov.load(walk.folder / "deployment.yaml")
    assert walk.plan(spec).complete


@on_one_of_each
def test_several(walk: Walk, prefix: str) -> None:
    spec = walk.spec(*(one(f"{prefix}{name}_", name=name) for name in ("first", "second")))
    with dbprov.servers(spec) as servers:
        runs = list(dbprov.apply_all(dbprov.plan_all(spec, servers), servers))
        assert [(run.deployment.name, run.ok) for run in runs] == [
            ("first", True),
            ("second", True),
        ]
        assert all(plan.complete for plan in dbprov.plan_all(spec, servers))
        rotated = list(dbprov.rotate_all(dbprov.plan_rotations(spec, servers), servers))
        assert [(run.plan.user.name, run.ok) for run in rotated] == [
            (f"{prefix}first_app", True),
            (f"{prefix}second_app", True),
        ]
        options = dbprov.DropOptions(database=True)
        for deployment in spec.deployments:
            assert dbprov.drop(spec, deployment, servers[deployment], options).ok


@on_one_of_each
def test_what_applying_yields_is_committed(walk: Walk, prefix: str) -> None:
    """Another session finds it done each time."""
    spec = walk.spec(one(prefix, schemas=["a", "b"]) if walk.server.engine == "postgresql" else one(prefix))  # fmt: skip
    [deployment] = spec.deployments
    together = 0
    with dbprov.servers(spec) as servers, dbprov.servers(spec) as others:
        planned = dbprov.plan(deployment, servers[deployment])
        fill_places(planned)
        for committed in servers[deployment].apply(planned.steps):
            together += len(committed) > 1
            left = dbprov.plan(deployment, others[deployment]).statements
            for done in committed:
                assert isinstance(done.step.item, Membership) or done.statement not in left
    assert together or walk.server.engine == "mysql", "nothing shared a transaction"
