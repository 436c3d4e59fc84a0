"""The judge: the dated configuration as the engine uses it, replaced as a whole when another one is activated."""

from __future__ import annotations

import hashlib

from stream_app.config.dated import Dated
from stream_app.config.kpis import catalogue
from stream_app.engine.eras import eras
from stream_app.kpi.grain import oldest
from stream_app.sla.instant import Micros


class Judge:
    """By what events are judged. Spans in microseconds."""

    def __init__(self, dated: Dated) -> None:
        """The configurations that hold, each from its moment on."""
        self.hold(dated)

    def hold(self, dated: Dated) -> None:
        """Go by these configurations from now on. Raises ConfigurationRefused where a catalogue is refused."""
        newest = dated.entries[-1][1]
        self.catalogue = catalogue(newest)
        self.dated = dated
        self.eras = eras(dated)
        self.max_ahead = newest.max_ahead
        self.retention = newest.retention

    @property
    def era_mark(self) -> bytes:
        """Stands for the eras that are known."""
        return str(len(self.eras)).encode()

    @property
    def series_mark(self) -> bytes:
        """Stands for what windows count: with another mark they must be counted anew."""
        reach = [f"{grain}:{self.oldest(grain, 0)}" for grain in self.catalogue.grains]
        text = "\n".join([*self.catalogue.series, *reach])
        return hashlib.sha256(text.encode()).hexdigest()[:16].encode()

    def oldest(self, grain: Micros, latest: int) -> Micros:
        """The start of the oldest bucket of a grain that is needed when `latest` is the latest event time."""
        return oldest(grain, self.catalogue.windows, latest)

    def needed(self, latest: int | None) -> dict[Micros, Micros]:
        """By grain the start of the oldest bucket that a window still reads; none are too old before any event."""
        return {} if latest is None else {grain: self.oldest(grain, latest) for grain in self.catalogue.grains}
