"""What any store must do, held against the one in memory and the one on a real Redis."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.engine.connection import address
from stream_app.engine.keys import GAUGES, TP, Names, OutboxId, Slot
from stream_app.engine.reader import RedisReader, client
from stream_app.engine.store import RedisStore, Ripe, Signal
from stream_app.engine.write import Applied, Claim, Fenced, Span, Standing, Why, Write
from tests.services import Redis
from tests.services.memory import MemoryReader, MemoryRedis, MemoryStore

Store = RedisStore | MemoryStore
Reader = RedisReader | MemoryReader

TICKETS = TP("itsm-tickets", 0)
OTHER = TP("itsm-tickets", 1)
MINUTE = 60_000_000
AWKWARD = [b"a b", b"'\"", "🙂".encode(), b"x" * 1024, b"\r\n", b"\0", b"{}", b"", b"*", b"-1"]


class World:
    """One place for state, the workers that share it and somebody who looks on."""

    def __init__(self, store: Store, rival: Store, reader: Reader) -> None:
        self.store = store
        self.rival = rival
        self.reader = reader


class Owner:
    """A worker that owns a partition and writes to it, each write following the one before."""

    def __init__(self, store: Store, tp: TP, claim: Claim) -> None:
        self.store = store
        self.tp = tp
        self.token = claim.token
        self.seq = claim.seq

    def sends(self, **changes: Any) -> asyncio.Future[Applied | Fenced]:  # noqa: ANN401 -- any field of Write
        write = Write(tp=self.tp, token=self.token, seq=self.seq, **changes)
        self.seq += 1
        return self.store.write(write)

    async def writes(self, **changes: Any) -> None:  # noqa: ANN401 -- any field of Write
        assert await self.sends(**changes) == Applied(self.seq)


async def owner(store: Store, tp: TP = TICKETS) -> Owner:
    return Owner(store, tp, await store.claim(tp))


async def all_there_is(world: World, tp: TP) -> dict[str, object]:
    """Everything that is stored of the partition."""
    reader = world.reader
    entities = {key: state async for chunk in reader.entities(tp) for key, state in chunk.items()}
    return {
        "standing": (await reader.standing([tp]))[tp],
        "latest": await reader.latest([tp]),
        "entities": entities,
        "histories": await reader.histories(tp, [*NAMES, *sorted(entities)]),
        "wake": await world.store.waking(tp, 1 << 52, 10_000),
        "retire": await world.store.retiring(tp, 1 << 52, 10_000),
        "due": await reader.due(tp, 1 << 52, 10_000),
        "buckets": {grain: await reader.buckets(tp, grain, 0, 1 << 52) for grain in ("1m", "1h")},
        "starts": {grain: await world.store.starts_before(tp, grain, 1 << 52, 10_000) for grain in ("1m", "1h")},
        "gauges": await reader.gauges(tp),
        "outbox": await world.store.outbox(tp, 10_000),
    }


NAMES = [b"T:1", b"T:2", b"S:\xff"]
EVERYTHING: dict[str, Any] = {
    "latest": 77,
    "marks": {"config": b"abc"},
    "entities": {b"T:1": b"one", b"T:2": b"two"},
    "history": {b"T:1": [b"e1", b"e2"], b"T:2": [b"e3"]},
    "wake": {b"T:1": 1_700_000_000_000_001},
    "due": {b"T:1|resolution": 1_700_000_000_000_002},
    "retire": {b"T:2": 1_700_000_000_000_003},
    "buckets": {Slot("1m", MINUTE): {b"cell": b"v1"}, Slot("1h", 0): {b"cell": b"v2"}, GAUGES: {b"open": b"3"}},
    "outbox": [(b"T:1", b"warning"), (b"T:1", b"breach")],
}


def _noted(numbers: list[int], number: int, _: object) -> None:
    numbers.append(number)


class StoreContract:
    async def test_a_partition_never_seen_has_neither_position_nor_owner(self, world: World) -> None:
        nothing = Standing(owner=None, seq=0, next=None)
        assert await world.store.standing([TICKETS]) == {TICKETS: nothing}
        claim = await world.store.claim(TICKETS)
        assert (claim.seq, claim.next, claim.latest, claim.marks) == (0, None, None, {})
        assert await world.store.standing([TICKETS, OTHER]) == {
            TICKETS: Standing(owner=claim.token, seq=0, next=None),
            OTHER: nothing,
        }

    async def test_what_is_written_is_what_is_read(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(span=Span(0, 3), **EVERYTHING)
        store = world.store
        assert await store.read_entities(TICKETS, [b"T:2", b"T:9", b"T:1"]) == [b"two", None, b"one"]
        assert await store.read_histories(TICKETS, [b"T:1", b"T:9", b"T:2"]) == [[b"e1", b"e2"], [], [b"e3"]]
        cells = {
            Slot("1m", MINUTE): [b"cell", b"none"],
            GAUGES: [b"open"],
            Slot("1h", 3): [b"cell"],
            Slot("1h", 0): [b"cell"],
        }
        assert await store.read_buckets(TICKETS, cells) == {
            Slot("1m", MINUTE): [b"v1", None],
            GAUGES: [b"3"],
            Slot("1h", 3): [None],
            Slot("1h", 0): [b"v2"],
        }
        assert await store.waking(TICKETS, 1_700_000_000_000_001, 9) == Ripe([(b"T:1", 1_700_000_000_000_001)], None)
        assert await store.retiring(TICKETS, 1_700_000_000_000_003, 9) == Ripe([(b"T:2", 1_700_000_000_000_003)], None)
        assert await store.outbox(TICKETS, 9) == [
            Signal(OutboxId(1, 1), b"T:1", b"warning"),
            Signal(OutboxId(1, 2), b"T:1", b"breach"),
        ]
        assert await store.standing([TICKETS]) == {TICKETS: Standing(owner=mine.token, seq=1, next=3)}

    async def test_nothing_asked_is_nothing_answered(self, world: World) -> None:
        assert await world.store.read_entities(TICKETS, []) == []
        assert await world.store.read_histories(TICKETS, []) == []
        assert await world.store.read_buckets(TICKETS, {}) == {}
        assert await world.store.slots(TICKETS, []) == set()
        assert await world.store.standing([]) == {}

    async def test_the_next_owner_is_told_where_the_last_one_left_off(self, world: World) -> None:
        await (await owner(world.store)).writes(span=Span(0, 3), **EVERYTHING)
        claim = await world.rival.claim(TICKETS)
        assert (claim.seq, claim.next, claim.latest, claim.marks) == (1, 3, 77, {"config": b"abc"})

    async def test_none_removes(self, world: World) -> None:
        mine = await owner(world.store)
        before = await all_there_is(world, TICKETS)
        await mine.writes(**EVERYTHING)
        await mine.writes(
            marks={"config": None},
            entities={b"T:1": None, b"T:2": None, b"T:9": None},
            wake={b"T:1": None},
            due={b"T:1|resolution": None},
            retire={b"T:2": None},
            buckets={GAUGES: {b"open": None}},
            trimmed=[Slot("1m", MINUTE), Slot("1h", 0)],
            published=OutboxId(1, 2),
        )
        after = await all_there_is(world, TICKETS)
        changed = {name for name in before if before[name] != after[name]}
        assert changed == {"standing", "latest"}
        assert (await world.store.claim(TICKETS)).marks == {}

    async def test_an_entity_removed_and_seen_again_begins_a_new_history(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(entities={b"T:1": b"a"}, history={b"T:1": [b"e1"]})
        await mine.writes(entities={b"T:1": None}, history={b"T:1": [b"e2"]})
        assert await world.store.read_histories(TICKETS, [b"T:1"]) == [[b"e2"]]

    async def test_a_claim_fences_the_owner_before_it_at_once(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(span=Span(0, 3), **EVERYTHING)
        theirs = await owner(world.rival)
        before = await all_there_is(world, TICKETS)
        refused = await mine.sends(span=Span(3, 5), **EVERYTHING)
        assert refused == Fenced(why=Why.OWNER, found=Standing(owner=theirs.token, seq=1, next=3))
        assert await all_there_is(world, TICKETS) == before
        await theirs.writes(span=Span(3, 5))

    @pytest.mark.parametrize("wrong", [-1, 1, 7])
    async def test_a_write_out_of_sequence_changes_nothing(self, world: World, wrong: int) -> None:
        mine = await owner(world.store)
        await mine.writes(span=Span(0, 3), **EVERYTHING)
        before = await all_there_is(world, TICKETS)
        mine.seq += wrong
        refused = await mine.sends(span=Span(3, 5), **EVERYTHING)
        assert refused == Fenced(why=Why.SEQUENCE, found=Standing(owner=mine.token, seq=1, next=3))
        assert await all_there_is(world, TICKETS) == before

    @pytest.mark.parametrize("base", [0, 2, 4])
    async def test_a_batch_from_another_position_changes_nothing(self, world: World, base: int) -> None:
        mine = await owner(world.store)
        await mine.writes(span=Span(0, 3), **EVERYTHING)
        before = await all_there_is(world, TICKETS)
        refused = await mine.sends(span=Span(base, 5), **EVERYTHING)
        assert refused == Fenced(why=Why.POSITION, found=Standing(owner=mine.token, seq=1, next=3))
        assert await all_there_is(world, TICKETS) == before

    async def test_the_first_batch_may_begin_anywhere(self, world: World) -> None:
        await (await owner(world.store)).writes(span=Span(1_000, 1_003))
        assert (await world.store.standing([TICKETS]))[TICKETS].next == 1_003

    async def test_a_firing_leaves_the_position_alone(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(span=Span(0, 3))
        await mine.writes(wake={b"T:1": 5})
        assert await world.store.standing([TICKETS]) == {TICKETS: Standing(owner=mine.token, seq=2, next=3)}

    async def test_several_writes_in_flight_are_applied_and_answered_in_order(self, world: World) -> None:
        mine = await owner(world.store)
        answered: list[int] = []
        flight = []
        for number in range(8):
            told = mine.sends(
                span=Span(number, number + 1),
                entities={b"T:1": b"%d" % number},
                history={b"T:1": [b"%d" % number]},
                outbox=[(b"T:1", b"%d" % number)],
            )
            told.add_done_callback(partial(_noted, answered, number))
            flight.append(told)
        seen = await world.store.read_entities(TICKETS, [b"T:1"])
        assert await asyncio.gather(*flight) == [Applied(number + 1) for number in range(8)]
        assert seen == [b"7"], "a read sees what was written before it"
        assert answered == list(range(8))
        assert await world.store.read_histories(TICKETS, [b"T:1"]) == [[b"%d" % number for number in range(8)]]
        assert [signal.payload for signal in await world.store.outbox(TICKETS, 9)] == [b"%d" % n for n in range(8)]

    async def test_what_follows_a_refused_write_is_refused_with_it(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(span=Span(0, 3))
        flight = [mine.sends(span=Span(4, 5)), mine.sends(wake={b"T:1": 5}), mine.sends(span=Span(3, 4))]
        assert [told.why for told in await asyncio.gather(*flight) if isinstance(told, Fenced)] == [
            Why.POSITION,
            Why.SEQUENCE,
            Why.SEQUENCE,
        ]
        assert await world.store.standing([TICKETS]) == {TICKETS: Standing(owner=mine.token, seq=1, next=3)}

    async def test_signals_wait_through_a_change_of_owner_until_they_are_published(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(outbox=[(b"T:1", b"a"), (b"T:1", b"b")])
        await mine.writes(outbox=[(b"T:2", b"c")])
        theirs = await owner(world.rival)
        first = await world.rival.outbox(TICKETS, 2)
        assert [signal.payload for signal in first] == [b"a", b"b"]
        rest = await world.rival.outbox(TICKETS, 9, after=first[-1].id)
        assert [signal.payload for signal in rest] == [b"c"]
        assert await world.reader.unpublished([TICKETS, OTHER]) == {TICKETS: 3, OTHER: 0}
        await theirs.writes(published=first[0].id)
        assert [signal.payload for signal in await world.rival.outbox(TICKETS, 9)] == [b"b", b"c"]
        await theirs.writes(published=rest[-1].id, outbox=[(b"T:1", b"d")])
        assert [signal.payload for signal in await world.rival.outbox(TICKETS, 9)] == [b"d"]

    async def test_an_earlier_owner_cannot_drop_signals(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(outbox=[(b"T:1", b"a")])
        await owner(world.rival)
        assert isinstance(await mine.sends(published=OutboxId(1, 1)), Fenced)
        assert len(await world.rival.outbox(TICKETS, 9)) == 1

    async def test_entities_wake_in_order_and_the_next_moment_is_known(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(wake={b"c": 30, b"b": 20, b"a": 20, b"d": 41})
        assert await world.store.waking(TICKETS, 19, 9) == Ripe([], 20)
        assert await world.store.waking(TICKETS, 20, 9) == Ripe([(b"a", 20), (b"b", 20)], 30)
        assert await world.store.waking(TICKETS, 40, 2) == Ripe([(b"a", 20), (b"b", 20)], 41)
        await mine.writes(wake={b"a": 50, b"d": None})
        assert await world.store.waking(TICKETS, 60, 9) == Ripe([(b"b", 20), (b"c", 30), (b"a", 50)], None)

    async def test_buckets_are_read_by_range_and_trimmed_from_the_oldest(self, world: World) -> None:
        mine = await owner(world.store)
        slots = [Slot("1m", number * MINUTE) for number in range(12)]
        await mine.writes(
            buckets={slot: {b"cell": b"%d" % slot.start} for slot in slots} | {Slot("1h", 0): {b"c": b"h"}}
        )
        found = await world.reader.buckets(TICKETS, "1m", 2 * MINUTE, 11 * MINUTE)
        assert list(found.items()) == [(slot.start, {b"cell": b"%d" % slot.start}) for slot in slots[2:11]]
        old = await world.store.starts_before(TICKETS, "1m", 10 * MINUTE, 4)
        assert old == slots[:4]
        await mine.writes(trimmed=old)
        assert list(await world.reader.buckets(TICKETS, "1m", 0, 1 << 50)) == [slot.start for slot in slots[4:]]
        assert await world.store.starts_before(TICKETS, "1m", 5 * MINUTE, 9) == [slots[4]]
        assert await world.reader.buckets(TICKETS, "1h", 0, 1) == {0: {b"c": b"h"}}

    async def test_a_bucket_whose_last_cell_went_is_no_longer_shown(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(buckets={Slot("1m", 0): {b"cell": b"1"}})
        await mine.writes(buckets={Slot("1m", 0): {b"cell": None}})
        assert await world.reader.buckets(TICKETS, "1m", 0, 9) == {}

    async def test_it_is_known_which_buckets_there_are(self, world: World) -> None:
        grains = ["1m", "1h", "24h"]
        assert await world.store.slots(TICKETS, grains) == set()
        mine = await owner(world.store)
        slots = {Slot("1m", 0), Slot("1m", MINUTE), Slot("1h", 0), GAUGES}
        await mine.writes(buckets={slot: {b"cell": b"1"} for slot in slots})
        assert await world.store.slots(TICKETS, grains) == slots
        assert await world.store.slots(TICKETS, ["1h"]) == {Slot("1h", 0), GAUGES}
        assert await world.store.slots(OTHER, grains) == set()
        await mine.writes(buckets={Slot("1h", 0): {b"cell": None}, GAUGES: {b"cell": None}}, trimmed=[Slot("1m", 0)])
        assert await world.store.slots(TICKETS, grains) == {Slot("1m", MINUTE), Slot("1h", 0)}
        await mine.writes(buckets={GAUGES: {b"cell": b"1"}})
        assert GAUGES in await world.store.slots(TICKETS, [])
        await mine.writes(trimmed=[GAUGES])
        assert await world.store.slots(TICKETS, []) == set()

    async def test_a_bucket_emptied_is_trimmed_all_the_same(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(buckets={Slot("1m", 0): {b"cell": None}})
        assert await world.store.starts_before(TICKETS, "1m", 9, 9) == [Slot("1m", 0)]
        await mine.writes(trimmed=[Slot("1m", 0)])
        assert await world.store.starts_before(TICKETS, "1m", 9, 9) == []

    async def test_who_looks_on_finds_every_partition_and_every_entity(self, world: World) -> None:
        dashed = TP("acme-itsm-tickets-v2", 11)
        for tp in (OTHER, dashed, TICKETS):
            await owner(world.store, tp)
        mine = await owner(world.store)
        entities = {b"T:%d" % number: b"state %d" % number for number in range(2_500)}
        await mine.writes(span=Span(0, 9), latest=5, entities=entities, due={b"T:2": 9, b"T:1": 3})
        reader = world.reader
        assert await reader.partitions() == [dashed, TICKETS, OTHER]
        chunks = [chunk async for chunk in reader.entities(TICKETS)]
        assert len(chunks) > 1
        assert {key: state for chunk in chunks for key, state in chunk.items()} == entities
        assert await reader.latest([TICKETS, OTHER]) == {TICKETS: 5, OTHER: None}
        assert await reader.due(TICKETS, 9, 9) == [(b"T:1", 3), (b"T:2", 9)]
        assert await reader.due(TICKETS, 9, 1) == [(b"T:1", 3)]
        assert (await reader.standing([TICKETS]))[TICKETS].next == 9

    async def test_partitions_know_nothing_of_each_other(self, world: World) -> None:
        here, there = await owner(world.store), await owner(world.store, OTHER)
        before = await all_there_is(world, OTHER)
        await here.writes(span=Span(0, 3), **EVERYTHING)
        assert await all_there_is(world, OTHER) == before
        await there.writes(span=Span(7, 8))

    async def test_keys_and_values_may_be_any_bytes(self, world: World) -> None:
        mine = await owner(world.store)
        await mine.writes(
            entities={name: name for name in AWKWARD},
            history={name: [name, b""] for name in AWKWARD},
            wake=dict.fromkeys(AWKWARD, 5),
            buckets={Slot("1m", 0): {name: name for name in AWKWARD}},
            outbox=[(name, name) for name in AWKWARD],
        )
        assert await world.store.read_entities(TICKETS, AWKWARD) == AWKWARD
        assert await world.store.read_histories(TICKETS, AWKWARD) == [[name, b""] for name in AWKWARD]
        assert await world.store.waking(TICKETS, 5, 99) == Ripe([(name, 5) for name in sorted(AWKWARD)], None)
        assert await world.reader.buckets(TICKETS, "1m", 0, 1) == {0: {name: name for name in AWKWARD}}
        assert [(signal.key, signal.payload) for signal in await world.store.outbox(TICKETS, 99)] == [
            (name, name) for name in AWKWARD
        ]

    async def test_a_write_may_be_larger_than_one_command_of_a_script(self, world: World) -> None:
        mine = await owner(world.store)
        names = [b"T:%d" % number for number in range(20_001)]
        await mine.writes(
            span=Span(0, 20_001),
            entities=dict.fromkeys(names, b"state"),
            history={b"T:0": names},
            wake={name: number for number, name in enumerate(names)},
            buckets={Slot("1m", 0): dict.fromkeys(names, b"v")}
            | {Slot("1h", start): {b"c": b"v"} for start in range(8_001)},
            outbox=[(name, b"p") for name in names],
        )
        assert await world.store.read_entities(TICKETS, [names[0], names[-1]]) == [b"state", b"state"]
        assert await world.store.read_histories(TICKETS, [b"T:0"]) == [names]
        assert len((await world.store.waking(TICKETS, 1 << 50, 1 << 20)).rows) == 20_001
        await mine.writes(entities=dict.fromkeys(names), wake=dict.fromkeys(names), published=OutboxId(1, 20_001))
        assert await world.store.read_entities(TICKETS, [names[0], names[-1]]) == [None, None]
        assert await world.store.waking(TICKETS, 1 << 50, 9) == Ripe([], None)
        assert await world.store.outbox(TICKETS, 9) == []


class TestInMemory(StoreContract):
    @pytest.fixture
    def world(self) -> World:
        redis = MemoryRedis()
        return World(MemoryStore(redis), MemoryStore(redis), MemoryReader(redis))


class TestInRedis(StoreContract):
    @pytest_asyncio.fixture
    async def world(self, redis_server: Redis, namespace: str) -> AsyncIterator[World]:
        where, names = address(redis_server.url), Names(namespace)
        async with (
            RedisStore(where, names) as store,
            RedisStore(where, names) as rival,
            RedisReader(client(where), names) as reader,
        ):
            yield World(store, rival, reader)


async def test_namespaces_know_nothing_of_each_other(redis_server: Redis, namespace: str) -> None:
    where = address(redis_server.url)
    async with RedisStore(where, Names(namespace)) as ours, RedisStore(where, Names(f"{namespace}-2")) as theirs:
        await (await owner(ours)).writes(span=Span(0, 3), **EVERYTHING)
        assert (await theirs.claim(TICKETS)).next is None
        async with RedisReader(client(where), Names(f"{namespace}-2")) as reader:
            assert [chunk async for chunk in reader.entities(TICKETS)] == []


_name = st.sampled_from(NAMES)
_slot = st.sampled_from([Slot("1m", 0), Slot("1m", MINUTE), Slot("1h", 0), GAUGES])
_value = st.none() | st.binary(max_size=3)
_moment = st.none() | st.integers(0, 5)
_changes = st.fixed_dictionaries(
    {},
    optional={
        "latest": st.integers(0, 9),
        "span": st.builds(Span, st.integers(0, 2), st.integers(0, 2)),
        "entities": st.dictionaries(_name, _value),
        "history": st.dictionaries(_name, st.lists(st.binary(max_size=2), min_size=1, max_size=3)),
        "wake": st.dictionaries(_name, _moment),
        "due": st.dictionaries(_name, _moment),
        "retire": st.dictionaries(_name, _moment),
        "buckets": st.dictionaries(_slot, st.dictionaries(st.sampled_from([b"c", b"d"]), _value, min_size=1)),
        "trimmed": st.sets(_slot.filter(lambda slot: slot != GAUGES)),
        "outbox": st.lists(st.tuples(_name, st.binary(max_size=2)), max_size=2),
        "published": st.builds(OutboxId, st.integers(1, 4), st.integers(1, 3)),
    },
)
_steps = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0, 0, 0, 0, 0, 0, 0, -1, 1]), _changes) | st.booleans(), max_size=12
)


async def _lived(world: World, steps: list[bool | tuple[bool, int, dict[str, Any]]]) -> list[object]:
    """What two workers hear who claim (a bool) and write in turn, and what is there in the end."""
    owners = [await owner(world.store), await owner(world.rival)]
    tokens = {mine.token: number for number, mine in enumerate(owners)}
    heard: list[object] = []
    for step in steps:
        if isinstance(step, bool):
            owners[step] = await owner([world.store, world.rival][step])
            tokens[owners[step].token] = len(tokens)
            continue
        who, shift, changes = step
        mine = owners[who]
        mine.seq += shift
        told = await mine.sends(**changes)
        if isinstance(told, Fenced):
            mine.seq -= 1 + shift
            heard.append((told.why, tokens.get(told.found.owner or b""), told.found.seq, told.found.next))
        else:
            heard.append(told)
    end = await all_there_is(world, TICKETS)
    standing = end.pop("standing")
    assert isinstance(standing, Standing)
    return [*heard, end, standing.seq, standing.next, tokens[standing.owner or b""]]


@pytest.mark.timeout(300)
@settings(max_examples=60)
@given(steps=_steps)
def test_both_stores_say_and_hold_the_same_whatever_is_done_to_them(
    redis_server: Redis, steps: list[bool | tuple[bool, int, dict[str, Any]]]
) -> None:
    async def compare() -> None:
        redis = MemoryRedis()
        expected = await _lived(World(MemoryStore(redis), MemoryStore(redis), MemoryReader(redis)), steps)
        where, names = address(redis_server.url), Names(f"t{secrets.token_hex(8)}")
        async with (
            RedisStore(where, names) as store,
            RedisStore(where, names) as rival,
            RedisReader(client(where), names) as reader,
        ):
            assert await _lived(World(store, rival, reader), steps) == expected

    asyncio.run(compare())
