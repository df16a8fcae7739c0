"""Who is compared with whom, over which bodies, and where an SDK is known to differ."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import bodies
import hand
import secret
from bodies import BYTES, FORM, JSON, TEXT, Kinds
from request import Request, other, with_field

Change = Callable[[Request], Request]

NEEDS_A_BODY = {"empty": "refuses to judge a request without a body"}
WRITES_JSON_AGAIN = dict.fromkeys(("spaced", "newline"), "parses the body and signs what it writes of it")


@dataclass(frozen=True)
class Sdk:
    """An entry of npm/sdks.mjs or pypi/sdks.py, such as `npm:stripe`."""

    name: str
    takes: Kinds
    """The bodies that can be given to it: bytes, text, or JSON where it reads on after the signature."""
    signs: bool = False
    refuses: Mapping[str, str] = field(default_factory=dict)
    """Kinds of body that it refuses although they are signed as the provider does, and why."""
    overlooks: Mapping[str, str] = field(default_factory=dict)
    """Changes that it accepts although they are in what is signed, and why."""

    @property
    def package(self) -> str:
        """`npm:stripe` for `npm:stripe/variant`."""
        parts = self.name.split("/")
        return "/".join(parts[: 2 if "@" in parts[0] else 1])


@dataclass(frozen=True)
class Provider:
    id: str
    secret: secret.Maker | None
    """None where `hookdock sign` makes a key pair."""
    sdks: tuple[Sdk, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the provider sends beside the signature."""
    signed: tuple[str, ...] = ()
    """Which of these headers are signed."""
    settings: Mapping[str, str] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=lambda: BYTES)
    query: Callable[[bytes, str], str] = lambda _body, _mark: ""
    ours: bool = True
    """Whether `hookdock sign` signs for it."""
    hand: hand.Signer | None = None
    refuses: Mapping[str, str] = field(default_factory=dict)
    """Kinds of body that Hookdock refuses although they are signed as the provider does, and why."""
    change: Change | None = None
    """Changes something else than the body, where that is not what is signed."""


def both(name: str, takes: Kinds, **more: object) -> tuple[Sdk, Sdk]:
    """The SDKs of both registries, where they are called the same."""
    return (Sdk(f"npm:{name}", takes, **more), Sdk(f"pypi:{name}", takes, **more))  # type: ignore[arg-type]


def without(kinds: Kinds, *names: str) -> Kinds:
    return {name: maker for name, maker in kinds.items() if name not in names}


def with_time(kinds: Kinds, name: str) -> Kinds:
    return {kind: bodies.with_time(maker, name) for kind, maker in kinds.items()}


def other_query(request: Request) -> Request:
    """Another digit in the mark."""
    return request.with_query(re.sub(r"(?<=\d{9})\d", lambda digit: other(digit[0]), request.query, count=1))


def other_payload(request: Request) -> Request:
    payload = parse_qs(request.body.decode())["bt_payload"][0]
    at = len(payload) // 3
    changed = payload[:at] + ("A" if payload[at] != "A" else "B") + payload[at + 1 :]
    return request.with_body(with_field(request.body, "bt_payload", changed))


def digest_in_query(body: bytes, _mark: str) -> str:
    return f"Foo=1&bodySHA256={hashlib.sha256(body).hexdigest()}"


def data_id_in_query(_body: bytes, mark: str) -> str:
    return f"data.id={mark}&type=payment"


WEIGHS_AGAIN = {"weighed": "writes whole weights with a fraction before it signs"}
TOKEN_ALONE = {"content": "looks at the token; its digest of the body is left to the caller"}
WEBHOOK_ID = {"headers": {"webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"}, "signed": ("webhook-id",)}
SVIX_ID = {"headers": {"svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek"}, "signed": ("svix-id",)}
LINEAR = with_time(JSON, "webhookTimestamp")
PUSHER = with_time(JSON, "time_ms")
SHOPIFY_HEADERS = {
    "X-Shopify-Topic": "orders/create",
    "X-Shopify-Shop-Domain": "example.myshopify.com",
    "X-Shopify-API-Version": "2026-10",
    "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
}

