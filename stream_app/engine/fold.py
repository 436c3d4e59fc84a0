"""The fold: new entries, or the passing of time, put into lives at hand, whatever their order asks to be folded anew.

One life that cannot be folded must not stop the stream: it is given back with its error, and its change is not taken
in. Whoever asked has to drop it from the stock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TypeAlias

from stream_app.engine.assembly import Assembly
from stream_app.engine.kept import Kept
from stream_app.engine.stock import Stock
from stream_app.sla.era import Eras
from stream_app.sla.history import Entry
from stream_app.sla.life import follows, grow, pass_time, regrow

Failures: TypeAlias = AsyncIterator[tuple[bytes, Exception]]
"""Entities that could not be folded."""


async def fold_entries(
    stock: Stock, assembly: Assembly, news: Mapping[bytes, tuple[Kept, list[Entry]]], eras: Eras, now: int
) -> Failures:
    """Put new entries into lives that the assembly has looked at. `now` in microseconds."""
    astray = [name for name, (kept, entries) in news.items() if not follows(kept.life, entries, eras, now)]
    histories = await stock.histories(astray)
    for name, (kept, entries) in news.items():
        try:
            if name in histories:
                regrow(kept.life, [*histories[name], *entries], eras, now)
            else:
                grow(kept.life, entries, eras, now)
            assembly.changed(name, kept, entries, now)
        except Exception as error:  # noqa: BLE001 -- whatever it is
            yield name, error


async def fold_time(
    stock: Stock, assembly: Assembly, names: Iterable[bytes], eras: Eras, upto: int, now: int
) -> Failures:
    """Let time pass for entities up to a moment; those that are gone wake no more. Moments in microseconds."""
    found: dict[bytes, Kept] = {}
    for name in names:
        if (kept := stock.lives.get(name)) is not None:
            found[name] = kept
        else:
            assembly.wake[name] = None
    astray = [name for name, kept in found.items() if not follows(kept.life, (), eras, now)]
    histories = await stock.histories(astray)
    for name, kept in found.items():
        assembly.look(kept)
        try:
            if name in histories:
                regrow(kept.life, histories[name], eras, now)
            pass_time(kept.life, eras, upto)
            wake = assembly.changed(name, kept, (), now).wake
        except Exception as error:  # noqa: BLE001 -- whatever it is
            yield name, error
            continue
        # written in any case, for what Redis has may be of other eras
        assembly.wake[name] = wake if wake is None else max(wake, upto + 1)  # never twice in one pass
