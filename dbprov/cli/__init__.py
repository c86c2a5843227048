"""The command line: read arguments, call one function, print.

stdout is the product, stderr the talk.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from dbprov._version import __version__
from dbprov.cli import console

if TYPE_CHECKING:
    from dbprov.errors import DbprovError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
COMMANDS = {  # in the order of --help, each with the module that holds it
    "check": "verify",
    "render": "render",
    "plan": "plan",
    "apply": "apply",
    "verify": "verify",
    "connections": "connections",
    "platform": "platform",
    "deployment": "deployment",
    "rotate": "rotate",
    "import": "import_",
    "adopt": "adopt",
    "drop": "drop",
    "audit": "audit",
    "endpoints": "endpoints",
    "templates": "templates",
    "schema": "schema",
}

SAID = {  # what --help says of each without loading any
    "check": "Can this admin do this on this server? Who can give the rest?",
    "render": "Write reviewable SQL for a server that is never contacted.",
    "plan": "Show what the server lacks.",
    "apply": "Show the plan, ask, carry it out, and verify it as each user.",
    "verify": "Log in as each user, and prove what it can and cannot do.",
    "connections": "Print the connection strings of each Deployment.",
    "platform": "Allow connection strings of one's own on the platform.",
    "deployment": "Create or update the Deployment on the platform.",
    "rotate": "Give users new passwords, proven by a login.",
    "import": "Write the spec that describes what exists.",
    "adopt": "Give what others own in a Deployment's schemas to its users.",
    "drop": "Shut a Deployment's users out, or take it off its server.",
    "audit": "Check the file that --audit writes, line by line.",
    "endpoints": "List the servers on RDS and Aurora, as a spec names them.",
    "templates": "List the SQL templates, or begin one of your own.",
    "schema": "Print the JSON Schema of a spec, for editors.",
}


class Group(click.Group):
    """Catches DbprovError once, for all commands; loads a command when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return super().get_command(ctx, name)
        module = import_module(f"dbprov.cli.{COMMANDS[name]}")
        found: click.Command = getattr(module, name if hasattr(module, name) else f"{name}_")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, SAID[name]) for name in self.list_commands(ctx)])

    def main(self, *words: Any, **more: Any) -> Any:
        console.guard()
        return super().main(*words, **more)

    def invoke(self, ctx: click.Context) -> Any:
        from dbprov.errors import DbprovError, Interrupted

        try:
            with interruptible():
                return super().invoke(ctx)
        except DbprovError as error:
            _give_up(ctx, error)
        except (KeyboardInterrupt, click.Abort):
            again = "run the same command again: it goes on where it stopped"
            _give_up(ctx, Interrupted("interrupted", "the run was ended by a signal", again))
        except (click.ClickException, click.exceptions.Exit):
            raise
        except BrokenPipeError:  # whoever read stdout has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(2)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                _unwritten(error)
                ctx.exit(2)
            # A defect of ours must not look like exit code 1, which means differences.
            console.show_traceback(error)
            console.say(f"dbprov: unexpected {type(error).__name__}: this is a defect of dbprov")
            ctx.exit(2)


def _unwritten(error: OSError) -> None:
    """Of stdout or stderr: every other file has an error of its own."""
    from dbprov.errors import PlaceError

    what, again = "what there is to say could not be written", "make room where it goes to"
    failed = PlaceError(what, error.strerror or "", f"{again}, and run the same command again")
    with suppress(OSError):
        console.show_error(failed)
    for stream in (sys.stdout, sys.stderr):  # nor is it tried again at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _give_up(ctx: click.Context, error: DbprovError) -> NoReturn:

    if ctx.obj and ctx.obj.get("json") and not ctx.obj.get("printed"):
        console.print_json({"error": error.as_json()})
    console.show_error(error)
    if ctx.obj and ctx.obj.get("debug"):
        console.show_traceback(error)
    ctx.exit(error.exit_code)


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end a run in order: rolled back, and reported.

    Asked a second time it ends at once, as it would by kill -9, which it survives as well.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}

    def interrupt(*_: object) -> NoReturn:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    # What nohup or a shell told us to ignore stays ignored.
    caught = [n for n in numbers if before[n] not in (signal.SIG_IGN, None)]
    if threading.current_thread() is not threading.main_thread():
        caught = []
    for number in caught:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, before[number])


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="dbprov")
@click.option(
    "--debug",
    is_flag=True,
    help="On stderr also what the libraries log, and where an error arose; no passwords.",
)
@click.pass_context
def main(ctx: click.Context, debug: bool) -> None:
    """Provision databases, users and grants for Airflow Deployments on PostgreSQL and MySQL, and
    prove that they work.
    """
    ctx.ensure_object(dict)
    if debug:
        console.show_logs()
        ctx.obj["debug"] = True
