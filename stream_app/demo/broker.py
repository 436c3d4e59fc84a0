"""The embedded broker: librdkafka's mock cluster, which speaks Kafka's protocol over TCP from memory.

It comes with confluent-kafka and is reached by ctypes, for the Python package has no door to it. It keeps 5 MB or
100 000 records of a partition, knows no CreateTopics, and nothing it holds outlives it: for the demo only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from stream_app.demo.missing import Missing

_PRODUCER: Final = 0  # rd_kafka_type_t
_CONF_OK: Final = 0
_ROOM: Final = 512
"""Bytes for an error's text."""

_HANDLE: Final = ctypes.c_void_p
_FUNCTIONS: Final[Mapping[str, tuple[Any, ...]]] = {
    "rd_kafka_conf_new": (_HANDLE,),
    "rd_kafka_conf_set": (
        ctypes.c_int,
        _HANDLE,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
    ),
    "rd_kafka_new": (_HANDLE, ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_size_t),
    "rd_kafka_destroy": (None, _HANDLE),
    "rd_kafka_mock_cluster_new": (_HANDLE, _HANDLE, ctypes.c_int),
    "rd_kafka_mock_cluster_destroy": (None, _HANDLE),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, _HANDLE),
    "rd_kafka_mock_topic_create": (ctypes.c_int, _HANDLE, ctypes.c_char_p, ctypes.c_int, ctypes.c_int),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, _HANDLE, ctypes.c_int32),
}
"""What is used of librdkafka (rdkafka.h, rdkafka_mock.h): what each function gives and takes."""


class Broker:
    """A broker on a free port of the loopback, from entering it to leaving it."""

    def __init__(self, topics: Mapping[str, int]) -> None:
        """With these topics, of so many partitions each."""
        self._topics: Final = topics
        self._handle: Any = None
        self._cluster: Any = None
        self.address = ""
        """`host:port`, once it is entered."""

    def __enter__(self) -> Self:
        """Start it. Raises Missing."""
        library = self._library = _library()
        why = ctypes.create_string_buffer(_ROOM)
        settings = library.rd_kafka_conf_new()
        if library.rd_kafka_conf_set(settings, b"log_level", b"2", why, _ROOM) != _CONF_OK:
            raise Missing(f"librdkafka refuses its settings: {why.value.decode()}")
        self._handle = library.rd_kafka_new(_PRODUCER, settings, why, _ROOM)
        if not self._handle:
            raise Missing(f"librdkafka does not start: {why.value.decode()}")
        self._cluster = library.rd_kafka_mock_cluster_new(self._handle, 1)
        if not self._cluster:
            raise Missing("librdkafka has no room for its embedded broker")
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)  # one worker: nobody to wait for
        for name, partitions in self._topics.items():
            library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1)
        self.address = library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; all that it held is gone."""
        if self._cluster:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        if self._handle:
            self._library.rd_kafka_destroy(self._handle)
        self._cluster = self._handle = None


def _library() -> Any:  # noqa: ANN401 -- ctypes has no types for what it finds
    """Librdkafka, as the extension module of confluent-kafka has loaded it. Raises Missing."""
    try:
        from confluent_kafka import cimpl  # noqa: PLC0415 -- an extra: only the demo needs it
    except ImportError as error:
        raise Missing(f"the embedded broker needs confluent-kafka ({error}): pip install 'tenggat[demo]'") from error
    try:
        library = ctypes.CDLL(cimpl.__file__)  # its symbols are found with those it is linked to
        for name, (gives, *takes) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = gives, takes
    except (OSError, AttributeError) as error:
        raise Missing(f"this build of confluent-kafka has no embedded broker: {error}") from error
    return library
