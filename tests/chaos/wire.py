"""The wire between one worker and Redis: every fenced write that was said on it, and what became of each."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import hiredis

from tests.services.proxy import Verdict

APPLIED: Final = "applied"
FENCES: Final = frozenset({"owner", "sequence", "position"})
_MORE: Final = object()
_SCRIPTS: Final = (b"EVALSHA", b"EVAL", b"FCALL")
_META: Final = b":meta"
_FENCE: Final = 3
"""Arguments that every write begins with: token, sequence, position."""
_HEAD: Final = 14
"""Arguments among which the first command, of the meta hash, says the next position."""


@dataclass(eq=False)
class Written:
    """One fenced write as it went over the wire."""

    partition: bytes
    token: bytes
    seq: int
    base: int | None
    """The position that it follows; None: it is no batch."""
    says: int
    """How many signals it puts into the outbox."""
    trims: bool
    """Whether it notes that signals are published."""
    outcome: str = ""
    """`applied`, what the fence found wrong, or nothing yet."""

    @property
    def what(self) -> tuple[bytes, bytes, int]:
        """The same of a write that is sent again."""
        return self.partition, self.token, self.seq


Chooses = Callable[[Written], bool]


@dataclass
class Trap:
    """What to do when the answer to a chosen write comes by; once."""

    chooses: Chooses
    verdict: Verdict
    """What the worker gets to hear of it."""
    springs: Callable[[Written], list[Written]]
    """Called in the proxy's loop: where the answer is passed right after the worker was sent it, else before."""
    asked: bool = False
    """Whether the moment is the write's coming by, not its answer's."""
    in_flight: list[Written] = field(default_factory=list)
    """What was, when it sprang."""
    sprung: threading.Event = field(default_factory=threading.Event)


class Wire:
    """All connections of one worker. Told by the proxy's loop, asked by the test's thread."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._writes: Final[list[Written]] = []
        self._tokens: Final[set[bytes]] = set()
        self._ears: Final[list[Ear]] = []
        self.trap: Trap | None = None

    def tap(self) -> Ear:
        """The listener of one more connection."""
        ear = Ear(self)
        self._ears.append(ear)
        return ear

    def ended(self, ear: Ear) -> None:
        """A connection is over."""
        self._ears.remove(ear)

    def note(self, said: Written | bytes) -> None:
        """A write, or the token of a claim, goes over the wire."""
        with self._lock:
            if isinstance(said, Written):
                self._writes.append(said)
            else:
                self._tokens.add(said)

    @property
    def writes(self) -> list[Written]:
        """All that was ever said."""
        with self._lock:
            return list(self._writes)

    @property
    def tokens(self) -> set[bytes]:
        """Those under which its worker took partitions."""
        with self._lock:
            return set(self._tokens)

    def in_flight(self) -> list[Written]:
        """What the worker has said and not heard the answer to. To be asked in the proxy's loop alone."""
        return [asked for ear in self._ears for asked in ear.unanswered() if asked is not None]


class Ear:
    """One connection's tap."""

    def __init__(self, wire: Wire) -> None:
        self._wire: Final = wire
        self._commands: Final = hiredis.Reader(notEnoughData=_MORE)
        self._replies: Final = hiredis.Reader(notEnoughData=_MORE)
        self._waiting: Final[deque[Written | None]] = deque()
        self._passed: tuple[Trap, Written] | None = None

    def unanswered(self) -> list[Written | None]:
        """Commands in their order; None for one that is no fenced write."""
        return list(self._waiting)

    def asked(self, data: bytes) -> None:
        """The worker has said this."""
        self._commands.feed(data)
        while (command := self._commands.gets()) is not _MORE:
            written = parsed(command)
            self._waiting.append(written)
            if written is not None:
                self._wire.note(written)
                trap = self._wire.trap
                if trap is not None and trap.asked and trap.chooses(written):
                    self._spring(trap, written)
            elif command[0].upper() == b"HSET" and command[1].endswith(_META) and command[2] == b"owner":
                self._wire.note(command[3])

    def answered(self, data: bytes) -> Verdict:
        """Redis has said this."""
        self._replies.feed(data)
        verdict = Verdict.PASS
        while (reply := self._replies.gets()) is not _MORE:
            written = self._waiting.popleft()
            if written is None or isinstance(reply, hiredis.ReplyError):
                continue
            written.outcome = APPLIED if reply == 1 else reply[0].decode()
            trap = self._wire.trap
            if trap is not None and not trap.asked and written.outcome == APPLIED and trap.chooses(written):
                verdict = trap.verdict
                if verdict is Verdict.PASS:
                    self._passed, self._wire.trap = (trap, written), None
                else:
                    self._spring(trap, written)
        return verdict

    def heard(self) -> None:
        """What was answered last is the worker's now."""
        if self._passed is not None:
            self._spring(*self._passed)
            self._passed = None

    def ended(self) -> None:
        """The connection is over; what was not answered is sent again on another."""
        self._wire.ended(self)

    def _spring(self, trap: Trap, chosen: Written) -> None:
        self._wire.trap = None
        trap.in_flight = trap.springs(chosen)
        trap.sprung.set()


def parsed(command: list[Any]) -> Written | None:
    """The command as a fenced write, None where it is something else."""
    if command[0].upper() not in _SCRIPTS:
        return None
    count = int(command[2])
    keys, arguments = command[3 : 3 + count], command[3 + count :]
    if not keys or not keys[0].endswith(_META):
        return None
    token, seq, base = arguments[:_FENCE]
    return Written(
        partition=keys[0].removesuffix(_META),
        token=token,
        seq=int(seq),
        base=int(base) if base and b"next" in arguments[_FENCE:_HEAD] else None,
        says=arguments.count(b"XADD"),
        trims=b"XTRIM" in arguments,
    )
