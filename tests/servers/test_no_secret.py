"""No secret, anywhere: every command and every fault with marked passwords, and a search through all that they leave behind.

Searched: what is printed, with --json and --debug; files; tracebacks; the audit file; the server's logs with every statement in them, its
statistics of statements; the command lines of the moment, and the environment of what dbprov starts. The summary has the table.
"""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import remove, stores
from tests.harness.bastion import bastion
from tests.harness.logging_server import LoggingServer
from tests.harness.report import record_search
from tests.harness.stores import Store
from tests.support.command import CLI, clean_environment
from tests.support.faults import CUT, DARK, INTERRUPTED, KILLED, TRUNCATED, Ended, Forker, Gate
from tests.support.houston import BASE, TOKEN, Platform, running
from tests.support.leaks import BROKEN, DEBUGGED
from tests.support.nosecret import MARK, Search, Watcher, mark
from tests.support.templates import own_block

PREFIX = "quiet_"
ADMIN = f"{PREFIX}dba"
PROGRAM = """\
import os, pathlib, sys
me = pathlib.Path("/proc/self")
seen = pathlib.Path("seen", f"program {os.getpid()}")
seen.write_bytes(me.joinpath("cmdline").read_bytes() + me.joinpath("environ").read_bytes())
kept = pathlib.Path("secrets/of-the-program")
if sys.argv[1:] == ["store"]:
    kept.touch(mode=0o600)
    kept.write_text(sys.stdin.read())
elif sys.argv[1:] == ["fail"]:
    print(kept.read_text())
    sys.exit(f"the password {kept.read_text()} is not good")
else:
    print(kept.read_text() if kept.exists() else "", end="")
"""
SSH = """\
#!/bin/sh
cat /proc/$$/environ /proc/$$/cmdline > "{folder}/seen/ssh $$"
exec "{ssh}" "$@"
"""
PRINTED = (
    "CREATE ROLE {{ place | password(name) | upper }}",
    "CREATE ROLE {{ place.read().reveal() }}",
    "CREATE ROLE {{ (place | password(name)) + 1 }}",
)
FORMS = (
    "text", "json", "env", "cfg", "airflow-local-settings", "houston", "values", "k8s", "external-secret", "chart", "pgbouncer", "pgpass",
    "service", "mycnf", "sqlalchemy", "jdbc", "dotenv",
)  # fmt: skip
EVERYTHING = ("pg_stat_statements", "events_statements_history_long", "events_statements_summary_by_digest")  # fmt: skip
"""Statistics that every statement must be in."""
AUDIT = ("--audit", "audit.jsonl")
YES = ("--yes", "--json")


