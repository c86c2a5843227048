"""A password in AWS Secrets Manager."""

from __future__ import annotations

import json
import logging
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from msgspec import Struct

from dbprov.errors import PlaceError
from dbprov.passwords import Remote
from dbprov.passwords.secret import Secret, checked, generate
from dbprov.system.deadline import within
from dbprov.system.masking import outside

SECONDS = 90  # for one question, tried three times
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


class _Version(Struct, frozen=True):
    id: str
    values: dict[str, Any]  # by key; where the secret is no JSON, under ""

    def __repr__(self) -> str:
        return f"_Version({self.id!r}, ***)"


class AwsPlace(Struct, frozen=True):
    """A secret by name or ARN: its text, or one key of its JSON. Other keys are not changed.

    The next password is the version with the staging label AWSPENDING, as in AWS's own rotations.
    The request token is derived from the previous version: of two runs that write at the same time
    one is refused, and uses what the other wrote.
    """

    name: str
    region: str | None = None
    key: str = ""
    writable = True

    @property
    def remote(self) -> Remote:
        region = self.region or _region_of(self.name) or ""
        return Remote("AWS Secrets Manager", region, self.name, self.key)

    def __str__(self) -> str:
        where = f" in {self.region}" if self.region else ""
        return f"AWS secret {self.name}{where}" + (f", key {self.key}" if self.key else "")

    def read(self) -> Secret | None:
        return self._password(self._version(CURRENT))

    def fill(self) -> Secret:
        made = generate()
        existing = self._version(CURRENT)
        if existing is None:
            try:
                self._call("create_secret", Name=self.name, SecretString=self._text({}, made))
                return made
            except _Exists:
                existing = self._version(CURRENT)  # another process was first, or it has no version
        return self._password(existing) or self._put(existing, made, CURRENT)

    def pending(self) -> Secret | None:
        current, proposed = self._version(CURRENT), self._version(PENDING)
        if proposed is None or (current and proposed.id == current.id):
            return None  # AWS leaves the label where it was after a rotation of its own
        if current and proposed.values.get(self.key) == current.values.get(self.key):
            return None  # of another key
        return self._password(proposed)

    def propose(self, login: str = "") -> Secret:
        current, proposed = self._version(CURRENT), self._version(PENDING)
        if proposed and current and proposed.id != current.id:
            self._refuse_other_changes(current, proposed)
            return self._password(proposed) or generate(login)
        return self._put(current, generate(login), PENDING)

    def promote(self) -> None:
        current, proposed = self._version(CURRENT), self._version(PENDING)
        if proposed is None:
            return
        if current and proposed.id != current.id:
            self._refuse_other_changes(current, proposed)
            self._call(
                "update_secret_version_stage", SecretId=self.name, VersionStage=CURRENT,
                MoveToVersionId=proposed.id, RemoveFromVersionId=current.id,
            )  # fmt: skip
        self._call(
            "update_secret_version_stage", SecretId=self.name, VersionStage=PENDING,
            RemoveFromVersionId=proposed.id,
        )  # fmt: skip

    def _refuse_other_changes(self, current: _Version, proposed: _Version) -> None:
        """Promoting a version would promote the other keys that another rotation changed, too."""
        others = [
            {k: v for k, v in one.values.items() if k != self.key} for one in (current, proposed)
        ]
        if others[0] != others[1] or self.key not in proposed.values:
            raise PlaceError(
                f"{self} cannot be rotated now",
                f"its version {PENDING} differs in more than this password: another rotation of the"
                " same secret is not finished",
                f"finish that one, or take the label {PENDING} away from the version",
            )

    # -- the secret --------------------------------------------------------------------------------

    def _version(self, stage: str) -> _Version | None:
        try:
            answer = self._call("get_secret_value", SecretId=self.name, VersionStage=stage)
        except _NotFound:
            return None
        text = answer.get("SecretString")
        if text is None:
            raise PlaceError(f"{self} cannot be used", "it is binary", "keep text in it")
        if not self.key:
            return _Version(str(answer.get("VersionId")), {"": text})
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise PlaceError(
                f"{self} cannot be used", "it is not a JSON object",
                "leave key out where all of the secret is the password",
            )  # fmt: skip
        return _Version(str(answer.get("VersionId")), values)

    def _password(self, version: _Version | None) -> Secret | None:
        value = version.values.get(self.key) if version else None
        if value is not None and not isinstance(value, str):
            raise PlaceError(f"the password in {self} cannot be used", "it is not a text", "")
        return checked(value, str(self)) if value is not None else None

    def _text(self, values: dict[str, Any], password: Secret) -> str:
        made = {**values, self.key: password.reveal()}
        return json.dumps(made) if self.key else made[""]

    def _put(self, after: _Version | None, password: Secret, stage: str) -> Secret:
        token = str(uuid5(NAMESPACE_URL, f"{self.name} {self.key} {after and after.id} {stage}"))
        text = self._text(after.values if after else {}, password)
        for attempt in (token, str(uuid4())):
            try:
                self._call(
                    "put_secret_value", SecretId=self.name, SecretString=text,
                    ClientRequestToken=attempt, VersionStages=[stage],
                )  # fmt: skip
                return password
            except _Exists:
                kept = self._password(self._version(stage)) if stage == CURRENT else self.pending()
                if kept is not None:
                    return kept  # another process was first
        raise PlaceError(f"a new password could not be kept in {self}", "", "run this again")

    def _call(self, what: str, **arguments: Any) -> Any:
        client = _client(self.region or _region_of(self.name))
        try:
            return within(SECONDS, lambda: getattr(client, what)(**arguments))
        except Exception as error:
            raise _failed(self, what, error) from None


