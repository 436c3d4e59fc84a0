"""The option that says which configuration holds, and how a refused one ends a command."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from stream_app.config.dated import dated as dated_of
from stream_app.config.mistake import ConfigurationRefused
from stream_app.config.settings import CONFIG
from stream_app.config.source import read

R = TypeVar("R")


class Refused(click.ClickException):
    """The configuration is refused: every mistake on standard error, exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        """Print the mistakes as they are, a line each."""
        del file
        click.echo(self.message, err=True)


def configured(command: Callable[..., R]) -> Callable[..., R]:
    """`--config C [--config D@TIME]` as the argument `dated`; without one the built-in configuration."""

    @click.option(
        "--config",
        "words",
        multiple=True,
        metavar="FILE[@TIME]",
        help="The configuration, one more from TIME on for each time the option is given.  [env var: TENGGAT_CONFIG]",
    )
    @wraps(command)
    def wrapped(words: tuple[str, ...], **kwargs: Any) -> R:  # noqa: ANN401 -- click's
        try:
            # click would split the variable at blanks, and a path may hold some
            return command(dated=dated_of(words or filter(None, [os.environ.get(CONFIG)]), read), **kwargs)
        except ConfigurationRefused as refused:
            raise Refused(str(refused)) from None

    return wrapped
