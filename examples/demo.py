"""The tour of the README on a PostgreSQL of its own.

Every command as a person types it, with its real output; then a login with what came out.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

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
LOGIN = """\
With Airflow's metadata connection in airflow.env: logged in as {user},
made a table, wrote a row, read it: {row}

It works. All of this is kept in {folder}:
the spec, the SQL (sql/), the connection strings (airflow.env), the password (.dbprov/).
The PostgreSQL of the demo is gone. To try next, on a server of your own:
  cd {folder}
  export PATH={programs}:$PATH
  export DBPROV_ADMIN_PASSWORD=...    # of an admin of that server, whose URL you put in the spec
  dbprov check deployment.yaml        # can this admin do it? It changes nothing
  dbprov plan deployment.yaml         # what would be changed
"""


def main() -> int:
    print(
        "Starting an embedded PostgreSQL 18;"
        " its admin may create roles and databases, and is no superuser.\n",
        flush=True,
    )
    os.environ.setdefault("DBPROV_TEST_WAY", "binaries")
    server = harness.start("postgresql", "18")
    folder = Path(tempfile.mkdtemp(prefix="dbprov-demo-"))
    programs = Path(sys.executable).parent
    try:
        (folder / "deployment.yaml").write_text(SPEC.format(url=server.url("admin")))
        environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
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
                print(f"exit code {ended.returncode}; the files are in {folder}", file=sys.stderr)
                return ended.returncode
        user, row = log_in(folder / "airflow.env")
        print(LOGIN.format(user=user, row=row, folder=folder, programs=programs))
    finally:
        harness.stop_all()
    return 0


def log_in(file: Path) -> tuple[str, str]:
    """With the string that Airflow would take, and do what it does."""
    program = ["sh", "-c", '. "$0"; printf %s "$AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"', file]
    url = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    with psycopg.connect(url.replace("postgresql+psycopg2://", "postgresql://")) as connection:
        connection.execute("CREATE TABLE dag (dag_id text PRIMARY KEY)")
        connection.execute("INSERT INTO dag VALUES ('my_first_dag')")
        found = connection.execute("SELECT current_user, dag_id FROM dag").fetchone()
        connection.execute("DROP TABLE dag")
    assert found
    return found


if __name__ == "__main__":
    sys.exit(main())
