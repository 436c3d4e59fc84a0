from __future__ import annotations

import pytest

from stream_app.config.mistake import ConfigurationRefused
from stream_app.engine.ledger import Activation, dated
from stream_app.sla.instant import EARLIEST
from tests.unit.engine.desk import PLAIN, QUICK, at, configuration


def activation(text: str, when: str, name: str = "a.yaml") -> Activation:
    return Activation(configuration(text).digest, text, name, at(when))


def test_the_first_configuration_holds_from_the_beginning() -> None:
    ((since, held),) = dated([activation(PLAIN, "09:00")]).entries
    assert since == EARLIEST
    assert held.digest == configuration(PLAIN).digest
    assert held.file == "a.yaml"


def test_each_other_holds_from_its_activation() -> None:
    entries = dated([activation(PLAIN, "09:00"), activation(QUICK, "10:00")]).entries
    assert [since for since, _ in entries] == [EARLIEST, at("10:00")]


def test_of_one_text_the_first_activation_counts() -> None:
    entries = dated(
        [activation(PLAIN, "09:00"), activation(QUICK, "10:00"), activation(QUICK, "11:00", "b.yaml")]
    ).entries
    assert [(since, held.file) for since, held in entries] == [(EARLIEST, "a.yaml"), (at("10:00"), "a.yaml")]


def test_moments_go_up_though_the_clocks_of_workers_differ() -> None:
    third = PLAIN + "timezone: Asia/Jakarta\n"
    entries = dated([activation(PLAIN, "09:00"), activation(QUICK, "10:00"), activation(third, "09:59")]).entries
    assert [since for since, _ in entries] == [EARLIEST, at("10:00"), at("10:00") + 1]


def test_a_text_that_this_version_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigurationRefused):
        dated([Activation("x", "nonsense: 1", "new.yaml", 0)])
