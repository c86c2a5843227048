"""Servers on RDS by name, against moto's server of AWS's API; no boto3 is patched."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.harness import stores
from tests.support.command import Ended, dbprov

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def moto() -> Iterator[stores.Store]:
    with stores.aws() as store:
        yield store


class Cloud:
    """An account with servers in it, and the command in a shell that is logged in to it."""

    def __init__(self, store: stores.Store, folder: Path) -> None:
        store.ask("POST", "/moto-api/reset")
        self.folder = folder
        self.env = {
            "AWS_ENDPOINT_URL": store.address, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "LEAK-MARK",
            "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        self.rds = boto3.client(
            "rds", region_name=REGION, endpoint_url=store.address, aws_access_key_id="key", aws_secret_access_key="x",
        )  # fmt: skip

    def instance(self, name: str, engine: str = "postgres", **more: Any) -> dict[str, Any]:
        login = {"MasterUsername": "boss", "MasterUserPassword": "LEAK-MARK-pw"}
        made = self.rds.create_db_instance(
            DBInstanceIdentifier=name, Engine=engine, DBInstanceClass="db.t3.micro",
            AllocatedStorage=20, **({} if "DBClusterIdentifier" in more else login), **more,
        )  # fmt: skip
        found: dict[str, Any] = made["DBInstance"]
        return found

    def cluster(self, name: str, engine: str = "aurora-postgresql", **more: Any) -> dict[str, Any]:
        made = self.rds.create_db_cluster(
            DBClusterIdentifier=name, Engine=engine, MasterUsername="boss", **more
        )
        found: dict[str, Any] = made["DBCluster"]
        return found

    def __call__(self, *arguments: str, expect: int = 0, **env: str) -> Ended:
        ended = dbprov(*arguments, folder=self.folder, env={**self.env, **env})
        assert ended.returncode == expect, (ended.stdout, ended.stderr)
        assert "LEAK-MARK" not in ended.stdout + ended.stderr
        return ended

    def connections(self, server: str, expect: int = 0, **env: str) -> Ended:
        return self(
            "connections", "--server", server, "--name", "a", "--database", "shop", "--user", "app", expect=expect, **env,
        )  # fmt: skip


@pytest.fixture
def cloud(moto: stores.Store, tmp_path: Path) -> Cloud:
    return Cloud(moto, tmp_path)


@pytest.mark.parametrize(("engine", "scheme"), [("postgres", "postgresql"), ("mysql", "mysql")])
def test_an_instance(cloud: Cloud, engine: str, scheme: str) -> None:
    endpoint = cloud.instance("shop-db", engine)["Endpoint"]
    ended = cloud.connections(f"rds://shop-db?region={REGION}")
    assert f"{scheme}://app:***@{endpoint['Address']}:{endpoint['Port']}/shop" in ended.stdout


@pytest.mark.parametrize(
    ("engine", "scheme"), [("aurora-postgresql", "postgresql"), ("aurora-mysql", "mysql")]
)
def test_a_cluster_is_its_writer(cloud: Cloud, engine: str, scheme: str) -> None:
    made = cloud.cluster("shop", engine, MasterUserPassword="LEAK-MARK-pw")
    cloud.instance("shop-1", engine, DBClusterIdentifier="shop")
    for name in ("shop", "shop-1"):
        ended = cloud.connections(f"rds://{name}?region={REGION}")
        assert f"{scheme}://app:***@{made['Endpoint']}:{made['Port']}/shop" in ended.stdout
        assert made["ReaderEndpoint"] not in ended.stdout


def test_in_a_file_of_many_deployments(cloud: Cloud) -> None:
    cloud.instance("one")
    cloud.instance("two", "mysql")
    (cloud.folder / "spec.yaml").write_text(
        f"server: rds://one?region={REGION}\ndeployments:\n  - {{name: a, database: a, user: a}}\n"
        f"  - {{name: b, database: b, user: b, server: 'rds://two?region={REGION}'}}\n"
    )
    made = json.loads(cloud("connections", "spec.yaml", "--json").stdout)["deployments"]
    assert [one["metadataConnection"].split(":")[0] for one in made] == ["postgresql", "mysql"]


def test_the_managed_password_is_the_admins(cloud: Cloud) -> None:
    """It is read when the server is first asked; the address of a made-up server leads nowhere."""
    made = cloud.cluster("shop-db", ManageMasterUserPassword=True)
    found = _found(cloud, f"rds://shop-db?region={REGION}")
    assert made["MasterUserSecret"]["SecretArn"] in str(found.admin)
    assert found.address.user == "boss"
    assert _found(cloud, f"rds://other@shop-db?region={REGION}").admin is None


def _found(cloud: Cloud, url: str) -> Any:
    from dbprov.spec import rds

    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.env.items():
            patch.setenv(name, value)
        return rds.find(url)


def test_what_is_not_there(cloud: Cloud) -> None:
    ended = cloud.connections(f"rds://nothing?region={REGION}", expect=2)
    assert "--server" in ended.stderr
    assert '"nothing" is not on RDS in eu-west-1' in ended.stderr
    cloud.instance("shop-db")
    ended = cloud.connections("rds://shop-db?region=us-east-1", expect=2)
    assert "is not on RDS in us-east-1" in ended.stderr
    assert "dbprov endpoints" in ended.stderr


def test_what_is_not_available(cloud: Cloud) -> None:
    cloud.instance("shop-db")
    cloud.rds.stop_db_instance(DBInstanceIdentifier="shop-db")
    ended = cloud.connections(f"rds://shop-db?region={REGION}", expect=2)
    assert "its status is stopped" in ended.stderr
    cloud.instance("oracle", "oracle-ee")
    assert "oracle" in cloud.connections(f"rds://oracle?region={REGION}", expect=2).stderr
    cloud.instance("first")
    cloud.rds.create_db_instance_read_replica(
        DBInstanceIdentifier="copy", SourceDBInstanceIdentifier="first"
    )
    ended = cloud.connections(f"rds://copy?region={REGION}", expect=2)
    assert f"rds://first?region={REGION}" in ended.stderr


def test_a_shell_that_is_not_logged_in(cloud: Cloud) -> None:
    cloud.instance("shop-db")
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    assert (
        "no AWS credentials"
        in cloud.connections(f"rds://shop-db?region={REGION}", 2, **nobody).stderr
    )
    assert "no region is named" in cloud.connections("rds://shop-db", 2).stderr
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert (
        "RDS was not reached"
        in cloud.connections(f"rds://shop-db?region={REGION}", 2, **nowhere).stderr
    )


@pytest.mark.parametrize("url", ["rds://", "rds://a:secret@b", "rds://a?sslmode=require"])
def test_a_url_that_is_none(cloud: Cloud, url: str) -> None:
    assert "is no URL of a server on RDS" in cloud.connections(url, expect=2).stderr


def test_the_list(cloud: Cloud) -> None:
    cloud.instance("shop-db")
    cloud.instance("old", "mysql")
    cloud.instance("oracle", "oracle-ee")
    cloud.cluster("lake", MasterUserPassword="LEAK-MARK-pw")
    cloud.instance("lake-1", "aurora-postgresql", DBClusterIdentifier="lake")
    lines = cloud("endpoints", "--region", REGION).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [
        f"rds://{name}?region={REGION}" for name in ("lake", "old", "shop-db")
    ]
    made = json.loads(cloud("endpoints", "--region", REGION, "--engine", "mysql", "--json").stdout)
    [one] = made["endpoints"]
    assert (one["name"], one["engine"], one["ready"], one["port"]) == ("old", "mysql", True, 3306)
    assert cloud("endpoints", "--region", "us-east-1").stdout == ""


def test_without_the_library(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "boto3.py").write_text("raise ImportError('boto3')\n")
    ended = dbprov(
        "endpoints", folder=tmp_path, env={"PYTHONPATH": f"{tmp_path}:{':'.join(sys.path)}"}
    )
    assert "pip install 'dbprov[aws]'" in ended.stderr
