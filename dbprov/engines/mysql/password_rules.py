"""The rules of a server for passwords, asked before a user is made.

MySQL has validate_password, a component or the older plugin. MariaDB has plugins, of which any can
refuse a password; they see it only where it is sent in clear (T67).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbprov.engines.facts import Facts
from dbprov.passwords.secret import Secret

GENERATED = 40  # characters of a password that dbprov makes; at least one of each kind


def hashes_refused(facts: Facts) -> str:
    """The plugins for whose sake MariaDB takes passwords in clear only (1290); empty: none."""
    strict = facts.settings.get("strict_password_validation") == "ON"
    return facts.settings.get("validators", "") if facts.flavor == "mariadb" and strict else ""


def unfit(password: Secret | None, user: str, facts: Facts) -> tuple[list[str], list[str]]:
    """The rules that a password breaks, and what can only be known when it is set.

    ``password`` None: the one that dbprov will make.
    """
    text = password.reveal() if password else ""
    has = counted(text, facts.flavor == "mariadb") if password else MADE
    broken = [
        f"{name} = {least} ({what}; it has {'at least ' * (not password)}{has[what]})"
        for what, (name, least) in _rules(facts).items()
        if has[what] < least
    ]
    unsure = list(_unsure(facts))
    if password is None:
        return [], broken + unsure
    return [*broken, *_like_a_user(text, user, facts)], unsure + list(_had(facts))


def _unsure(facts: Facts) -> Iterator[str]:
    """Words that only the server reads, and plugins that only they themselves know."""
    settings = facts.settings
    for start in ("validate_password.", "validate_password_"):
        file = settings.get(f"{start}dictionary_file")
        if file and settings.get(f"{start}policy") in ("STRONG", "2"):
            yield f"no word of {start}dictionary_file = {file} may be in it"
    for name in hashes_refused(facts).split(","):
        if name not in ("", "simple_password_check", "password_reuse_check"):
            yield f"the plugin {name} judges it"


def _had(facts: Facts) -> Iterator[str]:
    """MariaDB remembers also those of users that were dropped."""
    if "password_reuse_check" in hashes_refused(facts).split(","):
        days = facts.settings.get("password_reuse_check_interval", "0")
        since = f"in the last {days} days" if days != "0" else "ever"
        yield f"password_reuse_check takes none that a user of this name has had {since}"


CHARACTERS, LOWER, UPPER = "characters", "lower case letters", "upper case letters"
DIGITS, OTHERS = "digits", "other characters"
MADE = {CHARACTERS: GENERATED, LOWER: 1, UPPER: 1, DIGITS: 1, OTHERS: 1}


def _rules(facts: Facts) -> dict[str, tuple[str, int]]:
    """The least number of each kind, with the setting that says it."""
    made: dict[str, tuple[str, int]] = {}
    if "simple_password_check" in hashes_refused(facts):
        letters = "simple_password_check_letters_same_case"
        names = {
            CHARACTERS: "simple_password_check_minimal_length",
            LOWER: letters,
            UPPER: letters,
            DIGITS: "simple_password_check_digits",
            OTHERS: "simple_password_check_other_characters",
        }
        return dict(_least(names, facts.settings))
    for start in ("validate_password.", "validate_password_"):
        policy = facts.settings.get(f"{start}policy")
        if policy is None:
            continue
        names = {CHARACTERS: f"{start}length"}
        if policy not in ("LOW", "0"):
            cased = f"{start}mixed_case_count"
            names |= {LOWER: cased, UPPER: cased, DIGITS: f"{start}number_count"}
            names[OTHERS] = f"{start}special_char_count"
        made |= dict(_least(names, facts.settings))
    return made


def _least(
    names: Mapping[str, str], settings: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, int]]]:
    for what, name in names.items():
        if settings.get(name, "").isdigit():
            yield what, (name, int(settings[name]))


def counted(text: str, bytewise: bool) -> dict[str, int]:
    """As MySQL counts, character by character; MariaDB looks at bytes, and knows ASCII only."""
    signs = text.encode().decode("latin1") if bytewise else text
    kinds = [_kind(sign) if sign.isascii() or not bytewise else OTHERS for sign in signs]
    return {CHARACTERS: len(signs), **{kind: kinds.count(kind) for kind in list(MADE)[1:]}}


def _kind(sign: str) -> str:
    """To MySQL a letter without a case, and a mark, is a lower case one."""
    from unicodedata import category

    found = category(sign)
    if found in ("Lu", "Lt"):
        return UPPER
    if found[0] in "LM" or found == "Nl":
        return LOWER
    return DIGITS if found[0] == "N" else OTHERS


def _like_a_user(text: str, user: str, facts: Facts) -> Iterator[str]:
    """MySQL compares with the name of who sets it, MariaDB with the beginning of the user's."""
    admin = facts.admin.rpartition("@")[0]
    for start in ("validate_password.", "validate_password_"):
        if facts.settings.get(f"{start}check_user_name") == "ON" and text in (admin, admin[::-1]):
            yield f"{start}check_user_name = ON: it is the admin's name, or that turned around"
    if "simple_password_check" in hashes_refused(facts) and user.startswith(text):
        yield "simple_password_check: it is the user's name, or begins it"
