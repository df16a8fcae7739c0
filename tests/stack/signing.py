"""Signs requests as the providers do, written without a look at the product's own code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Header = tuple[str, str]


@dataclass(frozen=True)
class Signed:
    """A request as a provider would send it."""

    headers: tuple[Header, ...]
    body: bytes
    event_id: str
    signature_header: str

    def with_signature(self, value: str) -> Signed:
        return replace(self, headers=(*self.without_signature().headers, (self.signature_header, value)))

    def without_signature(self) -> Signed:
        return replace(self, headers=tuple(header for header in self.headers if header[0] != self.signature_header))

    def with_signature_twice(self) -> Signed:
        return replace(self, headers=(*self.headers, (self.signature_header, self.signature)))

    def with_body(self, body: bytes) -> Signed:
        return replace(self, body=body)

    @property
    def signature(self) -> str:
        return next(value for name, value in self.headers if name == self.signature_header)


def checkout_completed(session: str, event_id: str | None = None) -> bytes:
    """The body of a Stripe event that the product has a job for."""
    event = {
        "id": event_id or f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(time.time()),
        "livemode": True,
        "data": {
            "object": {
                "id": session,
                "object": "checkout.session",
                "amount_total": 4200,
                "currency": "eur",
                "customer_details": {"email": "zoe@example.com", "name": "Zoë"},
                "payment_status": "paid",
            }
        },
    }
    return json.dumps(event, ensure_ascii=False).encode()


def stripe(secret: str, body: bytes, at: float | None = None) -> Signed:
    seconds = str(int(time.time() if at is None else at))
    signature = mac(secret.encode(), seconds.encode() + b"." + body).hex()
    return Signed(
        headers=(
            ("Content-Type", "application/json; charset=utf-8"),
            ("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"),
            ("Stripe-Signature", f"t={seconds},v1={signature}"),
        ),
        body=body,
        event_id=str(json.loads(body)["id"]) if body.startswith(b"{") else "",
        signature_header="Stripe-Signature",
    )


def github(secret: str, body: bytes, event: str = "push", content_type: str = "application/json") -> Signed:
    delivery = str(uuid.uuid4())
    return Signed(
        headers=(
            ("Content-Type", content_type),
            ("User-Agent", "GitHub-Hookshot/044aadd"),
            ("X-GitHub-Event", event),
            ("X-GitHub-Delivery", delivery),
            ("X-Hub-Signature-256", "sha256=" + mac(secret.encode(), body).hex()),
        ),
        body=body,
        event_id=delivery,
        signature_header="X-Hub-Signature-256",
    )


def shopify(secret: str, body: bytes, topic: str = "orders/create") -> Signed:
    event_id = str(uuid.uuid4())
    return Signed(
        headers=(
            ("Content-Type", "application/json"),
            ("X-Shopify-Topic", topic),
            ("X-Shopify-Shop-Domain", "example.myshopify.com"),
            ("X-Shopify-API-Version", "2026-10"),
            ("X-Shopify-Webhook-Id", str(uuid.uuid4())),
            ("X-Shopify-Event-Id", event_id),
            ("X-Shopify-Triggered-At", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())),
            ("X-Shopify-Hmac-Sha256", text(mac(secret.encode(), body))),
        ),
        body=body,
        event_id=event_id,
        signature_header="X-Shopify-Hmac-Sha256",
    )


def standard_webhooks(secret: str, body: bytes, at: float | None = None) -> Signed:
    """`secret` is `whsec_` and base64."""
    event_id = f"msg_{uuid.uuid4().hex}"
    seconds = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = mac(key, f"{event_id}.{seconds}.".encode() + body)
    return Signed(
        headers=(
            ("Content-Type", "application/json"),
            ("webhook-id", event_id),
            ("webhook-timestamp", seconds),
            ("webhook-signature", f"v1,{text(signature)}"),
        ),
        body=body,
        event_id=event_id,
        signature_header="webhook-signature",
    )


def sendgrid(key: ec.EllipticCurvePrivateKey, body: bytes) -> Signed:
    """SendGrid signs with a key of its own; what is registered is `verification_key` of it."""
    seconds = str(int(time.time()))
    signature = key.sign(seconds.encode() + body, ec.ECDSA(hashes.SHA256()))
    header = "X-Twilio-Email-Event-Webhook-Signature"
    return Signed(
        headers=(
            ("Content-Type", "application/json;charset=utf-8"),
            ("X-Twilio-Email-Event-Webhook-Timestamp", seconds),
            (header, text(signature)),
        ),
        body=body,
        event_id="",
        signature_header=header,
    )


def verification_key(key: ec.EllipticCurvePrivateKey) -> str:
    public = key.public_key()
    return text(public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()
