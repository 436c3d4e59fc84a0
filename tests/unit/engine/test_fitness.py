from __future__ import annotations

from typing import Any

import pytest

from stream_app.engine.fitness import Weight, judged

SOUND: dict[str, Any] = {"redis_version": "7.0.15", "role": "master", "aof_enabled": 1, "aof_last_write_status": "ok"}


def test_a_sound_redis_is_trusted() -> None:
    assert judged(SOUND, "everysec") == []


@pytest.mark.parametrize(
    ("wrong", "weight", "said"),
    [
        ({"redis_version": "6.2.14"}, Weight.REFUSED, "7.0 or newer"),
        ({"redis_version": ""}, Weight.REFUSED, "unknown version"),
        ({"role": "slave"}, Weight.REFUSED, "replica"),
        ({"cluster_enabled": 1}, Weight.REFUSED, "Cluster"),
        ({"loading": 1}, Weight.WARNING, "loading"),
        ({"maxmemory_policy": "allkeys-lru"}, Weight.WARNING, "noeviction"),
        ({"aof_enabled": 0}, Weight.WARNING, "appendonly"),
        ({"aof_last_write_status": "err"}, Weight.WARNING, "disk"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, Any], weight: Weight, said: str) -> None:
    (finding,) = judged(SOUND | wrong, "everysec")
    assert finding.weight is weight
    assert said in finding.text


def test_an_append_only_file_left_to_the_system_is_a_warning() -> None:
    (finding,) = judged(SOUND, "no")
    assert "appendfsync" in finding.text
