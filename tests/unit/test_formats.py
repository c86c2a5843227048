"""Each consumer's form is read back by that consumer's own parser, with names and passwords that mean harm."""

from __future__ import annotations

import ast
import base64
import configparser
import io
import json
import re
import shlex
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import dotenv
import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy.engine import make_url

from dbprov.cli.connections import FORMS
from dbprov.connections import forms
from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import MASK, DeploymentConnections, connections_of
from dbprov.errors import UsageError
from dbprov.passwords.secret import Secret
from tests.support.made import deployment

SHOWN = FormOptions(shown=True)
PASSWORDS = st.text(st.sampled_from([*string.printable[:95], "ü", "日"]), min_size=1, max_size=12)
SPLIT: dict[str, Any] = {"layout": "split", "users": [{"name": "app"}, {"name": "cel"}]}


def made(engine: str = "postgresql", password: str = "pw", **keys: Any) -> DeploymentConnections:
    if "users" in keys:
        keys["users"] = [{**u, "password": {"env": f"P{n}"}} for n, u in enumerate(keys["users"])]
    return connections_of(deployment(engine, **keys), lambda account: Secret(password))


KEPT = {"vault": "secret/app", "address": "https://vault:8200"}
STORED = FormOptions(secret_store="team")


def fitting(form: str, password: str = "pw", **keys: Any) -> DeploymentConnections:
    """A Deployment that this form can carry."""
    if form == "external-secret":
        keys["password"] = KEPT
    if form == "airflow-local-settings":
        keys["auth"] = "iam"
    one = deployment("mysql" if form == "mycnf" else "postgresql", **keys)
    return connections_of(one, lambda account: Secret(password))


def text(name: str, one: DeploymentConnections, options: FormOptions = SHOWN) -> str:
    forms.refuse(name, [one], options)
    return forms.document(name, [one], options)


def read(url: str) -> tuple[str | None, ...]:
    found = make_url(url.removeprefix("db+"))
    return found.username, found.password, found.host, str(found.port), found.database


def wanted(password: str, engine: str = "postgresql") -> tuple[str, ...]:
    return (
        "app",
        password,
        "db.example.com",
        {"postgresql": "5432", "mysql": "3306"}[engine],
        "shop",
    )


def test_the_command_line_has_every_form() -> None:
    assert tuple(forms.FORMS) == FORMS


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@given(password=PASSWORDS)
def test_airflow_reads_its_file(engine: str, password: str) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(text("cfg", made(engine, password)))
    assert read(parser["database"]["sql_alchemy_conn"]) == wanted(password, engine)
    result = parser["celery"]["result_backend"]
    assert result.startswith("db+")
    assert read(result) == wanted(password, engine)


@given(password=PASSWORDS)
def test_a_shell_and_dotenv_read_the_environment(password: str) -> None:
    one = text("env", made(password=password))
    for found in (
        dict(word.split("=", 1) for word in shlex.split(one)),
        dotenv.dotenv_values(stream=io.StringIO(one)),
    ):
        assert read(found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] or "") == wanted(password)
        assert read(found["AIRFLOW__CELERY__RESULT_BACKEND"] or "") == wanted(password)
        # Airflow expands variables in it, again and again until nothing changes (D.2).
        assert "$" not in (found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] or "")


@given(password=PASSWORDS)
def test_dotenv_reads_every_part(password: str) -> None:
    if any(sign in password for sign in ("'", "\\", "${")):
        with pytest.raises(UsageError, match="cannot carry"):
            text("dotenv", made(password=password))
        return
    found = dotenv.dotenv_values(
        stream=io.StringIO(text("dotenv", made(password=password))), interpolate=False
    )
    assert found["DATABASE_PASSWORD"] == password
    assert found["DATABASE_PORT"] == "5432"
    assert read(found["DATABASE_URL"] or "") == wanted(password)


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@given(password=PASSWORDS)
def test_jdbc(engine: str, password: str) -> None:
    parts = urlsplit(text("jdbc", made(engine, password)).strip().removeprefix("jdbc:"))
    query = parse_qs(parts.query, strict_parsing=True)
    user, clear = query["user"][0], query["password"][0]
    assert "+" not in parts.query  # pgjdbc decodes as a form, Connector/J as a URL
    assert (user, clear, parts.hostname, str(parts.port), unquote(parts.path[1:])) == wanted(
        password, engine
    )


