"""The reasons: why this policy, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stream_app.account.choice import Choice, Failed, Tried, Value
from stream_app.account.wording import listed, plain

Sign = Callable[[int, str], str]
"""Where the policy of a configuration (its number) is written, such as `tenggat.yaml:21`; of no policy, the file."""

TOLD: Final = 12
"""So many of the policies that did not match are told one by one."""


def why(choice: Choice, sign: Sign) -> Iterator[str]:
    """The policies in the order they were tried, each with what in it did not hold; the last one is what judges."""
    failed = [tried for tried in choice.tried if tried.failed]
    if len(failed) > TOLD:
        yield f"{len(failed) - TOLD} policies before these did not match either"
    for tried in failed[-TOLD:]:
        yield f"no   {_named(tried, choice, sign)}: {'; '.join(map(_failed, tried.failed))}"
    if choice.policy is None:
        nobody = "there are no policies for it" if not choice.tried else "no policy matches"
        yield f"none {nobody}: clocks run and are measured round the clock, without targets"
        return
    chosen = choice.tried[-1]
    holds = ", ".join(_held(one) for one in chosen.matched) or "it matches everything"
    yield f"yes  {_named(chosen, choice, sign)}: {holds}"


def _named(tried: Tried, choice: Choice, sign: Sign) -> str:
    return f'"{plain(tried.policy)}" ({sign(choice.era, tried.policy)})'


def _failed(one: Failed) -> str:
    wanted = listed(plain(value) for value in sorted(one.condition.values)) if one.condition.values else "nothing"
    return (
        f"{one.field} is {_shown(one.value)}, not {wanted}"
        if not one.condition.negated
        else (f"{one.field} is {_shown(one.value)}, and it wants anything but {wanted}")
    )


def _held(one: Failed) -> str:
    if one.condition.negated:
        return f"{one.field} is {_shown(one.value)}, which is not {listed(map(plain, sorted(one.condition.values)))}"
    return f"{one.field} is {_shown(one.value)}"


def _shown(value: Value) -> str:
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return f"[{', '.join(map(plain, value))}]"
    return plain(value)
