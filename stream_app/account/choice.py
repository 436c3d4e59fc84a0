"""The choice of a policy: which were tried, in their order, and what in each did not hold."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from stream_app.sla.era import Eras
from stream_app.sla.history import State
from stream_app.sla.policy import Condition, Policy, holds

Value = str | tuple[str, ...] | None


class Failed(Struct, frozen=True):
    """A condition that did not hold, with what the field was."""

    field: str
    value: Value
    condition: Condition


class Tried(Struct, frozen=True):
    """A policy that was looked at; it matches where nothing failed."""

    policy: str
    failed: tuple[Failed, ...]
    matched: tuple[Failed, ...]
    """The conditions that held, with what the fields were."""


class Choice(Struct, frozen=True):
    """Why a policy judges. It is the last of those tried, if that one matches; else none does."""

    era: int
    """The number of the configuration."""
    tried: tuple[Tried, ...]

    @property
    def policy(self) -> str | None:
        """The policy that was chosen."""
        return self.tried[-1].policy if self.tried and not self.tried[-1].failed else None


def choose(state: State, eras: Eras) -> Choice:
    """Why the policy that judges the state does."""
    return Choice(state.era, tuple(_tried(state, state.bench(eras[state.era]).policies)))


def _tried(state: State, policies: Iterable[Policy]) -> Iterable[Tried]:
    for policy in policies:
        looked = [
            (Failed(field, value, condition), holds(condition, value))
            for field, condition in policy.match
            for value in [_value(getattr(state, field))]
        ]
        failed = tuple(one for one, held in looked if not held)
        yield Tried(policy.name, failed, tuple(one for one, held in looked if held))
        if not failed:
            return


def _value(value: object) -> Value:
    """A field as policies see it."""
    if value is None or isinstance(value, str):
        return value
    return tuple(map(str, value)) if isinstance(value, tuple) else str(value).lower()