@given(password=PASSWORDS)
def test_pgpass(password: str) -> None:
    (line,) = text("pgpass", made(password=password)).splitlines()
    fields = [re.sub(r"\\(.)", r"\1", field) for field in re.findall(r"(?:[^:\\]|\\.)+", line)]
    assert fields == ["db.example.com", "5432", "shop", "app", password]


@given(password=PASSWORDS)
def test_a_userlist_of_pgbouncer(password: str) -> None:
    line = text("pgbouncer", made(password=password)).splitlines()[-1]
    assert [p.replace('""', '"') for p in re.findall(r'"((?:[^"]|"")*)"', line)] == [
        "app",
        password,
    ]


def test_pgbouncer_is_no_single_file() -> None:
    with pytest.raises(UsageError, match="several files"):
        forms.whole("pgbouncer")
    forms.whole("pgpass")


def test_pgbouncer_has_two_files_and_a_third_for_tls() -> None:
    secured = forms.files("pgbouncer", made(tls={"mode": "require"}), SHOWN)
    assert secured["tls.ini"] == "server_tls_sslmode = require\n"
    # A second section [pgbouncer] would set everything in the first one back.
    assert "[pgbouncer]" not in secured["ini"]
    one = made(password='p"', publish={"host": "pgbouncer.example.com", "port": 6543})
    assert forms.files("pgbouncer", one, SHOWN) == {
        "ini": "[databases]\nshop = host=db.example.com port=5432 dbname=shop\n",
        "userlist.txt": '"app" "p"""\n',
    }
    assert forms.files("pgpass", one, SHOWN) == {"pgpass": text("pgpass", one)}


def test_a_userlist_of_verifiers() -> None:
    one, kept = made(password="pw"), "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy"
    options = FormOptions(True, scram=True, verifiers={(one.deployment, "app"): Secret(kept)})
    assert forms.files("pgbouncer", one, options)["userlist.txt"] == f'"app" "{kept}"\n'
    assert MASK in forms.files("pgbouncer", one, replace(options, shown=False))["userlist.txt"]


@given(password=PASSWORDS)
def test_kubernetes_takes_the_secrets(password: str) -> None:
    documents = list(yaml.safe_load_all(text("k8s", made(password=password, **SPLIT))))
    assert [d["metadata"]["name"] for d in documents] == [
        "analytics-metadata",
        "analytics-result-backend",
    ]
    for document in documents:
        kubernetes_validate.validate(document, "1.30", strict=True)
        base64.b64encode(document["stringData"]["connection"].encode())
    metadata, result = (d["stringData"]["connection"] for d in documents)
    assert read(metadata) == wanted(password)
    assert read(result)[:2] == ("cel", password)
    assert result.startswith("db+postgresql://")


def test_kubernetes_takes_other_names() -> None:
    options = FormOptions(
        metadata_secret="meta", release="r", namespace="astronomer-r", by_secret=True
    )
    first, second = yaml.safe_load_all(text("k8s", made(), options))
    assert first["metadata"] == {"name": "meta", "namespace": "astronomer-r"}
    assert second["metadata"]["name"] == "r-result-backend"
    assert yaml.safe_load(text("chart", made(), options)) == {
        "data": {
            "metadataSecretName": "meta",
            "resultBackendSecretName": "r-result-backend",
        }
    }
    with pytest.raises(UsageError, match="cannot carry"):
        text("k8s", made(), FormOptions(release="Not_A_Name"))