class _NotFound(Exception):
    pass


class _Exists(Exception):
    pass


def _region_of(name: str) -> str | None:
    """An ARN says where its secret is: arn:aws:secretsmanager:eu-west-1:..."""
    parts = name.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 3 else None


@cache
def _client(region: str | None) -> Any:
    """One for each region: making one takes a tenth of a second."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise PlaceError(
            "AWS Secrets Manager cannot be asked", "the library boto3 is not installed",
            "pip install 'dbprov[aws]'",
        ) from None  # fmt: skip
    # At DEBUG it logs what it sends and gets: the secrets. Programs around us may log at DEBUG.
    logger = logging.getLogger("botocore")
    logger.setLevel(max(logger.level, logging.INFO))
    patience = Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 3})
    try:
        session = boto3.session.Session()  # boto3's own would keep the credentials of earlier
        return session.client("secretsmanager", region_name=region, config=patience)
    except BotoCoreError as error:
        raise PlaceError("AWS Secrets Manager cannot be asked", *_explained(error)) from None


def _failed(place: AwsPlace, what: str, error: Exception) -> Exception:
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    if code == "ResourceNotFoundException" and what == "get_secret_value":
        return _NotFound()
    if code == "ResourceExistsException":
        return _Exists()
    done = "read" if what == "get_secret_value" else "written"
    return PlaceError(f"{place} could not be {done}", *_explained(error, code), code=code)


SENTENCES = {
    "AccessDeniedException": (
        "the AWS identity of this shell may not do that",
        "it takes secretsmanager:GetSecretValue; to keep passwords also CreateSecret,"
        " PutSecretValue and UpdateSecretVersionStage, and the use of the secret's KMS key",
    ),
    "UnrecognizedClientException": (
        "AWS does not know these credentials", "aws sts get-caller-identity says who you are",
    ),
    "ExpiredTokenException": ("the AWS session is over", "log in again: aws sso login"),
    "ResourceNotFoundException": (
        "there is no such secret in this region",
        "see its name and region; a secret named by ARN is not made here",
    ),
    "DecryptionFailure": (
        "the secret's KMS key could not be used", "ask for kms:Decrypt on that key",
    ),
    "NoCredentialsError": (
        "no AWS credentials are in this shell", "aws sso login, AWS_PROFILE, or AWS_ACCESS_KEY_ID",
    ),
    "PartialCredentialsError": (
        "the AWS credentials of this shell are incomplete", "AWS_ACCESS_KEY_ID with its secret key",
    ),
    "NoRegionError": (
        "no region is named", "password: {aws: NAME, region: eu-west-1}, or AWS_REGION",
    ),
    "ProfileNotFound": ("there is no such AWS profile", "see AWS_PROFILE and ~/.aws/config"),
    "InvalidRegionError": ("this is no region", "region: eu-west-1"),
    "EndpointConnectionError": (
        "Secrets Manager was not reached",
        "see that the region is one of AWS's, and that no firewall or missing VPC endpoint is"
        " between",
    ),
    "ConnectTimeoutError": (
        "Secrets Manager did not answer", "see that no firewall or missing VPC endpoint is between",
    ),
    "ReadTimeoutError": ("Secrets Manager did not answer in time", "run this again"),
    "Late": ("Secrets Manager did not answer in time", "run this again"),
}  # fmt: skip
SENTENCES |= dict.fromkeys(
    ("InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"),
    SENTENCES["UnrecognizedClientException"],
)
SENTENCES["ExpiredToken"] = SENTENCES["ExpiredTokenException"]


def _explained(error: Exception, code: str = "") -> tuple[str, str]:
    """Why, and what to do. AWS's own words where they say more."""
    known = SENTENCES.get(code) or SENTENCES.get(type(error).__name__)
    message = (
        getattr(error, "response", {}).get("Error", {}).get("Message", "") if code else str(error)
    )
    message = outside(message)
    if known is None:
        return message or type(error).__name__, "correct what AWS says, and run this again"
    why, todo = known
    return f"{why}: {message}" if message else why, todo
