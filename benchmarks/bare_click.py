"""A click program of ten commands that do nothing: what a help text costs at the least."""

import click


@click.group()
@click.version_option("1")
def main() -> None:
    """Ten commands."""


for _number in range(10):

    @main.command(f"command{_number}")
    @click.argument("spec", required=False)
    @click.option("--json", is_flag=True)
    def _command(spec: str, json: bool) -> None:
        """Does nothing."""


if __name__ == "__main__":
    main()
