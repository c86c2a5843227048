"""A GraphQL server over HTTP that stands for the platform: the guide's schema, one variant per version.

Every request is parsed, validated against the schema, and executed by graphql-core, the reference.
Where the platform's own types are not public, the names are those of the documentation.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

TOKEN = "LEAK-MARK-token-of-a-service-account"

COMMON = """
scalar Uuid
scalar JSON
enum ExecutorType { CeleryExecutor KubernetesExecutor LocalExecutor }
input Workers { replicas: Int }
input Webserver { replicas: Int }
input Scheduler { replicas: Int }
input Triggerer { replicas: Int }
input DagProcessor { replicas: Int }
input InputEnvironmentVariable { key: String! value: String isSecret: Boolean }
input DagDeployment {
  type: String nfsLocation: String repositoryUrl: String branchName: String syncInterval: Int
  syncTimeout: Int ephemeralStorage: Int dagDirectoryLocation: String rev: String sshKey: String
  knownHosts: String
}
type Url { type: String url: String }
type EnvironmentVariable { key: String value: String isSecret: Boolean }
type AppConfig { version: String }
type Deployment {
  id: Uuid type: String label: String releaseName: String version: String runtimeVersion: String
  urls: [Url] createdAt: String updatedAt: String clusterId: Uuid MORE_OF_A_DEPLOYMENT
}
input DeploymentWhere { id: String releaseName: String }
type Workspace { id: Uuid label: String }
type Cluster { id: Uuid name: String configOverride: JSON }
type Clusters { clusters: [Cluster] }
type Query {
  workspaces: [Workspace]
  sysWorkspaces: [Workspace]
  deployment(where: DeploymentWhere): Deployment
  MORE_QUERIES
  appConfig: AppConfig
  workspaceDeployments(workspaceUuid: Uuid!, releaseName: String): [Deployment]
  deploymentVariables(deploymentUuid: Uuid!, releaseName: String!): [EnvironmentVariable]
}
"""
SHARED = """
  releaseName: String description: String version: String airflowVersion: String
  runtimeVersion: String executor: ExecutorType workers: Workers webserver: Webserver
  scheduler: Scheduler triggerer: Triggerer properties: JSON dagDeployment: DagDeployment
  metadataConnection: String resultBackendConnection: String
  metadataConnectionJson: JSON resultBackendConnectionJson: JSON
"""
CREATE = f"""
createDeployment(
  workspaceUuid: Uuid! namespace: String! type: String! label: String! config: JSON
  astroUnitsEnabled: Boolean rollbackEnabled: Boolean {SHARED}
): Deployment
"""
UPSERT = f"""
  workspaceUuid: Uuid deploymentUuid: Uuid label: String namespace: String image: String
  environmentVariables: [InputEnvironmentVariable] dockerconfigjson: JSON
  desiredRuntimeVersion: String dagProcessor: DagProcessor cloudRole: String {SHARED}
"""
LATER = """
  clusterId: Uuid skipAirflowDatabaseProvisioning: Boolean kerberosEnabled: Boolean
  pgbouncerConfig: JSON
