"""Each form is read by its real readers: a plain password, the hardest one, and the strictest TLS. What cannot be carried is refused."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dotenv
import pytest
import yaml
from msgspec.structs import replace
from sqlalchemy.engine import make_url

from dbprov.connections import forms
from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import Connection, DeploymentConnections, connections_of
from dbprov.errors import UsageError
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Tls
from tests.harness import ServerUnavailable, airflow, readers
from tests.harness.report import CASES, record_form, skip_or_fail
from tests.support.charts import NAMESPACE, charts, completed, mounted, rendered, secrets
from tests.support.deployed import HOSTILE
from tests.support.made import deployment

CA = "/etc/ssl/db ca & more.pem"
"""A path that means something to a URL."""
PASSWORDS = {"plain": "plain-Pw_1", "hostile": HOSTILE, "TLS with CA": "plain-Pw_1"}
SHOWN = FormOptions(shown=True, namespace=NAMESPACE, release="r", files={CA: "THE CA\n"})
Values = dict[str, str]


def made(engine: str, case: str, **keys: Any) -> DeploymentConnections:
    """With the CA's file as it is called where the Deployment runs: nothing is read here."""
    one = deployment(engine, **keys)
    if case == "TLS with CA":
        one = replace(one, tls=Tls("verify-full", CA, given=True))
    return connections_of(one, lambda account: Secret(PASSWORDS[case]))


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["postgresql", "mysql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Callable[..., None]:
    """A cell of the table of forms and readers."""

    def recorded(form: str, reader: str, case: str, outcome: str = "read") -> None:
        record_form(request.node.user_properties, form, reader, case, outcome)

    return recorded


def written(form: str, one: DeploymentConnections, options: FormOptions = SHOWN) -> tuple[str, str]:
    """The text, or the reason why there is none."""
    try:
        forms.refuse(form, [one], options)
    except UsageError as error:
        return "", error.why
    return forms.document(form, [one], options), ""


# -- files of variables -----------------------------------------------------------------------------------------------


def bash(file: Path, names: list[str]) -> Values:
    script = 'set -a; . "$0"; for n in "$@"; do printf "%s=%s\\0" "$n" "${!n}"; done'
    ended = subprocess.run(
        ["bash", "-c", script, file, *names], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert ended.stderr == ""
    return dict(pair.split("=", 1) for pair in ended.stdout.split("\0") if pair)


def python_dotenv(file: Path, names: list[str]) -> Values:
    return {key: value or "" for key, value in dotenv.dotenv_values(file).items()}


def node(file: Path, names: list[str]) -> Values:
    script = "console.log(JSON.stringify(process.env))"
    ended = subprocess.run(
        [str(readers.node()), f"--env-file={file}", "-e", script], capture_output=True, text=True, check=True, env={},
    )  # fmt: skip
    found: Values = json.loads(ended.stdout)
    return found


def npm_dotenv(file: Path, names: list[str]) -> Values:
    script = "console.log(JSON.stringify(require('dotenv').parse(require('fs').readFileSync(process.argv[1]))))"
    ended = subprocess.run(
        [str(readers.node()), "-e", script, str(file)], capture_output=True, text=True, check=True,
        cwd=readers.npm_dotenv(),
    )  # fmt: skip
    found: Values = json.loads(ended.stdout)
    return found


def kubectl(file: Path, names: list[str]) -> Values:
    """As docker --env-file: whatever is behind the = is the value."""
    command = [
        str(readers.kubectl()),
        "create",
        "secret",
        "generic",
        "s",
        f"--from-env-file={file}",
    ]
    ended = subprocess.run(
        [*command, "--dry-run=client", "-o", "yaml"], capture_output=True, text=True, check=True, env={},
    )  # fmt: skip
    return secrets(ended.stdout)["s"]


VARIABLES: dict[str, Callable[[Path, list[str]], Values]] = {
    "bash": bash,
    "python-dotenv": python_dotenv,
    "npm dotenv": npm_dotenv,
    "node --env-file": node,
    "kubectl --from-env-file": kubectl,
}


def of_env(one: DeploymentConnections) -> Values:
    strings = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": one.metadata.url(True),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": one.metadata.async_url(True) or "",
        "AIRFLOW__CELERY__RESULT_BACKEND": "db+" + one.result.url(True),
    }
    return {key: value for key, value in strings.items() if value}


def of_dotenv(one: DeploymentConnections) -> Values:
    parts = one.metadata.parts(True)
    mysql = one.deployment.server.engine == "mysql"
    mode = (
        {"verify-full": "VERIFY_IDENTITY", "": ""}[parts["sslmode"]] if mysql else parts["sslmode"]
    )
    values = {
        "DATABASE_URL": one.metadata.url(True),
        "DATABASE_HOST": parts["host"],
        "DATABASE_PORT": parts["port"],
        "DATABASE_NAME": parts["database"],
        "DATABASE_USER": parts["user"],
        "DATABASE_PASSWORD": parts["password"],
        "DATABASE_SSLMODE": mode,
        "DATABASE_SSLROOTCERT": parts["sslrootcert"],
        "RESULT_BACKEND_URL": "db+" + one.result.url(True),
    }
    return {key: value for key, value in values.items() if value}


@pytest.mark.parametrize("reader", VARIABLES)
@pytest.mark.parametrize(
    ("form", "wanted"), [("env", of_env), ("dotenv", of_dotenv)], ids=["env", "dotenv"]
)
def test_a_file_of_variables(
    form: str, wanted: Callable[[DeploymentConnections], Values], reader: str, engine: str, case: str, tmp_path: Path, cell: Any
) -> None:  # fmt: skip
    one = made(engine, case)
    text, refused = written(form, one)
    if (form, case) == ("dotenv", "hostile"):
        assert "disagree about ' in the password" in refused
        cell(form, reader, case, "refused")
        return
    file = tmp_path / "variables.env"
    file.write_text(text)
    try:
        found = VARIABLES[reader](file, list(wanted(one)))
    except ServerUnavailable as error:
        pytest.skip(f"NOT CHECKED, {reader}: {error}")
    read = {key: found.get(key) for key in wanted(one)}
    quoted = {key for key, value in wanted(one).items() if f"{key}='{value}'\n" in text}
    if reader.startswith("kubectl") and quoted:
        assert read == {k: f"'{v}'" if k in quoted else v for k, v in wanted(one).items()}
        said = forms.notes(form, one, SHOWN)
        assert any("docker --env-file" in words for words in said), "the loss is told"
        cell(form, reader, case, "told")
        return
    assert read == wanted(one)
    cell(form, reader, case)


# -- Kubernetes -------------------------------------------------------------------------------------------------------

READ = """
import json, os
from airflow.configuration import conf
from sqlalchemy.engine import make_url

def parts(url):
    return [url.drivername, url.username, url.password, url.host, url.port, url.database, dict(url.query)]

metadata = make_url(conf.get("database", "sql_alchemy_conn"))
result = conf.get("celery", "result_backend")
assert result.startswith("db+"), "Celery takes no other"
print("\\n" + json.dumps([parts(metadata), parts(make_url(result[3:]))]))
"""


def by_airflow(engine: str, metadata: str, result: str, folder: Path) -> Any:
    """What Airflow makes of two variables of its environment: driver, user, password, host, port, database, query."""
    try:
        program = airflow.bring(engine)
    except ServerUnavailable as error:
        skip_or_fail(f"NO AIRFLOW: {error}")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
        "AIRFLOW__CELERY__RESULT_BACKEND": result,
        **program.env,
    }
    ended = subprocess.run(
        [program.python, "-c", READ], env=env, capture_output=True, text=True, timeout=120, check=False, cwd=folder,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def expected(one: DeploymentConnections, query: dict[str, str], **place: Any) -> list[Any]:
    """As ``by_airflow`` reads it; for a MySQL without its drivers too."""
    parts = {**one.metadata.parts(True), **place}
    engine = one.deployment.server.engine
    where = [parts["host"], int(parts["port"]), parts["database"]]
    return [engine, parts["user"], parts["password"], *where, query]


def in_query(one: DeploymentConnections) -> dict[str, str]:
    tls = one.deployment.published_tls
    if not tls.given:
        return {}
    if one.deployment.server.engine == "mysql":
        return {"ssl_mode": "VERIFY_IDENTITY", "ssl_ca": CA}
    return {"sslmode": tls.mode, "sslrootcert": CA}


@pytest.mark.parametrize("chart", charts(), ids=lambda chart: chart.name)
def test_the_values_of_a_chart(
    chart: Path, engine: str, case: str, tmp_path: Path, cell: Any
) -> None:
    """Helm, then Airflow. What the chart's own URL does not carry is refused, and goes by a Secret."""
    one = made(engine, case)
    text, refused = written("chart", one)
    if case != "plain":
        why = "leaves the $ in the password" if case == "hostile" else "no place for tls: {"
        assert why in refused
        cell(f"chart, {engine}", f"Helm ({chart.name}), Airflow", case, "refused")
        return
    held = rendered(chart, text, tmp_path)
    strings = held["r-metadata"]["connection"], held["r-result-backend"]["connection"]
    query = {"sslmode": "prefer"} if engine == "postgresql" else {}
    assert by_airflow(engine, strings[0], strings[1], tmp_path) == [expected(one, query)] * 2
    cell(f"chart, {engine}", f"Helm ({chart.name}), Airflow", case)


SIGNS = [*"!\"#%&'()*+,-./:;<=>?@[\\]^_`{|}~", "ü", "日"]
"""All but the two that are refused."""


def test_every_other_sign_passes_through_the_chart(tmp_path: Path) -> None:
    password = "".join(f"{sign}41{sign}" for sign in SIGNS)
    one = connections_of(deployment(), lambda account: Secret(password))
    held = rendered(charts()[0], written("chart", one)[0], tmp_path)
    found = make_url(os.path.expandvars(held["r-metadata"]["connection"]))
    assert found.password == password


@pytest.mark.parametrize("standard", [False, True])
@pytest.mark.parametrize("pgbouncer", [False, True])
def test_the_secrets_are_those_that_the_chart_looks_for(
    standard: bool, pgbouncer: bool, tmp_path: Path
) -> None:
    """By default, without any name said: those of the chart with and without useStandardNaming."""
    options = FormOptions(True, release="r", standard_naming=standard, pgbouncer=pgbouncer)
    text, _ = written("k8s", made("postgresql", "plain"), options)
    naming = ("--set", f"useStandardNaming={str(standard).lower()}")
    bounced = ("--set", f"pgbouncer.enabled={str(pgbouncer).lower()}")
    looked_for = mounted(charts()[0], "{}", tmp_path, *naming, *bounced)
    assert set(secrets(text)) == {name for name in looked_for.values() if name}


def test_the_secrets(engine: str, case: str, tmp_path: Path, cell: Any) -> None:
    """kubectl, then Airflow, under the names that the values of ``chart --by-secret`` say."""
    one = made(engine, case)
    held = secrets(by_kubectl(written("k8s", one)[0], tmp_path))
    values, _ = written("chart", one, FormOptions(True, release="r", by_secret=True))
    assert not rendered(charts()[0], values, tmp_path), "the chart makes none of its own"
    names = mounted(charts()[0], values, tmp_path)
    strings = [held[names[which]]["connection"] for which in ("metadata", "result")]
    assert (
        by_airflow(engine, strings[0], strings[1], tmp_path) == [expected(one, in_query(one))] * 2
    )
    cell(f"k8s, {engine}", "kubectl, Airflow", case)


STORE = {"vault": {"vault": "secret/airflow/app"}, "aws": {"aws": "airflow/app", "key": "pw"}}
BY_OPERATOR = replace(SHOWN, secret_store="ClusterSecretStore/team")


def operated(text: str, found: str, folder: Path) -> dict[str, dict[str, str]]:
    """The Secrets that the External Secrets Operator makes, where its store has ``found``."""
    made = {}
    for one in yaml.safe_load_all(text):
        target, [data] = one["spec"]["target"], one["spec"]["data"]
        made[target["name"]] = {
            key: completed(template, {data["secretKey"]: found}, folder)
            for key, template in target["template"]["data"].items()
        }
    return made


@pytest.mark.parametrize("store", STORE)
def test_what_the_operator_makes_of_a_password(
    store: str, engine: str, case: str, tmp_path: Path, cell: Any
) -> None:
    """Its templates, completed with the password, then Airflow: the Secrets of ``k8s`` to the letter."""
    one = made(engine, case, password=STORE[store])
    held = operated(written("external-secret", one, BY_OPERATOR)[0], PASSWORDS[case], tmp_path)
    assert set(held) == set(secrets(written("k8s", one)[0]))
    metadata, result = held["r-metadata"]["connection"], held["r-result-backend"]["connection"]
    assert by_airflow(engine, metadata, result, tmp_path) == [expected(one, in_query(one))] * 2
    cell(f"external-secret, {engine}", "sprig, Airflow", case)


def test_every_sign_passes_through_the_operator(tmp_path: Path) -> None:
    password = "".join(f"{sign}41{sign}" for sign in [*SIGNS, "$", " ", "{{", "%20"])
    one = connections_of(deployment(password=STORE["vault"]), lambda account: None)
    held = operated(written("external-secret", one, BY_OPERATOR)[0], password, tmp_path)
    found = make_url(os.path.expandvars(held["r-metadata"]["connection"]))
    assert found.password == password


@pytest.mark.parametrize("user", ['it"s', 'it"s_b'])
def test_the_operator_is_told_whose_password_it_has(user: str, tmp_path: Path) -> None:
    """Of two users that take turns, by the prefix that the store has."""
    turns = {"name": 'it"s', "rotation": "two-users", "password": STORE["aws"]}
    deployed = deployment(users=[turns])
    connection = Connection(deployed, deployed.metadata_account(), None)
    one = DeploymentConnections(deployed, connection, connection)
    found = f"{user}:{HOSTILE}" if user.endswith("_b") else HOSTILE
    held = operated(written("external-secret", one, BY_OPERATOR)[0], found, tmp_path)
    url = make_url(held["r-metadata"]["connection"])
    assert (url.username, url.password) == (user, HOSTILE)


def by_kubectl(text: str, folder: Path) -> str:
    (folder / "secrets.yaml").write_text(text)
    command = [str(readers.kubectl()), "annotate", "--local", "-f", "secrets.yaml", "read=yes", "-o", "json"]  # fmt: skip
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return "---\n".join(yaml.safe_dump(one) for one in _objects(ended.stdout))


def _objects(text: str) -> Iterator[Any]:
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        one, end = decoder.raw_decode(rest)
        yield one
        rest = rest[end:].strip()
