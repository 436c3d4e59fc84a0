from __future__ import annotations

import pytest

from tests.chaos import redis_rows, worker_rows
from tests.chaos.row import Row
from tests.chaos.scene import Servers
from tests.services.kafka import Kafka
from tests.services.redis import Redis

ROWS = {row.name: row for row in (*worker_rows.ROWS, *redis_rows.ROWS)}

pytestmark = [pytest.mark.chaos]


@pytest.mark.parametrize(
    ("row", "runs"),
    [
        pytest.param(ROWS["kill"], 3, id="a worker killed, three times"),
        pytest.param(ROWS["zombie"], 1, id="a worker that slept through its session"),
        pytest.param(ROWS["tail"], 1, id="a Redis that lost the tail of its file"),
        pytest.param(ROWS["empty"], 1, id="an emptied Redis, noticed where nothing comes in too"),
        pytest.param(ROWS["cut"], 1, id="an answer that never came"),
    ],
)
@pytest.mark.timeout(240)
def test_what_breaks_under_load_is_as_if_nothing_had_happened(
    kafka: Kafka, redis_server: Redis, row: Row, runs: int
) -> None:
    told: list[str] = []
    result = row.plays(Servers(kafka, redis_server), runs, told.append)
    assert not result.wrong, "\n".join([*result.wrong, *told])
