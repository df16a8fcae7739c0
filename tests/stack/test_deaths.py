"""Workers that die, wherever in a run that could matter. Nothing is lost, and what is done stays done.

The order, the invoice and the mark are stored under names that follow from the session, and the
CRM takes a key: they exist once wherever a worker dies. SES takes none, so there is one moment at
which a death sends the e-mail again: after SES took it, and before that is saved.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

import names
from data import ONCE, Delivery, Endpoint, Item
from proxy import Call, Rule
from stack import Stack
from waiting import eventually

THE_EMAIL = "send-invoice"
LEDGER_WRITE = "dynamodb.*"
CONDITION_FAILED = b"ConditionalCheckFailed"
LIMIT_SECONDS = 5
HIDDEN_SECONDS = 8
"""As long as a lease, which is the time limit and two seconds, and one more. The template has six
times the limit, which nobody needs to wait for here."""
AFTER_A_DEATH_SECONDS = 60
COUNT = 5
"""Fewer than a batch takes, so that they come in one."""

Send = Callable[[], Delivery]
Hold = Callable[[Delivery], AbstractContextManager[Rule]]


@pytest.fixture(autouse=True, scope="module")
def soon(stack: Stack) -> Iterator[None]:
    with stack.processor_limited_to(LIMIT_SECONDS), stack.hiding_messages_for(HIDDEN_SECONDS):
        yield


def runs_written(call: Call) -> list[Item]:
    """The runs that a call to the ledger writes."""
    written = json.loads(call.body)
    puts = [written, *(one["Put"] for one in written.get("TransactItems", []))]
    return [put["Item"] for put in puts if "attempts" in put.get("Item", {})]


def saving(delivery: Delivery, step: str) -> Callable[[Call], bool]:
    """Whether a call writes a run of the event in which the step is saved."""

    def saves(call: Call) -> bool:
        if not call.is_about(delivery.event_key):
            return False
        steps = [item["M"] for run in runs_written(call) for item in run.get("steps", {"L": []})["L"]]
        return any(item["name"]["S"] == step and "saved" in item for item in steps)

    return saves


def settling(delivery: Delivery) -> Callable[[Call], bool]:
    """Whether a call writes that a run of the event has ended."""

    def settles(call: Call) -> bool:
        return call.is_about(delivery.event_key) and any(run["state"]["S"] == "done" for run in runs_written(call))

    return settles


@pytest.fixture
def send(stack: Stack, stripe: Endpoint, session_id: str) -> Send:
    return lambda: stack.deliver(stripe, stripe.checkout(session_id))


@contextlib.contextmanager
def dead_at(stack: Stack, send: Send, hold: Hold, end: Callable[[], None]) -> Iterator[tuple[Delivery, Rule]]:
    """Ends the event's worker while it waits for what `hold` keeps from it."""
    with contextlib.ExitStack() as at_the_end:
        with stack.trigger_off():
            delivery = send()
            held = at_the_end.enter_context(hold(delivery))
        held.wait_until_held()
        end()
        stack.proxy.stop_matching(held)
        yield delivery, held


def attempts_of_steps(run: Item) -> list[int]:
    assert [step["name"] for step in run["steps"]] == names.STEPS
    return [int(step["attempt"]) for step in run["steps"]]


@pytest.mark.parametrize("step", names.STEPS)
def test_a_worker_killed_after_a_step_is_saved_repeats_no_step(
    stack: Stack, send: Send, session_id: str, step: str
) -> None:
    def saved(delivery: Delivery) -> AbstractContextManager[Rule]:
        return stack.proxy.holding_the_answer(LEDGER_WRITE, saving(delivery, step))

    with dead_at(stack, send, saved, stack.kill_processors) as (delivery, _):
        run = stack.wait_for_run(delivery, "done", AFTER_A_DEATH_SECONDS)

    done = names.STEPS.index(step) + 1
    assert attempts_of_steps(run) == [1] * done + [2] * (len(names.STEPS) - done)
    assert stack.effects(session_id) == ONCE
    assert stack.crm.times_told(session_id) == 1


