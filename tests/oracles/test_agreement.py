"""Hookdock and the providers' own SDKs accept and refuse the same requests."""

from __future__ import annotations

import random

import pytest

from court import BY_HAND, OURS, Case, Court, Tally, account, cases
from providers import PROVIDERS

FEWEST_SDKS = 30


def agree(court: Court, case: Case) -> None:
    """All accept the request, and refuse it with one thing changed and under another secret."""
    mark = str(random.Random(f"{court.seed} {case} mark").randint(10**9, 10**10 - 1))
    sdks = {sdk.name: sdk for sdk in case.provider.sdks}
    request = court.signed(case, mark)
    wrong = []
    for judge, accepted, said in court.opinions(case, request):
        known = sdks.get(judge, case.provider).refuses
        if accepted == (case.kind in known):
            wrong.append(f"{judge} on the request: {said or 'accepted'}")
        court.tally.note(judge, accepted)
    for what, changed in court.changes(case, request, mark):
        for judge, accepted, _ in court.opinions(case, changed):
            known = sdks[judge].overlooks if judge in sdks else {}
            if accepted != (what in known):
                wrong.append(f"{judge} on another {what}: {'accepted' if accepted else 'refused'}")
            court.tally.note(judge, accepted)
    if case.is_first:
        another = account(court.tool, case.provider, f"{court.seed} {case.provider.id} another").secret
        for judge, accepted, _ in court.opinions(case, request, another):
            if accepted:
                wrong.append(f"{judge} under another secret: accepted")
            court.tally.note(judge, accepted)
    assert not wrong, wrong


@pytest.mark.parametrize("case", cases(PROVIDERS, OURS), ids=str)
def test_the_sdks_accept_what_hookdock_signs(court: Court, case: Case) -> None:
    agree(court, case)


@pytest.mark.parametrize("case", cases(PROVIDERS, "sdk"), ids=str)
def test_hookdock_accepts_what_an_sdk_signs(court: Court, case: Case) -> None:
    agree(court, case)


@pytest.mark.parametrize("case", cases(PROVIDERS, BY_HAND), ids=str)
def test_hookdock_and_the_sdks_accept_what_is_signed_by_hand(court: Court, case: Case) -> None:
    agree(court, case)


def test_every_sdk_took_part(tally: Tally) -> None:
    """Comes last, because it looks at what the others did."""
    listed = {sdk.name for provider in PROVIDERS for sdk in provider.sdks}
    assert set(tally.sdks) == listed
    assert len({sdk.package for provider in PROVIDERS for sdk in provider.sdks}) >= FEWEST_SDKS
