"""Who can change a file, by its owner, group and mode.

The functions return why a file is refused and the remedy, or None where it is not refused.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
from pathlib import Path


def changeable_by_others(state: os.stat_result, shown: str) -> tuple[str, str] | None:
    """Whether other users than this one and root can change it."""
    me, path = user(os.geteuid()), shlex.quote(shown)
    if state.st_uid not in (0, os.geteuid()):
        return (
            f"{shown} belongs to {user(state.st_uid)}, who can change it: neither to {me}, as whom"
            " dbprov runs, nor to root",
            f"chown {os.geteuid()} {path}, or keep the password where only you and root can write",
        )
    if stat.S_ISDIR(state.st_mode) and state.st_mode & stat.S_ISVTX:
        return None  # sticky: users can rename and remove only their own files
    loose = state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not loose or (loose == stat.S_IWGRP and alone_in_group(state, shown)):
        return None
    who = "everybody" if loose & stat.S_IWOTH else _group(state.st_gid)
    mode = f"{stat.S_IMODE(state.st_mode):04o}"
    return f"{shown} can be changed by {who} (mode {mode})", f"chmod go-w {path}"


def changeable_by_everybody(
    path: Path, state: os.stat_result | None = None
) -> tuple[str, str] | None:
    """Whether everybody can change the file or its folder.

    Owner and group are not checked: a checkout may belong to a team, or to a CI runner.
    """
    real = Path(os.path.realpath(path))
    for one, found in ((real, state or real.stat()), (real.parent, real.parent.stat())):
        sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        if found.st_mode & stat.S_IWOTH and not sticky:
            mode = f"{stat.S_IMODE(found.st_mode):04o}"
            return (
                f"everybody on this machine can change {one} (mode {mode})",
                f"chmod o-w {shlex.quote(str(one))}",
            )
    return None


def alone_in_group(state: os.stat_result, shown: str) -> bool:
    """Whether only the owner is in the group, as in Debian's and Red Hat's user groups (umask 002).

    Debian's OpenSSH accepts these too. With an access control list the group's bits are the mask of
    the list instead.
    """
    try:
        owner, group = pwd.getpwuid(state.st_uid), grp.getgrgid(state.st_gid)
    except KeyError:
        return False
    if group.gr_gid != owner.pw_gid or set(group.gr_mem) - {owner.pw_name}:
        return False
    if any(one.pw_gid == group.gr_gid and one.pw_uid != owner.pw_uid for one in pwd.getpwall()):
        return False
    try:
        return not os.getxattr(shown, "system.posix_acl_access")
    except (AttributeError, OSError):
        return True  # there is none


def user(number: int) -> str:
    try:
        return f"user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"user {number}"


def _group(number: int) -> str:
    try:
        return f"group {grp.getgrgid(number).gr_name}"
    except KeyError:
        return f"group {number}"