@pytest.mark.parametrize("step", [step for step in names.STEPS if step != THE_EMAIL])
def test_a_worker_killed_before_a_step_is_saved_repeats_that_step_and_its_effect_is_one(
    stack: Stack, send: Send, session_id: str, step: str
) -> None:
    def not_saved(delivery: Delivery) -> AbstractContextManager[Rule]:
        return stack.proxy.holding(LEDGER_WRITE, saving(delivery, step))

    with dead_at(stack, send, not_saved, stack.kill_processors) as (delivery, save):
        run = stack.wait_for_run(delivery, "done", AFTER_A_DEATH_SECONDS)
        order = stack.record(session_id)
        late = stack.proxy.release_late(save)

    done = names.STEPS.index(step)
    assert attempts_of_steps(run) == [1] * done + [2] * (len(names.STEPS) - done)
    assert CONDITION_FAILED in late
    assert (stack.run(delivery), stack.record(session_id)) == (run, order)
    assert stack.effects(session_id) == ONCE
    assert stack.crm.times_told(session_id) == (2 if step == "tell-crm" else 1)


def test_an_email_is_sent_twice_where_a_worker_dies_before_that_is_saved_and_says_so(
    stack: Stack, send: Send, session_id: str
) -> None:
    def not_saved(delivery: Delivery) -> AbstractContextManager[Rule]:
        return stack.proxy.holding(LEDGER_WRITE, saving(delivery, THE_EMAIL))

    with (
        stack.proxy.watching("ses.SendEmail", about=session_id) as mails,
        dead_at(stack, send, not_saved, stack.kill_processors) as (delivery, _),
    ):
        run = stack.wait_for_run(delivery, "done", AFTER_A_DEATH_SECONDS)

    assert attempts_of_steps(run) == [1, 1, 2, 2, 2]
    assert stack.effects(session_id) == replace(ONCE, emails=2)
    first, second = (json.loads(mail.body)["EmailTags"] for mail in mails.seen)
    assert first == second
    assert [tag["Name"] for tag in first] == ["hookdock-effect"]


def test_a_dead_owner_cannot_settle_the_run_it_lost(stack: Stack, send: Send, session_id: str) -> None:
    def not_settled(delivery: Delivery) -> AbstractContextManager[Rule]:
        return stack.proxy.holding(LEDGER_WRITE, settling(delivery))

    with dead_at(stack, send, not_settled, stack.kill_processors) as (delivery, settlement):
        run = stack.wait_for_run(delivery, "done", AFTER_A_DEATH_SECONDS)
        late = stack.proxy.release_late(settlement)

    assert run["attempt"] == 2
    assert CONDITION_FAILED in late
    assert stack.run(delivery) == run
    assert stack.effects(session_id) == ONCE


def test_a_worker_that_hangs_is_ended_by_its_time_limit_and_replaced(stack: Stack, send: Send, session_id: str) -> None:
    def half_way(delivery: Delivery) -> AbstractContextManager[Rule]:
        return stack.proxy.holding(LEDGER_WRITE, saving(delivery, "store-invoice"))

    with dead_at(stack, send, half_way, stack.freeze_processors) as (delivery, _):
        run = stack.wait_for_run(delivery, "done", AFTER_A_DEATH_SECONDS)

    assert run["attempt"] == 2
    assert stack.effects(session_id) == ONCE


def test_a_batch_that_dies_repeats_only_what_was_not_done(stack: Stack, stripe: Endpoint, session_id: str) -> None:
    sessions = [f"{session_id}_{number}" for number in range(COUNT)]
    deliveries: list[Delivery] = []

    def send_all() -> Delivery:
        deliveries.extend(stack.deliver(stripe, stripe.checkout(session)) for session in sessions)
        return deliveries[-1]

    def not_told(delivery: Delivery) -> AbstractContextManager[Rule]:
        return stack.proxy.holding(LEDGER_WRITE, saving(delivery, "tell-crm"))

    def kill_when_the_others_are_done() -> None:
        for delivery in deliveries[:-1]:
            stack.wait_for_run(delivery, "done", within_seconds=3)
        assert stack.receives() == [1] * COUNT, "one batch, none of which is off the queue"
        stack.kill_processors()

    with dead_at(stack, send_all, not_told, kill_when_the_others_are_done):
        stack.wait_for_run(deliveries[-1], "done", AFTER_A_DEATH_SECONDS)
        eventually(lambda: not stack.receives(), "the queue is empty", AFTER_A_DEATH_SECONDS)

    assert [stack.run(delivery)["attempt"] for delivery in deliveries] == [1] * (COUNT - 1) + [2]
    assert [stack.effects(session) for session in sessions] == [ONCE] * COUNT
