from __future__ import annotations

from stream_app.engine.shelf import Shelf


def test_what_was_used_least_recently_is_put_back_first() -> None:
    shelf: Shelf[str, int] = Shelf(2)
    shelf.put("a", 1)
    shelf.put("b", 2)
    assert shelf.get("a") == 1
    shelf.put("c", 3)
    shelf.tidy()
    assert ("a" in shelf, "b" in shelf, "c" in shelf) == (True, False, True)


def test_what_is_put_again_is_the_most_recently_used() -> None:
    shelf: Shelf[str, int] = Shelf(1)
    shelf.put("a", 1)
    shelf.put("b", 2)
    shelf.put("a", 3)
    shelf.tidy()
    assert shelf.get("a") == 3
    assert shelf.get("b") is None


def test_nothing_is_put_back_before_it_is_tidied() -> None:
    shelf: Shelf[int, int] = Shelf(2)
    for number in range(5):
        shelf.put(number, number)
    assert len(shelf) == 5
    shelf.tidy()
    assert len(shelf) == 2


def test_what_is_taken_away_is_not_there() -> None:
    shelf: Shelf[str, int] = Shelf(2)
    shelf.put("a", 1)
    shelf.drop("a")
    shelf.drop("never there")
    assert shelf.get("a") is None
    shelf.put("b", 2)
    shelf.drop("b")
    assert len(shelf) == 0
