"""The `holidays:` of a calendar: the public ones of a country, with some added and some taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Final

from msgspec import Struct

from stream_app.config.mistake import Unreadable, shown
from stream_app.config.reader import Entry, Form, Reader, choice
from stream_app.config.tree import Node
from stream_app.sla.shift import Holidays

_KEYS: Final = ("country", "subdivision", "extra", "except")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def holidays(reader: Reader, node: Node) -> Holidays:
    """The holidays of any year; a year's are worked out when it is first asked for."""
    given = reader.table(node, _KEYS, "a mapping with country, extra or except")
    country = reader.value(given["country"].value, _country(), None) if "country" in given else None
    subdivision = None
    if "subdivision" in given and "country" not in given:
        what = "a subdivision without a country, expected a country that it is part of"
        reader.wrong(given["subdivision"].key.place, what)
    elif "subdivision" in given and country is not None:
        subdivision = reader.field(given, "subdivision", _subdivision(country), None)
    extra = frozenset(_dates(reader, given, "extra"))
    taken_out = frozenset(_dates(reader, given, "except"))

    return Chosen(country, subdivision, extra, taken_out)


class Chosen(Struct, frozen=True):
    """The holidays chosen for a calendar; equal to others chosen alike, so that a reload changes no calendar."""

    country: str | None
    subdivision: str | None
    extra: frozenset[date]
    taken_out: frozenset[date]

    def __call__(self, year: int) -> frozenset[date]:
        """Those of a year, at the least; they are asked for again and again."""
        return (_public(self.country, self.subdivision, year) | self.extra) - self.taken_out


def _dates(reader: Reader, given: Mapping[str, Entry], key: str) -> tuple[date, ...]:
    return reader.distinct(given[key].value, DATE, "a list of dates") if key in given else ()


@cache
def _public(country: str | None, subdivision: str | None, year: int) -> frozenset[date]:
    if country is None:
        return frozenset()
    from holidays import country_holidays  # noqa: PLC0415 -- 0.1 s that a configuration without a country does not pay

    return frozenset(country_holidays(country, subdiv=subdivision, years=year, expand=False))


def _country() -> Form[str]:
    from holidays.registry import EntityLoader  # noqa: PLC0415 -- as above

    codes = frozenset(EntityLoader.get_country_codes())

    def read(text: str) -> str:
        if text not in codes:
            hint = f'; did you mean "{text.upper()}"?' if text.upper() in codes else ""
            raise Unreadable(f"{shown(text)} is no country whose holidays are known", hint)
        return text

    return Form("a code of ISO 3166 such as ID", read)


def _subdivision(country: str) -> Form[str]:
    from holidays import country_holidays  # noqa: PLC0415 -- as above

    known = country_holidays(country)
    return choice((*known.subdivisions, *known.subdivisions_aliases), f"part of {country} whose holidays are known")


def _date(text: str) -> date:
    if _ISO_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Unreadable(f"there is no {text}") from None
    raise Unreadable(f"{shown(text)} is no date")


DATE: Final = Form("a date such as 2026-12-31", _date)
