"""The place of a password as the spec says it. The others are not loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dbprov.passwords import Place
from dbprov.passwords.file import FilePlace
from dbprov.spec.values import Given, Reading
from dbprov.system.frozen import dataclass

PLACES = {  # each with the keys that may stand beside it
    "env": (),
    "file": (),
    "prompt": (),
    "command": ("store", "timeout"),
    "aws": ("region", "key"),
    "vault": ("key", "address"),
}
KEYS = (*PLACES, *dict.fromkeys(key for keys in PLACES.values() for key in keys))
RIGHT = (
    "{env: NAME}, {file: PATH}, {prompt: true}, {command: [PROGRAM, ARGUMENT]},"
    " {aws: NAME} or {vault: PATH}"
)
ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
OF_ADMIN = ("DBPROV_ADMIN_PASSWORD", "DBPROV_HOUSTON_TOKEN", "PGPASSWORD", "MYSQL_PWD")
REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+\Z")
ADDRESS = re.compile(r"https?://[^/?#@]+/?\Z")


@dataclass(frozen=True)
class Whose:
    """The user, or the admin, whose password it is."""

    label: str
    folder: Path  # of the spec: what is relative begins there
    default: FilePlace
    ask: Any
    prompts: dict[str, Any]
    admin: bool = False


def place(values: Reading, given: Given | None, whose: Whose) -> Place:
    """Where nothing, or something wrong, is said: the default."""
    if given is None:
        return whose.default
    if isinstance(given.value, str):
        # Not shown: it is the password itself, or the name of its place.
        values.wrong(given, "a password is never in the spec", f"its place: {RIGHT}")
        return whose.default
    keys = values.mapping(given, KEYS)
    named = [key for key in PLACES if key in keys]
    if len(named) != 1:
        if isinstance(given.value, dict):
            values.wrong(given, "a password has one place", f"password: {RIGHT}")
        return whose.default
    [sort] = named
    for key in keys:
        if key not in PLACES and key not in PLACES[sort]:
            allowed = ", ".join(PLACES[sort])
            right = f"beside {sort} may stand: {allowed}" if allowed else f"{sort} alone"
            values.wrong(keys[key], f"{key} does not belong to {sort}", right)
    made: Place = _READERS[sort](values, keys, whose)
    return made


def _env(values: Reading, keys: dict[str, Given], whose: Whose) -> Place:
    from dbprov.passwords.env import EnvPlace

    right = "the name of an environment variable, such as ANALYTICS_PASSWORD"
    name = values.text(keys["env"], right) or ""
    if name and not ENVIRONMENT.match(name):  # not shown: it may be the password itself
        values.wrong(keys["env"], "this cannot name an environment variable", right)
    if not whose.admin and name in OF_ADMIN:
        what = f"{name} is where dbprov, or a library of its, looks for another password"
        values.wrong(keys["env"], what, right)
    return EnvPlace(name)


def _file(values: Reading, keys: dict[str, Given], whose: Whose) -> Place:
    path = values.text(keys["file"], "the path of a file, relative to the spec") or ""
    return FilePlace(values.path(keys["file"], path, whose.folder), path)


def _prompt(values: Reading, keys: dict[str, Given], whose: Whose) -> Place:
    from dbprov.passwords.prompt import PromptPlace

    if keys["prompt"].value is not True:
        values.wrong(keys["prompt"], "prompt is not true", "prompt: true, or leave it out")
    return PromptPlace(whose.label, whose.ask, whose.prompts)


def _command(values: Reading, keys: dict[str, Given], whose: Whose) -> Place:
    from dbprov.passwords.command import CommandPlace

    return CommandPlace(
        _words(values, keys["command"]),
        whose.folder,
        whose.default.beside,
        _words(values, keys["store"]) if "store" in keys else (),
        values.number(keys.get("timeout"), 1, 3600) or 30,
    )


def _words(values: Reading, given: Given) -> tuple[str, ...]:
    right = "a list of the program and its arguments, such as [pass, show, airflow/analytics]"
    entries = values.listed(given, right)
    if isinstance(given.value, list) and not entries:
        values.wrong(given, "the list is empty", right)
    words = [values.text(one, right) for one in entries]
    return tuple(word for word in words if word)


def _aws(values: Reading, keys: dict[str, Given], whose: Whose) -> Place:
    from dbprov.passwords.aws import AwsPlace

    right = "the name or the ARN of a secret in AWS Secrets Manager"
    region = values.text(keys.get("region"), "a region such as eu-west-1")
    if region and not REGION.match(region):
        values.wrong(keys["region"], "this is no region", "such as eu-west-1")
    key = values.text(keys.get("key"), "a key of the JSON in the secret, such as password")
    return AwsPlace(values.text(keys["aws"], right) or "", region, key or "")


def _vault(values: Reading, keys: dict[str, Given], whose: Whose) -> Place:
    from dbprov.passwords.vault import VaultPlace

    right = "the path of a secret with its mount first, such as secret/airflow/analytics"
    path = values.text(keys["vault"], right) or ""
    if path and not all([path.strip("/").count("/"), not path.startswith("/"), "//" not in path]):
        values.wrong(keys["vault"], "this is no path of a secret with its mount first", right)
    key = values.text(keys.get("key"), "a key of the secret, such as password")
    address = values.text(keys.get("address"), "the address of Vault")
    if address and not ADDRESS.match(address):
        right = "such as https://vault.example.com:8200; the token is never in the spec"
        values.wrong(keys["address"], "this is no address of Vault", right)
    return VaultPlace(path, key or "password", address)


_READERS = {
    "env": _env, "file": _file, "prompt": _prompt,
    "command": _command, "aws": _aws, "vault": _vault,
}  # fmt: skip
