"""Drawers against a plain sum of all changes, whatever is removed, put back or opened anew between them."""

import asyncio
from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from stream_app.engine.drawers import Drawers
from stream_app.engine.keys import GAUGES, TP, Slot
from stream_app.engine.write import Write
from stream_app.kpi.bucket import Amount, Bucket, decode
from tests.services.memory import MemoryRedis, MemoryStore

HERE = TP("tickets", 0)
SLOTS = (Slot("1m", 0), Slot("1m", 60_000_000), Slot("15m", 0), GAUGES)

slots = st.sampled_from(SLOTS)
cells = st.sampled_from([b"a", b"b", b"c"])
counts = st.dictionaries(slots, st.dictionaries(cells, st.integers(-2, 3), min_size=1), min_size=1)
steps = st.lists(counts | st.sets(slots) | st.none(), max_size=15)


def amount(count: int, *, valued: bool) -> Amount:
    """So many occurrences, or as many numbers of five."""
    return Bucket(count, 5 * count, 25 * count, {9: count} if count else None) if valued else count


@given(steps=steps, room=st.integers(0, 6), valued=st.booleans())
def test_drawers_say_what_all_changes_come_to(
    steps: list[dict[Slot, dict[bytes, int]] | set[Slot] | None], room: int, *, valued: bool
) -> None:
    async def live() -> None:
        redis = MemoryRedis()
        store = MemoryStore(redis)
        expected: dict[Slot, Counter[bytes]] = defaultdict(Counter)
        claim = await store.claim(HERE)
        seq, drawers = claim.seq, Drawers(HERE, store, room)
        for step in steps:
            if step is None:  # the next owner
                claim = await store.claim(HERE)
                seq, drawers = claim.seq, Drawers(HERE, store, room)
                continue
            if isinstance(step, set):
                drawers.forget(step)
                write = Write(tp=HERE, token=claim.token, seq=seq, trimmed=step)
                for slot in step:
                    expected.pop(slot, None)
            else:
                for slot, changes in step.items():
                    for cell, count in changes.items():
                        expected[slot][cell] += count
                made = {
                    slot: {cell: amount(count, valued=valued) for cell, count in changes.items()}
                    for slot, changes in step.items()
                }
                write = Write(tp=HERE, token=claim.token, seq=seq, buckets=await drawers.merged(made))
            store.write(write)
            seq += 1
            drawers.tidy()
            assert len(drawers) <= room
            held = {
                slot: {cell: decode(data) for cell, data in its.items()}
                for slot, its in redis.of(HERE).buckets.items()
                if its
            }
            there = {
                slot: {cell: amount(count, valued=valued) for cell, count in its.items() if count}
                for slot, its in expected.items()
            }
            assert held == {slot: its for slot, its in there.items() if its}

    asyncio.run(live())
