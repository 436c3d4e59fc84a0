"""`tenggat explain`: the life of one ticket or incident, every event, turn and sum of it."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import click
import msgspec
from redis.exceptions import RedisError
from rich.console import Console

from stream_app.account.account import account
from stream_app.account.case import Case, Cases
from stream_app.account.record import record
from stream_app.account.sentence import Teller
from stream_app.account.wording import Wall, listed, plain
from stream_app.commands import eventfile
from stream_app.commands.arguments import MOMENT
from stream_app.commands.configured import Refused, configured
from stream_app.commands.story import Story
from stream_app.config.configuration import BUILT_IN
from stream_app.config.dated import Dated
from stream_app.config.mistake import ConfigurationRefused
from stream_app.config.settings import NAMESPACE, REDIS_URL, Settings
from stream_app.config.settings import settings as settings_of
from stream_app.config.signpost import lines as lines_of
from stream_app.config.source import read
from stream_app.engine import mirror
from stream_app.engine.connection import address
from stream_app.engine.eras import eras
from stream_app.engine.generation import active
from stream_app.engine.keys import Names
from stream_app.engine.ledger import dated as dated_of
from stream_app.engine.lookup import lookup, others
from stream_app.engine.reader import RedisReader, client
from stream_app.sla.instant import Micros, text

WIDTH: Final = 80
"""Of what goes into a pipe."""


class Found(msgspec.Struct):
    """What is known of an id, and by what it is judged."""

    cases: list[Case]
    dated: Dated
    until: Micros
    near: list[str] = []


@click.command(
    short_help="Tell the life of one ticket or incident.",
    epilog="\b\nExample:\n"
    "  tenggat explain INC0000045 events.jsonl --config tenggat.yaml\n"
    "  TENGGAT_REDIS_URL=redis://localhost:6379/0 tenggat explain INC0000045 --json",
)
@click.argument("subject", metavar="ID")
@click.argument("files", nargs=-1, metavar="[FILE…]")
@configured
@click.option("--redis-url", metavar="TEXT", help="Where the running system is.  [env var: TENGGAT_REDIS_URL]")
@click.option("--namespace", metavar="TEXT", help="Put before every key in Redis.  [env var: TENGGAT_NAMESPACE]")
@click.option("--kind", type=click.Choice(["ticket", "incident"]), help="Where both have the id; default: both.")
@click.option("--until", type=MOMENT, metavar="TIME", help="As of then; default: now, of files the last event's time.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def explain(
    *,
    subject: str,
    files: tuple[str, ...],
    dated: Dated,
    redis_url: str | None,
    namespace: str | None,
    kind: str | None,
    until: Micros | None,
    as_json: bool,
) -> None:
    """Tell the life of one ticket or incident, with sums that add up to what the report says.

    Every event and what it changed, every turn of every clock, why this policy, why this deadline. Of the running
    system, from Redis, judged by the configurations that the workers have activated (--config serves where none has
    run yet); or of files of events (JSON lines, `-` for standard input, `.gz`), judged by --config.
    """
    if files:
        found = _in_files(subject, files, dated, until)
    else:
        settings = _settings({REDIS_URL: redis_url, NAMESPACE: namespace})
        now = Micros(time.time_ns() // 1_000)  # noqa: TID251 -- the edge reads the clock
        try:
            found = asyncio.run(_in_redis(subject, settings, dated, now if until is None else until))
        except (RedisError, OSError) as error:
            where, why = address(settings.redis_url.reveal()), str(error).rstrip(".")
            raise click.ClickException(
                f"Redis at {where} does not answer: {why}. Name files of events to explain without it."
            ) from error
    told = [(case, teller) for case in found.cases if kind in {None, case.kind} for teller in _teller(case, found)]
    if not told:
        raise click.ClickException(_missing(subject, kind, found))
    if as_json:
        whole = {
            "until": text(found.until),
            "configurations": [{"file": one.file, "since": text(since)} for since, one in found.dated.entries],
            "accounts": [record(teller.account, case, teller) for case, teller in told],
        }
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(whole), indent=1).decode() + "\n")
        return
    if isinstance(sys.stdout, io.TextIOWrapper):  # an id may hold what the terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    for number, (case, teller) in enumerate(told):
        if number:
            console.print()
        Story(console, teller, case).tell()


def _settings(options: dict[str, str | None]) -> Settings:
    try:
        return settings_of(os.environ, options, read)
    except ConfigurationRefused as refused:
        raise Refused(str(refused)) from None


def _in_files(subject: str, files: Iterable[str], dated: Dated, until: Micros | None) -> Found:
    eventfile.require(files)
    cases = Cases(subject, eras(dated), until)
    for file in files:
        for line in eventfile.lines(file):
            cases.take(line)
    for number, wrong in cases.malformed:
        click.echo(f"line {number} names {plain(subject)} and is no event: {wrong}", err=True)
    latest = until if until is not None else cases.latest
    found = [case for _, case in sorted(cases.found.items())]
    return Found(found, dated, Micros(0) if latest is None else latest, [] if found else cases.near())


async def _in_redis(subject: str, settings: Settings, dated: Dated, until: Micros) -> Found:
    names = Names(settings.namespace)
    redis = client(address(settings.redis_url.reveal()), once=True)
    async with RedisReader(redis, names) as reader:
        names.turn_to(await active(redis, names))
        activations = await mirror.get(redis, names)
        held = dated_of(activations) if activations else dated
        cases = await lookup(reader, subject, until)
        return Found(cases, held, until, [] if cases else await others(reader, subject))


def _teller(case: Case, found: Found) -> Iterable[Teller]:
    """What tells a case; nothing where there is nothing to tell."""
    configurations = [one for _, one in found.dated.entries]
    whole = None if case.kind == "measure" else account(case.entries, eras(found.dated), found.until)
    if whole is None:
        return

    @cache
    def lines(era: int) -> dict[str, int]:
        return lines_of(configurations[era], case.kind)

    def sign(era: int, policy: str) -> str:
        file = configurations[era].file
        line = lines(era).get(policy)
        if file == BUILT_IN:
            return file.strip("()")
        return Path(file).name if line is None else f"{Path(file).name}:{line}"

    yield Teller(whole, Wall(configurations[-1].timezone), sign)


def _missing(subject: str, kind: str | None, found: Found) -> str:
    name = plain(subject)
    if any(case.kind == "measure" for case in found.cases):
        return f"{name} is something measured: it has no clocks to explain"
    if later := sum(case.later for case in found.cases):
        return f"nothing is known of {name} by {text(found.until)}; {later} events of it are later"
    if found.cases and kind is not None:
        return f"{name} is no {kind} but a {listed(sorted(case.kind for case in found.cases))}"
    hint = f"; is it {listed(map(plain, found.near))}?" if found.near else ""
    return f"nothing is known of {name}{hint}"
