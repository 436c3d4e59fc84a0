from __future__ import annotations

import pytest

from stream_app.engine.connection import Address, Tls, address
from stream_app.engine.keys import TP, Names, Slot, member, parsed_member


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://", Address()),
        ("redis://cache:7000/3", Address(host="cache", port=7000, database=3)),
        ("redis://[::1]:7000?db=2", Address(host="::1", port=7000, database=2)),
        ("redis://:p%40ss@cache", Address(host="cache", password="p@ss")),  # noqa: S106 -- an example
        ("redis://me:p@cache", Address(host="cache", username="me", password="p")),  # noqa: S106 -- an example
        ("unix:///run/my%20redis.sock?db=1", Address(path="/run/my redis.sock", database=1)),
        ("rediss://cache", Address(host="cache", tls=Tls())),
        (
            "rediss://cache?ssl_cert_reqs=none&ssl_check_hostname=false&ssl_ca_certs=/ca.pem",
            Address(host="cache", tls=Tls(verify="none", check_hostname=False, ca_certs="/ca.pem")),
        ),
    ],
)
def test_a_url_says_where_redis_is(url: str, expected: Address) -> None:
    found = address(url)
    assert [getattr(found, name) for name in Address.__struct_fields__] == [
        getattr(expected, name) for name in Address.__struct_fields__
    ]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cache",
        "http://:s3cret@x",
        "redis://:s3cret@x:port",
        "redis://:s3cret@x/db",
        "rediss://x?ssl_cert_reqs=s3cret",
    ],
)
def test_a_wrong_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r"the Redis URL: expected redis://") as refused:
        address(url)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("url", ["redis://me:s3cret@cache", "rediss://:s3cret@[::1]/3", "unix://me:s3cret@/sock"])
def test_an_address_is_shown_without_its_secrets(url: str) -> None:
    where = address(url)
    assert where.password == "s3cret"  # noqa: S105 -- an example
    assert "s3cret" not in f"{where} {where!r}"


def test_a_password_beside_the_url_wins() -> None:
    assert address("redis://:old@cache", password="new").password == "new"  # noqa: S105, S106 -- an example


def test_a_server_that_need_not_prove_itself_needs_no_name() -> None:
    assert not Tls(verify="none").context().check_hostname
    assert Tls().context().check_hostname


def test_all_keys_of_a_partition_lie_in_one_slot() -> None:
    keys = Names("acme").of(TP("itsm-tickets", 3))
    every = [keys.meta, keys.entity, keys.wake, keys.due, keys.retire, keys.outbox]
    every += [keys.history(b"T:{1}"), keys.bucket(Slot("1m", 60)), keys.starts("1m")]
    assert all(key.startswith(b"{acme:itsm-tickets-3}:") for key in every)
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("namespace", ["", "a{b}", "a:b", "a b", "ä"])
def test_a_namespace_that_would_move_the_hash_tag_is_refused(namespace: str) -> None:
    with pytest.raises(ValueError, match="namespace"):
        Names(namespace)


def test_a_partition_is_known_by_its_name_in_the_registry() -> None:
    for tp in (TP("itsm-tickets", 0), TP("a-1-b", 12), TP("x.y_z", 3)):
        assert parsed_member(member(tp)) == tp
