"""Each example, run on real servers as far as its platform is needed for nothing else."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import hcl2
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from tests.harness import execute
from tests.support.command import on_one_of_each
from tests.support.runbook import EXAMPLES, PASSWORD, Runbook

# -- a step in a shell ------------------------------------------------------------------------------------------------


def provision(runbook: Runbook, **env: str) -> Any:
    return runbook.run(
        "sh", EXAMPLES / "shell/provision.sh", "deployment.yaml", "airflow.env", **env
    )


@on_one_of_each
def test_a_step_in_a_shell(runbook: Runbook) -> None:
    done = provision(runbook)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "create database" in done.stderr
    strings = runbook.folder / "airflow.env"
    assert stat.S_IMODE(strings.stat().st_mode) == 0o600
    assert PASSWORD in strings.read_text()
    assert PASSWORD not in done.stderr
    assert runbook.run("dbprov", "audit", "dbprov-audit.jsonl").returncode == 0
    again = provision(runbook)
    assert again.returncode == 0
    assert "nothing to do" in again.stderr


@on_one_of_each
def test_a_step_in_a_shell_ends_where_something_is_wrong(runbook: Runbook) -> None:
    done = provision(runbook, DBPROV_ADMIN_PASSWORD="wrong")
    assert done.returncode == 2
    assert not (runbook.folder / "airflow.env").exists()
    provision(runbook)
    name = f"{runbook.prefix}app"
    if runbook.server.engine == "postgresql":
        execute(runbook.server, "superuser", f'ALTER ROLE "{name}" CREATEDB')
    else:
        execute(runbook.server, "superuser", f"GRANT PROCESS ON *.* TO '{name}'@'%'")
    (runbook.folder / "airflow.env").unlink()
    assert provision(runbook).returncode == 1  # it verifies also where nothing is missing
    assert not (runbook.folder / "airflow.env").exists()


# -- Ansible ----------------------------------------------------------------------------------------------------------


def play(runbook: Runbook, *more: str, **env: str) -> dict[str, Any]:
    """What happened to each task, by its name; and the statistics."""
    file = EXAMPLES / "ansible/databases.yml"
    names = (
        "ANSIBLE_STDOUT_CALLBACK",
        "ANSIBLE_LOCALHOST_WARNING",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING",
    )
    told = dict(zip(names, ("ansible.builtin.default", "false", "false"), strict=True))
    said = [
        "-e",
        f"spec={runbook.folder}/deployment.yaml",
        "-e",
        f"strings={runbook.folder}/airflow.env",
    ]
    ended = runbook.run("ansible-playbook", file, "-c", "local", *said, *more, **told, **env)
    assert PASSWORD not in ended.stdout + ended.stderr
    counts = re.search(r"ok=(\d+)\s+changed=(\d+)\s+unreachable=0\s+failed=(\d+)", ended.stdout)
    assert counts, ended.stdout + ended.stderr
    return {
        "text": ended.stdout,
        "changed": int(counts[2]),
        "failed": int(counts[3]),
        "code": ended.returncode,
    }


@pytest.mark.postgresql(">= 18")  # a play takes seconds, and knows nothing of engines
def test_an_ansible_play(runbook: Runbook) -> None:
    """Changed where dbprov changed something, not changed the second time; --check changes nothing."""
    tried = play(runbook, "--check")
    assert (tried["changed"], tried["failed"]) == (1, 0), tried["text"]
    assert runbook.run("dbprov", "plan", "deployment.yaml").returncode == 1
    first = play(runbook)
    assert (first["changed"], first["failed"]) == (2, 0), first["text"]  # provisioned, and written
    assert PASSWORD in (runbook.folder / "airflow.env").read_text()
    second = play(runbook)
    assert (second["changed"], second["failed"]) == (0, 0), second["text"]


@pytest.mark.postgresql(">= 18")
def test_an_ansible_play_fails_where_dbprov_does(runbook: Runbook) -> None:
    failed = play(runbook, DBPROV_ADMIN_PASSWORD="wrong")
    assert (failed["failed"], failed["code"]) == (1, 2), failed["text"]
    assert "28P01" in failed["text"]


# -- GitHub Actions ---------------------------------------------------------------------------------------------------


def workflow() -> dict[Any, Any]:
    made: dict[Any, Any] = yaml.safe_load((EXAMPLES / "github-actions/databases.yml").read_text())
    return made


def steps() -> dict[str, str]:
    return {
        f"{job}/{step['name']}": step["run"]
        for job, one in workflow()["jobs"].items()
        for step in one["steps"]
        if "run" in step
    }


def step(runbook: Runbook, name: str, **env: str) -> Any:
    """As the runner runs it: bash -e, with the files that it hands over."""
    files = {key: str(runbook.folder / key) for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    return runbook.run("bash", "-e", "-o", "pipefail", "-c", steps()[name], **files, **env)


def test_a_workflow_gives_each_job_no_more_than_it_needs() -> None:
    made = workflow()
    assert set(made["jobs"]) == {"plan", "post", "apply"}
    assert made["permissions"] == {"contents": "read"}
    assert made["jobs"]["post"]["permissions"] == {"pull-requests": "write"}
    assert all("permissions" not in made["jobs"][name] for name in ("plan", "apply"))
    assert set(made[True]) == {"pull_request", "push"}  # YAML takes "on" for true
    assert "secrets." not in yaml.safe_dump(made["jobs"]["post"])
    assert "environment" in made["jobs"]["apply"]
    for text in steps().values():
        assert (
            "${{" not in text
        )  # what comes from outside comes by the environment, never into a script
    named = {step["id"] for step in made["jobs"]["plan"]["steps"] if "id" in step}
    assert re.findall(r"steps\.(\w+)\.", made["jobs"]["plan"]["outputs"]["missing"]) == [*named]


@on_one_of_each
def test_a_workflow_posts_the_plan_and_applies_what_was_approved(runbook: Runbook) -> None:
    runbook.program("gh", '#!/bin/sh\necho "$@" > posted; cat change.md >> posted\n')
    planned = step(runbook, "plan/plan")
    assert planned.returncode == 0, planned.stderr
    assert (runbook.folder / "GITHUB_OUTPUT").read_text() == "missing=1\n"
    assert (runbook.folder / "undo.sql").exists()

    assert step(runbook, "post/post", NUMBER="7").returncode == 0
    posted = (runbook.folder / "posted").read_text()
    assert posted.startswith("pr comment 7 --body-file change.md\n### `analytics`: database ")
    assert "| create | database " in posted
    assert "CREATE DATABASE" in posted
    assert PASSWORD not in posted
    assert (runbook.folder / "GITHUB_STEP_SUMMARY").read_text() in posted

    applied = step(runbook, "apply/apply")
    assert applied.returncode == 0, applied.stderr
    assert runbook.run("dbprov", "plan", "deployment.yaml").returncode == 0
    assert step(runbook, "apply/apply").returncode == 2  # that was another plan


@on_one_of_each
def test_a_workflow_fails_where_nothing_can_be_planned(runbook: Runbook) -> None:
    assert step(runbook, "plan/plan", DBPROV_ADMIN_PASSWORD="wrong").returncode != 0


# -- Kubernetes -------------------------------------------------------------------------------------------------------


def manifests() -> dict[str, dict[str, Any]]:
    documents = yaml.safe_load_all((EXAMPLES / "kubernetes/job.yaml").read_text())
    return {document["kind"]: document for document in documents}


@pytest.mark.parametrize("version", ["1.27", "1.30", "1.33"])
def test_kubernetes_takes_the_job(version: str) -> None:
    for document in manifests().values():
        kubernetes_validate.validate(document, version, strict=True)
    assert "{{" not in (EXAMPLES / "kubernetes/job.yaml").read_text()  # Helm would read it


def test_helm_runs_the_job_first_and_its_spec_before_it() -> None:
    made = manifests()
    hooks = {kind: document["metadata"]["annotations"] for kind, document in made.items()}
    assert {hook["helm.sh/hook"] for hook in hooks.values()} == {"pre-install,pre-upgrade"}
    assert int(hooks["ConfigMap"]["helm.sh/hook-weight"]) < int(hooks["Job"]["helm.sh/hook-weight"])
    pod = made["Job"]["spec"]["template"]["spec"]
    [volume], [container] = pod["volumes"], pod["containers"]
    assert volume["configMap"]["name"] == made["ConfigMap"]["metadata"]["name"]
    assert (
        container["args"][1]
        == f"{container['volumeMounts'][0]['mountPath']}/{next(iter(made['ConfigMap']['data']))}"
    )
    user = re.search(
        r"^USER (\d+):(\d+)$", (EXAMPLES.parent / "Dockerfile").read_text(), re.MULTILINE
    )
    assert user
    assert pod["securityContext"]["runAsUser"] == int(user[1])


@on_one_of_each
def test_the_job_provisions(runbook: Runbook) -> None:
    """Its command, with its variables only, and in a folder that nobody may write to."""
    made = manifests()
    [container] = made["Job"]["spec"]["template"]["spec"]["containers"]
    assert {one["name"] for one in container["env"]} == {
        "DBPROV_ADMIN_PASSWORD",
        "ANALYTICS_PASSWORD",
    }
    [(name, text)] = made["ConfigMap"]["data"].items()
    (runbook.folder / "deployment.yaml").unlink()
    runbook.write(text, name)
    before = sorted(runbook.folder.rglob("*"))
    mounted = container["volumeMounts"][0]["mountPath"]
    words = [word.replace(mounted, str(runbook.folder)) for word in container["args"]]
    for _ in range(2):
        done = runbook.run("dbprov", *words)
        assert done.returncode == 0, done.stderr
    assert sorted(runbook.folder.rglob("*")) == before  # the root of its file system is read only


# -- Terraform --------------------------------------------------------------------------------------------------------


def source() -> dict[str, Any]:
    with (EXAMPLES / "terraform/main.tf").open() as stream:
        made: dict[str, Any] = hcl2.load(stream)
    return made


def ask(runbook: Runbook, **query: str) -> Any:
    program = EXAMPLES / "terraform/connection.py"
    return runbook.run("python3", program, stdin=json.dumps(query))


@on_one_of_each
def test_terraforms_external_data_source(runbook: Runbook) -> None:
    query = {
        "spec": str(runbook.folder / "deployment.yaml"),
        "deployment": "analytics",
        "check": "true",
    }
    before = json.loads(ask(runbook, **query).stdout)
    assert before["complete"] == "false"
    assert runbook.run("dbprov", "apply", "deployment.yaml", "--yes").returncode == 0
    after = json.loads(ask(runbook, **query).stdout)
    assert after == {
        "engine": runbook.server.engine,
        "host": runbook.server.host,
        "port": str(runbook.server.port),
        "database": f"{runbook.prefix}db",
        "user": f"{runbook.prefix}app",
        "complete": "true",
    }
    assert all(isinstance(value, str) for value in after.values())
    without = json.loads(ask(runbook, **{**query, "check": "false"}).stdout)
    assert "complete" not in without
    other = ask(runbook, **{**query, "deployment": "nothing"})
    assert (other.returncode, other.stdout) == (1, "")
    assert "analytics" in other.stderr
    bad = ask(runbook, **{**query, "spec": "missing.yaml"})
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "missing.yaml" in bad.stderr


def test_terraform_asks_for_what_the_program_answers() -> None:
    text = (EXAMPLES / "terraform/main.tf").read_text()
    assert source()["data"]
    program = (EXAMPLES / "terraform/connection.py").read_text()
    for name in re.findall(r"result\.(\w+)", text):
        assert f'"{name}"' in program
    for name in re.findall(r'query(?:\[|\.get\()"(\w+)"', program):
        assert re.search(rf"^\s+{name}\s+= ", text, re.MULTILINE), name
    assert Path(EXAMPLES / "deployment.yaml").is_file()
