"""What a sender gets while something behind the endpoint does not work."""

from __future__ import annotations

import time

import pytest

import signing
from conftest import Register
from data import Delivery, Endpoint, Response
from proxy import Answer, json_fault, s3_fault
from stack import Stack
from waiting import eventually

STRICTEST_PROVIDER_SECONDS = 5
"""Shopify hangs up then."""


def assert_told_to_come_back(answer: Response, took_seconds: float) -> None:
    assert answer.status == 503, answer
    assert int(answer.headers["retry-after"]) > 0
    assert list(answer.json()) == ["error"]
    assert took_seconds < STRICTEST_PROVIDER_SECONDS


def accepted_on_a_later_try(stack: Stack, endpoint: Endpoint, request: signing.Signed) -> Delivery:
    """A fault of the secrets store is remembered for a moment, so as not to press it further."""

    def accepted() -> Response | None:
        answer = stack.post(endpoint.name, request)
        return answer if answer.status == 200 else None

    answer = eventually(accepted, "the delivery is accepted", within_seconds=10)
    return stack.delivery(endpoint.name, answer.delivery_id)


FAULTS = {
    "s3_down": ("s3.PUT", s3_fault(500, "InternalError")),
    "s3_throttles": ("s3.PUT", s3_fault(503, "SlowDown")),
    "s3_forbids": ("s3.PUT", s3_fault(403, "AccessDenied")),
    "sqs_down": ("sqs.SendMessage", json_fault(500, "InternalError")),
    "sqs_throttles": ("sqs.SendMessage", json_fault(400, "ThrottlingException")),
    "sqs_gone": ("sqs.SendMessage", json_fault(400, "QueueDoesNotExist")),
    "secrets_down": ("secretsmanager.GetSecretValue", json_fault(500, "InternalServiceError")),
    "secrets_throttle": ("secretsmanager.GetSecretValue", json_fault(400, "ThrottlingException")),
    "secrets_forbid": ("secretsmanager.GetSecretValue", json_fault(400, "AccessDeniedException")),
}


@pytest.mark.parametrize(("operation", "refusal"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_ours_is_503_and_the_next_try_is_taken(
    stack: Stack, register: Register, session_id: str, operation: str, refusal: Answer
) -> None:
    endpoint = register("stripe")
    request = endpoint.checkout(session_id)
    with stack.proxy.refusing(operation, refusal, about=endpoint.name):
        started = time.monotonic()
        answer = stack.post(endpoint.name, request)
        assert_told_to_come_back(answer, time.monotonic() - started)

    delivery = accepted_on_a_later_try(stack, endpoint, request)
    assert stack.wait_for_run(delivery, "done")["attempt"] == 1


@pytest.mark.parametrize("operation", ["s3.PUT", "sqs.SendMessage", "secretsmanager.GetSecretValue"])
def test_a_call_that_hangs_is_503_while_the_provider_still_listens(
    stack: Stack, register: Register, session_id: str, operation: str
) -> None:
    endpoint = register("stripe")
    with stack.proxy.holding(operation, about=endpoint.name):
        started = time.monotonic()
        answer = stack.post(endpoint.name, endpoint.checkout(session_id))
        assert_told_to_come_back(answer, time.monotonic() - started)


@pytest.mark.parametrize("operation", ["s3.PUT", "sqs.SendMessage"])
def test_one_slow_call_leaves_room_for_another_try(
    stack: Stack, register: Register, session_id: str, operation: str
) -> None:
    endpoint = register("stripe")
    assert stack.post(endpoint.name, endpoint.checkout(f"{session_id}_first")).status == 200
    with stack.proxy.holding(operation, about=endpoint.name, times=1):
        answer = stack.post(endpoint.name, endpoint.checkout(session_id))

    assert answer.status == 200


@pytest.mark.parametrize("operation", ["s3.PUT", "sqs.SendMessage"])
def test_an_answer_that_is_lost_on_the_way_back_makes_no_second_run(
    stack: Stack, register: Register, session_id: str, operation: str
) -> None:
    endpoint = register("stripe")
    with stack.proxy.losing_the_answer(operation, about=endpoint.name):
        request = endpoint.checkout(session_id)
        stack.post(endpoint.name, request)

    delivery = accepted_on_a_later_try(stack, endpoint, request)
    assert stack.wait_for_run(delivery, "done")["attempt"] == 1


def test_what_the_jobs_need_may_all_be_down_and_the_sender_is_answered_the_same(
    stack: Stack, stripe: Endpoint, session_id: str
) -> None:
    down = json_fault(500, "InternalServerError")
    with stack.proxy.refusing("dynamodb.*", down), stack.proxy.refusing("s3.GET", s3_fault(503, "SlowDown")):
        request = stripe.checkout(session_id)
        answer = stack.post(stripe.name, request)
        assert answer.status == 200

    delivery = stack.delivery(stripe.name, answer.delivery_id)
    assert stack.wait_for_run(delivery, "done")
