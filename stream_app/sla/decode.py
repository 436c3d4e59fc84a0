"""Decoding: a record's bytes become an event, or are refused with a reason from a closed set."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from stream_app.sla.events import AssetPatchDue, Event, IncidentDetected, IncidentUpdated, TicketDueSet
from stream_app.sla.instant import EARLIEST, NEVER, micros

SIZE_LIMIT: Final = 262_144
"""The longest value, in bytes."""


class Reason(StrEnum):
    """Why a record is malformed."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    SPECVERSION = "specversion"
    ATTRIBUTE = "attribute"
    SEQUENCE = "sequence"
    UNKNOWN_TYPE = "unknown_type"
    TIME = "time"
    MISSING = "missing_data"
    WRONG_TYPE = "wrong_type"
    NOT_LISTED = "not_listed"
    NUMBER = "number"
    AHEAD = "too_far_ahead"
    WRONG_KEY = "wrong_key"
    WRONG_TOPIC = "wrong_topic"
    FAILED = "could_not_be_judged"


class Malformed(Exception):
    """A record that is no event. `reason` is from a closed set, the message says more."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Park the record with this reason."""
        super().__init__(detail)
        self.reason: Final = reason


_SURELY_FROM: Final = 2
_SURELY_TO: Final = 9998
"""Years that are years in UTC too, whatever the offset."""

_decoder: Final = msgspec.json.Decoder(Event)
_PLACE: Final = re.compile(r"at `\$\.(?P<head>[a-z_]+)(?P<rest>[^`]*)`")
_MISSING: Final = re.compile(r"missing required field `(?P<field>[^`]+)`")
_ATTRIBUTES: Final = {
    "specversion": Reason.SPECVERSION,
    "sequence": Reason.SEQUENCE,
    "type": Reason.UNKNOWN_TYPE,
    "time": Reason.TIME,
}
_PHRASES: Final = (
    ("missing required", Reason.MISSING),
    ("Invalid enum value", Reason.NOT_LISTED),
    ("matching regex", Reason.NOT_LISTED),
    ("out of range", Reason.NUMBER),
    ("<=", Reason.NUMBER),
    (">=", Reason.NUMBER),
)


def decode(value: bytes) -> Event:
    """The event in a record's value.

    Raises Malformed for whatever is no event. What only the stream knows (its key, its topic, the clock) is checked
    there.
    """
    if len(value) > SIZE_LIMIT:
        raise Malformed(Reason.TOO_LARGE, f"{len(value)} bytes, at most {SIZE_LIMIT} are taken")
    try:
        value.decode()  # the decoder passes over the text of keys it does not know
        event: Event = _decoder.decode(value)
    except msgspec.ValidationError as error:
        raise Malformed(_reason(str(error)), str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(Reason.NOT_JSON, str(error)) from None
    _check_moments(event)
    return event


def _reason(message: str) -> Reason:
    place = _PLACE.search(message)
    missing = _MISSING.search(message)
    if place is None:
        if missing is None:
            return Reason.NOT_AN_OBJECT
        return Reason.MISSING if missing["field"] == "data" else _ATTRIBUTES.get(missing["field"], Reason.ATTRIBUTE)
    if place["head"] != "data":
        return _ATTRIBUTES.get(place["head"], Reason.ATTRIBUTE)
    return next((reason for phrase, reason in _PHRASES if phrase in message), Reason.WRONG_TYPE)


def _check_moments(event: Event) -> None:
    """Refuse moments that are outside the years 1 to 9999 once they are in UTC."""
    named = event.time
    others: datetime | None = None
    if isinstance(event, (TicketDueSet, AssetPatchDue)):
        others = event.data.due
    elif isinstance(event, (IncidentDetected, IncidentUpdated)) and event.data is not None:
        others = event.data.occurred_at or None
    for when in (named, others):
        if when is not None and not _SURELY_FROM <= when.year <= _SURELY_TO and not EARLIEST <= micros(when) <= NEVER:
            raise Malformed(Reason.TIME, f"{when.isoformat()} is outside the years 1 to 9999 in UTC")
