"""An endpoint that leaves its deliveries in their messages."""

from __future__ import annotations

import json

import names
import signing
from conftest import MAX_ATTEMPTS, Register
from stack import Stack


def test_an_inline_delivery_is_answered_packed_and_run(stack: Stack, register: Register, session_id: str) -> None:
    endpoint = register("stripe", store="inline")
    request = endpoint.checkout(session_id)

    with stack.trigger_off():
        answer = stack.post(endpoint.name, request)
        assert answer.status == 200
        assert not stack.deliveries(endpoint.name), "it is in its message only"
    delivery = stack.packed(answer.delivery_id)
    stack.wait_for_run(delivery, "done")

    assert delivery.body == request.body
    assert stack.record(session_id, endpoint=endpoint.name)
    assert not stack.deliveries(endpoint.name)
    assert stack.event(delivery)["packed"] == [{"delivery_id": answer.delivery_id, "object": delivery.object_key}]


def test_the_messages_of_a_batch_share_an_object(stack: Stack, register: Register) -> None:
    endpoint = register("stripe", store="inline")
    requests = [signing.stripe(endpoint.secret, signing.checkout_completed(f"cs_{n}")) for n in range(3)]
    ids = [stack.post(endpoint.name, request).delivery_id for request in requests]
    deliveries = [stack.packed(delivery_id) for delivery_id in ids]
    # What comes again while its run is alive is put off, which is an answer of another kind.
    for delivery in deliveries:
        stack.wait_for_run(delivery, "done")
    bodies = [message_of(delivery.content) for delivery in deliveries]

    assert stack.process(*bodies) == []
    assert any(ids[0] in key and ids[-1] in key for key in stack.packs()), stack.packs()


def test_a_dead_inline_delivery_is_moved_back_and_read_from_its_pack(stack: Stack, register: Register) -> None:
    endpoint = register("stripe", store="inline")
    body = json.dumps({"id": "evt_1", "type": "checkout.session.completed", "data": {}}).encode()
    answer = stack.post(endpoint.name, signing.stripe(endpoint.secret, body))
    delivery = stack.packed(answer.delivery_id)

    letter = stack.wait_for_dead_letter(lambda letter: letter.attributes.get("delivery_id") == answer.delivery_id)
    reference = json.loads(letter.body)
    assert (reference["kind"], reference["object"]) == ("reference", delivery.object_key)
    stack.send(letter.body)
    again = stack.wait_for_dead_letter(lambda letter: letter.attributes.get("delivery_id") == answer.delivery_id)
    assert json.loads(again.body)["generation"] == reference["generation"] + 1
    assert again.attributes["reason"] == letter.attributes["reason"] == "bad_data"
    assert int(stack.run(delivery)[names.ATTEMPT]) <= MAX_ATTEMPTS


def message_of(content: object) -> str:
    return json.dumps(
        {"version": 1, "kind": "delivery", "delivery": content}, separators=(",", ":"), ensure_ascii=False
    )