"""
CLUSTER = "updateCluster(id: Uuid!, deploymentsConfigOverride: JSON): Cluster"
QUERIES = {
    "0.37": "",
    "1.0": "cluster(id: Uuid!): Cluster",
    "2.1": "cluster(id: Uuid!): Cluster paginatedClusters: Clusters",
}
MUTATIONS = {
    "0.37": f"{CREATE} upsertDeployment({UPSERT}): Deployment",
    "1.0": f"{CLUSTER} upsertDeployment({UPSERT} {LATER}): Deployment",
    "2.1": f"{CLUSTER} upsertDeployment({UPSERT} {LATER} mode: AllowedDeploymentModeValues): Deployment",
}
FULL = {"0.37": "0.37.4", "1.0": "1.0.1", "2.1": "2.1.0"}


def schema(version: str) -> GraphQLSchema:
    modes = "enum AllowedDeploymentModeValues { helm operator }"
    common = COMMON.replace("MORE_QUERIES", QUERIES[version])
    more = "effectiveConfig: JSON" if version >= "2" else ""
    common = common.replace("MORE_OF_A_DEPLOYMENT", more)
    return build_schema(f"{common} {modes} type Mutation {{ {MUTATIONS[version]} }}")


@dataclass
class Platform:
    """What it holds, and how it is to misbehave."""

    version: str
    deployments: list[dict[str, Any]] = field(default_factory=list)
    variables: list[dict[str, Any]] = field(default_factory=list)
    manual: bool = True
    refuses: tuple[str, ...] = ()  # labels
    reads_variables: bool = True
    echoes: str = ""  # a word that is in its errors, with what it was sent
    # For the next requests, one each: its name, or what answers instead.
    faults: list[str | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    clusters: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": "cl0", "name": "prod", "configOverride": None}]
    )
    workspaces: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "w1"}])
    forbidden: tuple[str, ...] = ()  # what this token may not ask
    above: dict[str, Any] = field(
        default_factory=dict
    )  # overrides of a Workspace, which count more
    address: str = "https://deployments.example.com/x/airflow"
    asked: list[str] = field(default_factory=list)  # of an Airflow
    airflow: Callable[[str], tuple[int, Any]] = lambda path: (404, "")
    keeps: Callable[[Any], Any] = lambda given: given  # what becomes of an Override that is sent
    url: str = ""

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        self.seen.append(body)
        made = graphql_sync(
            schema(self.version), body["query"], root_value=self._root(),
            variable_values=body["variables"],
        )  # fmt: skip
        if self.echoes and body["query"].startswith("mutation"):
            return {"data": None, "errors": [self._echoed(body["variables"])]}
        errors = [{"message": e.message, "extensions": e.extensions} for e in made.errors or []]
        return {"data": made.data, **({"errors": errors} if errors else {})}

    def _echoed(self, variables: dict[str, Any]) -> dict[str, Any]:
        """What libraries of GraphQL really say of a value that does not fit: the value."""
        value = variables.get("metadataConnection") or variables.get("metadataConnectionJson")
        words = {
            "value": f'Variable "$metadataConnection" got invalid value {json.dumps(value)}; {value!r}',
            "all": f"{self.echoes}: {json.dumps(variables)} {json.dumps(json.dumps(variables))}",
            "base64": base64.b64encode(json.dumps(variables).encode()).decode(),
            "code": str(value),
        }[self.echoes]
        return {"message": words, "extensions": {"code": str(value)}}

    def _root(self) -> dict[str, Any]:
        root = {
            "appConfig": {"version": FULL[self.version]},
            "workspaceDeployments": lambda info, workspaceUuid: self.deployments,
            "sysWorkspaces": lambda info: self.workspaces,
            "paginatedClusters": lambda info: {"clusters": self.clusters},
            "cluster": lambda info, id: self._cluster(id),
            "updateCluster": self._updated,
            "deployment": lambda info, where: self._deployment(where["id"]),
            "deploymentVariables": self._variables,
            "createDeployment": lambda info, **arguments: self._made(arguments),
            "upsertDeployment": lambda info, **arguments: self._made(arguments),
        }
        return {**root, **dict.fromkeys(self.forbidden, self._forbid)}

    def _forbid(self, info: Any, **_: Any) -> None:
        raise GraphQLError("You do not have the appropriate permissions for that")

    def _cluster(self, wanted: str) -> dict[str, Any] | None:
        return next((one for one in self.clusters if one["id"] == wanted), None)

    def _updated(self, info: Any, id: str, **given: Any) -> dict[str, Any]:
        """The Override is replaced, as the platform does, and not merged."""
        found = self._cluster(id)
        assert found
        found["configOverride"] = {"deployments": self.keeps(given["deploymentsConfigOverride"])}
        return found

    def _deployment(self, wanted: str) -> dict[str, Any] | None:
        """With all that counts for it, merged: cluster, Workspace, Deployment."""
        for one in self.deployments:
            if one["id"] == wanted:
                cluster = self._cluster(one.get("clusterId", "")) or {}
                below = (cluster.get("configOverride") or {}).get("deployments") or {}
                return {**one, "effectiveConfig": {**below, **self.above}}
        return None

    def _variables(self, info: Any, **arguments: Any) -> list[dict[str, Any]]:
        if not self.reads_variables:
            raise GraphQLError('Cannot query field "deploymentVariables" on type "Query".')
        return [{**v, "value": "" if v["isSecret"] else v["value"]} for v in self.variables]

    def _made(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments.get("label") in self.refuses:
            raise GraphQLError("there is no room for it")
        if not self.manual and any(name.startswith(("metadata", "result")) for name in arguments):
            raise GraphQLError("Manual connection strings are disabled")
        existing = [d for d in self.deployments if d["id"] == arguments.get("deploymentUuid")]
        if not existing:
            release = arguments.get("releaseName") or "quasi-stellar-1234"
            number = len(self.made) + 1
            self.made.append(release)
            existing = [{"id": f"c{number}", "label": arguments["label"], "releaseName": release}]
            self.deployments += existing
        if "environmentVariables" in arguments:
            self.variables = [{"isSecret": False, **v} for v in arguments["environmentVariables"]]
        urls = [{"type": "airflow", "url": self.address}]
        return {**existing[0], "type": "airflow", "urls": urls}


@contextmanager
def running(platform: Platform) -> Iterator[Platform]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """A Deployment's Airflow, behind the platform's login."""
            if self.headers["authorization"] != TOKEN:
                self.send_response(302)
                self.send_header("location", "https://app.example.com/login")
                self.send_header("content-length", "0")
                self.end_headers()
                return
            platform.asked.append(self.path)
            status, body = platform.airflow(self.path)
            kind = "application/json" if isinstance(body, dict) else "text/html"
            self._send(status, kind, json.dumps(body) if isinstance(body, dict) else body)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            fault = platform.faults.pop(0) if platform.faults else ""
            if callable(fault):
                with suppress(OSError):  # who asked has gone
                    fault(self)
                self.close_connection = True
                return
            if fault == "hang":
                time.sleep(3)
                return
            if fault == "lost":  # carried out, and the answer never arrives
                platform.answer(body)
                self.close_connection = True
                return
            if fault == "html":
                self._send(200, "text/html", "<html>Log in</html>")
            elif fault in ("401", "503"):
                self._send(int(str(fault)), "application/json", '{"message": "no"}')
            elif self.headers["authorization"] != TOKEN:
                errors = [{"message": "You do not have the appropriate permissions for that"}]
                self._send(200, "application/json", json.dumps({"errors": errors, "data": None}))
            else:
                self._send(200, "application/json", json.dumps(platform.answer(body)))

        def _send(self, status: int, kind: str, text: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    platform.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


BASE = {
    "workspaceUuid": "cm3g0cjd2000008l74jigb54y",
    "label": "analytics",
    "executor": "CeleryExecutor",
    "workers": {},
    "scheduler": {"replicas": 1},
    "runtimeVersion": "11.6.0",
    "properties": {"extra_capacity": {"cpu": 1000, "memory": 3840}},
    "dagDeployment": {"type": "dag_deploy", "syncInterval": 1, "sshKey": "LEAK-MARK-key"},
}


ANOTHER = {"id": "c0", "label": "analytics", "releaseName": "old-star-1"}
