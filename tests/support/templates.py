"""SQL templates of a user's own."""

from __future__ import annotations

from pathlib import Path


def own_block(folder: Path, engine: str, kind: str, block: str, text: str) -> Path:
    """In ``folder``, a template that replaces one block of ours; its path."""
    path = folder / engine / f"{kind}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'{{% extends "builtin/{engine}/{kind}.sql" %}}{{% block {block} %}}{text}{{% endblock %}}'
    )
    return path
