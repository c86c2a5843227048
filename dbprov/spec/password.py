"""The place of a password as the spec says it. The others are not loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from dbprov.passwords import Place
from dbprov.passwords.file import FilePlace
from dbprov.spec import keys
from dbprov.spec.values import Node, Reading

OF_ADMIN = ("DBPROV_ADMIN_PASSWORD", "DBPROV_HOUSTON_TOKEN", "PGPASSWORD", "MYSQL_PWD")


class PasswordHolder(Struct, frozen=True):
    """The user, or the admin, whose password it is."""

    label: str
    folder: Path  # of the spec: what is relative begins there
    default: FilePlace
    ask: Any
    prompts: dict[str, Any]
    admin: bool = False


def place(values: Reading, node: Node | None, holder: PasswordHolder) -> Place:
    """The place that the spec names; the default where it names none, or a wrong one."""
    if node is None:
        return holder.default
    if isinstance(node.value, str):
        # Not shown: it is the password itself, or the name of its place.
        values.wrong(node, "a password is never in the spec", f"its place: {keys.RIGHT_PLACE}")
        return holder.default
    found = values.mapping(node, keys.OF_PASSWORD)
    places = [one for one in keys.PLACES if one in found]
    if len(places) != 1:
        if isinstance(node.value, dict):
            values.wrong(node, "a password has one place", f"{keys.PASSWORD}: {keys.RIGHT_PLACE}")
        return holder.default
    [kind] = places
    for one in found:
        if one not in keys.PLACES and one not in keys.PLACES[kind]:
            allowed = ", ".join(keys.PLACES[kind])
            right = f"beside {kind} may stand: {allowed}" if allowed else f"{kind} alone"
            values.wrong(found[one], f"{one} does not belong to {kind}", right)
    made: Place = _READERS[kind](values, found, holder)
    return made


def _env(values: Reading, found: dict[str, Node], holder: PasswordHolder) -> Place:
    from dbprov.passwords.env import EnvPlace

    name = keys.ENV.read(values, found) or ""
    if not holder.admin and name in OF_ADMIN:
        what = f"{name} is where dbprov, or a library of its, looks for another password"
        values.wrong(found[keys.ENV], what, keys.ENV.right)
    return EnvPlace(name)


def _file(values: Reading, found: dict[str, Node], holder: PasswordHolder) -> Place:
    path = keys.FILE.read(values, found) or ""
    return FilePlace(values.path(found[keys.FILE], path, holder.folder), path)


def _prompt(values: Reading, found: dict[str, Node], holder: PasswordHolder) -> Place:
    from dbprov.passwords.prompt import PromptPlace

    keys.PROMPT.read(values, found)
    return PromptPlace(holder.label, holder.ask, holder.prompts)


def _command(values: Reading, found: dict[str, Node], holder: PasswordHolder) -> Place:
    from dbprov.passwords.command import CommandPlace

    return CommandPlace(
        keys.COMMAND.read(values, found),
        holder.folder,
        holder.default.beside,
        keys.STORE.read(values, found) or (),
        keys.TIMEOUT.read(values, found) or 30,
    )


def _aws(values: Reading, found: dict[str, Node], holder: PasswordHolder) -> Place:
    from dbprov.passwords.aws import AwsPlace

    name = keys.AWS.read(values, found) or ""
    inner = keys.SECRET_KEY.read(values, found) or ""
    return AwsPlace(name, keys.REGION.read(values, found), inner)


def _vault(values: Reading, found: dict[str, Node], holder: PasswordHolder) -> Place:
    from dbprov.passwords.vault import VaultPlace

    path = keys.VAULT.read(values, found) or ""
    inner = keys.SECRET_KEY.read(values, found) or "password"
    return VaultPlace(path, inner, keys.ADDRESS.read(values, found))


_READERS = {
    keys.ENV: _env, keys.FILE: _file, keys.PROMPT: _prompt,
    keys.COMMAND: _command, keys.AWS: _aws, keys.VAULT: _vault,
}  # fmt: skip
