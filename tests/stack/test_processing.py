"""What becomes of an accepted event, also when it comes twice, and when things break."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import names
from conftest import MAX_ATTEMPTS
from data import ONCE, DeadLetter, Delivery, Endpoint
from proxy import json_fault, s3_fault
from stack import Stack

PUT_RECORD = "dynamodb.TransactWriteItems"
# The order, and at the end the mark that all of it happened.
RECORDS_OF_AN_ORDER = 2
SOONER_THAN_THE_QUEUE_SECONDS = 20
"""The queue by itself brings a message back after 180 s; the product's own back-off is shorter."""
COPIES = 100
SENDERS = 20
"""Each starts a worker of ingest, and here those share one machine."""


def letter_of(delivery: Delivery) -> Callable[[DeadLetter], bool]:
    """Tells the dead letter of this delivery from others."""

    def matches(letter: DeadLetter) -> bool:
        return letter.attributes.get("delivery_id") == str(delivery.content["delivery_id"])

    return matches


def test_the_same_event_twice_is_two_deliveries_and_one_run(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    request = stripe.checkout(session_id)
    first = stack.deliver(stripe, request)
    stack.wait_for_run(first, "done")
    second = stack.deliver(stripe, request)

    assert first.content["delivery_id"] != second.content["delivery_id"]
    stack.wait_for_deliveries(first, 2)
    assert stack.run(first)["attempt"] == 1


def test_a_hundred_copies_at_once_are_a_hundred_deliveries_and_one_run(
    stack: Stack, stripe: Endpoint, session_id: str
) -> None:
    request = stripe.checkout(session_id)
    with stack.proxy.watching(PUT_RECORD, about=session_id) as writes:
        with stack.trigger_off(), ThreadPoolExecutor(SENDERS) as pool:
            first, *_ = pool.map(lambda _: stack.deliver(stripe, request), range(COPIES))
        stack.wait_for_deliveries(first, COPIES)
        run = stack.wait_for_run(first, "done")

    assert run["attempt"] == 1
    assert len(writes.seen) == RECORDS_OF_AN_ORDER
    assert stack.effects(session_id) == ONCE
    assert stack.crm.times_told(session_id) == 1


def test_functions_that_race_for_an_event_run_it_once(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    with stack.trigger_off():
        with stack.proxy.watching("sqs.SendMessage", about="stripe") as sent:
            delivery = stack.deliver(stripe, stripe.checkout(session_id))
        reference = json.loads(sent.seen[-1].body)["MessageBody"]
        with stack.proxy.delaying(PUT_RECORD, 0.3, about=session_id) as writes:
            failures = stack.process_at_once(6, reference)

    assert len(writes.seen) == RECORDS_OF_AN_ORDER
    assert [] in failures, "one of them did the work and reports no failure"
    assert ["0"] in failures, "and another met its claim while it was at work"
    run = stack.wait_for_run(delivery, "done")
    assert run["attempt"] == 1


def test_a_job_that_keeps_failing_ends_as_a_dead_letter_and_can_be_set_going_again(
    stack: Stack, stripe: Endpoint, session_id: str
) -> None:
    refusal = json_fault(400, "AccessDeniedException")
    with stack.proxy.refusing(PUT_RECORD, refusal, about=session_id):
        request = stripe.checkout(session_id)
        delivery = stack.deliver(stripe, request)
        letter = stack.wait_for_dead_letter(letter_of(delivery))

    assert letter.attributes == {
        "reason": "attempts_exhausted",
        "error_class": "refused",
        "message": letter.attributes["message"],
        "endpoint": "stripe",
        "event_type": "checkout.session.completed",
        "event_id": request.event_id,
        "job": names.FULFIL_ORDER,
        "attempts": str(MAX_ATTEMPTS),
        "delivery_id": delivery.content["delivery_id"],
    }
    assert "AccessDeniedException" in letter.attributes["message"]
    assert stack.run(delivery)["state"] == "dead"
    assert not stack.record(session_id)

    stack.send(letter.body, letter.attributes)
    run = stack.wait_for_run(delivery, "done")
    assert run["attempt"] == MAX_ATTEMPTS + 1
    assert stack.record(session_id)


def test_a_job_that_fails_once_is_tried_again(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    refusal = json_fault(400, "AccessDeniedException")
    with stack.proxy.refusing(PUT_RECORD, refusal, about=session_id) as writes:
        delivery = stack.deliver(stripe, stripe.checkout(session_id))
        writes.wait_until_seen()
        stack.proxy.stop_matching(writes)

    assert stack.wait_for_run(delivery, "done", SOONER_THAN_THE_QUEUE_SECONDS)["attempt"] == 2
    assert stack.event(delivery)["deliveries"] == 1


def test_only_the_failing_one_of_a_batch_is_reported(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    sessions = [f"{session_id}_good", f"{session_id}_bad", f"{session_id}_fine"]
    refusal = json_fault(400, "AccessDeniedException")
    with stack.trigger_off(), stack.proxy.watching("sqs.SendMessage", about="stripe") as sent:
        deliveries = [stack.deliver(stripe, stripe.checkout(session)) for session in sessions]
        references = [json.loads(call.body)["MessageBody"] for call in sent.seen]
        with stack.proxy.refusing(PUT_RECORD, refusal, about=sessions[1]):
            failed = stack.process(*references)
        states = [stack.run(delivery)["state"] for delivery in deliveries]

    assert failed == ["1"]
    assert states == ["done", "retrying", "done"]
    stack.wait_for_run(deliveries[1], "done")


def test_a_message_that_is_no_reference_fails_alone(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    nonsense = f"no reference {session_id}"
    with stack.trigger_off():
        stack.send(nonsense)
        delivery = stack.deliver(stripe, stripe.checkout(session_id))

    letter = stack.wait_for_dead_letter(lambda letter: letter.body == nonsense)
    assert letter.attributes["reason"] == "bad_reference"
    assert stack.wait_for_run(delivery, "done")["attempt"] == 1


def test_a_delivery_that_is_gone_is_dead_at_once(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    with stack.trigger_off():
        delivery = stack.deliver(stripe, stripe.checkout(session_id))
        stack.lose(delivery)

    letter = stack.wait_for_dead_letter(letter_of(delivery))
    assert letter.attributes["reason"] == "body_missing"
    assert letter.attributes["attempts"] == "1"
    assert not stack.record(session_id)


def test_a_delivery_that_was_changed_is_dead_at_once(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    with stack.trigger_off():
        delivery = stack.deliver(stripe, stripe.checkout(session_id))
        stack.rewrite(delivery, body=delivery.content["body"].replace("4200", "1"))

    letter = stack.wait_for_dead_letter(letter_of(delivery))
    assert letter.attributes["reason"] == "digest_mismatch"
    assert not stack.record(session_id)


def test_a_store_that_fails_for_a_while_costs_time_and_no_event(
    stack: Stack, stripe: Endpoint, session_id: str
) -> None:
    with stack.proxy.refusing("s3.GET", s3_fault(503, "SlowDown"), about="deliveries/stripe/") as reads:
        delivery = stack.deliver(stripe, stripe.checkout(session_id))
        reads.wait_until_seen(2)

    assert stack.wait_for_run(delivery, "done")
    assert stack.record(session_id)
