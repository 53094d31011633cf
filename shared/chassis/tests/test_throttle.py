"""So many at once, then so many a second, and no more memory than for so many keys."""

import pytest
from chassis import clock
from chassis.http.throttle import Throttle


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, in the test's hands."""
    seconds = [1_000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: seconds[0])
    return seconds


def test_each_key_has_its_own_share_and_it_comes_back_with_time(now: list[float]) -> None:
    throttle = Throttle(at_once=2, per_second=0.5)
    for _ in range(2):
        assert throttle.wait_seconds("a") == 0
        throttle.take("a")
    assert throttle.wait_seconds("a") == pytest.approx(2)
    assert throttle.wait_seconds("b") == 0
    now[0] += 1
    assert throttle.wait_seconds("a") == pytest.approx(1)
    now[0] += 1
    assert throttle.wait_seconds("a") == 0
    now[0] += 1_000
    throttle.take("a")
    assert throttle.wait_seconds("a") == 0


def test_keys_that_were_quiet_longest_are_forgotten(now: list[float]) -> None:
    throttle = Throttle(at_once=1, per_second=0.001, keys_max=2)
    for key in ("a", "b", "a", "c"):
        throttle.take(key)
        now[0] += 1
    assert throttle.wait_seconds("b") == 0
    assert throttle.wait_seconds("a") > 0
    assert throttle.wait_seconds("c") > 0
