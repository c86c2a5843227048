"""What is handed out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from dbprov.cli import console
from dbprov.cli.options import OUTPUT, json_option
from dbprov.cli.output import write
from dbprov.cli.spec_options import SpecCommand, ask, with_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbprov.connections.forms import FormOptions
    from dbprov.connections.strings import DeploymentConnections
    from dbprov.passwords.secret import Secret
    from dbprov.server.server import Server
    from dbprov.spec.model import Deployment, Spec

FORMS = (
    "text", "json", "env", "cfg", "airflow-local-settings", "houston", "values", "k8s",
    "external-secret", "chart", "pgbouncer", "pgpass", "service", "mycnf", "sqlalchemy", "jdbc",
    "dotenv",
)  # fmt: skip

LARGEST = 10 << 20  # bytes of the document that --base names


@click.command(cls=SpecCommand)
@with_spec
@click.option("--reveal", is_flag=True, help="Print the passwords, not ***.")
@click.option("--format", "form", type=click.Choice(FORMS), help="Default: text.")
@click.option(
    "--template", type=click.Path(dir_okay=False), help="Your own Jinja template, as the form."
)
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    help="With the passwords into this file; into a folder (NAME/) one file per Deployment. 0600.",
)
@click.option(
    "--platform",
    type=click.Choice(["0.37", "1.x", "2.x"]),
    default="2.x",
    help="values: the platform's version.",
)
@click.option(
    "--pgbouncer",
    is_flag=True,
    help="houston, chart, k8s: the Deployment has PgBouncer before it.",
)
@click.option(
    "--base",
    type=click.Path(dir_okay=False),
    help="houston: a JSON file of variables to merge into; the rest of it is kept.",
)
@click.option(
    "--release",
    help="k8s, external-secret, chart: the Helm release; default: the Deployment's name.",
)
@click.option("--namespace", help="k8s, external-secret: the namespace of the Secrets.")
@click.option(
    "--secret-store",
    help="external-secret: the SecretStore that reads the passwords, or ClusterSecretStore/NAME.",
)
@click.option(
    "--standard-naming",
    is_flag=True,
    help="k8s, external-secret, chart: the names of Secrets with the chart's useStandardNaming.",
)
@click.option(
    "--metadata-secret", help="k8s, external-secret, chart: another name for the metadata Secret."
)
@click.option(
    "--result-secret", help="k8s, external-secret, chart: another name for the result backend's."
)
@click.option(
    "--userlist",
    type=click.Choice(["clear", "scram"]),
    help="pgbouncer: with the passwords, or with the verifiers that a superuser reads on the"
    " server. Default: clear.",
)
@click.option(
    "--keda",
    is_flag=True,
    help="k8s, external-secret, chart: KEDA scales the workers; with the string that it needs.",
)
@click.option("--by-secret", is_flag=True, help="chart: name the Secrets instead of the parts.")
@json_option
def connections(
    spec: Spec,
    reveal: bool,
    form: str | None,
    template: str | None,
    output: str | None,
    as_json: bool,
    base: str | None,
    userlist: str | None,
    **flags: Any,
) -> None:
    """Print the connection strings, in each consumer's form. With *** for the passwords, unless
    --reveal or -o.

    Example: dbprov connections deployment.yaml --format env -o airflow.env
    """
    from dbprov.commands.connections import connections, tls_files, unfinished
    from dbprov.commands.servers import servers
    from dbprov.connections import forms

    name = _form(form, template, as_json)
    if output and not template and not is_folder(output):
        forms.whole(name)
    revealed = (reveal or output is not None) and (bool(template) or forms.FORMS[name].secret)
    scram = _scram(userlist, name, template)
    wanted = forms.FormOptions(shown=revealed, scram=scram, base=_base(base), **flags)
    with servers(spec, ask) as opened:
        handouts = connections(
            spec,
            passwords=revealed and not scram,
            opened=opened,
            unpublished=name == "pgbouncer",
        )
        wanted = replace(wanted, files=tls_files(spec) if name == "chart" else {})
        say_notes(name, handouts, wanted)
        for words in unfinished(spec) if revealed else ():
            console.say(f"note: {words}")
        if template is None:
            forms.refuse(name, handouts, wanted)
        if scram and revealed:
            servers_of = [opened[deployment] for deployment in spec.deployments]
            wanted = replace(wanted, verifiers=_verifiers(servers_of, handouts))
    write_connections(name, template, handouts, wanted, output)


def say_notes(name: str, handouts: Sequence[DeploymentConnections], wanted: FormOptions) -> None:
    """What to know of the strings, wherever they go."""
    from dbprov.connections import forms

    for words in dict.fromkeys(w for one in handouts for w in forms.notes(name, one, wanted)):
        console.say(f"note: {words}")


def write_connections(
    name: str,
    template: str | None,
    handouts: Sequence[DeploymentConnections],
    wanted: FormOptions,
    output: str | None,
) -> None:
    """To stdout, into a file, or into a folder with a file for each."""
    from dbprov.connections import forms

    if output and is_folder(output):
        for one in handouts:
            beside = Path(output) / one.deployment.name
            if template:
                made = _text(name, template, [one], wanted)
                _put(beside.with_name(beside.name + Path(template).suffix), made)
                continue
            for suffix, made in forms.files(name, one, wanted).items():
                _put(beside.with_name(f"{beside.name}.{suffix}"), made)
    elif output:
        _put(Path(output), _text(name, template, handouts, wanted))
    else:
        console.print_text(_text(name, template, handouts, wanted))


def is_folder(output: str) -> bool:
    return output.endswith("/") or Path(output).is_dir()


def _form(form: str | None, template: str | None, as_json: bool) -> str:
    from dbprov.errors import UsageError

    named = [f"--format {form}"] * bool(form) + [f"--template {template}"] * bool(template)
    named += ["--json"] * (as_json and form != "json")
    if len(named) > 1:
        raise UsageError("two forms are asked for", ", ".join(named), "one of the two")
    return form or ("json" if as_json else "text")


def _scram(userlist: str | None, name: str, template: str | None) -> bool:
    from dbprov.errors import UsageError

    if userlist and (template or name != "pgbouncer"):
        raise UsageError(
            f"--userlist {userlist} says nothing of this form",
            "only PgBouncer has a userlist",
            "--format pgbouncer, or leave --userlist out",
        )
    return userlist == "scram"


def _verifiers(
    servers: Sequence[Server], handouts: Sequence[DeploymentConnections]
) -> dict[tuple[Deployment, str], Secret]:
    """Read on the servers, all before anything is written."""
    from dbprov.commands.connections import verifiers

    made: dict[tuple[Deployment, str], Secret] = {}
    for server, one in zip(servers, handouts, strict=True):
        made |= verifiers(one.deployment, server)
    return made


def _text(
    name: str, template: str | None, handouts: Sequence[DeploymentConnections], wanted: FormOptions
) -> str:
    from dbprov.connections import forms
    from dbprov.connections.template import rendered

    if template:
        return rendered(Path(template), handouts, wanted)
    return forms.document(name, handouts, wanted)


def _put(path: Path, text: str) -> None:
    console.say(f"wrote {write(path, text, 0o600)}")


def documents_of(
    spec: Spec, base: str, *, pgbouncer: bool, shown: bool
) -> dict[str, dict[str, Any]]:
    """The variables of Houston's mutation for each Deployment of the spec, by its name.

    ``base``: one document for all of them, or a folder with a NAME.json for each.
    """
    from dbprov.commands.connections import connections
    from dbprov.commands.servers import servers
    from dbprov.connections import forms
    from dbprov.houston.several import for_each, labelled

    names = [one.name for one in spec.deployments]
    if is_folder(base):
        bases = {name: labelled(_base(str(Path(base, f"{name}.json"))), name) for name in names}
    else:
        bases = for_each(_base(base), names, base)
    with servers(spec, ask) as opened:
        handouts = connections(spec, passwords=shown, opened=opened)
    wanted = forms.FormOptions(shown=shown, pgbouncer=pgbouncer)
    forms.refuse("houston", handouts, wanted)
    say_notes("houston", handouts, wanted)
    return {
        one.deployment.name: json.loads(
            forms.document("houston", [one], replace(wanted, base=bases[one.deployment.name]))
        )
        for one in handouts
    }


def _base(path: str | None) -> dict[str, Any]:
    from dbprov.errors import UsageError
    from dbprov.system import files

    if path is None:
        return {}
    try:
        made = json.loads(files.read(Path(path), LARGEST).decode())
    except OSError as error:
        todo = getattr(error, "todo", "") or "name the JSON file with the variables of the mutation"
        raise UsageError(f"{path} cannot be read", error.strerror or "", todo) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as JSON", str(error), "correct it") from None
    if not isinstance(made, dict):
        raise UsageError(
            f"{path} is no document of variables", "its JSON is no object", '{"label": "..."}'
        )
    return made
