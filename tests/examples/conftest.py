"""What the tests of the examples share: `dbprov` as a program on PATH, and a spec for a real server."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.harness import TestServer
from tests.support.runbook import EXAMPLES, ROOT, Runbook


@pytest.fixture
def runbook(server: TestServer, prefix: str, tmp_path: Path) -> Runbook:
    made = Runbook(tmp_path, server, prefix)
    made.write((EXAMPLES / "deployment.yaml").read_text())
    made.program("dbprov", f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m dbprov "$@"\n')
    return made
