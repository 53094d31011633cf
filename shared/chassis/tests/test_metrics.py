"""Metrics have closed labels, and each object keeps its own."""

from chassis.metrics import Metrics
from prometheus_client import generate_latest


def text(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_the_metrics_of_the_chassis_are_there_under_their_names() -> None:
    metrics = Metrics()
    metrics.commands_total.labels("study", "done").inc()
    metrics.consumed_total.labels("sites", "applied").inc()
    metrics.published_total.inc(2)
    metrics.consumer_lag.labels("sites", "studyline.sites", "0").set(7)
    metrics.parked.labels("sites").set(1)
    metrics.outbox_pending.set(3)
    metrics.outbox_oldest_seconds.set(4)
    shown = text(metrics)
    assert 'studyline_commands_total{aggregate="study",outcome="done"} 1.0' in shown
    assert 'studyline_consumed_total{consumer="sites",outcome="applied"} 1.0' in shown
    assert 'studyline_consumer_lag{consumer="sites",partition="0",topic="studyline.sites"} 7.0' in shown
    assert all(line in shown for line in ("studyline_published_total 2.0", "studyline_outbox_pending 3.0"))
    assert "process_resident_memory_bytes" in shown


def test_what_a_caller_invents_makes_no_new_series() -> None:
    metrics = Metrics()
    for made_up in ("BREW", "X" * 1_000):
        metrics.observe_request(route=None, method=made_up, status=405, seconds=0.1)
    assert 'studyline_http_request_duration_seconds_count{method="other",route="unmatched",status="405"} 2.0' in text(
        metrics
    )


def test_two_objects_do_not_share_series() -> None:
    first, second = Metrics(), Metrics()
    first.outbox_pending.set(5)
    assert "studyline_outbox_pending 0.0" in text(second)
