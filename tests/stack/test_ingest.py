"""What a sender sees, and what is stored by the time it does."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import pytest

import signing
from conftest import Register
from data import Endpoint, Response
from stack import Stack
from waiting import eventually

BEYOND_TOLERANCE_SECONDS = 3600
DEFAULT_LIMIT_BYTES = 4 * 1024 * 1024


def assert_refused(answer: Response, status: int) -> None:
    """Every refusal is a short fixed text that tells nothing about this request."""
    assert answer.status == status, answer
    assert list(answer.json()) == ["error"]


def test_an_accepted_delivery_is_stored_queued_and_processed(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    request = stripe.checkout(session_id)
    answer = stack.post("stripe", request)

    assert (answer.status, answer.body) == (200, b"")
    delivery = stack.delivery("stripe", answer.delivery_id)
    assert delivery.body == request.body
    assert delivery.content["sha256"] == hashlib.sha256(request.body).hexdigest()
    assert delivery.content["event"]["id"] == request.event_id
    assert delivery.content["event"]["type"] == "checkout.session.completed"
    assert delivery.content["verification"]["secret_id"] == "s1"
    assert delivery.content["method"] == "POST"
    assert ["content-type", "application/json; charset=utf-8"] in delivery.content["headers"]

    run = stack.wait_for_run(delivery, "done")
    assert run["attempt"] == 1
    assert stack.event(delivery)["deliveries"] == 1
    assert stack.record(session_id)


def test_the_longer_answer_names_the_delivery(stack: Stack, register: Register, session_id: str) -> None:
    endpoint = register("stripe", success="accepted")
    answer = stack.post(endpoint.name, endpoint.checkout(session_id))

    assert answer.status == 202
    assert answer.json() == {"accepted": True, "requestId": answer.delivery_id}
    assert stack.delivery(endpoint.name, answer.delivery_id)


@pytest.mark.parametrize(
    ("provider", "sign"), [("shopify", signing.shopify), ("standard-webhooks", signing.standard_webhooks)]
)
def test_every_kind_of_signature_is_accepted(
    stack: Stack, register: Register, provider: str, sign: Callable[[str, bytes], signing.Signed]
) -> None:
    endpoint = register(provider)
    request = sign(endpoint.secret, b'{"type":"thing.happened","id":7}')
    answer = stack.post(endpoint.name, request)

    assert answer.status == 200
    assert stack.delivery(endpoint.name, answer.delivery_id).content["event"]["id"] == request.event_id


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (bytes(range(256)), "application/octet-stream"),
        (b"payload=%7B%7D&a=1&a=2", "application/x-www-form-urlencoded"),
        (b"<order><id>1</id></order>\r\n", "application/xml"),
        (b"not json", "application/json"),
        (b"", "application/json"),
    ],
    ids=["binary", "form", "xml", "no_json", "empty"],
)
def test_any_body_is_kept_byte_for_byte(stack: Stack, register: Register, body: bytes, content_type: str) -> None:
    endpoint = register("github")
    answer = stack.post(endpoint.name, signing.github(endpoint.secret, body, content_type=content_type))

    assert answer.status == 200
    delivery = stack.delivery(endpoint.name, answer.delivery_id)
    assert delivery.body == body
    assert delivery.content["sha256"] == hashlib.sha256(body).hexdigest()


def test_an_event_without_a_job_is_recorded_as_ignored(stack: Stack, register: Register) -> None:
    endpoint = register("github")
    answer = stack.post(endpoint.name, signing.github(endpoint.secret, b'{"ref":"refs/heads/main"}'))
    delivery = stack.delivery(endpoint.name, answer.delivery_id)

    event = eventually(lambda: stack.event(delivery), "the event in the ledger")
    assert event["ignored"] == "no_job"


def test_forged_deliveries_get_one_answer_and_leave_nothing(stack: Stack, register: Register) -> None:
    endpoint = register("stripe")
    genuine = endpoint.checkout("cs_forged")
    stale = signing.stripe(endpoint.secret, genuine.body, at=time.time() - BEYOND_TOLERANCE_SECONDS)
    early = signing.stripe(endpoint.secret, genuine.body, at=time.time() + BEYOND_TOLERANCE_SECONDS)
    forged = [
        genuine.without_signature(),
        genuine.with_signature(""),
        genuine.with_signature("t=now,v1=zz"),
        genuine.with_signature_twice(),
        genuine.with_body(genuine.body.replace(b"4200", b"4201")),
        signing.stripe("whsec_somebody_elses", genuine.body),
        stale,
        early,
    ]
    answers = [stack.post(endpoint.name, request) for request in forged]

    for answer in answers:
        assert_refused(answer, 401)
    assert len({answer.body for answer in answers}) == 1
    assert stack.deliveries(endpoint.name) == []


def test_nobody_can_tell_which_tenants_exist(stack: Stack, register: Register) -> None:
    tenants = {"acme": {"secrets": [{"id": "a1", "value": "whsec_acme"}]}}
    endpoint = register("shopify", tenants=tenants)
    request = signing.shopify("whsec_acme", b"{}")
    answers = [
        stack.post("nobody", request),
        stack.post("nobody", request, tenant="acme"),
        stack.post("NOT-A-NAME", request),
    ]
    at_tenants = [
        stack.post(endpoint.name, request, tenant="nobody"),
        stack.post(endpoint.name, request),
        stack.post(endpoint.name, signing.shopify("whsec_guessed", b"{}"), tenant="acme"),
    ]

    for answer in answers:
        assert_refused(answer, 404)
    for answer in at_tenants:
        assert_refused(answer, 401)
    assert len({answer.body for answer in answers}) == len({answer.body for answer in at_tenants}) == 1
    assert stack.deliveries(endpoint.name) == []


def test_a_tenant_is_verified_with_its_own_secret(stack: Stack, register: Register) -> None:
    tenants = {name: {"secrets": [{"id": "t1", "value": f"whsec_{name}"}]} for name in ("acme", "globex")}
    endpoint = register("shopify", tenants=tenants)
    request = signing.shopify("whsec_acme", b'{"id":1}')
    answer = stack.post(endpoint.name, request, tenant="acme")

    assert answer.status == 200
    assert stack.delivery(endpoint.name, answer.delivery_id).content["tenant"] == "acme"
    assert_refused(stack.post(endpoint.name, request, tenant="globex"), 401)
    assert_refused(stack.post(endpoint.name, request), 401)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_is_told_what_is_allowed(stack: Stack, stripe: Endpoint, method: str) -> None:
    answer = stack.request(method, f"/webhooks/{stripe.name}", (), None)

    assert_refused(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_a_body_may_reach_its_limit_and_no_further(stack: Stack, register: Register) -> None:
    endpoint = register("github", max_body_bytes=1000)
    largest, larger = (signing.github(endpoint.secret, b"x" * size) for size in (1000, 1001))

    assert stack.post(endpoint.name, largest).status == 200
    assert_refused(stack.post(endpoint.name, larger), 413)
    assert len(stack.deliveries(endpoint.name)) == 1


def test_four_mebibytes_are_taken_where_nothing_is_said(stack: Stack, register: Register) -> None:
    endpoint = register("github")
    largest, larger = (
        signing.github(endpoint.secret, b"x" * size) for size in (DEFAULT_LIMIT_BYTES, DEFAULT_LIMIT_BYTES + 1)
    )

    assert stack.post(endpoint.name, largest).status == 200
    assert_refused(stack.post(endpoint.name, larger), 413)


def test_a_rotated_secret_works_without_a_deployment(stack: Stack, register: Register) -> None:
    endpoint = register("github")
    assert stack.post(endpoint.name, signing.github(endpoint.secret, b"{}")).status == 200
    stack.rotate(endpoint.name, "github", ["whsec_the_new_one", endpoint.secret])

    def new_secret_works() -> bool:
        return stack.post(endpoint.name, signing.github("whsec_the_new_one", b"{}")).status == 200

    eventually(new_secret_works, "the new secret is accepted")
    assert stack.post(endpoint.name, signing.github(endpoint.secret, b"{}")).status == 200