def _object(**fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


WORD: dict[str, Any] = {"type": "string", "minLength": 1}
NAMED = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"}  # fmt: skip
EXTERNAL_SECRET = _object(
    apiVersion={"const": "external-secrets.io/v1"},
    kind={"const": "ExternalSecret"},
    metadata=_object(name=NAMED, namespace=NAMED),
    spec=_object(
        refreshInterval={"type": "string", "pattern": "^[0-9]+h$"},
        secretStoreRef=_object(name=NAMED, kind={"enum": ["SecretStore", "ClusterSecretStore"]}),
        target=_object(
            name=NAMED,
            template=_object(
                engineVersion={"const": "v2"}, type=WORD, data=_object(connection=WORD)
            ),
        ),
        data={
            "type": "array",
            "items": _object(
                secretKey={"type": "string", "pattern": "^[-._a-zA-Z0-9]+$"},
                remoteRef=_object(key=WORD, property=WORD),
            ),
        },
    ),
)
"""What the operator's CustomResourceDefinition has for the fields that are used."""


def test_the_manifests_of_the_operator() -> None:
    options = replace(
        STORED, secret_store="ClusterSecretStore/team", namespace="airflow", release="r"
    )
    documents = list(
        yaml.safe_load_all(text("external-secret", fitting("external-secret"), options))
    )
    for one in documents:
        jsonschema.validate(one, EXTERNAL_SECRET)
    names = [one["metadata"]["name"] for one in yaml.safe_load_all(text("k8s", made(), options))]
    assert [one["metadata"]["name"] for one in documents] == names
    assert [one["spec"]["target"]["name"] for one in documents] == names
    assert documents[0]["spec"]["secretStoreRef"] == {"name": "team", "kind": "ClusterSecretStore"}
    assert documents[0]["spec"]["data"] == [
        {"secretKey": "password", "remoteRef": {"key": "secret/app", "property": "password"}}
    ]


def test_a_secret_without_keys_is_all_of_it() -> None:
    one = made_at({"aws": "arn:aws:secretsmanager:eu-west-1:1:secret:app-a1b2c3"})
    [first, _] = yaml.safe_load_all(text("external-secret", one, STORED))
    [data] = first["spec"]["data"]
    assert data["remoteRef"] == {"key": "arn:aws:secretsmanager:eu-west-1:1:secret:app-a1b2c3"}
    assert "AWS Secrets Manager (eu-west-1)" in " ".join(
        forms.notes("external-secret", one, STORED)
    )


def made_at(*places: dict[str, str], **keys: Any) -> DeploymentConnections:
    """With a user for each place; of two the second is the result backend's."""
    users = [{"name": n, "password": at} for n, at in zip(("app", "cel"), places, strict=False)]
    layout = {"layout": "split"} if len(places) > 1 else {}
    return connections_of(deployment(users=users, **layout, **keys), lambda account: None)


KEDA = FormOptions(shown=True, keda=True, secret_store="team")


def trusting(engine: str = "postgresql", **keys: Any) -> DeploymentConnections:
    """With a CA of its own."""
    one = deployment(engine, **keys)
    tls = replace(one.tls, mode="verify-full", ca="/ca.pem", given=True)
    return connections_of(replace(one, tls=tls), lambda account: Secret("pw"))


@pytest.mark.parametrize(
    ("host", "region"),
    [("db.abc1.eu-west-1.rds.amazonaws.com", "eu-west-1"), ("db.example.com", None)],
)
def test_airflow_fetches_tokens_in_the_region_of_the_endpoint(
    host: str, region: str | None
) -> None:
    one = fitting("airflow-local-settings", publish={"host": host})
    held: dict[str, Any] = {}
    program = ast.parse(text("airflow-local-settings", one))
    for line in program.body:
        if isinstance(line, ast.Assign):
            exec(compile(ast.Module([line], []), "settings", "exec"), held)
    assert (held["_HOST"], held["_REGION"], held["__all__"]) == (host, region, ())
    assert (held["_PORT"], held["_DATABASE"], held["_USERS"]) == (5432, "shop", ["app"])
    notes = " ".join(forms.notes("airflow-local-settings", one, SHOWN))
    assert ("no endpoint of RDS" in notes) == (region is None)


def go_reads(dsn: str) -> tuple[str, ...]:
    """User, password, address and database, as go-sql-driver takes them apart: from the end."""
    before, _, database = dsn.rpartition("/")
    login, _, address = before.rpartition("@")
    user, _, password = login.partition(":")
    return user, password, address, database


@given(password=PASSWORDS)
def test_the_string_of_keda_before_mysql(password: str) -> None:
    first, second = yaml.safe_load_all(text("k8s", made("mysql", password), KEDA))
    address = "tcp(db.example.com:3306)"
    found = go_reads(first["stringData"]["kedaConnection"])
    assert found == ("app", password, address, "shop?tls=preferred")
    assert list(second["stringData"]) == ["connection"]


@pytest.mark.parametrize(
    ("mode", "go"),
    [
        ("disable", "false"),
        ("prefer", "preferred"),
        ("require", "skip-verify"),
        ("verify-full", "true"),
    ],
)
def test_tls_of_the_string_of_keda(mode: str, go: str) -> None:
    one = made("mysql", tls={"mode": mode}, publish={"host": "2001:db8::1", "port": 3307})
    held = next(yaml.safe_load_all(text("k8s", one, KEDA)))["stringData"]
    assert held["kedaConnection"] == f"app:pw@tcp([2001:db8::1]:3307)/shop?tls={go}"


def test_keda_takes_the_string_of_postgresql_but_from_pgbouncer() -> None:
    for pgbouncer in (False, True):
        options = replace(KEDA, pgbouncer=pgbouncer)
        held = next(yaml.safe_load_all(text("k8s", made(), options)))["stringData"]
        assert held.get("kedaConnection") == (made().metadata.url(True) if pgbouncer else None)


def test_what_keda_needs_of_the_other_forms() -> None:
    one = connections_of(deployment("mysql", password=KEPT), lambda account: None)
    first, second = yaml.safe_load_all(text("external-secret", one, KEDA))
    held = first["spec"]["target"]["template"]["data"]["kedaConnection"]
    assert held == "app:{{ .password }}@tcp(db.example.com:3306)/shop?tls=preferred"
    assert list(second["spec"]["target"]["template"]["data"]) == ["connection"]
    for by_secret in (False, True):
        found = yaml.safe_load(text("chart", made("mysql"), replace(KEDA, by_secret=by_secret)))
        assert found["workers"] == {"keda": {"enabled": True}}


def test_no_string_of_keda_shows_a_password_unasked() -> None:
    for options in (replace(KEDA, shown=False), replace(KEDA, shown=False, pgbouncer=True)):
        one = made("postgresql" if options.pgbouncer else "mysql", "TopSecret1")
        assert "TopSecret1" not in text("k8s", one, options)


def test_files_that_the_pods_of_keda_must_have() -> None:
    one = trusting()
    bounced = replace(KEDA, pgbouncer=True)
    assert "KEDA's own Pods" in " ".join(forms.notes("k8s", one, bounced))
    assert "KEDA's own Pods" not in " ".join(forms.notes("k8s", one, replace(bounced, keda=False)))


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_the_chart(engine: str) -> None:
    found = yaml.safe_load(text("chart", made(engine, "p'w#:")))["data"]
    assert found["metadataConnection"] == found["resultBackendConnection"]
    metadata = found["metadataConnection"]
    keys = {"user", "pass", "protocol", "host", "port", "db"}
    assert set(metadata) == keys | {"sslmode"}, "the chart's schema demands it for MySQL too"
    assert metadata["sslmode"] == "prefer"
    assert metadata["protocol"] == engine
    assert metadata["pass"] == "p'w#:"
    assert isinstance(metadata["port"], int)


SAID = {"mode": "require"}
LOST: list[tuple[str, str, FormOptions, str]] = [
    ("houston", "postgresql", FormOptions(pgbouncer=True), "no place for TLS"),
    ("houston", "postgresql", SHOWN, "SQL_ALCHEMY_CONN_ASYNC"),
    ("k8s", "postgresql", SHOWN, "SQL_ALCHEMY_CONN_ASYNC"),
    ("k8s", "mysql", SHOWN, "SQL_ALCHEMY_CONN_ASYNC"),
    ("chart", "postgresql", SHOWN, "SQL_ALCHEMY_CONN_ASYNC"),
    ("env", "mysql", SHOWN, "asyncmy"),
    ("cfg", "postgresql", SHOWN, "SQL_ALCHEMY_CONN_ASYNC"),
    ("pgpass", "postgresql", SHOWN, "holds no TLS"),
    ("pgbouncer", "postgresql", SHOWN, "server_tls_sslmode"),
    ("sqlalchemy", "mysql", SHOWN, "asyncmy"),
]


@pytest.mark.parametrize(("name", "engine", "options", "words"), LOST)
def test_what_of_tls_is_lost_is_told(
    name: str, engine: str, options: FormOptions, words: str
) -> None:
    assert words in " ".join(forms.notes(name, made(engine, tls=SAID), options))
    assert words not in " ".join(forms.notes(name, made(engine), options))


def test_connector_j_is_told_how_to_trust() -> None:
    one = made("mysql", tls={"mode": "verify-full"})
    assert "keytool -importcert" in " ".join(forms.notes("jdbc", one, SHOWN))
    assert "sslMode=VERIFY_IDENTITY" in text("jdbc", one)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_with_paths_says_that_they_are_of_this_machine(name: str) -> None:
    """But for those that hold none, or say where their own must be."""
    one = fitting(name)
    tls = replace(one.deployment.tls, mode="verify-full", ca="/here/ca.pem", given=True)
    one = connections_of(replace(one.deployment, tls=tls), lambda account: Secret("pw"))
    told = " ".join(forms.notes(name, one, SHOWN))
    without = ("values", "chart", "pgpass", "airflow-local-settings")
    assert ("as on this machine" in told) == (name not in without)


def test_a_client_certificate_goes_with_jdbc() -> None:
    one = made()
    tls = replace(one.deployment.tls, mode="require", cert="/c.pem", key="/k.pem", given=True)
    one = connections_of(replace(one.deployment, tls=tls), lambda account: Secret("pw"))
    assert "sslcert=%2Fc.pem&sslkey=%2Fk.pem.pk8" in text("jdbc", one)
    assert "openssl pkcs8" in " ".join(forms.notes("jdbc", one, SHOWN))


def test_a_note_says_whose_secrets_these_are_too() -> None:
    both = FormOptions(metadata_secret="a", result_secret="b")
    assert "overwrites" in " ".join(forms.notes("k8s", made(), SHOWN))
    assert forms.notes("k8s", made(), both) == []


@pytest.mark.parametrize("pgbouncer", [False, True])
def test_the_variables_of_houston(pgbouncer: bool) -> None:
    base = {"label": "x", "metadataConnection": "old", "metadataConnectionJson": {"user": "old"}}
    found = json.loads(
        text("houston", made(**SPLIT), FormOptions(True, pgbouncer=pgbouncer, base=base))
    )
    assert found.pop("label") == "x"
    if pgbouncer:
        assert set(found) == {"metadataConnectionJson", "resultBackendConnectionJson"}
        assert found["metadataConnectionJson"] == {
            "user": "app", "pass": "pw", "protocol": "postgresql", "host": "db.example.com", "port": 5432, "db": "shop",
        }  # fmt: skip
        assert found["resultBackendConnectionJson"]["user"] == "cel"
    else:
        assert set(found) == {"metadataConnection", "resultBackendConnection"}
        assert read(found["metadataConnection"]) == wanted("pw")


@pytest.mark.parametrize(
    ("platform", "keys", "override"),
    [
        ("0.37", ["manualConnectionStrings"], False),
        ("1.x", ["manualConnectionStrings"], True),
        ("2.x", ["databaseManagement", "manualConnectionStrings"], True),
    ],
)
def test_what_allows_manual_strings(platform: str, keys: list[str], override: bool) -> None:
    one = text("values", made(), FormOptions(platform=platform))
    found = yaml.safe_load(one)["astronomer"]["houston"]["config"]["deployments"]
    comments = [line[2:] for line in one.splitlines() if line.startswith("# {")]
    assert bool(comments) == override
    assert one.startswith("# The Configuration Override") == override, "it is what a cluster reads"
    for document in (found, *map(json.loads, comments)):
        nested: dict[str, Any] = {"enabled": True}
        for key in reversed(keys):
            nested = {key: nested}
        assert document == nested
    assert "connection:" not in one  # it would replace the platform's own root connection (A.2)


CANNOT: list[tuple[str, Callable[[], DeploymentConnections], FormOptions, str]] = [
    ("env", lambda: made(database="a$HOME"), SHOWN, "name of a variable"),
    ("cfg", lambda: made(database="a$b"), SHOWN, "name of a variable"),
    ("houston", lambda: made(database="a b"), SHOWN, "does not decode"),
    ("sqlalchemy", lambda: made(database="a%b"), SHOWN, "does not decode"),
    ("houston", lambda: made("mysql"), FormOptions(pgbouncer=True), "before PostgreSQL only"),
    ("houston", lambda: made(password='a"b'), FormOptions(True, pgbouncer=True), "does not read"),
    ("houston", lambda: made(password="a\\b"), FormOptions(True, pgbouncer=True), "does not read"),
    ("houston", lambda: made(database="a;b"), FormOptions(True, pgbouncer=True), "without quotes"),
    ("chart", lambda: made(password="a b"), SHOWN, "encodes a blank"),
    ("chart", lambda: made(user="a b"), SHOWN, "encodes a blank"),
    ("chart", lambda: made(password="a$HOME"), SHOWN, "name of a variable"),
    ("chart", lambda: made(database="a$HOME"), SHOWN, "name of a variable"),
    ("chart", lambda: made(tls={"mode": "verify-full"}), SHOWN, "--format k8s"),
    ("chart", lambda: made("mysql", tls={"mode": "require"}), SHOWN, "--format k8s"),
    ("chart", lambda: made("mysql"), FormOptions(by_secret=True, pgbouncer=True), "before PostgreSQL only"),
    ("chart", lambda: made(tls={"mode": "verify-full"}), FormOptions(pgbouncer=True), "the CA for verify-full"),
    ("k8s", lambda: made(tls={"mode": "verify-full"}), FormOptions(pgbouncer=True), "the CA for verify-full"),
    ("k8s", lambda: made("mysql"), FormOptions(pgbouncer=True), "before PostgreSQL only"),
    ("k8s", lambda: made(user="a b"), FormOptions(pgbouncer=True), "stats_users"),
    ("k8s", made, FormOptions(metadata_secret="a..b"), "cannot be the name of a Secret"),
    ("external-secret", lambda: made_at({"env": "P"}), STORED, "which a cluster does not reach"),
    ("external-secret", lambda: made_at({"aws": "a", "key": "a|b"}), STORED, "as a query"),
    ("external-secret", lambda: made_at(KEPT, {"aws": "a"}), STORED, "reads one of them"),
    ("external-secret", lambda: made_at({"aws": "a", "region": "eu-west-1"}, {"aws": "b", "region": "us-east-1"}), STORED, "reads one of them"),
    ("external-secret", lambda: made_at(KEPT), SHOWN, "--secret-store NAME"),
    ("external-secret", lambda: made_at(KEPT), FormOptions(secret_store="A_b"), "name of a SecretStore"),
    ("external-secret", lambda: made_at(KEPT, database="a b"), STORED, "does not decode"),
    ("external-secret", lambda: made_at(KEPT), FormOptions(secret_store="a", pgbouncer=True), "leave --pgbouncer out"),
    ("chart", lambda: made("mysql", "a+b"), KEDA, "does not decode it: --by-secret"),
    ("k8s", lambda: made("mysql", user="a:b"), KEDA, "at its colon"),
    ("k8s", lambda: made("mysql", database="ü"), KEDA, "not every KEDA decodes"),
    ("k8s", lambda: trusting("mysql"), KEDA, "takes no CA"),
    ("external-secret", lambda: trusting("mysql", password=KEPT), KEDA, "takes no CA"),
    ("airflow-local-settings", made, SHOWN, "a password stands in the string"),
    ("airflow-local-settings", lambda: made("mysql", auth="iam"), SHOWN, "for PostgreSQL"),
    ("dotenv", lambda: made(password="a'b"), SHOWN, "disagree"),
    ("dotenv", lambda: made(password="a${b"), SHOWN, "disagree"),
    ("pgbouncer", lambda: made("mysql"), SHOWN, "before PostgreSQL only"),
    ("pgbouncer", lambda: made(database='a"b'), SHOWN, "does not start"),
    ("pgbouncer", lambda: made(database="pgbouncer"), SHOWN, "keeps pgbouncer for itself"),
    ("pgpass", lambda: made("mysql"), SHOWN, "file of postgresql"),
    ("mycnf", made, SHOWN, "file of mysql"),
    ("service", lambda: made(password="a "), SHOWN, "loses the blank"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "one", "options", "why"), CANNOT)
def test_what_a_form_cannot_carry_is_refused(
    name: str, one: Callable[[], DeploymentConnections], options: FormOptions, why: str
) -> None:
    with pytest.raises(UsageError) as caught:
        text(name, one(), options)
    assert why in caught.value.why
    assert "analytics" in caught.value.why


def test_a_refusal_does_not_show_the_password() -> None:
    with pytest.raises(UsageError) as caught:
        text("chart", made(password="Top Secret1"), SHOWN)
    assert "Secret1" not in str(caught.value)


@pytest.mark.parametrize("name", FORMS)
def test_no_form_shows_a_password_unasked(name: str) -> None:
    one = text(name, fitting(name, "TopSecret1", tls={"mode": "require"}), STORED)
    assert "TopSecret1" not in one
    assert (MASK in one) == forms.FORMS[name].secret


@pytest.mark.parametrize("name", FORMS)
def test_several_deployments_in_one_document(name: str) -> None:
    both = [fitting(name), fitting(name, name="other")]
    if forms.FORMS[name].single:
        with pytest.raises(UsageError, match="one Deployment"):
            forms.document(name, both, SHOWN)
    else:
        options = replace(SHOWN, secret_store="team")
        document = forms.document(name, both, options)
        assert document.count("db.example.com") == 2 * forms.document(
            name, both[:1], options
        ).count("db.example.com")
        if name in ("k8s", "external-secret"):
            assert len(list(yaml.safe_load_all(document))) == 4


def test_a_form_of_ones_own(tmp_path: Path) -> None:
    from dbprov.connections.template import rendered
    from dbprov.errors import RenderError

    file = tmp_path / "mine.j2"
    file.write_text(
        "{% for d in deployments %}{{ d.name }} {{ d.metadata.user }} {{ d.result.password }}"
        " {{ d.users | length }} {{ d.resultBackendConnection }}\n{% endfor %}"
    )
    one = made(**SPLIT)
    assert rendered(file, [one], SHOWN).startswith("analytics app pw 2 db+postgresql://cel:pw@")
    assert MASK in rendered(file, [one], FormOptions())
    for bad, why in (
        ("{{ nothing }}", "nothing"),
        ("{% if %}", "Expected"),
        ("{{ deployments.append(1) }}", "unsafe"),
        ("{{ ''.__class__.__mro__ }}", "unsafe|access"),
        ("{% include 'x' %}", "loader"),
    ):
        file.write_text(bad)
        with pytest.raises(RenderError, match=r"mine\.j2") as caught:
            rendered(file, [one], SHOWN)
        assert re.search(why, caught.value.why)


@pytest.mark.parametrize("name", forms.PASSWORDS)
def test_no_form_makes_up_a_password_where_there_is_a_token(name: str) -> None:
    """An empty one would be read as a password."""
    engine = "mysql" if name == "mycnf" else "postgresql"
    one = connections_of(deployment(engine, auth="iam"), lambda account: None)
    with pytest.raises(UsageError, match="cannot carry this") as met:
        text(name, one)
    assert "logs in with IAM tokens" in met.value.why
    assert "app" in text("env", one)


ECHOES = (
    "{{ deployments[0][p] }}", "{{ deployments | map(p) | list }}", "{{ 'x'.encode(p) }}",
    "{{ deployments[0][p | reverse] }}", "{{ deployments[0][p | upper] }}",
    "{{ {}[p] }}", "{% include p %}", "{% extends p %}", "{{ p + 1 }}", "{{ '%d' % p }}", "{{ p.nope }}", "{{ p() }}", "{{ 1 / 0 }}", "{{ [p][7] }}", "{{ 'x'.center(p) }}",
    "{{ '{0[nope]}'.format({p: 1}) }}", "{{ p | format(p, p) + 1 }}",
    "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(p) }}", "{{ range(999999) | list }}", "{{ p is p }}",
    "{% set ns = namespace() %}{{ ns[p] }}", "{{ p.encode('hex') }}", "{{ dict(**{p: 1})[p + 'x'] }}",
    "{{ '\\ud800'.encode('utf-8') }}{{ p }}", "{{ p | tojson | map(p) | list }}", "{{ lipsum(n=p) }}",
)  # fmt: skip


@pytest.mark.attack("a template of connections makes an error that repeats a password", on="dbprov")
@pytest.mark.parametrize("template", ECHOES)
def test_an_error_of_a_template_repeats_no_password(template: str, tmp_path: Path) -> None:
    """Whatever Python raises, it is told with the line; never whole, turned around or in capitals."""
    from dbprov.connections.template import rendered
    from dbprov.errors import RenderError

    file = tmp_path / "mine.j2"
    file.write_text("{% set p = deployments[0].metadata.password %}\n" + template)
    one = connections_of(deployment(), lambda account: Secret("hunter2-LONGER"))
    with pytest.raises(RenderError) as caught:
        rendered(file, [one], SHOWN)
    told = f"{caught.value} {caught.value!r} {caught.value.as_json()}".lower()
    assert "hunter" not in told
    assert "regnol" not in told
    assert "mine.j2" in told
    assert caught.value.why
    assert caught.value.todo
