"""Real servers for the tests: where they come from, and how a test talks to them."""

from tests.harness.model import ServerUnavailable, TestServer, Who, WrongSetting
from tests.harness.queries import client, execute, remove
from tests.harness.servers import start, stop_all, urls, wanted

__all__ = [
    "ServerUnavailable",
    "TestServer",
    "Who",
    "WrongSetting",
    "client",
    "execute",
    "remove",
    "start",
    "stop_all",
    "urls",
    "wanted",
]
