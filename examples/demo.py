"""The tour of the README on a PostgreSQL of its own.

Every command as a person types it, with its real output.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import harness

SPEC = """\
server: {url}
deployments:
  - name: analytics
    database: analytics_airflow
    user: analytics_airflow
"""
COMMANDS = (
    "dbprov check deployment.yaml",
    "dbprov render deployment.yaml -o sql/",
    "dbprov apply deployment.yaml --yes",
    "dbprov plan deployment.yaml",
    "dbprov connections deployment.yaml",
    "dbprov connections deployment.yaml --format env -o airflow.env",
)


def main() -> int:
    print(
        "Starting an embedded PostgreSQL 18;"
        " its admin may create roles and databases, and is no superuser.\n",
        flush=True,
    )
    server = harness.start("postgresql", "18")
    try:
        with tempfile.TemporaryDirectory(prefix="dbprov-demo-") as folder:
            (Path(folder) / "deployment.yaml").write_text(SPEC.format(url=server.url("admin")))
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            environment = {
                **os.environ,
                "PATH": path,
                "DBPROV_ADMIN_PASSWORD": server.password("admin"),
            }
            for command in ("cat deployment.yaml", *COMMANDS):
                print(f"$ {command}", flush=True)
                ended = subprocess.run(
                    shlex.split(command),
                    cwd=folder,
                    env=environment,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
                print(flush=True)
                if ended.returncode:
                    print(f"exit code {ended.returncode}", file=sys.stderr)
                    return ended.returncode
    finally:
        harness.stop_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
