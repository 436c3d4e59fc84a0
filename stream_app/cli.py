"""The console command `tenggat`: its subcommands, each loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final, cast

import click

COMMANDS: Final = {
    "replay": "replay:replay",
    "simulate": "simulate:simulate",
    "produce": "produce:produce",
    "demo": "demo:demo",
    "worker": "worker:worker",
    "report": "report:report",
    "topics": "topics:topics",
    "check-config": "check_config:check_config",
    "explain": "explain:explain",
    "doctor": "doctor:doctor",
    "dlq": "dlq:dlq",
    "rebuild": "rebuild:rebuild",
}
"""Where each subcommand is, in `stream_app.commands`."""


class Lazy(click.Group):
    """A group whose commands are imported when they are needed: a short start for short work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        return cast("click.Command", getattr(import_module(f"stream_app.commands.{module}"), name))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tenggat")
def main() -> None:
    """Tenggat: SLA deadlines and KPIs of tickets and security incidents, from Kafka, in time."""
