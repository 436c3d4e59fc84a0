"""The turns of a clock played from the start, each time somebody asks how it stands."""

from dataclasses import replace

from tests.oracle.settings import Target, Terms, span
from tests.oracle.turn import Standing, Turn
from tests.oracle.workdays import ALWAYS, Workdays


class Play:
    """The turns of one clock, played one after the other."""

    def __init__(self, name: str, cycle: int) -> None:
        self.out = Standing(name, cycle)
        self.ran: list[tuple[int, int | None, Workdays]] = []
        self.spec: Target | None = None
        self.terms: Terms | None = None
        self.calendar = ALWAYS
        self.warn: tuple[str, ...] = ()
        self.target: int | None = None
        self.base = 0
        self.fixed: int | None = None
        self.passed: set[str] = set()
        self.news = False
        self.news_at = 0
        self.running = False
        self.ended = ""
        self.due_then: int | None = None

    # -- arithmetic

    def elapsed(self, at: int) -> int:
        return sum(c.worked(a, at if b is None else min(b, at)) for a, b, c in self.ran)

    def reach(self, amount: int) -> int | None:
        """The earliest instant at which so much has run; one at the very instant of a pause is that of the resume."""
        done = 0
        for a, b, calendar in self.ran:
            if b is None:
                return calendar.after(a, amount - done)
            worked = calendar.worked(a, b)
            if done + worked >= amount:
                x = calendar.after(a, amount - done)
                if x < b:
                    return x
            done += worked
        return None

    def due(self) -> int | None:
        if self.fixed is not None:
            return self.fixed
        return None if self.target is None else self.reach(self.base + self.target)

    def mark(self, threshold: str) -> int | None:
        """When a threshold is or was reached, None if never or if it lies at or before the start."""
        if self.target is None:
            return None
        if threshold.endswith("%"):
            part = self.target * round(float(threshold[:-1]) * 1_000_000)
            amount = -(-part // 100_000_000)
        else:
            amount = self.target - span(threshold)
        if amount <= 0:
            return None
        if self.fixed is not None:
            return self.calendar.after(self.out.started_at, amount)
        return self.reach(self.base + amount)

    # -- time passing

    def pass_time(self, a: int, b: int, *, last: bool) -> None:
        """What becomes true from a on, before b (up to b itself for warnings when b is the end of all)."""
        if self.ended or self.target is None or not (self.running or self.fixed is not None):
            return
        if b == a and not last:
            return
        due = self.due()
        if self.news:
            self.catch_up(a, due)
        if self.out.breached_at is not None:
            return
        for w in self.warn:
            x = self.mark(w)
            if w not in self.passed and x is not None and (x < b or (last and x == b)) and (due is None or x < due):
                self.out.warnings.append((w, max(x, a)))
                self.passed.add(w)
        if due is not None and due < b:
            self.out.breached_at = self.out.missed = max(due, a)

    def catch_up(self, at: int, due: int | None) -> None:
        """Say what was passed unsaid: that it is over, else the last threshold alone."""
        self.news = False
        if self.out.breached_at is None and due is not None and due < at:
            self.out.breached_at, self.out.missed = at, due
            self.out.corners.add("on_attach")
        gone = [(x, w) for w in self.warn if (x := self.mark(w)) is not None and x <= at and w not in self.passed]
        if gone and self.out.breached_at is None:
            latest = max(x for x, _ in gone)
            self.out.warnings.append((next(w for x, w in gone if x == latest), at))
        self.passed |= {w for _, w in gone}

    # -- turns

    def run(self, turns: list[Turn], until: int) -> Standing:
        now = turns[0].at
        for turn in turns:
            self.pass_time(now, turn.at, last=False)
            now = max(now, turn.at)
            getattr(self, "do_" + turn.what)(turn)
        self.pass_time(now, until, last=True)
        return self.finish(max(until, now))

    def finish(self, until: int) -> Standing:
        out = self.out
        out.elapsed = self.elapsed(until if out.stopped_at is None else out.stopped_at)
        out.target = self.target
        if self.ended:
            out.due_at = self.due_then
        elif self.running or self.fixed is not None or out.breached_at is not None:
            out.due_at = self.due()
        if self.ended == "cancel":
            out.state, out.breached_at, out.warnings = "cancelled", None, []
        elif out.breached_at is not None:
            out.state = "breached"
        elif self.ended:
            out.state = "met"
        else:
            out.state = "running" if self.running else "paused"
        out.warnings.sort(key=lambda w: w[1])
        return out

    def do_start(self, turn: Turn) -> None:
        assert turn.terms is not None
        self.out.started_at = turn.at
        self.adopt(turn.terms, turn.at)
        self.running = not turn.paused
        if self.running:
            self.ran.append((turn.at, None, self.calendar))

    def do_born(self, turn: Turn) -> None:
        """A regulatory clock: it may come into being long after it began to count."""
        assert turn.terms is not None
        self.out.started_at, self.terms = turn.began, turn.terms
        self.warn, self.fixed, self.target = turn.terms.warn, turn.due, turn.due - turn.began
        self.running = self.news = True
        self.ran.append((turn.began, None, ALWAYS))

    def adopt(self, terms: Terms, start: int) -> None:
        self.terms, self.spec, self.calendar, self.warn = terms, terms.target, terms.calendar, terms.warn
        self.target = None if terms.target is None else terms.target.working(terms.calendar, start)

    def do_pause(self, turn: Turn) -> None:
        if self.news and self.news_at == turn.at:
            self.out.corners.add("retarget_with_pause")
        if self.fixed is not None:
            self.out.corners.add("negotiated_with_pause")
        self.running = False
        a, _, calendar = self.ran[-1]
        self.ran[-1] = (a, turn.at, calendar)

    def do_resume(self, turn: Turn) -> None:
        self.running = True
        self.ran.append((turn.at, None, self.calendar))

    def do_terms(self, turn: Turn) -> None:
        """Another policy, or the same one after a change of configuration."""
        terms, now = turn.terms, turn.at
        assert terms is not None
        assert self.terms is not None
        if self.fixed is not None or (terms.target, terms.calendar) == (self.spec, self.calendar):
            if self.fixed is not None and terms.calendar != self.calendar:
                self.out.corners.add("negotiated_calendar")
            self.passed |= {w for w in terms.warn if w not in self.warn and (x := self.mark(w)) is not None and x < now}
            self.warn, self.terms = terms.warn, terms
            if self.fixed is None:
                self.spec = terms.target
            return
        if turn.mode == "reset":
            self.out.started_at, self.base = now, 0
            self.ran = [(now, None, terms.calendar)] if self.running else []
            self.adopt(terms, now)
        elif turn.mode == "forward":
            self.base = self.elapsed(now)
            self.turn_calendar(terms.calendar, now)
            self.adopt(terms, now)
        elif turn.mode == "carry":
            self.base = 0
            if terms.target is not None and self.elapsed(now) >= terms.target.working(terms.calendar, now):
                self.out.corners.add("carry_over")
            self.turn_calendar(terms.calendar, now)
            self.adopt(terms, self.out.started_at)
        else:
            self.base = 0
            self.ran = [(a, b, terms.calendar) for a, b, _ in self.ran]
            self.adopt(terms, self.out.started_at)
        self.retargeted(now)

    def turn_calendar(self, calendar: Workdays, now: int) -> None:
        """What ran so far stays counted on the calendar it ran on."""
        if self.running:
            a, _, old = self.ran[-1]
            self.ran[-1] = (a, now, old)
            self.ran.append((now, None, calendar))

    def do_due(self, turn: Turn) -> None:
        before = self.due() if self.running or self.fixed is not None else None
        ran = sum((turn.at if b is None else b) - a for a, b, _ in self.ran)
        if not self.running or ran != turn.at - self.out.started_at:
            self.out.corners.add("negotiated_with_pause")
        self.fixed = turn.due
        self.target = self.calendar.worked(self.out.started_at, turn.due)
        if before != turn.due:
            self.retargeted(turn.at)

    def retargeted(self, now: int) -> None:
        due = self.due()
        self.out.warnings, self.passed = [], set()
        if self.out.breached_at is not None and due is not None and due < now:
            self.out.corners.add("kept_breach")
            return
        self.out.breached_at = None
        self.news, self.news_at = True, now

    def do_stop(self, turn: Turn) -> None:
        if not self.running:
            self.ran.append((turn.at, None, self.calendar))
        self.due_then, at = self.due(), turn.began or turn.at
        if self.out.breached_at is None and self.due_then is not None and self.due_then < at:
            self.out.breached_at, self.out.missed = at, self.due_then
            self.out.corners.add("on_attach")
        self.end(at, "stop")

    def do_cancel(self, turn: Turn) -> None:
        if not self.running:
            self.ran.append((turn.at, None, self.calendar))
        self.due_then = self.due()
        self.end(turn.at, "cancel")

    def end(self, at: int, how: str) -> None:
        if self.news and self.news_at == at:
            self.out.corners.add("ended_as_retargeted")
        a, _, calendar = self.ran[-1]
        self.ran[-1] = (a, at, calendar)
        self.ended, self.running, self.out.stopped_at = how, False, at

    def do_continue(self, turn: Turn) -> None:
        """Reopened: the same clock goes on, with the solved time (mode `counting`) or without it."""
        self.ended, self.out.stopped_at, self.running = "", None, True
        if self.news:
            self.out.corners.add("continue_unsaid")
        if turn.mode == "counting":
            a, _, calendar = self.ran[-1]
            self.ran[-1] = (a, None, calendar)
            self.news, self.news_at = True, turn.at
        else:
            self.ran.append((turn.at, None, self.calendar))
        if turn.paused and turn.mode == "counting" and self.target is not None:
            self.catch_up(turn.at, self.due())
        if turn.paused:
            self.do_pause(replace(turn, what="pause"))
