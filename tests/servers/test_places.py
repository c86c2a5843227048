"""Places of passwords outside of files: programs, AWS Secrets Manager (moto's server), Vault (OpenBao), each really asked."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from dbprov.errors import PlaceError
from dbprov.passwords import Place
from dbprov.passwords import aws as stored_by_aws
from dbprov.passwords import vault as stored_by_vault
from dbprov.passwords.aws import AwsPlace
from dbprov.passwords.command import CommandPlace
from dbprov.passwords.file import FilePlace
from dbprov.passwords.secret import Secret
from dbprov.passwords.vault import VaultPlace
from tests.harness import stores
from tests.harness.stores import ROOT, Store

REGION = "eu-west-1"


def text(secret: Secret | None) -> str | None:
    return secret.reveal() if secret else None


# -- what every place that can be written does -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bao() -> Iterator[Store]:
    with stores.vault() as store:
        yield store


@pytest.fixture(scope="module")
def moto() -> Iterator[Store]:
    with stores.aws() as store:
        yield store


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A shell without anybody's credentials."""
    for name in [n for n in os.environ if n.startswith(("AWS_", "VAULT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    stored_by_aws._client.cache_clear()  # of other credentials and addresses
    return tmp_path


@pytest.fixture
def vault(bao: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("VAULT_ADDR", bao.address)
    monkeypatch.setenv("VAULT_TOKEN", ROOT)
    return bao


@pytest.fixture
def aws(moto: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    moto.ask("POST", "/moto-api/reset")
    stored_by_aws._client.cache_clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return moto


def program(folder: Path, body: str = "") -> CommandPlace:
    """A store of two little programs, which keep the password in a file of their own."""
    read = "import pathlib; p = pathlib.Path('kept'); print(p.read_text() if p.exists() else '', end='')"
    write = "import pathlib, sys; pathlib.Path('kept').write_text(sys.stdin.read())"
    return CommandPlace(
        (sys.executable, "-c", body or read), folder, FilePlace(folder / "app.new"), (sys.executable, "-c", write)
    )  # fmt: skip


WRITABLE = ("file", "command", "aws", "aws json", "vault", "vault 1")


@pytest.fixture(params=WRITABLE)
def place(request: pytest.FixtureRequest, tmp_path: Path, prefix: str = "x") -> Place:
    if request.param == "file":
        return FilePlace(tmp_path / "app")
    if request.param == "command":
        return program(tmp_path)
    store = request.getfixturevalue("aws" if "aws" in request.param else "vault")
    name = f"{tmp_path.name}-{os.urandom(3).hex()}"
    if request.param == "aws":
        return AwsPlace(name, REGION)
    if request.param == "aws json":
        other = AwsPlace(name, REGION, "other")
        other.fill()
        return AwsPlace(name, REGION, "password")
    if request.param == "vault 1":
        store.put(f"team/old/{name}", user="app")
        return VaultPlace(f"team/old/{name}")
    store.put(f"secret/data/{name}", user="app")
    return VaultPlace(f"secret/{name}")


def test_from_nothing_through_a_rotation(place: Place) -> None:
    assert place.writable
    assert place.read() is None
    assert place.pending() is None
    first = place.fill().reveal()
    assert text(place.read()) == first
    assert place.fill().reveal() == first, "never written over"
    second = place.propose().reveal()
    assert second != first
    assert text(place.read()) == first, "the old one is in use until the new one is proven"
    assert text(place.pending()) == place.propose().reveal() == second
    place.promote()
    assert text(place.read()) == second
    assert place.pending() is None
    place.promote()
    assert text(place.read()) == second
    assert place.propose().reveal() not in (first, second)


@pytest.mark.parametrize(
    "place", ["file", "vault"], indirect=True
)  # moto lets two in at once; see below
def test_who_writes_at_the_same_time_gets_the_same(place: Place) -> None:
    for write in (place.fill, place.propose):
        gate, made = Barrier(4), list[str]()

        def run(
            write: Callable[[], Secret] = write, gate: Barrier = gate, made: list[str] = made
        ) -> None:
            gate.wait()
            made.append(write().reveal())

        threads = [Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 4
        assert set(made) == {text(place.read() if write == place.fill else place.pending())}


def refused(do: Callable[[], Any]) -> str:
    with pytest.raises(PlaceError) as caught:
        do()
    assert caught.value.why
    return str(caught.value)


# -- programs --------------------------------------------------------------------------------------------------------------


def runs(body: str, folder: Path, timeout: int = 30) -> CommandPlace:
    words = (sys.executable, "-c", body)
    return CommandPlace(words, folder, FilePlace(folder / "app.new"), (), timeout)


def test_a_program_that_prints_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBPROV_ADMIN_PASSWORD", "the admin's")
    body = "import os; print(os.getcwd(), 'DBPROV_ADMIN_PASSWORD' in os.environ)"
    place = runs(body, tmp_path)
    assert text(place.read()) == f"{tmp_path} False", "beside the spec, and without our secrets"
    assert not place.writable
    assert "it only reads" in refused(place.fill)
    assert "store" in refused(place.propose)


NO_PASSWORD = {
    "print('a'); print('b')": "more than one line",
    "": "it is empty",
    "import sys; sys.exit(7)": "exit code 7",
    "import sys; sys.exit('gpg: no\\x1b[31m key')": "gpg: no [31m key",
    "import os; os.kill(os.getpid(), 9)": "signal 9",
    "import sys; print('TOPSECRET'); sys.exit('TOPSECRET is bad')": "*** is bad",
    "import sys; sys.stdout.buffer.write(b'\\xff')": "not UTF-8",
    "print('SCRAM-SHA-256$TOPSECRET')": "looks like a verifier",
}


@pytest.mark.parametrize("body", NO_PASSWORD)
def test_a_program_that_does_not(body: str, tmp_path: Path) -> None:
    place = runs(body, tmp_path)
    said = refused(place.read)
    assert NO_PASSWORD[body] in said
    assert "TOPSECRET" not in said.replace(str(place), "")


def test_a_program_that_hangs_with_its_children(tmp_path: Path) -> None:
    body = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(20)'])"
    assert "after 1 seconds" in refused(runs(body, tmp_path, 1).read)


@pytest.mark.attack("a program that prints its password without end, or drips it", on="command")
def test_a_program_without_end(tmp_path: Path) -> None:
    endless = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    assert "printed more than 64 KB" in refused(runs(endless, tmp_path).read)
    drips = "import sys, time\nwhile True: print('x', end='', flush=True); time.sleep(0.05)"
    assert "after 1 seconds" in refused(runs(drips, tmp_path, 1).read)


def test_a_program_that_says_much_beside(tmp_path: Path) -> None:
    body = "import sys\nsys.stderr.write('TOPSECRET' + 'x' * 200_000 + '\\nthe end')\n"
    place = runs(body + "print('pw')", tmp_path)
    assert text(place.read()) == "pw"
    said = refused(runs(body + "print('TOPSECRET'); sys.exit(3)", tmp_path).read).split("why:")[1]
    assert "the end" in said
    assert "xxx" not in said, "what was cut is not shown: it may begin within a secret"


def test_a_store_that_does_not_read(tmp_path: Path) -> None:
    read = "import pathlib; p = pathlib.Path('kept'); print(p.read_text() if p.exists() else '')"
    write = "import os, pathlib; os.close(0); pathlib.Path('kept').write_text('of its own')"
    place = CommandPlace(
        (sys.executable, "-c", read), tmp_path, FilePlace(tmp_path / "n"), (sys.executable, "-c", write)
    )  # fmt: skip
    assert text(place.fill()) == "of its own", "what is kept is what the command prints"


class Strange(BaseHTTPRequestHandler):
    """Answers a question to Vault as nobody does."""

    def do_GET(self) -> None:
        how = self.server.how  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        with suppress(OSError):
            for _ in range(4 << 10 if how == "endless" else 0):
                self.wfile.write(b" " * (1 << 20))
            while how == "drips":
                self.wfile.write(b" ")
                time.sleep(0.05)
            self.wfile.write(how.encode())

    def log_message(self, *_: Any) -> None:
        pass


OF_2 = {"data": {"path": "secret/", "options": {"version": "2"}}}
SHAPES = (
    "[]", "x", "5", "null", "{}", '{"data": []}', '{"data": {"path": 5}}', "[" * 100_000, json.dumps(OF_2),
    '{"data": {"path": "secret/", "options": "x"}}', '{"data": {"path": "secret/", "options": {"version": "x"}}}',
)  # fmt: skip
STRANGE = {
    **dict.fromkeys(SHAPES, "a form that is not Vault's"),
    "endless": "larger than 4 MB",
    "drips": "did not answer in time",
}


@pytest.mark.attack("Vault answers without end, for ever, or in another form", on="Vault")
@pytest.mark.parametrize("how", STRANGE, ids=lambda how: how[:50])
def test_a_vault_that_answers_as_none(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "x")
    monkeypatch.setattr(stored_by_vault, "SECONDS", 1 if how == "drips" else 60)
    with ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        server.daemon_threads = True
        server.how = how  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        place = VaultPlace("secret/a", address=f"http://127.0.0.1:{server.server_port}")
        assert STRANGE[how] in refused(place.read)
        server.shutdown()


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    place = CommandPlace(("no-such-program-here", "x"), tmp_path, FilePlace(tmp_path / "n"))
    assert "cannot be run" in refused(place.read)


def test_a_store_that_keeps_nothing(tmp_path: Path) -> None:
    assert "still prints nothing" in refused(program(tmp_path, "pass").fill)
    assert "exit code 1" in refused(program(tmp_path, "raise SystemExit(1)").read)


# -- AWS -------------------------------------------------------------------------------------------------------------------


def call(what: str, **said: Any) -> Any:
    import boto3

    return getattr(boto3.client("secretsmanager", region_name=REGION), what)(**said)


def test_the_other_keys_of_a_secret_are_kept(aws: Store) -> None:
    arn = call("create_secret", Name="app", SecretString='{"user": "app", "n": 1}')["ARN"]
    place = AwsPlace(arn, None, "password")  # its region is in the ARN
    assert place.read() is None
    made = place.fill().reveal()
    place.propose()
    place.promote()
    # With its label: without one moto answers with what was current before.
    kept = json.loads(
        call("get_secret_value", SecretId="app", VersionStage="AWSCURRENT")["SecretString"]
    )
    assert kept.pop("password") not in ("", made)
    assert kept == {"user": "app", "n": 1}


def test_a_rotation_of_another_key_is_not_promoted(aws: Store) -> None:
    one, other = AwsPlace("app", REGION, "one"), AwsPlace("app", REGION, "other")
    one.fill(), other.fill()
    one.propose()
    assert other.pending() is None
    assert "another rotation" in refused(other.propose)
    assert "another rotation" in refused(other.promote)
    one.promote()
    other.propose()
    other.promote()


def test_aws_moves_the_old_one_to_previous(aws: Store) -> None:
    place = AwsPlace("app", REGION)
    first = place.fill().reveal()
    place.propose()
    place.promote()
    kept = call("get_secret_value", SecretId="app", VersionStage="AWSPREVIOUS")
    assert kept["SecretString"] == first


def _binary() -> None:
    call("create_secret", Name="app", SecretBinary=b"x")


def _text() -> None:
    call("create_secret", Name="app", SecretString="TOPSECRET")


def _number() -> None:
    call("create_secret", Name="app", SecretString='{"password": 5}')


def _deleted() -> None:
    _text()
    call("delete_secret", SecretId="app")


@pytest.mark.parametrize(
    ("before", "said"),
    [(_binary, "binary"), (_text, "not a JSON object"), (_number, "not a text"), (_deleted, "marked")],
)  # fmt: skip
def test_secrets_that_are_none(aws: Store, before: Callable[[], None], said: str) -> None:
    before()
    shown = refused(AwsPlace("app", REGION, "password").read)
    assert said in shown
    assert "TOPSECRET" not in shown


def test_an_arn_of_no_secret(aws: Store) -> None:
    place = AwsPlace(f"arn:aws:secretsmanager:{REGION}:123456789012:secret:none-abcdef")
    assert place.read() is None
    call("create_secret", Name="here", SecretString="x")
    elsewhere = AwsPlace("here", "us-east-1")
    assert elsewhere.read() is None, "in another region"
    assert "us-east-1" in str(elsewhere)


def test_aws_without_credentials(aws: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    said = refused(AwsPlace("app", REGION).read)
    assert "no AWS credentials" in said
    assert "aws sso login" in said


class Refusing(BaseHTTPRequestHandler):
    """Answers as AWS does where it refuses: moto answers so in another form."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        code = self.server.server_name_of_the_error  # type: ignore[attr-defined]
        body = json.dumps({"__type": code, "message": "in AWS's words"}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


REFUSALS = {
    "AccessDeniedException": "secretsmanager:GetSecretValue",
    "UnrecognizedClientException": "does not know these credentials",
    "InvalidSignatureException": "does not know these credentials",
    "ExpiredTokenException": "the AWS session is over",
    "DecryptionFailure": "kms:Decrypt",
    "SomethingNew": "correct what AWS says",
}


@pytest.mark.parametrize("code", REFUSALS)
def test_aws_that_refuses(code: str, aws: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        server.server_name_of_the_error = code  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        said = refused(AwsPlace("app", REGION).read)
        server.shutdown()
    assert REFUSALS[code] in said
    assert code in said
    assert "in AWS's words" in said


class Slow(AwsPlace, frozen=True):
    """Between its reading and its writing somebody else reads and writes."""

    def _put(self, *what: Any) -> Secret:
        faster = AwsPlace(self.name, self.region, self.key)
        faster.propose() if what[2] == "AWSPENDING" else faster.fill()
        return super()._put(*what)


def test_of_two_that_write_into_aws_the_slower_takes_what_the_faster_wrote(aws: Store) -> None:
    AwsPlace("app", REGION, "another").fill()
    slow, place = Slow("app", REGION, "password"), AwsPlace("app", REGION, "password")
    assert slow.fill().reveal() == text(place.read())
    assert slow.propose().reveal() == text(place.pending())


def test_aws_without_a_region(aws: Store) -> None:
    assert "no region" in refused(AwsPlace("app").read)


def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_stores_that_are_not_there(aws: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody())
    assert "Secrets Manager was not reached" in refused(AwsPlace("app", REGION).read)
    monkeypatch.setenv("VAULT_TOKEN", "x")
    assert "Vault was not reached" in refused(VaultPlace("secret/a", address=nobody()).read)


# -- Vault -----------------------------------------------------------------------------------------------------------------


def test_the_token_of_a_file(vault: Store, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    assert "there is no token" in refused(VaultPlace("secret/none").read)
    (home / ".vault-token").write_text(ROOT)
    assert VaultPlace("secret/none").read() is None


def test_no_address(vault: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_ADDR")
    assert "nothing says where Vault is" in refused(VaultPlace("secret/none").read)
    assert VaultPlace("secret/none", address=vault.address).read() is None


@pytest.mark.parametrize("mount", ["secret", "team/old"])
def test_the_other_keys_are_kept_in_vault(vault: Store, mount: str) -> None:
    path = f"secret/data/{mount}" if mount == "secret" else f"{mount}/x"
    vault.put(path, user="app", pw_of_another="p")
    place = VaultPlace("secret/secret" if mount == "secret" else "team/old/x", "pw")
    place.fill()
    place.propose()
    place.promote()
    kept = vault.ask("GET", f"/v1/{path}")["data"]
    kept = kept["data"] if mount == "secret" else kept
    assert set(kept) == {"user", "pw_of_another", "pw"}


def test_a_deleted_secret_is_filled_again(vault: Store) -> None:
    place = VaultPlace("secret/deleted")
    place.fill()
    vault.ask("DELETE", "/v1/secret/data/deleted")
    assert place.read() is None
    made = place.fill().reveal()
    assert text(place.read()) == made


def test_tokens_that_may_not(vault: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    VaultPlace("secret/mine").fill()
    place = VaultPlace("secret/mine", "another")
    monkeypatch.setenv("VAULT_TOKEN", vault.token("secret/data/mine: read"))
    assert place.read() is None
    said = refused(place.fill)
    assert "could not be written" in said
    assert "create and update" in said
    monkeypatch.setenv("VAULT_TOKEN", vault.token("secret/data/other: read"))
    assert "its policies do not allow" in refused(place.read)
    monkeypatch.setenv("VAULT_TOKEN", "no-such-token")
    assert "not known to Vault" in refused(place.read)
    monkeypatch.setenv("VAULT_TOKEN", vault.token("secret/data/mine: read, create, update"))
    place.fill()


def test_a_mount_that_is_not_there(vault: Store) -> None:
    assert "could not be" in refused(VaultPlace("nowhere/x").fill)


def test_a_sealed_vault(vault: Store) -> None:
    place = VaultPlace("secret/sealed")
    made = place.fill().reveal()
    vault.seal()
    try:
        assert "Vault is sealed" in refused(place.read)
        assert "Vault is sealed" in refused(place.propose)
    finally:
        vault.unseal()
    assert text(place.read()) == made


def test_a_value_that_is_no_password(vault: Store) -> None:
    vault.ask("POST", "/v1/secret/data/odd", {"data": {"password": 5, "lines": "TOP\nSECRET"}})
    assert "not a text" in refused(VaultPlace("secret/odd").read)
    said = refused(VaultPlace("secret/odd", "lines").read)
    assert "line break" in said
    assert "SECRET" not in said
