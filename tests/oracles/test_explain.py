"""`hookdock verify --explain` finds what is wrong with a request that an SDK has signed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from court import Court
from hookdock import Account
from request import Request

BODY = b'{"id": "evt_1", "type": "oracle.test", "amount": 1.50}'
Wrong = Callable[[Request, Account], tuple[Request, Account, int]]


def body(change: Callable[[bytes], bytes]) -> Wrong:
    return lambda request, account: (request.with_body(change(request.body)), account, 0)


def secret(change: Callable[[str], str]) -> Wrong:
    return lambda request, account: (request, replace(account, secret=change(account.secret)), 0)


def later(seconds: int) -> Wrong:
    return lambda request, account: (request, account, seconds)


def headers(change: Callable[[dict[str, str]], dict[str, str]]) -> Wrong:
    return lambda request, account: (
        replace(request, headers=tuple(change(dict(request.headers)).items())),
        account,
        0,
    )


def renamed(old: str, new: str) -> Wrong:
    return headers(lambda named: {new if name.lower() == old.lower() else name: value for name, value in named.items()})


ROWS = [
    (
        "stripe",
        "npm:stripe",
        body(lambda sent: json.dumps(json.loads(sent), separators=(",", ":")).encode()),
        "the secret is not the one that signed, or the body was changed in a way that cannot be undone",
    ),
    ("slack", "pypi:slack-sdk", body(lambda sent: sent + b"\n"), "once the newline at the end of the body is removed"),
    (
        "github",
        "npm:@octokit/webhooks-methods",
        body(lambda sent: sent.replace(b"1.50", b"1.51")),
        "it may have been parsed and written again",
    ),
    (
        "standard-webhooks",
        "npm:standardwebhooks",
        secret(lambda known: known + "A"),
        "the secret cannot be read in the provider's format, so nothing was compared",
    ),
    ("svix", "pypi:svix", later(3600), "3600 s ago; 300 s are allowed"),
    ("retell", "npm:retell-sdk", later(-3600), "in the future; 300 s are allowed"),
    (
        "notion",
        "npm:@notionhq/client",
        renamed("X-Notion-Signature", "X-Hub-Signature-256"),
        "the signature is valid for another provider with this secret: try --provider flexport or github or meta or whatsapp",
    ),
    (
        "hubspot",
        "npm:@hubspot/api-client",
        lambda request, account: (replace(request, url=request.url.replace("http:", "https:")), account, 0),
        "once the URL begins with http:",
    ),
    (
        "stripe",
        "npm:stripe",
        headers(lambda named: {"Stripe-Signature": named["Stripe-Signature"].replace("v1=", "v9=")}),
        "with the fields t, v9, and has to be with the fields t, v1",
    ),
    ("stripe", "npm:stripe", headers(lambda _: {}), "Stripe-Signature (the signature): missing"),
    (
        "twilio",
        "npm:twilio",
        lambda request, account: (replace(request, url=request.url.replace("127.0.0.1", "localhost")), account, 0),
        "or what it signs was changed on its way",
    ),
    (
        "coinbase-commerce",
        "npm:coinbase-commerce-node",
        secret(lambda known: known + " x"),
        "the secret of another endpoint or environment",
    ),
    (
        "kontent",
        "npm:@kontent-ai/webhook-helper",
        body(lambda sent: b"\xef\xbb\xbf" + sent),
        "once the byte-order mark at the beginning of the body is removed",
    ),
]


@pytest.mark.parametrize(("provider", "signer", "wrong", "said"), ROWS)
def test_what_is_wrong_is_said(court: Court, provider: str, signer: str, wrong: Wrong, said: str) -> None:
    account = court.accounts[provider]
    sent = (("webhook-id", "msg_1"), ("svix-id", "msg_1"))
    signed = court.sdks.sign(signer, account, Request(court.dev.url(provider), sent, BODY))
    request, known, seconds = wrong(signed, account)
    findings = court.tool.explain(known, request, int(time.time()) + seconds)
    assert said in findings


def test_a_secret_that_cannot_be_read_says_nothing_of_the_body(court: Court) -> None:
    account = court.accounts["standard-webhooks"]
    draft = Request(court.dev.url("standard-webhooks"), (("webhook-id", "msg_1"),), BODY)
    signed = court.sdks.sign("npm:standardwebhooks", account, draft)

    said = court.tool.explain(replace(account, secret="whsec_!"), signed, int(time.time()))

    assert "is not base64" in said
    assert "the body" not in said
