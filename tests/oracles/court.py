"""Who signs, who judges, and what they are asked."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hookdock import Account, Dev, Tool
from providers import Provider, Sdk
from request import Request, other, spoilt
from workers import Sdks

OURS = "hookdock"
BY_HAND = "hand"
# What a definition may ask for as the answer to an event that was taken.
TAKEN = (200, 202, 204)
REFUSED = 401


@dataclass
class Tally:
    """How many requests each judge accepted and refused."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def note(self, judge: str, accepted: bool) -> None:
        (self.accepted if accepted else self.refused)[judge] += 1

    @property
    def sdks(self) -> list[str]:
        """Those that accepted requests and refused altered ones."""
        return sorted(judge for judge in self.accepted if ":" in judge and self.refused[judge])

    def __str__(self) -> str:
        asked = self.accepted + self.refused
        return (
            f"{len(self.sdks)} SDKs judged {sum(asked[sdk] for sdk in self.sdks)} requests, "
            f"`hookdock verify` {asked['hookdock verify']}, `hookdock dev` {asked['hookdock dev']}: "
            f"{self.accepted.total()} times accepted, {self.refused.total()} times refused"
        )


@dataclass(frozen=True)
class Case:
    """One provider's request with one kind of body, signed by one who can."""

    provider: Provider
    signer: str
    kind: str

    def __str__(self) -> str:
        return f"{self.provider.id}-{self.signer}-{self.kind}"

    @property
    def judges(self) -> list[Sdk]:
        return [sdk for sdk in self.provider.sdks if self.kind in sdk.takes]

    @property
    def is_first(self) -> bool:
        """One kind of body is enough to try each header."""
        return self.kind == next(iter(self.provider.kinds))


def cases(providers: tuple[Provider, ...], signers: str) -> list[Case]:
    return [
        Case(provider, signer, kind)
        for provider in providers
        for signer, kinds in all_signers(provider)
        if (signer if ":" not in signer else "sdk") == signers
        for kind in kinds
    ]


def all_signers(provider: Provider) -> Iterator[tuple[str, list[str]]]:
    """With the kinds of body that each can be given."""
    if provider.ours:
        yield OURS, list(provider.kinds)
    if provider.hand:
        yield BY_HAND, list(provider.kinds)
    for sdk in provider.sdks:
        if sdk.signs:
            yield sdk.name, [kind for kind in sdk.takes if kind in provider.kinds and kind not in sdk.refuses]


def account(tool: Tool, provider: Provider, seed: str) -> Account:
    if provider.secret is None:
        return tool.with_key_pair(provider.id, seed)
    return Account(provider.id, provider.secret(random.Random(seed)), provider.settings)


@dataclass(frozen=True)
class Court:
    seed: str
    accounts: dict[str, Account]
    tool: Tool
    dev: Dev
    sdks: Sdks
    tally: Tally

    def signed(self, case: Case, mark: str) -> Request:
        provider, account = case.provider, self.accounts[case.provider.id]
        body = provider.kinds[case.kind](random.Random(f"{self.seed} {case}"), mark)
        url, query = self.dev.url(provider.id), provider.query(body, mark)
        draft = Request(f"{url}?{query}" if query else url, tuple(provider.headers.items()), body)
        if case.signer == OURS:
            return self.tool.sign(account, draft)
        if case.signer == BY_HAND:
            return provider.hand(account.secret, draft) if provider.hand else draft
        return self.sdks.sign(case.signer, account, draft)

    def changes(self, case: Case, request: Request, mark: str) -> Iterator[tuple[str, Request]]:
        """The request with one thing changed that is signed."""
        changed = case.provider.change or (lambda request: request.with_body(other_mark(request.body, mark)))
        if changed(request) != request:
            yield "content", changed(request)
        if case.is_first:
            unsigned = {name.lower() for name in case.provider.headers} - {
                name.lower() for name in case.provider.signed
            }
            for name, value in request.headers:
                if name.lower() not in unsigned:
                    for at, spoiled in enumerate(spoilt(value)):
                        yield f"{name} {at}", request.with_headers({name: spoiled})

    def opinions(self, case: Case, request: Request, secret: str | None = None) -> Iterator[tuple[str, bool, str]]:
        """Each judge, whether it accepts the request, and what it says if it does not."""
        account = self.accounts[case.provider.id]
        known = account if secret is None else replace(account, secret=secret)
        yield ("hookdock verify", *self.tool.verify(known, request))
        if secret is None:
            status = self.dev.post(request)
            assert status in (*TAKEN, REFUSED), status
            yield "hookdock dev", status != REFUSED, str(status)
        for sdk in case.judges:
            yield (sdk.name, *self.sdks.verify(sdk.name, known, request))


def other_mark(body: bytes, mark: str) -> bytes:
    changed = mark[:4] + other(mark[4]) + mark[5:]
    return body.replace(mark.encode(), changed.encode()) if mark.encode() in body else body + b"1"
