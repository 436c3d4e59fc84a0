"""The reference pages name what the code has, and nothing else where a list is closed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args, get_origin

import msgspec
import pytest
from prometheus_client.metrics_core import Metric

from stream_app.config import settings
from stream_app.config.configuration import load
from stream_app.config.kpis import catalogue
from stream_app.config.mistake import ConfigurationRefused
from stream_app.engine import post
from stream_app.engine.heard import SETTLED
from stream_app.engine.keys import TP
from stream_app.engine.letters import Letter
from stream_app.engine.topics import plans
from stream_app.sla import payload
from stream_app.sla.decode import Reason
from stream_app.sla.kind import TYPES
from stream_app.sla.news import TURNS
from stream_app.telemetry import Telemetry

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
EVENTS = (REFERENCE / "events.md").read_text("utf-8")
CONFIGURATION = (REFERENCE / "configuration.md").read_text("utf-8")
SIGNALS = (REFERENCE / "signals-and-metrics.md").read_text("utf-8")


def rows(text: str, heading: str) -> dict[str, str]:
    """The rows of the tables under a heading, by the names in code in their first cell."""
    part = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    part = re.split(r"^## ", part, flags=re.MULTILINE)[0]
    return {
        name: row
        for row in re.findall(r"^\| *(`.*)\|$", part, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row.split("|")[0])
    }


def test_each_type_of_event_has_its_row() -> None:
    assert set(rows(EVENTS, "Types")) == set(TYPES.values())


@pytest.mark.parametrize(("event", "name"), TYPES.items(), ids=TYPES.values())
def test_the_fields_of_a_type_are_named_and_those_in_bold_are_needed(event: type, name: str) -> None:
    row = rows(EVENTS, "Types")[name]
    whole = " ".join(line for line in EVENTS.split("\n\n") if line.startswith("The fields of"))
    needed: set[str] = set()
    structs = [type_ for type_ in _structs(event) if issubclass(type_, msgspec.Struct)]
    for struct in structs:
        for field in msgspec.structs.fields(struct):
            assert re.search(rf"\b{field.encode_name}\b", row + whole), field.encode_name
            if field.required:
                needed.add(field.encode_name)
    assert set(re.findall(r"\*\*(\w+)\*\*", row)) == needed


def _structs(event: type) -> list[type]:
    """The struct of an event's data, and of an author in it."""
    hint = msgspec.inspect.type_info(event)
    assert isinstance(hint, msgspec.inspect.StructType)
    found: list[type] = []
    waiting = [field.type for field in hint.fields if field.encode_name == "data"]
    while waiting:
        one = waiting.pop()
        if isinstance(one, msgspec.inspect.UnionType):
            waiting += one.types
        elif isinstance(one, msgspec.inspect.StructType):
            found.append(one.cls)
            waiting += [field.type for field in one.fields]
    return found


def test_values_of_closed_lists_are_named() -> None:
    listed = [payload.Priority, payload.Status, payload.Classification, payload.Stage]
    assert all(get_origin(one) is Literal for one in listed)
    for value in (value for one in listed for value in get_args(one)):
        assert f"`{value}`" in EVENTS


def test_each_reason_of_dead_letters_has_its_row() -> None:
    reasons = {name for name in rows(EVENTS, "Dead letters") if not name.startswith("tenggat-")}
    assert reasons == {reason.value for reason in Reason}


def test_headers_of_dead_letters_are_named() -> None:
    letter = Letter(TP("tickets", 0), 0, None, None, Reason.NOT_JSON, "")
    for name in [*(name for name, _ in letter.headers), post.NULL, post.CUT, post.CUT_KEY]:
        assert f"`{name}`" in EVENTS


def test_each_key_of_the_configuration_has_its_row() -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        load("unheard of: 1", "example")
    known = str(refused.value).partition("expected one of ")[2].partition(";")[0].split(", ")
    assert set(rows(CONFIGURATION, "All of it")) == set(known)


def test_the_example_is_good() -> None:
    example = re.findall(r"^```yaml\n(.*?)^```", CONFIGURATION, re.DOTALL | re.MULTILINE)[0]
    assert "resolved_by_bot" in {kpi.id for kpi in catalogue(load(example, "example")).kpis}


def test_each_variable_has_its_row() -> None:
    known = {value for value in vars(settings).values() if isinstance(value, str) and value.startswith("TENGGAT_")}
    assert set(rows(CONFIGURATION, "Environment")) == known


def test_each_type_of_message_has_its_row() -> None:
    types = {name for name in rows(SIGNALS, "Signals") if "." in name}
    assert types == {*SETTLED, *TURNS.values()}


def test_topics_that_are_made_have_their_rows() -> None:
    assert set(rows(SIGNALS, "Topics")) == {plan.name for plan in plans("", 12)}


def test_each_metric_has_its_row_with_its_labels() -> None:
    told = rows(SIGNALS, "Metrics")
    metrics = {f"{its.name}_total" if its.type == "counter" else its.name: its for its in _metrics()}
    assert set(told) == set(metrics)
    assert set(_labels()) == set(metrics)
    for name, labels in _labels().items():
        said = told[name].split("|")[1].replace(" ", "")
        assert said == ",".join(labels), name


def _metrics() -> list[Metric]:
    return list(Telemetry().registry.collect())


def _labels() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for its in vars(Telemetry()).values():
        for one in its.values() if isinstance(its, dict) else (its,):
            for family in one.describe() if hasattr(one, "describe") else ():
                labels = getattr(one, "_labelnames", None) or getattr(family, "_labelnames", None) or ()
                found[f"{family.name}_total" if family.type == "counter" else family.name] = tuple(labels)
    return found


@pytest.mark.parametrize("page", sorted(REFERENCE.glob("*.md")), ids=lambda page: page.stem)
def test_links_of_the_reference_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        other = page.parent / target if target else page
        assert other.exists(), target
        headings = re.findall(r"^#+ (.*)$", other.read_text("utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {_slug(heading) for heading in headings}, f"{target}#{anchor}"


def _slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
