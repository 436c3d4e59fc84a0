"""Stories: an account as a terminal shows it, or a pipe takes it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.console import Console
from rich.text import Text

from stream_app.account.account import Account, Step
from stream_app.account.case import Arrival, Case
from stream_app.account.paragraph import named, paragraphs
from stream_app.account.reason import why
from stream_app.account.saying import change, says
from stream_app.account.sentence import Teller
from stream_app.account.sums import lines
from stream_app.account.tally import legs
from stream_app.account.timeline import timeline
from stream_app.account.wording import hours, on, plain, span
from stream_app.commands.drawing import drawing
from stream_app.sla import report
from stream_app.sla.admission import Outcome
from stream_app.sla.calendar import Always
from stream_app.sla.clock import Clock
from stream_app.sla.era import era_at
from stream_app.sla.history import Key
from stream_app.sla.instant import micros
from stream_app.sla.kind import type_of
from stream_app.sla.policy import Calendar
from stream_app.sla.ticket import Ticket

NARROWEST, WIDEST = 60, 110
_ASCII: Final = str.maketrans("→…", ">.")
_STATES: Final = {"met": "green", "breached": "bold red", "paused": "yellow", "cancelled": "dim", "running": "cyan"}


class Story:
    """Prints one account."""

    def __init__(self, console: Console, teller: Teller, case: Case) -> None:
        """What is told goes to the console, which says whether there are colours and how wide it is."""
        self._console: Final = console
        self._teller: Final = teller
        self._account: Final[Account] = teller.account
        self._case: Final = case
        self._wall: Final = teller.wall
        self._unicode: Final = "utf" in console.encoding.lower()
        self._clocks: Final = sorted(
            teller.account.state.clocks, key=lambda clock: (clock.started_at, clock.name, clock.cycle)
        )
        self._width: Final = min(max(console.width, NARROWEST), WIDEST)

    def tell(self) -> None:
        """All of it."""
        self._head()
        drawn = timeline(self._account, self._wall, self._width)
        if drawn is not None:
            self._console.print()
            for text in drawing(drawn, self._width, unicode=self._unicode):
                self._line(text)
        self._title("What happened")
        arrivals = {arrival.entry.key: arrival for arrival in self._case.arrivals if arrival.entry is not None}
        for step in self._account.steps:
            self._step(step, arrivals)
        self._left_out()
        self._title("The sums")
        calendars = [self._account.calendar(clock) for clock in self._clocks]
        for name, open_at in {one.name: hours(one) for one in calendars if not isinstance(one, Always)}.items():
            self._say("", f"{plain(name)} is {open_at}")
        for clock, calendar in zip(self._clocks, calendars, strict=True):
            self._sums(clock, calendar)

    # the parts

    def _head(self) -> None:
        state = self._account.state
        urgency = f"priority {state.priority}" if isinstance(state, Ticket) else f"severity {state.severity}"
        policy = f'policy "{plain(state.policy)}"' if state.policy is not None else "no policy"
        self._say("", f"{state.kind} {plain(state.id)}: {state.status}, {urgency}, {policy}", style="bold")
        partial = "; its creation is not known: its life begins with the first event" if state.partial else ""
        self._say("", f"as of {self._wall.moment(self._account.until)}; times are {self._wall.timezone}{partial}")
        if state.title:
            self._say("", plain(state.title))
        aimed = [clock for clock in self._clocks if clock.target is not None] or self._clocks
        latest = {clock.name: clock for clock in aimed}
        for clock in latest.values():
            row = report.condition(clock)
            name = named((clock.name, clock.cycle))
            self._marked("  ", name, row, f": {self._teller.stands(clock)}", _STATES[row])

    def _step(self, step: Step, arrivals: Mapping[Key, Arrival]) -> None:
        wall = self._wall
        if step.entry is not None:
            event = step.entry.event
            said = says(event, wall)
            head = f"{wall.moment(step.at)}  {type_of(event)} {plain(event.id)}" + (f": {said}" if said else "")
            self._say("", head, style="bold")
            for note in self._notes(step, arrivals[step.entry.key]):
                self._say("    ", note, style="yellow")
            shown = [change(one, wall) for one in step.changes if not _told(one.field, said)]
            if shown:
                self._say("    ", ", ".join(shown), style="dim")
            if step.silence is not None:
                self._say("    ", f"changed nothing: {step.silence}", style="dim")
        elif step.configuration is not None:
            file = self._teller.sign(step.configuration, "")
            self._say("", f"{wall.moment(step.at)}  another configuration holds from now on: {file}", style="bold")
        if step.choice is not None:
            chosen = step.choice.policy
            self._say("    ", "why this policy:" if chosen is not None else "why no policy:")
            for line in why(step.choice, self._teller.sign):
                self._say("      ", line, hang=5)
        by_itself = step.entry is None and step.configuration is None
        for one in paragraphs(step, self._teller):
            indent = f"{wall.moment(one.at)}  " if by_itself else "    "
            self._marked(indent, "", one.subject, f" {one.sentence}", "bold")

    def _notes(self, step: Step, arrival: Arrival) -> Iterator[str]:
        """What is to be said of how an event came and where it was put."""
        entry = step.entry
        if entry is None:
            return
        wall, own = self._wall, micros(entry.event.time)
        if entry.late and arrival.behind is not None:
            eras = self._account.eras
            allowed = eras[era_at(eras, arrival.behind)].lateness
            yield (
                f"late: its own time is {wall.moment(own)}, {span(arrival.behind - own)} behind what was known, which "
                f"is more than the lateness of {span(allowed)}: it counts at {wall.moment(entry.at)}"
            )
        elif arrival.behind is not None and own < arrival.behind:
            yield f"came after an event of {wall.moment(arrival.behind)}; it was put in its place"
        if own < step.at and not entry.late:
            yield f"its own time is {wall.moment(own)}, before the creation: it counts as at the start"

    def _left_out(self) -> None:
        repeated = [arrival for arrival in self._case.arrivals if arrival.outcome is Outcome.DUPLICATE]
        if repeated:
            self._title("Duplicates, which changed nothing")
            for arrival in repeated:
                where = "" if arrival.line is None else f" in line {arrival.line}"
                event = arrival.event
                self._say(
                    "  ", f"{type_of(event)} {plain(event.id)}{where}: {plain(event.source)} has sent that id before"
                )
        if self._case.later:
            self._say("", f"{self._case.later} later events are left out")

    def _sums(self, clock: Clock, calendar: Calendar) -> None:
        row = report.condition(clock)
        elapsed = clock.elapsed(calendar, self._account.until)
        title = Text(named((clock.name, clock.cycle)), "bold")
        title.append(f" {row}", _STATES[row])
        title.append(f", elapsed {span(elapsed)} {on(calendar)}", "not bold")
        self._line(title)
        for line in lines(self._account.spans(clock), calendar, self._wall):
            self._say("    ", line)
        for line in self._due(clock, calendar):
            self._say("  ", line)

    def _due(self, clock: Clock, calendar: Calendar) -> Iterator[str]:
        reckoning = self._account.reckonings.get((clock.name, clock.cycle))
        if clock.due is None or clock.target is None or reckoning is None:
            return
        then = reckoning.clock
        due = self._teller.due(then)
        if then.fixed is not None:
            yield f"{due}: {'by law' if then.by_law else 'by agreement'}, whatever is counted"
            return
        goal = span(then.target or 0)
        if then.base:
            goal = f"{span(then.base)} counted before + {goal}"
        yield f"{due}: when {goal} are counted"
        way = legs(reckoning.known, then, self._account.calendar(then))
        if not _same(way, self._account.spans(clock)):
            for line in lines(way, calendar, self._wall):
                yield f"  {line}"

    # printing

    def _title(self, text: str) -> None:
        self._console.print()
        self._line(Text(text, "bold underline" if self._console.is_terminal else ""))

    def _marked(self, indent: str, head: str, mark: str, rest: str, style: str) -> None:
        """One sentence, in which a word or two have a style of their own."""
        head = f"{head} " if head else ""
        start = len(indent) + len(head)
        sentence = f"{head}{mark}{rest}"
        wrapped = textwrap.wrap(
            sentence, self._width, initial_indent=indent, subsequent_indent="      ", break_on_hyphens=False
        )
        for number, line in enumerate(wrapped):
            text = Text(line)
            if not number:
                text.stylize(style, start, start + len(mark))
            self._line(text)

    def _say(self, indent: str, text: str, *, style: str = "", hang: int = 2) -> None:
        space = " " * hang
        for line in textwrap.wrap(
            text, self._width, initial_indent=indent, subsequent_indent=indent + space, break_on_hyphens=False
        ):
            self._line(Text(line, style))

    def _line(self, text: Text) -> None:
        if not self._unicode:
            text.plain = text.plain.translate(_ASCII)
        self._console.print(text, soft_wrap=True, highlight=False)


def _told(field: str, said: str) -> bool:
    """Whether what the event says shows a change by itself."""
    return field == "status" and said.startswith("status ")


def _same(one: Iterable[object], other: Iterable[object]) -> bool:
    return list(one) == list(other)
