"""Eras: the configuration is dated, and each of its versions holds from its moment on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stream_app.sla.instant import EARLIEST, HOUR, Micros
from stream_app.sla.policy import Bench, Rules


class Era:
    """What one version of the configuration says to the core, and from when on."""

    def __init__(self, rules: Rules, since: Micros = EARLIEST, lateness: Micros = HOUR) -> None:
        """`lateness` is how far behind its entity's latest event one may come and still be put into its place."""
        self.calendars: Final = rules.calendars
        self.tickets: Final = Bench(rules.tickets)
        self.incidents: Final = Bench(rules.incidents)
        self.since: Final = since
        self.lateness: Final = lateness


Eras = Sequence[Era]
"""By `since`, ascending; the first holds from the beginning."""


def era_at(eras: Eras, at: int) -> int:
    """The number of the era that holds at a moment."""
    number = 0
    for later in range(1, len(eras)):
        if eras[later].since <= at:
            number = later
    return number
