from __future__ import annotations

import msgspec
import pytest

from stream_app.demo.signals import Said, Spoken, said
from stream_app.sla.instant import HOUR, MINUTE, Micros, text

BEGAN = Micros(500_000 * HOUR)


def signal(name: str, after: int = MINUTE, subject: str = "T1", **data: str | None) -> Said:
    envelope = {
        "specversion": "1.0",
        "id": f"{name}:{subject}:resolution:1::0",
        "source": "tenggat",
        "type": name,
        "subject": subject,
        "time": text(BEGAN + after),
        "data": {"alert": f"{subject}:resolution:1", "clock": "resolution", "kind": "ticket", **data},
    }
    return said(msgspec.json.encode(envelope))


def test_a_signal_is_read_from_its_record() -> None:
    one = signal("sla.warning", threshold="75%", priority="high", team=None, title="Problem with vpn")
    assert one == Said(
        at=Micros(BEGAN + MINUTE),
        type="sla.warning",
        subject="T1",
        alert="T1:resolution:1",
        clock="resolution",
        threshold="75%",
        urgency="high",
        title="Problem with vpn",
    )
    assert signal("sla.met", severity="low", kind="incident").urgency == "low"


@pytest.mark.parametrize("value", [b"", b"{}", b"[1]", b'{"id": 1}'])
def test_what_is_no_signal_is_refused(value: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        said(value)


def test_history_is_counted_and_not_shown() -> None:
    spoken = Spoken(BEGAN)
    assert not spoken.hear(signal("sla.met", -HOUR))
    assert not spoken.hear(signal("sla.corrected", 0))
    assert spoken.history == 2
    assert not spoken.counts
    assert spoken.hear(signal("sla.met", 1))
    assert spoken.counts == {"sla.met": 1}
    assert [one.type for one in spoken.latest] == ["sla.met"]


def test_what_is_said_for_alerts_alone_is_neither_shown_nor_counted() -> None:
    spoken = Spoken(BEGAN)
    assert not spoken.hear(signal("entity.changed"))
    assert not spoken.hear(signal("clock.paused"))
    assert not spoken.counts


def test_a_breach_stands_until_its_clock_stops_even_one_of_the_history() -> None:
    spoken = Spoken(BEGAN)
    spoken.hear(signal("sla.breached", -HOUR))
    spoken.hear(signal("sla.breached", MINUTE, "T2"))
    assert list(spoken.overdue) == ["T1:resolution:1", "T2:resolution:1"]
    spoken.hear(signal("clock.stopped"))
    assert list(spoken.overdue) == ["T2:resolution:1"]


def test_a_breach_that_is_withdrawn_stands_no_longer_and_a_withdrawn_warning_leaves_it() -> None:
    spoken = Spoken(BEGAN)
    spoken.hear(signal("sla.breached"))
    spoken.hear(signal("sla.corrected", corrects="sla.warning:T1:resolution:1:75%25:0"))
    assert spoken.overdue
    spoken.hear(signal("sla.corrected", corrects="sla.breached:T1:resolution:1::0"))
    assert not spoken.overdue
