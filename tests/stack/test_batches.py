"""Requests that carry several events."""

from __future__ import annotations

import json
import uuid

from cryptography.hazmat.primitives.asymmetric import ec

import names
import signing
from conftest import Pace, Register
from stack import Stack
from waiting import eventually


def opened(*ids: str) -> bytes:
    return json.dumps([{"event": "open", "sg_event_id": event_id} for event_id in ids]).encode() + b"\r\n"


def gocardless(secret: str, events: list[dict[str, str]]) -> signing.Signed:
    body = json.dumps({"events": events}).encode()
    header = "Webhook-Signature"
    signature = signing.mac(secret.encode(), body).hex()
    return signing.Signed(headers=((header, signature),), body=body, event_id="", signature_header=header)


def test_three_items_are_three_events_however_they_are_grouped(stack: Stack, pace: Pace) -> None:
    pace.wait()
    key = ec.generate_private_key(ec.SECP256R1())
    endpoint = stack.register(f"sendgrid-{uuid.uuid4().hex[:8]}", "sendgrid", signing.verification_key(key))
    ids = [uuid.uuid4().hex for _ in range(3)]

    first = stack.deliver(endpoint, signing.sendgrid(key, opened(*ids)))
    assert len(first.items) == 3
    for item, event_id in zip(first.items, ids, strict=True):
        stack.wait_for_deliveries(item, 1)
        event = stack.event(item)
        assert (event["event_id"], event["event_type"]) == (event_id, "open")
        assert event[names.IGNORED_BECAUSE] == "no_job"
    assert not stack.event(first), "the request as a whole is no event"

    stack.deliver(endpoint, signing.sendgrid(key, opened(ids[2], ids[0])))
    stack.wait_for_deliveries(first.items[0], 2)
    stack.wait_for_deliveries(first.items[2], 2)
    assert stack.event(first.items[1])[names.DELIVERIES] == 1


def test_more_items_than_one_call_takes_all_become_events(stack: Stack, register: Register) -> None:
    endpoint = register("gocardless")
    request = gocardless(endpoint.secret, [{"id": f"EV{number}"} for number in range(25)])

    delivery = stack.deliver(endpoint, request)
    eventually(lambda: all(stack.event(item) for item in delivery.items), "an event for each item")


def test_a_request_without_items_is_answered_and_ignored(stack: Stack, register: Register) -> None:
    endpoint = register("gocardless")

    delivery = stack.deliver(endpoint, gocardless(endpoint.secret, []))
    stack.wait_for_deliveries(delivery, 1)
    assert stack.event(delivery)[names.IGNORED_BECAUSE] == "no_items"