PROVIDERS = (
    Provider(
        "adyen",
        secret.hexadecimal,
        (
            Sdk("npm:@adyen/api-library", {"item": bodies.adyen}, signs=True),
            Sdk("pypi:Adyen", {"item": bodies.adyen}, signs=True),
        ),
        kinds={"item": bodies.adyen},
        ours=False,
    ),
    Provider(
        "adyen-platform",
        secret.hexadecimal,
        (Sdk("npm:@adyen/api-library/platform", TEXT, signs=True), Sdk("pypi:Adyen/platform", BYTES, signs=True)),
    ),
    Provider(
        "anthropic", secret.whsec, (Sdk("npm:@anthropic-ai/sdk", JSON), Sdk("pypi:anthropic", JSON)), **WEBHOOK_ID
    ),
    Provider(
        "box",
        secret.word,
        (Sdk("pypi:boxsdk", TEXT),),
        headers={"BOX-SIGNATURE-VERSION": "1", "BOX-SIGNATURE-ALGORITHM": "HmacSHA256"},
    ),
    Provider(
        "braintree",
        secret.hexadecimal,
        both("braintree", {"name": bodies.name}, signs=True),
        settings={"public_key": "integration_public_key"},
        kinds={"name": bodies.name},
        ours=False,
        change=other_payload,
    ),
    Provider("chargebee", secret.user_and_password, (Sdk("npm:chargebee", BYTES),), change=lambda request: request),
    Provider("clerk", secret.whsec, (Sdk("npm:@clerk/backend", JSON),), **SVIX_ID),
    Provider(
        "coinbase-commerce",
        secret.word,
        (Sdk("npm:coinbase-commerce-node", TEXT, signs=True), Sdk("pypi:coinbase-commerce", TEXT)),
    ),
    Provider(
        "contentful",
        secret.hexadecimal,
        (Sdk("npm:@contentful/node-apps-toolkit", TEXT, signs=True),),
        headers={"X-Contentful-Topic": "ContentManagement.Entry.publish"},
        signed=("X-Contentful-Topic",),
        kinds=TEXT,
        ours=False,
    ),
    Provider("crisp", secret.word, (Sdk("npm:crisp-api", JSON, refuses=WRITES_JSON_AGAIN),)),
    Provider("cronofy", secret.word, (Sdk("npm:cronofy", TEXT, refuses=NEEDS_A_BODY), Sdk("pypi:pycronofy", TEXT))),
    Provider("discord", None, (Sdk("npm:discord-interactions", BYTES), Sdk("pypi:discord-interactions", BYTES))),
    Provider(
        "dropbox-sign",
        secret.word,
        (Sdk("pypi:dropbox-sign", {"event": bodies.dropbox_sign}),),
        kinds={"event": bodies.dropbox_sign},
        ours=False,
        hand=hand.dropbox_sign,
    ),
    Provider(
        "easypost",
        secret.letters_with_accents,
        (
            Sdk("npm:@easypost/api", {**JSON, "weighed": bodies.weighed}, refuses=WEIGHS_AGAIN),
            Sdk("pypi:easypost", {**JSON, "weighed": bodies.weighed}),
        ),
        kinds={**BYTES, "weighed": bodies.weighed},
    ),
    Provider("elevenlabs", secret.word, (Sdk("pypi:elevenlabs", JSON),)),
    Provider(
        "finch",
        secret.base64_of_bytes,
        (Sdk("npm:@tryfinch/finch-api", TEXT), Sdk("pypi:finch-api", TEXT)),
        headers={"Finch-Event-Id": "4ab15e51-5fd4-4b5b-8a0f-1f5b5f3c1a0e"},
        signed=("Finch-Event-Id",),
    ),
    Provider("github", secret.word, (Sdk("npm:@octokit/webhooks-methods", TEXT, signs=True, refuses=NEEDS_A_BODY),)),
    Provider("gocardless", secret.word, (Sdk("npm:gocardless-nodejs", BYTES), Sdk("pypi:gocardless-pro", JSON))),
    Provider(
        "hubspot",
        secret.word,
        (Sdk("npm:@hubspot/api-client", TEXT, signs=True), Sdk("pypi:hubspot-api-client", TEXT, signs=True)),
    ),
    Provider("increase", secret.word, (Sdk("pypi:increase", JSON),), **WEBHOOK_ID),
    Provider(
        "jira-connect",
        secret.word,
        (Sdk("npm:atlassian-jwt", BYTES, signs=True),),
        settings={"client_key": "11223344-5566-7788-99aa-bbccddeeff00"},
        query=lambda _body, mark: f"user_key=zo%C3%AB%20k&lic=none&b=2&a=1&a=0&mark={mark}",
        ours=False,
        change=other_query,
    ),
    Provider("kontent", secret.base64_of_bytes, (Sdk("npm:@kontent-ai/webhook-helper", TEXT, signs=True),)),
    Provider("line", secret.hexadecimal, (Sdk("npm:@line/bot-sdk", BYTES), Sdk("pypi:line-bot-sdk", TEXT))),
    Provider("linear", secret.word, (Sdk("npm:@linear/sdk", LINEAR),), kinds=LINEAR),
    Provider("lithic", secret.whsec, both("lithic", JSON), **WEBHOOK_ID),
    Provider(
        "livekit",
        secret.word,
        (Sdk("npm:livekit-server-sdk", JSON, signs=True), Sdk("pypi:livekit-api", JSON, signs=True)),
        settings={"api_key": "APIw7hook"},
        kinds=JSON,
        ours=False,
    ),
    Provider(
        "lovable", secret.word, (Sdk("npm:@lovable.dev/webhooks-js", JSON, refuses={"large": "takes 1 MiB at most"}),)
    ),
    Provider(
        "mailgun",
        secret.hexadecimal,
        (Sdk("pypi:mailgun", {"event": bodies.mailgun}),),
        kinds={"event": bodies.mailgun},
        ours=False,
        hand=hand.mailgun,
    ),
    Provider(
        "mercado-pago",
        secret.hexadecimal,
        (Sdk("npm:mercadopago", BYTES),),
        headers={"x-request-id": "bb56a2f1-6aae-46ac-982e-9dcd3581d08e"},
        signed=("x-request-id",),
        query=data_id_in_query,
        ours=False,
        hand=hand.mercado_pago,
        change=other_query,
    ),
    Provider("messagebird", secret.word, (Sdk("npm:messagebird", BYTES),), ours=False, hand=hand.messagebird),
    Provider("modern-treasury", secret.word, both("modern-treasury", TEXT, signs=True)),
    Provider("mux", secret.word, (Sdk("npm:@mux/mux-node", TEXT),)),
    Provider("notion", secret.word, (Sdk("npm:@notionhq/client", BYTES, signs=True),)),
    Provider("onfido", secret.word, (Sdk("npm:@onfido/api", JSON),)),
    Provider("openai", secret.whsec, both("openai", TEXT), **WEBHOOK_ID),
    Provider("orb", secret.word, both("orb-billing", TEXT)),
    Provider("paddle", secret.word, (Sdk("npm:@paddle/paddle-node-sdk", TEXT), Sdk("pypi:paddle-python-sdk", TEXT))),
    Provider(
        "plivo",
        secret.word,
        (Sdk("npm:plivo", FORM), Sdk("pypi:plivo", FORM, signs=True)),
        headers={"X-Plivo-Signature-V3-Nonce": "41144841231"},
        signed=("X-Plivo-Signature-V3-Nonce",),
        kinds=FORM,
        ours=False,
    ),
    Provider("polar", secret.word, (Sdk("npm:@polar-sh/sdk", JSON), Sdk("pypi:polar-sdk", JSON)), **WEBHOOK_ID),
    Provider(
        "pusher",
        secret.word,
        both("pusher", PUSHER),
        kinds={**BYTES, **PUSHER},
        headers={"X-Pusher-Key": "key", "Content-Type": "application/json"},
    ),
    Provider("qstash", secret.word, (Sdk("npm:@upstash/qstash", TEXT),), kinds=TEXT, ours=False, hand=hand.qstash),
    Provider("razorpay", secret.word, both("razorpay", TEXT)),
    Provider("replicate", secret.whsec, both("replicate", TEXT, refuses=NEEDS_A_BODY), **WEBHOOK_ID),
    Provider("resend", secret.whsec, both("resend", JSON), **SVIX_ID),
    Provider("retell", secret.word, both("retell-sdk", TEXT, signs=True)),
    Provider("sanity", secret.word, (Sdk("npm:@sanity/webhook", TEXT, signs=True, refuses=NEEDS_A_BODY),)),
    Provider("sendgrid", None, (Sdk("npm:@sendgrid/eventwebhook", TEXT), Sdk("pypi:sendgrid", TEXT))),
    Provider("telnyx", None, both("telnyx", JSON)),
    Provider("seam", secret.whsec, (Sdk("npm:@seamapi/webhook", JSON),), **SVIX_ID),
    Provider(
        "shopify",
        secret.hexadecimal,
        (Sdk("npm:@shopify/shopify-api", TEXT, refuses=NEEDS_A_BODY),),
        headers=SHOPIFY_HEADERS,
    ),
    Provider("slack", secret.hexadecimal, (Sdk("npm:@slack/bolt", TEXT), Sdk("pypi:slack-sdk", TEXT, signs=True))),
    Provider(
        "smartcar",
        secret.word,
        (Sdk("npm:smartcar", JSON, signs=True, refuses=WRITES_JSON_AGAIN),),
        refuses={"empty": "could be a challenge, and the same key signs the answers to those"},
    ),
    Provider("square", secret.word, (Sdk("npm:square", TEXT), Sdk("pypi:squareup", TEXT, refuses=NEEDS_A_BODY))),
    Provider("standard-webhooks", secret.whsec, both("standardwebhooks", JSON, signs=True), **WEBHOOK_ID),
    Provider(
        "stripe", secret.whsec, (Sdk("npm:stripe", TEXT, signs=True, refuses=NEEDS_A_BODY), Sdk("pypi:stripe", TEXT))
    ),
    Provider("svix", secret.whsec, both("svix", JSON, signs=True), **SVIX_ID),
    Provider("twilio", secret.hexadecimal, both("twilio", FORM, signs=True), kinds=FORM, ours=False),
    Provider(
        "twilio",
        secret.hexadecimal,
        (Sdk("npm:twilio/json", TEXT), Sdk("pypi:twilio", TEXT, signs=True)),
        kinds=TEXT,
        query=digest_in_query,
        ours=False,
    ),
    Provider("viber", secret.word, (Sdk("npm:viber-bot", BYTES), Sdk("pypi:viberbot", BYTES))),
    Provider(
        "vonage", secret.word, (Sdk("npm:@vonage/jwt", BYTES, overlooks=TOKEN_ALONE),), ours=False, hand=hand.vonage
    ),
    Provider("webflow", secret.word, (Sdk("npm:webflow-api", TEXT),)),
    Provider(
        "workos",
        secret.word,
        (Sdk("npm:@workos-inc/node", JSON, signs=True, refuses=WRITES_JSON_AGAIN), Sdk("pypi:workos", TEXT)),
    ),
)
