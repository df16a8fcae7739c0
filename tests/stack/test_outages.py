"""What is down comes back, and then all is done, once; a person can see how it went."""

from __future__ import annotations

import json
import uuid

import pytest

import names
from conftest import MAX_ATTEMPTS, Inspect
from data import ONCE, Delivery, Endpoint
from proxy import Answer
from stack import Stack
from waiting import eventually

CRM_DOWN = Answer(503, b"", "text/plain")
TIMES_DOWN = 3
WITHIN_SECONDS = 90
"""Three waits of at most 2, 8 and 32 s."""
SOON = 3
"""After so many seconds what a worker could not take is tried again."""


@pytest.fixture(scope="module")
def session() -> str:
    return f"cs_test_{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def recovered(stack: Stack, stripe: Endpoint, session: str) -> Delivery:
    """An event whose CRM was down for three attempts."""
    with (
        stack.processor_with(HOOKDOCK_MAX_ATTEMPTS=str(MAX_ATTEMPTS + TIMES_DOWN)),
        stack.proxy.refusing("crm.POST", CRM_DOWN, about=session, times=TIMES_DOWN) as refused,
    ):
        delivery = stack.deliver(stripe, stripe.checkout(session))
        stack.wait_for_run(delivery, "done", WITHIN_SECONDS)
    assert len(refused.seen) == TIMES_DOWN
    return delivery


def test_a_crm_that_was_down_costs_attempts_and_repeats_no_effect(
    stack: Stack, recovered: Delivery, session: str
) -> None:
    assert stack.effects(session) == ONCE
    assert stack.crm.times_told(session) == 1
    assert stack.event(recovered)[names.DELIVERIES] == 1, "the provider has sent once"


def test_each_attempt_is_recorded_with_what_stopped_it(stack: Stack, recovered: Delivery) -> None:
    run = stack.run(recovered)
    *failed, last = run["attempts"]
    stopped = [(one["number"], one["ended"]["result"]["failed"]["class"], one["ended"]["step"]) for one in failed]

    assert stopped == [(number, "unavailable", "tell-crm") for number in range(1, TIMES_DOWN + 1)]
    assert (last["number"], last["ended"]["result"]) == (TIMES_DOWN + 1, "done")
    assert all(one["started_at_ms"] <= one["ended"]["at_ms"] for one in run["attempts"])
    assert [step["attempt"] for step in run["steps"]] == [1, 1, 1, TIMES_DOWN + 1, TIMES_DOWN + 1]


def test_inspect_tells_a_person_how_the_event_got_through(inspect: Inspect, recovered: Delivery) -> None:
    told = inspect(f"stripe/{recovered.content['event']['id']}")
    in_order = [
        "one delivery",
        f"received  {recovered.content['delivery_id']}",
        "verified  hmac-sha256, secret s1",
        f"stored    {recovered.object_key}",
        # The sign of the state is that of the terminal.
        "job fulfil_order  ",
        " done",
        "attempt 1",
        "step create-order  saved",
        "step store-invoice  saved",
        "step send-invoice  saved",
        "failed at step tell-crm, unavailable: ",
        "attempt 2",
        "attempt 3",
        "attempt 4",
        "step tell-crm  saved",
        "step mark-processed  saved",
        "done",
        "next: nothing, it has ended",
    ]

    place = 0
    for words in in_order:
        assert words in told[place:], f"{words!r} does not come in its place:\n{told}"
        place = told.index(words, place) + len(words)


def test_inspect_tells_a_program_the_same(stack: Stack, inspect: Inspect, recovered: Delivery) -> None:
    told = json.loads(inspect(f"stripe/{recovered.event_key}", "--json"))

    (run,) = told["runs"]
    assert told["delivery"]["object"] == recovered.object_key
    assert told["deliveries"] == 1
    assert (run["state"], run["attempts_counted"], run["next"]) == ("done", TIMES_DOWN + 1, {"what": "nothing"})
    assert [one["error_class"] for one in run["attempts"]] == ["unavailable"] * TIMES_DOWN + [None]
    assert [(step["name"], step["state"]) for step in run["steps"]] == [(name, "saved") for name in names.STEPS]


def test_a_processor_that_cannot_start_loses_nothing(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    sessions = [f"{session_id}_{number}" for number in range(12)]
    with stack.hiding_messages_for(SOON), stack.processor_with(HOOKDOCK_TABLE=""):
        deliveries = [stack.deliver(stripe, stripe.checkout(session)) for session in sessions]
        eventually(lambda: sum(stack.receives()) > len(sessions), "workers have tried and failed")
        assert not [delivery for delivery in deliveries if stack.event(delivery)], "no attempt is used"

    for delivery in deliveries:
        assert stack.wait_for_run(delivery, "done")["attempt"] == 1
    assert [stack.effects(session) for session in sessions] == [ONCE] * len(sessions)
    eventually(lambda: not stack.receives(), "the queue is empty")
