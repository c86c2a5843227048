"""The keys of a spec, each declared once.

The reader, the JSON Schema (``dbprov schema``), the flags, their ``--help`` and the reference page
(``docs/spec.md``) come from here; nothing else in dbprov spells a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbprov.spec.key_types import Boolean, Choice, Key, ListOf, Mapping, Number, Only, Text, Type
from dbprov.spec.model import LAYOUTS, TLS_MODES, Access, Auth

# -- how to connect --------------------------------------------------------------------------------

PATH = Text("a path")
CERTIFICATE = "client certificate in PEM"
TLS_MODE = Key(
    "mode", Choice(TLS_MODES), "How to connect.", default="prefer", example="verify-full",
    more="Where ca is set the default is verify-full; where cert is set it is require.",
)  # fmt: skip
TLS_CA = Key(
    "ca", PATH, "File of CA certificates in PEM.", default="the system's", example="ca.pem"
)
TLS_CERT = Key("cert", PATH, f"File of a {CERTIFICATE}.", example="me.pem")
TLS_KEY = Key(
    "key", PATH, "File of its private key in PEM, without a passphrase, mode 0600.",
    example="me.key",
)  # fmt: skip
TLS_SERVER_PUBLIC_KEY = Key(
    "server_public_key", PATH, "Without TLS: file of the server's RSA public key in PEM.",
    engine="mysql", example="public_key.pem",
    more="At login the passwords of the admin and of the users are encrypted with it.",
)  # fmt: skip
TLS_ALLOW_CLEARTEXT = Key(
    "allow_cleartext", Boolean(), "Send passwords over a connection without TLS.", flag=None,
    default="false", example="true",
    more="Needed where the connection is neither TLS nor a socket nor loopback and the server asks"
    " for the password in clear or (MySQL) encrypted with a key of its own, and for the password of"
    " a new user on MySQL.",
)  # fmt: skip
TLS_FILES = (TLS_CA, TLS_CERT, TLS_KEY)  # that a consumer of the connection strings needs too
OF_TLS = Mapping("tls", (TLS_MODE, *TLS_FILES, TLS_SERVER_PUBLIC_KEY, TLS_ALLOW_CLEARTEXT))

# A URL whose user has no password. The reader says what is wrong with another one.
URL_PATTERN = (
    "^((postgresql|postgres|mysql|mariadb)://([^:/?]*@[^/?@,]*([/?].*)?|[^/?@,]*([/?][^@]*)?)"
    "|rds://([^:/?@]*@)?[^:/?@]+(/[^:?@]*)?([?].*)?)$"
)
NOT_IN_URLS = (
    r"[\u0000-\u001f\u007f-\u009f\u2028\u2029]|[?&](password|sslpassword|sslmode|sslrootcert"
    "|sslcert|sslkey|ssl_mode|ssl_ca|ssl_cert|ssl_key)="
    r"|://([^@/?]*@)?[^\[@/?]*:[^@/?]*:"  # an address of IPv6 without brackets
)
SERVER = Key(
    "server",
    Text("a URL", editors={"pattern": URL_PATTERN, "not": {"pattern": NOT_IN_URLS}}),
    "URL of the server, without a password: postgresql://dba@host/postgres or mysql://dba@host.",
    example="postgresql://dba@db.example.com:5432/postgres",
    right="postgresql://dba@db.example.com:5432/postgres or mysql://dba@db.example.com:3306",
    more="Or rds://INSTANCE-OR-CLUSTER?region=eu-west-1, whose address dbprov asks AWS for. The"
    " admin's password comes from admin, DBPROV_ADMIN_PASSWORD, the engine's own places, or a"
    " prompt.",
)  # fmt: skip
VIA = Key(
    "via",
    # No password; nothing that ssh would take for an option.
    Text(
        "a URL",
        r"ssh://([A-Za-z0-9_.%][^@:/?#\s]*@)?([A-Za-z0-9][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?",
        "this is not the URL of a bastion",
    ),
    "Bastion between this machine and the server: ssh://user@host.",
    example="ssh://user@bastion.example.com",
    right="ssh://user@bastion.example.com, or with a port: ssh://user@bastion:2222",
    more="Reached by the system's ssh. The server is named as the bastion knows it.",
)  # fmt: skip

# -- where passwords are ---------------------------------------------------------------------------

WORDS = ListOf("words", Text())
ENV = Key(
    "env", Text("a name", "[A-Za-z_][A-Za-z0-9_]*", "this cannot name an environment variable"),
    "Environment variable that holds the password.", example="ANALYTICS_PASSWORD",
    right="the name of an environment variable, such as ANALYTICS_PASSWORD",
)  # fmt: skip
FILE = Key(
    "file", PATH, "File that holds the password; filled with a generated one if there is none.",
    example="analytics.password",
)  # fmt: skip
PROMPT = Key("prompt", Only(True), "Ask for the password on the terminal.", example="true")
COMMAND = Key(
    "command", WORDS, "Program, with its arguments, that prints the password on one line.",
    example="[pass, show, airflow/analytics]",
    more="Run without a shell, in the folder of the spec.",
)  # fmt: skip
STORE = Key(
    "store", WORDS, "Program that takes a new password on its standard input.",
    example="[pass, insert, -m, airflow/analytics]",
    flag="store-command", former_flag="password-store",
    more="With it, a command that prints nothing says that nothing is kept yet.",
)  # fmt: skip
TIMEOUT = Key(
    "timeout", Number(1, 3600), "Seconds that these programs may take.", default="30", example="60"
)
AWS = Key(
    "aws", Text(), "Name or ARN of the password's secret in AWS Secrets Manager.",
    example="airflow/analytics", more="Made if there is none.",
)  # fmt: skip
REGION = Key(
    "region", Text("a region", "[a-z]{2,}(-[a-z0-9]+)+", "this is no region"),
    "Its region.", default="as in the ARN, or in the AWS settings of the shell",
    example="eu-west-1",
)  # fmt: skip
SECRET_KEY = Key(
    "key", Text(), "Key of the password in the secret.", example="password",
    default="all of the secret (AWS), password (Vault)",
)  # fmt: skip
VAULT = Key(
    "vault",
    Text("a path", "[^/]+(/[^/]+)+/?", "this is no path of a secret with its mount first"),
    "Path of the password's secret in the KV engine of HashiCorp Vault, its mount first.",
    example="secret/airflow/analytics", more="Made if there is none.",
)  # fmt: skip
ADDRESS = Key(
    "address", Text("a URL", "https?://[^/?#@]+/?", "this is no address of Vault"),
    "Address of Vault.", default="VAULT_ADDR", example="https://vault.example.com:8200",
    right="such as https://vault.example.com:8200; the token is never in the spec",
)  # fmt: skip
PLACES: dict[Key, tuple[Key, ...]] = {  # each with the keys that may stand beside it
    ENV: (),
    FILE: (),
    PROMPT: (),
    COMMAND: (STORE, TIMEOUT),
    AWS: (REGION, SECRET_KEY),
    VAULT: (SECRET_KEY, ADDRESS),
}
RIGHT_PLACE = (
    f"{{{ENV}: NAME}}, {{{FILE}: PATH}}, {{{PROMPT}: true}}, {{{COMMAND}: [PROGRAM, ARGUMENT]}},"
    f" {{{AWS}: NAME}} or {{{VAULT}: PATH}}"
)


OF_PASSWORD_KEYS = tuple(
    dict.fromkeys(key for place, beside in PLACES.items() for key in (place, *beside))
)
OF_PASSWORD = Mapping("password", OF_PASSWORD_KEYS)
ADMIN_PASSWORD = Key(
    "password", OF_PASSWORD, "Where the admin's password is.",
    default="DBPROV_ADMIN_PASSWORD, then the engine's own places, then a prompt",
    example="{vault: secret/dba}, or another place", more="It is only read.",
)  # fmt: skip

# -- of the top, and of each deployment ------------------------------------------------------------

ADMIN_ENTRY = Mapping("admin", (ADMIN_PASSWORD,), (ADMIN_PASSWORD,))
ADMIN = Key(
    "admin", ADMIN_ENTRY, "The admin of the server.",
    flag=None, example="{password: {env: DBA_PASSWORD}}",
)  # fmt: skip
TLS = Key(
    "tls", OF_TLS, "How to connect.", example="{mode: verify-full, ca: ca.pem}",
    more="What is set here is in the connection strings too.",
)  # fmt: skip
SAME_SERVER = Key(
    "same_server", Only(False), "This server and the others of the spec are different ones.",
    flag=None, example="false",
    right="same_server: false, or leave it out: dbprov asks the servers whether they are one",
    more="Said where dbprov cannot tell: two servers report the same identifier and run apart (a"
    " copy of the data, a replica), or one of them cannot be asked. Without it drop refuses to take"
    " away there what Deployments on both have.",
)  # fmt: skip

# -- of a user -------------------------------------------------------------------------------------

PASSWORD = Key(
    "password", OF_PASSWORD, "Where the user's password is.",
    default="a file under .dbprov/ beside the spec, filled with a generated password",
    example="{env: ANALYTICS_PASSWORD}",
)  # fmt: skip
AUTH = Key(
    "auth", Choice(tuple(Auth)), "How the user logs in.", default="password", example="iam",
    more="iam: with the tokens of RDS or Aurora, without any password.",
)  # fmt: skip
ACCESS = Key(
    "access", Choice(tuple(Access)), "What the user may do.", default="all", example="read",
    more="all: every privilege on the database and on what is and will be in it (PostgreSQL:"
    " schemas, tables, sequences, routines); owner: owns the database; write: reads and writes"
    " rows, calls routines; read: reads.",
)  # fmt: skip
HOST = Key(
    "host", Text("a host pattern"), "Host that the user comes from, as a pattern.",
    engine="mysql", default="%", example="10.0.%",
)  # fmt: skip
CONNECTION_LIMIT = Key(
    "connection_limit", Number(1, 2**31 - 1), "How many connections the user may have.",
    default="no limit", example="50",
)  # fmt: skip
ROTATION = Key(
    "rotation", Choice(("two-users",)), "How its password is rotated.", flag=None,
    engine="postgresql", example="two-users",
    more="two-users: there is a second user, NAME_b, with the same rights; what it makes belongs to"
    " the first. Each dbprov rotate sets a new password for the one that is not in use, and the"
    " connection strings name that one; the other stays valid until rotate --finish.",
)  # fmt: skip
OF_USER = (PASSWORD, AUTH, ACCESS, HOST, CONNECTION_LIMIT, ROTATION)
USER_NAME = Key("name", Text(), "The user's name.", flag=None, example="analytics_airflow")
SAME_AS_NAME = Key("user", Text(), f"The same as {USER_NAME}.", flag=None)
USER_ENTRY = Mapping(
    "user", (USER_NAME, SAME_AS_NAME, *OF_USER)
)  # fmt: skip


class NameOr(Type, frozen=True):
    """The name alone, or a mapping."""

    mapping: Mapping

    @property
    def words(self) -> str:
        return f"a name, or {self.mapping.words}"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Text().schema(), self.mapping.schema()]}


# -- of a deployment -------------------------------------------------------------------------------

NAME = Key(
    "name",
    Text("a name", "[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "{shown} cannot name files and secrets"),
    "Name of the Deployment, and of the files and secrets that come out.",
    example="analytics",
    right="name: analytics (letters, digits, dot, hyphen and underscore, at most 63, beginning with"
    " a letter or digit)",
)  # fmt: skip
DATABASE = Key("database", Text(), "Its database.", example="analytics_airflow")
USER = Key("user", Text(), "Its user.", example="analytics_airflow")
USERS = Key(
    "users", ListOf("users", NameOr(USER_ENTRY)), "Its users, where it has several.", flag=None,
    example="[{name: analytics_airflow}]",
)  # fmt: skip
LAYOUT = Key(
    "layout", Choice(LAYOUTS), "Which schemas there are.", engine="postgresql",
    default="shared", example="split",
    more="shared: the users work in the same schemas; split: schemas airflow and celery, with a"
    " user each.",
)  # fmt: skip
SCHEMAS = Key(
    "schemas", ListOf("schemas", Text(), distinct=True), "Schema to work in.", engine="postgresql",
    default="public", example="[airflow]", more="What the users create lands in the first.",
)  # fmt: skip
EXTENSIONS = Key(
    "extensions", ListOf("names", Text("a name"), distinct=True), "Extension of the database.",
    engine="postgresql", example="[pg_trgm]",
    more="Made in the first of schemas, in the order of the list; one that is installed stays as it"
    " is.",
)  # fmt: skip
ISOLATE = Key(
    "isolate", Boolean(), "Shut PUBLIC out of the database.", engine="postgresql",
    default="of a new database", example="true",
)  # fmt: skip
LABEL = Key(
    "label", Boolean(), "Say on the server which Deployment users and database belong to.",
    default="on new ones", example="true",
    more="A comment on PostgreSQL, an attribute of the user on MySQL. true: also what is there and"
    " has none.",
)  # fmt: skip
ENCODING = Key(
    "encoding",
    Text("a name", "[A-Za-z0-9_-]*[A-Za-z0-9][A-Za-z0-9_-]*", "{shown} is no encoding"),
    "Encoding of the database.", default="UTF8 (PostgreSQL), utf8mb4 (MySQL)", example="UTF8",
)  # fmt: skip
COLLATION = Key(
    "collation", Text("a name"), "Collation (MySQL) or locale (PostgreSQL) of the database.",
    default="utf8mb4_unicode_ci (MySQL), the server's (PostgreSQL)", example="en_US.UTF-8",
)  # fmt: skip

PUBLISH_HOST = Key(
    "host", Text("a host name"), "Host in the connection strings, such as that of PgBouncer.",
    example="pgbouncer.example.com",
)  # fmt: skip
PUBLISH_PORT = Key("port", Number(1, 65535), "Port in the connection strings.", example="6543")
PUBLISH_TLS = Key(
    "tls", Mapping("publish-tls", (TLS_MODE, *TLS_FILES)),
    "TLS in the connection strings, with paths of where the Deployment runs.", flag=None,
    default="as in tls", example="{ca: /etc/ssl/ca.pem}",
)  # fmt: skip
PUBLISH = Key(
    "publish", Mapping("publish", (PUBLISH_HOST, PUBLISH_PORT, PUBLISH_TLS)),
    "What the connection strings say, where it differs from what the admin connects with.",
    example="{host: pgbouncer.example.com, port: 6543}",
)  # fmt: skip
EVERYWHERE = (SERVER, VIA, ADMIN, TLS, SAME_SERVER)
DEPLOYMENT = Mapping(
    "deployment",
    (NAME, *EVERYWHERE, DATABASE, USER, USERS, *OF_USER, LAYOUT, SCHEMAS, EXTENSIONS, ISOLATE,
     LABEL, ENCODING, COLLATION, PUBLISH),
    required=(NAME, DATABASE),
)  # fmt: skip
DEPLOYMENTS = Key(
    "deployments", ListOf("deployments", DEPLOYMENT), "The databases, each with its users.",
    flag=None,
    example=f"[{{{NAME}: analytics, {DATABASE}: analytics_airflow, {USER}: analytics_airflow}}]",
)  # fmt: skip
SPEC = Mapping("spec", (*EVERYWHERE, DEPLOYMENTS), required=(DEPLOYMENTS,))

# -- flags -----------------------------------------------------------------------------------------

IN_FLAGS = (
    SERVER, VIA, NAME, DATABASE, USER, ACCESS, AUTH, LAYOUT, SCHEMAS, EXTENSIONS, HOST, ENCODING,
    COLLATION, CONNECTION_LIMIT, ISOLATE, LABEL, PASSWORD, TLS, PUBLISH,
)  # fmt: skip


def flags() -> Iterator[tuple[str, tuple[Key, ...]]]:
    """Each flag without ``--``, and the keys that lead to its value."""
    for key in IN_FLAGS:
        if not isinstance(key.type, Mapping):
            yield str(key.flag), (key,)
            continue
        for inner in key.type.keys:
            if inner.flag is not None:
                yield f"{key.flag}-{inner.flag}", (key, inner)
