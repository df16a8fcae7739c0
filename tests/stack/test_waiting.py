"""A run that waits for long leaves the queue, and the maintenance brings it back."""

from __future__ import annotations

import time

import names
from conftest import MAX_ATTEMPTS
from data import ONCE, Endpoint
from proxy import Answer
from stack import Stack
from test_permissions import assert_forbidden
from waiting import eventually

AN_HOUR = "3600"
BUSY = Answer(429, b"", "text/plain", headers=(("Retry-After", AN_HOUR),))


def test_a_run_that_waits_for_an_hour_is_in_the_ledger_alone_until_a_tick_finds_it_due(
    stack: Stack, stripe: Endpoint, session_id: str
) -> None:
    # Workers that know of the CRM's wish for time are gone afterwards.
    with (
        stack.processor_with(HOOKDOCK_CODE_VERSION="waits"),
        stack.proxy.refusing("crm.POST", BUSY, about=session_id, times=1) as refused,
    ):
        delivery = stack.deliver(stripe, stripe.checkout(session_id))
        waiting = stack.wait_for_run(delivery, "retrying")
    stack.forget_breakers()
    assert len(refused.seen) == 1
    assert waiting["due_at_ms"] > (time.time() + 3000) * 1000
    eventually(lambda: not stack.receives(), "no message waits")

    assert stack.tick() is None
    assert stack.run(delivery)["state"] == "retrying", "it is not due"

    stack.let_the_wait_end(delivery)
    assert stack.tick() is None
    done = stack.wait_for_run(delivery, "done")
    assert done["attempt"] == 2 <= MAX_ATTEMPTS
    assert "due_key" not in done, "nothing wakes it once more"
    assert stack.effects(session_id) == ONCE
    eventually(lambda: not stack.receives(), "the queue is empty")


def test_the_maintenance_can_do_no_more_than_it_needs(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    stack.wait_for_run(stack.deliver(stripe, stripe.checkout(session_id)), "done")
    stack.tick()
    s3, sqs, dynamodb = (stack.client_of("MaintenanceFunctionName", name) for name in ("s3", "sqs", "dynamodb"))
    table, key = stack.outputs["LedgerTableName"], {names.HASH_KEY: {"S": "x"}, names.RANGE_KEY: {"S": "x"}}

    assert dynamodb.get_item(TableName=table, Key=key)
    for forbidden in (
        lambda: s3.list_objects_v2(Bucket=stack.outputs["DeliveryBucketName"]),
        lambda: sqs.receive_message(QueueUrl=stack.outputs["EventQueueUrl"]),
        lambda: sqs.send_message(QueueUrl=stack.outputs["DeadLetterQueueUrl"], MessageBody="x"),
        lambda: dynamodb.scan(TableName=table),
        lambda: dynamodb.delete_item(TableName=table, Key=key),
        lambda: dynamodb.scan(TableName=stack.outputs["RecordsTableName"]),
    ):
        assert_forbidden(forbidden)