class Scene:
    """A folder with specs in it, the marked admin of a server, and everything that is seen of each run."""

    def __init__(self, logging_server: LoggingServer, folder: Path, forker: Forker) -> None:
        self.logging_server, self.server, self.folder, self.forker = (
            logging_server,
            logging_server.server,
            folder,
            forker,
        )
        self.triggered = 0
        self.surprises: list[str] = []  # runs that did not end as they should
        self.search = Search()
        self.search.secrets |= {TOKEN, "LEAK-MARK-key"}  # of the platform and its base document
        self.watcher = Watcher(self.search)
        self.env = {
            "DBPROV_ADMIN_PASSWORD": mark("Admin"),
            "APP_PASSWORD": mark("App"),
            "DBPROV_HOUSTON_TOKEN": TOKEN,
            "TMPDIR": str(folder / "tmp"),
        }
        for name in ("seen", "secrets", "tmp", "bin", "asked"):
            (folder / name).mkdir()
        (folder / "program.py").write_text(PROGRAM)
        self.keep("of-the-program", mark("Program"))
        logging_server.admin(ADMIN, mark("Admin"))
        self.url = f"{self.server.engine}://{ADMIN}@{self.server.host}:{self.server.port}/"
        self.url += "postgres" * (self.server.engine == "postgresql")

    # -- what is wanted ------------------------------------------------------------------------------

    def keep(self, name: str, password: str) -> None:
        path = self.folder / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(password)

    def spec(self, file: str, *deployments: dict[str, Any], **top: Any) -> None:
        made = {"server": self.url, **top, "deployments": list(deployments)}
        (self.folder / file).write_text(yaml.safe_dump(made))

    def deployment(self, name: str, password: Any = None, **more: Any) -> dict[str, Any]:
        names = {
            "name": name,
            "database": f"{PREFIX}{name}",
            "user": f"{PREFIX}{name}_app",
        }
        return {**names, **({"password": password} if password else {}), **more}

    def program(self, *words: str) -> list[str]:
        return [sys.executable, "program.py", *words]

    # -- runs ----------------------------------------------------------------------------------------

    def __call__(
        self,
        *words: str,
        code: int | None = None,
        asked: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> Ended:
        """In a fork. ``asked``: its stdout is to have a password in it."""
        given = {**self.surrounding(*words), **(env or {})}
        ended = self.forker.run(*words, folder=self.folder, env=given, began=self.watcher.watch)
        return self.seen(words, ended, code, asked)

    def seen(
        self, words: tuple[str, ...], ended: Ended, code: int | None, asked: bool = False
    ) -> Ended:
        what = " ".join(words)
        if asked:
            self.search.asked.append((what, ended.stdout.encode()))
        else:
            how = " --json" if "--json" in words else ""
            self.search.add(f"stdout{how}", "runs", what, ended.stdout)
        how = " --debug" if "--debug" in words else ""
        self.search.add(f"stderr{how}", "runs", what, ended.stderr)
        if "Traceback" in ended.stderr:
            self.search.add("tracebacks", "seen", what, ended.stderr)
        if code not in (None, ended.code):
            self.surprises.append(
                f"{what}: {ended.code}, not {code}: {ended.stdout} {ended.stderr}"
            )
        self.read_back()
        return ended

    def surrounding(self, *words: str) -> dict[str, str]:
        """APP_PASSWORD only where the spec names it: else nothing says that it holds a password."""
        files = [self.folder / word for word in words if word.endswith(".yaml")]
        named = any("APP_PASSWORD" in file.read_text() for file in files if file.exists())
        return {k: v for k, v in self.env.items() if named or k != "APP_PASSWORD"}

    def process(
        self,
        *words: str,
        code: int | None = None,
        program: tuple[str, ...] = CLI,
        **env: str,
    ) -> Ended:
        """As a process of its own."""
        running = subprocess.Popen(
            (*program, *words), cwd=self.folder, env=clean_environment(self.folder, **self.surrounding(*words), **env),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        self.watcher.watch(running.pid)
        said = running.communicate(timeout=60)
        return self.seen((*program[1:], *words), Ended(running.returncode, *said), code)

    def typed(self, *words: str, answers: dict[str, str], code: int, **env: str) -> None:
        """On a terminal."""
        ours, theirs = pty.openpty()
        given = {k: v for k, v in {**self.env, **env}.items() if v}
        running = subprocess.Popen(
            (*CLI, *words), cwd=self.folder, env=clean_environment(self.folder, **given),
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        self.watcher.watch(running.pid)
        os.close(theirs)
        said, asked, until = "", 0, time.monotonic() + 60
        while time.monotonic() < until:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                said += os.read(ours, 65536).decode(errors="replace")
            except OSError:  # its end is closed
                break
            if said[asked:].rstrip().endswith((":", "?", "[y/N]:")) and said.endswith(" "):
                question = said[asked:].splitlines()[-1]
                answer = next(a for q, a in answers.items() if q in question)
                asked = len(said)
                os.write(ours, f"{answer}\n".encode())
        os.close(ours)
        self.seen((*words, "on a terminal"), Ended(running.wait(20), said, ""), code)

    def read_back(self) -> None:
        """What dbprov made, from the files where it is kept."""
        for folder in (self.folder / ".dbprov", self.folder / "secrets"):
            for path in folder.rglob("*"):
                if path.is_file() and path.name != ".gitignore":
                    self.search.known(path.read_text())

    def asked(self, path: Path) -> bool:
        """Whether a password belongs there."""
        top = path.relative_to(self.folder).parts[0]
        return top in ("secrets", "asked", ".dbprov") and path.name != ".gitignore"


# -- the commands ----------------------------------------------------------------------------------------


def places(scene: Scene) -> None:
    """Deployments whose passwords are in each place that needs no network."""
    scene.keep("file", mark("File"))
    command = {"command": scene.program(), "store": scene.program("store")}
    scene.spec(
        "spec.yaml",
        scene.deployment("env", {"env": "APP_PASSWORD"}),
        scene.deployment("file", {"file": "secrets/file"}),
        scene.deployment("made", access="owner"),
        scene.deployment("program", command),
    )


def provisioned(scene: Scene) -> None:
    scene("check", "spec.yaml", code=0)
    scene("--debug", "plan", "spec.yaml", "--json", code=1)
    scene("render", "spec.yaml", code=0)
    scene("render", "spec.yaml", "--password", "hash", "-o", "hashed/", code=0)
    scene("plan", "spec.yaml", "-o", "change/", "--undo", "undo/", code=1)
    reviewed = ("apply", "spec.yaml", "--reviewed", "change/", *AUDIT, "--undo", "undo-too/")
    scene("--debug", *reviewed, code=0)
    scene("apply", "spec.yaml", *YES, *AUDIT, code=0)
    scene("verify", "spec.yaml", "--json", code=0)
    scene("--debug", "verify", "spec.yaml", "--airflow=3")
    scene("check", "spec.yaml", "--airflow", "--json")
    scene("adopt", "spec.yaml", *YES, *AUDIT, code=0)
    scene("import", "--server", scene.url, "--database", f"{PREFIX}env", "--json", "--nearest")
    scene("import", "--server", scene.url, "--database", f"{PREFIX}env", "-o", "found.yaml")
    scene("schema", code=0)
    scene("templates", "--engine", scene.server.engine, code=0)
    less = scene.deployment("env", {"env": "APP_PASSWORD"}, access="read")
    scene.spec("less.yaml", less)
    scene("plan", "less.yaml", "--prune", code=1)
    scene("apply", "less.yaml", "--prune", *YES, *AUDIT, code=0)
    scene("apply", "spec.yaml", "--yes", *AUDIT, code=0)


def handed_out(scene: Scene, platform: Platform) -> None:
    scene.spec("one.yaml", scene.deployment("env", {"env": "APP_PASSWORD"}))
    for form in FORMS:
        words = ("connections", "one.yaml", "--format", form)
        if form in ("houston", "k8s", "pgpass"):
            scene(*words)
        if scene(*words, "-o", f"asked/strings.{form}").code == 0:
            assert (scene.folder / f"asked/strings.{form}").exists()
    scene("connections", "spec.yaml", code=0)
    scene("connections", "spec.yaml", "--json", code=0)
    scene("connections", "spec.yaml", "-o", "asked/all/", code=0)
    scene("connections", "spec.yaml", "--json", "--reveal", code=0, asked=True)
    (scene.folder / "own.j2").write_text("{{ metadata }} {{ nothing.of.the.kind }}")
    scene("connections", "one.yaml", "--template", "own.j2")
    base = {key: value for key, value in BASE.items() if key != "dagDeployment"}
    (scene.folder / "base.json").write_text(json.dumps({**base, "clusterId": "cl0"}))
    upsert = ("deployment", "upsert", "one.yaml", "--houston", platform.url, "--base", "base.json")
    scene(*upsert, "--print", code=0)
    scene("--debug", *upsert, *YES, code=0)
    scene("--debug", *upsert, "--yes", code=2, env={"DBPROV_HOUSTON_TOKEN": mark("WrongToken")})


def rotated(scene: Scene) -> None:
    new = {"APP_PASSWORD_NEW": mark("Next")}
    out = ("--format", "env", "-o", "asked/rotated/")
    scene("--debug", "rotate", "spec.yaml", *YES, *AUDIT, *out, code=0, env=new)
    scene.env["APP_PASSWORD"] = mark("Next")
    scene("rotate", "spec.yaml", "--finish", *YES, *AUDIT)
    scene("rotate", "spec.yaml", "--user", f"{PREFIX}made_app", "--yes", code=0)
    scene("verify", "spec.yaml", "--json", code=0)
    if scene.server.engine == "postgresql":
        turns = {"file": "secrets/turns"}
        scene.spec("turns.yaml", scene.deployment("turns", turns, rotation="two-users"))
        scene("apply", "turns.yaml", *YES, *AUDIT, code=0)
        scene("rotate", "turns.yaml", *YES, *AUDIT, code=0)
        scene("--debug", "rotate", "turns.yaml", "--finish", *YES, *AUDIT, code=0)


def in_stores(scene: Scene, bao: Store, moto: Store) -> None:
    """By its token Vault knows us, by its keys AWS; what they keep is searched too."""
    token = mark(f"Token{scene.server.flavor}").replace("'", "").replace('"', "")
    bao.ask("POST", "/v1/auth/token/create", {"id": token, "policies": ["root"]})
    name = f"{scene.server.flavor}-{os.urandom(3).hex()}"
    shell = {
        "VAULT_ADDR": bao.address, "VAULT_TOKEN": token, "AWS_ENDPOINT_URL": moto.address,
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": mark("Key"), "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    bao.put(f"secret/data/{name}-typed", password=mark("Vault"))
    aws = {"aws": name, "region": "eu-west-1", "key": "pw"}
    scene.spec(
        "stores.yaml",
        scene.deployment("aws", aws),
        scene.deployment("vault", {"vault": f"secret/{name}"}),
        scene.deployment("typed", {"vault": f"secret/{name}-typed"}),
    )
    run = partial(scene, env=shell)

    def kept() -> None:
        for one in (name, f"{name}-typed"):
            for value in bao.ask("GET", f"/v1/secret/data/{one}")["data"]["data"].values():
                scene.search.known(value)
        for stage in ("AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"):
            scene.search.known(version(moto, name, stage))

    run("--debug", "apply", "stores.yaml", *YES, *AUDIT, code=0)
    kept()
    run("--debug", "rotate", "stores.yaml", *YES, *AUDIT, code=0)
    kept()
    run("connections", "stores.yaml", "-o", "asked/stores/", code=0)
    run("endpoints", "--region", "eu-west-1", "--json", code=0)
    wrong = {"VAULT_TOKEN": mark("Wrong").replace("'", "").replace('"', "")}
    scene("--debug", "verify", "stores.yaml", "--json", env={**shell, **wrong})
    nobody = {"VAULT_ADDR": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    scene("--debug", "plan", "stores.yaml", "--json", env={**shell, **nobody})


def version(moto: Store, name: str, stage: str) -> str:
    import boto3

    client = boto3.client(
        "secretsmanager", region_name="eu-west-1", endpoint_url=moto.address,
        aws_access_key_id="key", aws_secret_access_key="x",
    )  # fmt: skip
    try:
        answer = client.get_secret_value(SecretId=name, VersionStage=stage)
    except client.exceptions.ResourceNotFoundException:
        return ""
    return "\n".join(json.loads(answer["SecretString"]).values())


def dropped(scene: Scene) -> None:
    drop = ("drop", "spec.yaml", "--deployment")
    scene(*drop, "env", "--quarantine", *YES, *AUDIT, code=0)
    scene("apply", "spec.yaml", *YES, *AUDIT, code=0)
    scene(*drop, "made", "--database", "--plan", code=1)
    for name in ("made", "env"):
        whole = ("--database", "--yes-drop", f"{PREFIX}{name}", "--forget")
        scene("--debug", *drop, name, *whole, *YES, *AUDIT, code=0)
    scene("audit", "audit.jsonl", code=0)
    scene("audit", "audit.jsonl", "--json", code=0)


# -- what goes wrong -------------------------------------------------------------------------------------


def refused(scene: Scene) -> None:
    """Wrong passwords, passwords that are none, programs that fail."""
    wrong = {"DBPROV_ADMIN_PASSWORD": mark("WrongAdmin")}
    for command in (("plan",), ("apply", "--yes"), ("rotate", "--yes")):
        scene("--debug", *command, "spec.yaml", "--json", env=wrong)
    another = {"APP_PASSWORD": mark("Another")}
    scene("--debug", "verify", "spec.yaml", env=another)
    scene("--debug", "apply", "spec.yaml", *YES, *AUDIT, env=another)
    for password in (f"{mark('Two')}\nlines", f"SCRAM-SHA-256${mark('Verifier')}", mark("L") * 60):
        scene.spec("late.yaml", scene.deployment("late", {"env": "APP_PASSWORD"}))
        scene("--debug", "apply", "late.yaml", *YES, *AUDIT, env={"APP_PASSWORD": password})
    scene.spec("late.yaml", scene.deployment("late", {"command": scene.program("fail")}))
    scene("--debug", "apply", "late.yaml", *YES, code=2)
    scene.spec("late.yaml", scene.deployment("late", {"file": "nowhere/at/all"}), tls={"mode": "verify-full", "ca": "program.py"})  # fmt: skip
    scene("--debug", "plan", "late.yaml", "--json", code=2)
    said = scene.deployment("late", mark("InTheSpec"))
    scene.spec("secrets/late.yaml", said)
    (scene.folder / "secrets/late.yaml").chmod(0o600)
    scene("--debug", "plan", "secrets/late.yaml", "--json", code=2)


def broken(scene: Scene) -> None:
    """Templates that are wrong in every way: what the server says of them is not passed on."""
    scene.spec("broken.yaml", scene.deployment("broken", {"env": "APP_PASSWORD"}))
    words = (
        {"user": "ROLE", "name": "{{ name | ident }}", "identified": "LOGIN PASSWORD"} if scene.server.engine == "postgresql"
        else {"user": "USER", "name": "{{ name | literal }}@{{ host | literal }}", "identified": "IDENTIFIED BY"}
    )  # fmt: skip
    texts = [
        one.format(**words, password="{{ place | password(name) }}") for one in BROKEN.values()
    ]
    for number, text in enumerate([*texts, *PRINTED]):
        own_block(scene.folder / f"own{number}", scene.server.engine, "user", "create", text)
        own = ("broken.yaml", "--templates", f"own{number}")
        typed = {"APP_PASSWORD": mark("Broken")}
        scene("--debug", "apply", *own, *YES, *AUDIT, code=2, env=typed)
        scene("plan", *own, env=typed)


def no_room(scene: Scene) -> None:
    """The disk is full: of the password's place, the audit file, the strings, stdout."""
    # Files of so many times 512 bytes; none of a process that has loaded what it needs.
    scene.spec("room.yaml", scene.deployment("room"))
    for blocks, words in (
        (0, ("apply", "room.yaml", *YES)),
        (4, ("apply", "spec.yaml", *YES, "--audit", "short.jsonl")),
        (0, ("connections", "spec.yaml", "-o", "asked/no-room")),
        (0, ("render", "spec.yaml", "--password", "hash", "-o", "no-room/")),
        (0, ("rotate", "spec.yaml", "--user", f"{PREFIX}file_app", *YES)),
    ):
        limited = ("sh", "-c", f'ulimit -f {blocks}; exec "$0" -B -m dbprov --debug "$@"')
        scene.process(*words, program=(*limited, sys.executable))
    scene("--debug", "connections", "spec.yaml", "-o", "/dev/full", code=2)


def triggered(scene: Scene) -> None:
    """Killed, interrupted, cut off, cut short, and in the dark, at turns all over the run."""
    server = scene.server
    with Gate(server.host, server.port) as gate:
        near = scene.url.replace(f":{server.port}/", f":{gate.port}/")

        def run(*words: str) -> Ended:
            def began(pid: int) -> None:
                gate.pid = pid
                scene.watcher.watch(pid)

            ended = scene.forker.run(*words, folder=scene.folder, env=scene.env, began=began)
            return scene.seen(words, ended, None)

        faults = (*KILLED, *INTERRUPTED, *CUT, *TRUNCATED)
        for number in range(3):
            place = {"env": "APP_PASSWORD"} if number == 1 else None
            scene.spec(f"near{number}.yaml", scene.deployment(f"near{number}", place), server=near)
        apply, rotate = ("apply", "near{}.yaml"), ("rotate", "near{}.yaml")
        turns = 0
        for number, command, strikes in (
            (0, apply, 6),
            (0, rotate, 4),
            (1, apply, 2),
            (2, apply, 1),
        ):
            words = ("--debug", *(w.format(number) for w in command), *YES, *AUDIT)
            if number == 0 and command == apply:  # how long it is
                gate.disarm()
                run("--debug", "plan", "near0.yaml", "--json")
                turns = gate.exchanges
            for strike in range(strikes):
                one = DARK if number == 2 else faults[(strike * 2 + number) % len(faults)]
                gate.arm(turns // 2 + (strike * 5) % (2 * turns), one)
                run(*words, *one.words)
                hit = gate.triggered.is_set() and gate.over.wait(60)
                gate.disarm()
                if command == rotate:  # MySQL begins none before
                    run(*(w.format(number) for w in rotate), "--finish", *YES)
                scene.triggered += bool(hit)
        # The last rotation may have been cut off between the server and the place: one more ends it.
        for words in (rotate, (*rotate, "--finish"), apply):
            said = (*(w.format(0) for w in words), *YES, *AUDIT)
            scene.seen(said, run(*said), 0)


def in_python(scene: Scene) -> None:
    """Warnings on, logging at DEBUG, every object printed, and a traceback that nobody catches."""
    for number, then in enumerate(("1 / 0", "pass")):
        made = scene.deployment(f"python{number}", {"env": "APP_PASSWORD"})
        scene.spec("python.yaml", made)
        text = DEBUGGED.replace("{then}", then).replace("spec.yaml", "python.yaml")
        (scene.folder / "debugged.py").write_text(text)
        warned = (sys.executable, "-X", "dev")
        ended = scene.process("debugged.py", program=warned, APP_PASSWORD=scene.env["APP_PASSWORD"])
        assert ("Traceback" in ended.stderr) == (then == "1 / 0"), ended.stderr
        assert "***" in ended.stdout
    dev = (sys.executable, "-X", "dev", "-m", "dbprov", "--debug")
    scene.process("apply", "spec.yaml", *YES, program=dev, code=0)


def on_a_terminal(scene: Scene) -> None:
    scene.spec("asked.yaml", scene.deployment("asked", {"prompt": True}))
    typed = partial(scene.typed, DBPROV_ADMIN_PASSWORD="")
    typed("plan", "asked.yaml", answers={"assword": mark("WrongTyped")}, code=2)
    answers = {"[y/N]": "y", "Repeat": mark("Typed"), f"{PREFIX}asked_app": mark("Typed")}
    answers |= {"assword": mark("Admin")}
    typed("--debug", "apply", "asked.yaml", answers=answers, code=0)


def through_a_bastion(scene: Scene) -> None:
    with bastion() as gate:
        (scene.folder / "bin/ssh").write_text(
            SSH.format(folder=scene.folder, ssh=gate.path / "ssh")
        )
        (scene.folder / "bin/ssh").chmod(0o755)
        path = f"{scene.folder / 'bin'}:{os.environ['PATH']}"
        both = [
            scene.deployment("env", {"env": "APP_PASSWORD"}),
            scene.deployment("file", {"file": "secrets/file"}),
        ]
        scene.spec("far.yaml", *both, via=gate.url)
        scene.process("--debug", "verify", "far.yaml", "--json", code=0, PATH=path)
        scene.spec("farther.yaml", scene.deployment("file", {"file": "secrets/file"}), via="ssh://nobody@127.0.0.1:1")  # fmt: skip
        scene.process("--debug", "plan", "farther.yaml", "--json", code=2, PATH=path)


# -- the search ------------------------------------------------------------------------------------------


def search(scene: Scene) -> None:
    """What was left: files, the programs' environment, what the server wrote."""
    search = scene.search
    scene.watcher.close()
    scene.read_back()
    for path in (scene.folder / "seen").iterdir():
        search.add("environment of children", "seen", path.name, path.read_bytes())
        path.unlink()
    audit = scene.folder / "audit.jsonl"
    search.add("audit file", "lines", "audit.jsonl", audit.read_bytes())
    search.files(scene.folder, scene.asked)
    for place, text in scene.logging_server.logs().items():
        empty = "server.log" in place and scene.server.engine == "mysql"  # only of errors
        assert "CREATE " in text or empty, place
        search.add(place, "lines", place, text)
    for place, rows in scene.logging_server.statistics().items():
        if place in EVERYTHING:
            assert any("GRANT" in str(row).upper() for row in rows), place
        for row in rows:
            # MySQL masks no password of what it cannot parse, and no hash is sent there.
            unmasked = scene.server.flavor == "mysql" and f"{MARK}Broken" in repr(row)
            if unmasked and place == "events_statements_history_long":
                search.conceded.append(repr(row))
            else:
                search.add(place, "rows", place, repr(row))


@pytest.fixture(scope="module")
def bao() -> Iterator[Store]:
    with stores.vault() as store:
        yield store


@pytest.fixture(scope="module")
def moto() -> Iterator[Store]:
    with stores.aws() as store:
        yield store


@pytest.fixture
def scene(logging_server: LoggingServer, tmp_path: Path) -> Iterator[Scene]:
    forker = Forker("boto3", "hvac")
    try:
        yield Scene(logging_server, tmp_path, forker)
    finally:
        forker.close()
        remove(logging_server.server, PREFIX)


def test_no_secret_anywhere(
    scene: Scene, bao: Store, moto: Store, request: pytest.FixtureRequest
) -> None:
    with running(Platform("1.0")) as platform:
        places(scene)
        provisioned(scene)
        handed_out(scene, platform)
    rotated(scene)
    in_stores(scene, bao, moto)
    refused(scene)
    broken(scene)
    no_room(scene)
    in_python(scene)
    on_a_terminal(scene)
    through_a_bastion(scene)
    triggered(scene)
    dropped(scene)
    search(scene)
    wrong = list(scene.surprises)
    for row, found in scene.search.rows():
        record_search(request.node.user_properties, scene.server, row)
        wrong += [f"{row[0]}: {where}" for where in found]
    assert not wrong, "\n".join(wrong)
    assert len(scene.search.conceded) <= len(BROKEN), scene.search.conceded
    assert scene.triggered >= 8
