"""`tenggat check-config`: every mistake of a configuration with its place."""

from __future__ import annotations

import click

from stream_app.commands.configured import Refused
from stream_app.config.configuration import load
from stream_app.config.kpis import catalogue
from stream_app.config.mistake import ConfigurationRefused
from stream_app.config.source import read


@click.command(
    "check-config",
    short_help="Check a configuration.",
    epilog="\b\nExample:\n  tenggat check-config tenggat.yaml",
)
@click.argument("file")
def check_config(file: str) -> None:
    """Check a configuration; every mistake is printed as FILE:LINE:COLUMN with what was expected, exit code 2."""
    try:
        configuration = load(read(file), file)
        kpis = catalogue(configuration).kpis
    except ConfigurationRefused as refused:
        raise Refused(str(refused)) from None
    rules = configuration.rules
    click.echo(
        f"{file}: good: {len(rules.calendars)} calendars, {len(rules.tickets)} policies, "
        f"{len(rules.incidents)} for incidents, {len(kpis)} KPIs"
    )
