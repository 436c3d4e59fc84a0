"""The life that the stream grows, a batch at a time, held to the fold of its whole history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stream_app.sla import report
from stream_app.sla.era import Era
from stream_app.sla.events import Event
from stream_app.sla.fact import Fact
from stream_app.sla.history import Entry, State, as_of
from stream_app.sla.instant import DAY, HOUR, MINUTE
from stream_app.sla.life import Life, follows, grow, pass_time, receive, regrow
from stream_app.sla.news import News, before, news
from stream_app.sla.signals import Signal, standing
from tests.property.stories import LATENESS, Story, dated, stories
from tests.unit.sla.build import entries

SIGNALS = ("sla.warning", "sla.breached", "sla.met", "sla.cancelled")

on_time = st.integers(0, 6).map(lambda ticks: ticks * LATENESS // 6)
whenever = st.sampled_from((0, 0, 0, -5 * MINUTE, 20 * MINUTE, LATENESS, LATENESS + 1, 3 * HOUR))
HEARD_AFTER = (0, 0, 15 * MINUTE)
"""How long after it is activated a worker hears of a configuration."""
pauses = st.sampled_from((0, 0, 1, MINUTE, 20 * MINUTE, 2 * HOUR, 9 * HOUR))


def said(state: State) -> list[Signal]:
    return sorted(standing(state.id, state.clocks), key=lambda signal: signal.order)


def facts(state: State) -> list[Fact]:
    return sorted(state.facts(), key=lambda fact: (fact.name, fact.at, fact.value, fact.labels))


def amounts_to(state: State | None, eras: Sequence[Era], now: int) -> tuple[object, ...]:
    """All that the outside can see of a state."""
    return () if state is None else (report.entity(state, eras, now), said(state), facts(state))


class Stream:
    """One entity as a partition keeps it: its life, its history beside it, and the topic it speaks on."""

    def __init__(self, kind: str, eras: Sequence[Era]) -> None:
        self.eras = eras
        self.life = Life("ticket" if kind == "ticket" else "incident", "T-1")
        self.history: list[Entry] = []
        self.topic: dict[str, News] = {}
        """The signals that stand, as a reader of the topic knows it."""
        self.used: set[str] = set()

    def take(self, events: Sequence[Event], now: int) -> None:
        old = before(self.life)
        found, outcomes = receive(self.life, events, self.eras)
        assert len(outcomes) == len(events)
        if follows(self.life, found, self.eras, now):
            grow(self.life, found, self.eras, now)
        else:
            regrow(self.life, [*self.history, *found], self.eras, now)
        self.history += found
        self.publish(news(old, before(self.life), self.life, now))

    def wake(self, upto: int) -> None:
        old = before(self.life)
        if not follows(self.life, (), self.eras, upto):
            regrow(self.life, self.history, self.eras, upto)
        pass_time(self.life, self.eras, upto)
        self.publish(news(old, before(self.life), self.life, upto))

    def publish(self, messages: Iterable[News]) -> None:
        for message in messages:
            if message.type in SIGNALS:
                assert message.id not in self.used, "an id is said once"
                self.used.add(message.id)
                self.topic[message.id] = message
            elif message.type == "sla.corrected":
                del self.topic[message.data["corrects"]]

    def heard(self) -> list[tuple[int, str]]:
        """What the topic says stands: when, and the signal's id without the count of its repetitions."""
        return sorted((one.at, one.id.partition("/")[0]) for one in self.topic.values())

    def stands(self) -> list[tuple[int, str]]:
        state = self.life.state
        return [] if state is None else sorted((signal.at, signal.id) for signal in said(state))


@st.composite
def runs(draw: st.DrawFn) -> tuple[Stream, int]:
    """A stream that has read a whole story, and the moment up to which it has let time pass."""
    story = draw(stories(whenever))
    eras = draw(dated())
    stream = Stream(story.kind, eras[:1])
    arrivals = story.arrivals()
    now = min(one.at + one.delay for one in arrivals)
    unheard = list(eras[1:])

    def hear() -> None:
        known = len(stream.eras)
        while unheard and unheard[0].since <= now - draw(st.sampled_from(HEARD_AFTER)):
            stream.eras = (*stream.eras, unheard.pop(0))
        if len(stream.eras) > known:
            stream.wake(now)

    while arrivals:
        now = max(now, arrivals[0].at + arrivals[0].delay) + draw(pauses)
        hear()
        size = draw(st.integers(1, 4))
        batch = [one.event for one in arrivals[:size] if one.at + one.delay <= now]
        arrivals = arrivals[len(batch) :]
        if draw(st.integers(0, 5)) == 0 and stream.history:
            batch.append(draw(st.sampled_from(stream.history)).event)
        stream.take(batch, now)
        assert stream.heard() == stream.stands()
        if draw(st.integers(0, 3)) == 0:
            stream.wake(now - draw(pauses))  # the log is read up to then only
        if draw(st.booleans()):
            now += draw(pauses)
            hear()
            stream.wake(now)
            assert amounts_to(stream.life.state, stream.eras, now) == amounts_to(
                as_of(stream.history, stream.eras, now), stream.eras, now
            )
    now = max(now, *(entry.at for entry in stream.history), *(era.since for era in eras))
    hear()
    stream.eras = (*stream.eras, *unheard)
    now += draw(st.sampled_from((0, HOUR, 9 * HOUR, 40 * DAY)))
    if draw(st.booleans()):
        stream.life = msgspec.msgpack.decode(msgspec.msgpack.encode(stream.life), type=Life)
    stream.wake(now)
    return stream, now


@given(run=runs())
def test_a_life_grown_event_by_event_is_the_fold_of_all_of_them(run: tuple[Stream, int]) -> None:
    stream, end = run
    expected = as_of(stream.history, stream.eras, end)
    assert amounts_to(stream.life.state, stream.eras, end) == amounts_to(expected, stream.eras, end)


@given(run=runs())
def test_what_was_said_less_what_was_corrected_is_what_stands(run: tuple[Stream, int]) -> None:
    stream, _ = run
    assert stream.heard() == stream.stands()


@given(run=runs())
def test_a_life_is_written_and_read_without_change(run: tuple[Stream, int]) -> None:
    stream, _ = run
    written = msgspec.msgpack.encode(stream.life)
    read = msgspec.msgpack.decode(written, type=Life)
    assert read == stream.life
    assert msgspec.msgpack.encode(read) == written


@given(run=runs())
def test_nothing_becomes_true_before_it_wakes(run: tuple[Stream, int]) -> None:
    stream, end = run
    wake = stream.life.wakes_at(stream.eras)
    assert wake is None or wake > end
    if stream.life.state is not None and wake is not None:
        stood = said(stream.life.state)
        stream.wake(wake - 1)
        # a warning at the very deadline may be told together with the breach, which is a microsecond later
        assert [signal for signal in said(stream.life.state) if signal.at < wake - 1 or signal in stood] == stood


@given(story=stories(on_time), eras=dated(), later=st.sampled_from((0, HOUR, 9 * HOUR, 40 * DAY)))
def test_within_lateness_the_order_of_arrival_makes_no_difference(
    story: Story, eras: tuple[Era, ...], later: int
) -> None:
    end = max(one.at for one in story.happenings) + later
    shuffled = [one.event for one in story.arrivals()]
    one, other = (as_of(entries(events, eras), eras, end) for events in (story.sorted(), shuffled))
    assert amounts_to(one, eras, end) == amounts_to(other, eras, end)
