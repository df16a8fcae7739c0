"""How each SDK is asked, by the name of its package.

`verify` answers false or raises for a request that it refuses; `sign` answers with the headers
that the provider would send, and with a body where that is changed. Each SDK is imported when it
is first asked, because together they take many seconds.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode


class Adyen:
    @staticmethod
    def verify(r: Any) -> Any:
        from Adyen.util import is_valid_hmac_notification

        return is_valid_hmac_notification(r.json, r.secret)

    @staticmethod
    def sign(r: Any) -> Any:
        from Adyen.util import generate_notification_sig

        body = r.json
        for item in (item["NotificationRequestItem"] for item in body["notificationItems"]):
            item["additionalData"] = {"hmacSignature": generate_notification_sig(item, r.secret).decode()}
        return {"headers": {}, "body": json.dumps(body)}


class AdyenPlatform:
    @staticmethod
    def verify(r: Any) -> Any:
        from Adyen.util import is_valid_hmac_payload

        return is_valid_hmac_payload(r.headers["hmacsignature"], r.secret, r.bytes)

    @staticmethod
    def sign(r: Any) -> Any:
        from Adyen.util import generate_payload_sig

        return {"headers": {"HmacSignature": generate_payload_sig(r.bytes, r.secret).decode()}}


class Anthropic:
    @staticmethod
    def verify(r: Any) -> Any:
        from anthropic import Anthropic

        return Anthropic(api_key="key").beta.webhooks.unwrap(r.text, headers=r.headers, key=r.secret)


class Box:
    @staticmethod
    def verify(r: Any) -> Any:
        from box_sdk_gen import WebhooksManager

        return WebhooksManager.validate_message(r.text, r.headers, r.secret)


class Braintree:
    @staticmethod
    def gateway(r: Any) -> Any:
        import braintree

        settings = {"merchant_id": "merchant", "public_key": r.settings["public_key"], "private_key": r.secret}
        return braintree.BraintreeGateway(
            braintree.Configuration(environment=braintree.Environment.Sandbox, **settings)
        )

    @classmethod
    def verify(cls, r: Any) -> Any:
        return cls.gateway(r).webhook_notification.parse(r.form["bt_signature"], r.form["bt_payload"])

    @classmethod
    def sign(cls, r: Any) -> Any:
        return {"headers": {}, "body": urlencode(cls.gateway(r).webhook_testing.sample_notification("check", r.text))}


class CoinbaseCommerce:
    @staticmethod
    def verify(r: Any) -> Any:
        from coinbase_commerce.webhook import WebhookSignature

        return WebhookSignature.verify_sig_header(r.text, r.headers["x-cc-webhook-signature"], r.secret)


class Cronofy:
    @staticmethod
    def verify(r: Any) -> Any:
        import pycronofy

        client = pycronofy.Client(client_id="id", client_secret=r.secret)
        return client.hmac_valid(r.headers["cronofy-hmac-sha256"], r.text)


class Discord:
    @staticmethod
    def verify(r: Any) -> Any:
        from discord_interactions import verify_key

        signature, timestamp = r.headers["x-signature-ed25519"], r.headers["x-signature-timestamp"]
        return verify_key(r.bytes, signature, timestamp, r.secret)


class DropboxSign:
    @staticmethod
    def verify(r: Any) -> Any:
        from dropbox_sign import EventCallbackHelper, EventCallbackRequest

        return EventCallbackHelper.is_valid(r.secret, EventCallbackRequest.init(r.json))


class EasyPost:
    @staticmethod
    def verify(r: Any) -> Any:
        from easypost.util import validate_webhook

        return validate_webhook(r.bytes, r.named, r.secret)


class ElevenLabs:
    @staticmethod
    def verify(r: Any) -> Any:
        from elevenlabs import ElevenLabs

        client = ElevenLabs(api_key="key")
        return client.webhooks.construct_event(r.text, r.headers["elevenlabs-signature"], r.secret)


class Finch:
    @staticmethod
    def verify(r: Any) -> Any:
        from finch import Finch

        return Finch().webhooks.verify_signature(r.bytes, r.headers, secret=r.secret)


class GoCardless:
    @staticmethod
    def verify(r: Any) -> Any:
        from gocardless_pro import webhooks

        return webhooks.parse(r.bytes, r.secret, r.headers["webhook-signature"])


class HubSpot:
    @staticmethod
    def verify(r: Any) -> Any:
        from hubspot.utils.signature import Signature

        return Signature.is_valid(
            signature=r.headers["x-hubspot-signature-v3"],
            client_secret=r.secret,
            request_body=r.text,
            http_uri=r.url,
            http_method=r.method,
            signature_version="v3",
            timestamp=r.headers["x-hubspot-request-timestamp"],
        )

    @staticmethod
    def sign(r: Any) -> Any:
        from hubspot.utils.signature import Signature

        at = str(int(time.time() * 1000))
        signature = Signature.get_signature(r.secret, r.text, "v3", r.url, r.method, at)
        return {"headers": {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": at}}


class Increase:
    @staticmethod
    def verify(r: Any) -> Any:
        from increase import Increase

        client = Increase(api_key="key", webhook_secret=r.secret)
        return client.events.unwrap(r.text, headers=r.headers)


class Line:
    @staticmethod
    def verify(r: Any) -> Any:
        from linebot.v3.webhook import SignatureValidator

        return SignatureValidator(r.secret).validate(r.text, r.headers["x-line-signature"])


class Lithic:
    @staticmethod
    def verify(r: Any) -> Any:
        from lithic import Lithic

        return Lithic(api_key="key").webhooks.verify_signature(r.bytes, r.headers, secret=r.secret)


class LiveKit:
    @staticmethod
    def verify(r: Any) -> Any:
        from livekit.api import TokenVerifier, WebhookReceiver

        return WebhookReceiver(TokenVerifier(r.settings["api_key"], r.secret)).receive(
            r.text, r.headers["authorization"]
        )

    @staticmethod
    def sign(r: Any) -> Any:
        from livekit.api import AccessToken

        digest = base64.b64encode(hashlib.sha256(r.bytes).digest()).decode()
        token = AccessToken(r.settings["api_key"], r.secret).with_sha256(digest).with_ttl(timedelta(minutes=5))
        return {"headers": {"Authorization": token.to_jwt()}}


class Mailgun:
    @staticmethod
    def verify(r: Any) -> Any:
        from mailgun.security import SecurityGuard

        signature = r.json["signature"]
        given = (signature["token"], signature["timestamp"], signature["signature"])
        return SecurityGuard.verify_webhook(r.secret, *given)


class ModernTreasury:
    @staticmethod
    def webhooks() -> Any:
        from modern_treasury import ModernTreasury

        return ModernTreasury(api_key="key", organization_id="id").webhooks

    @classmethod
    def verify(cls, r: Any) -> Any:
        return cls.webhooks().validate_signature(r.text, r.headers, key=r.secret)

    @classmethod
    def sign(cls, r: Any) -> Any:
        return {"headers": {"X-Signature": cls.webhooks().get_signature(r.text, key=r.secret)}}


class OpenAi:
    @staticmethod
    def verify(r: Any) -> Any:
        from openai import OpenAI

        return OpenAI(api_key="key").webhooks.verify_signature(r.bytes, r.headers, secret=r.secret)


class Orb:
    @staticmethod
    def verify(r: Any) -> Any:
        from orb import Orb

        return Orb(api_key="key").webhooks.verify_signature(r.bytes, r.headers, secret=r.secret)


class Paddle:
    @staticmethod
    def verify(r: Any) -> Any:
        from paddle_billing.Notifications import Secret, Verifier

        request = SimpleNamespace(body=r.bytes, headers=r.named)
        return Verifier().verify(request, Secret(r.secret))


class Plivo:
    @staticmethod
    def verify(r: Any) -> Any:
        from plivo.utils import validate_v3_signature

        nonce, signature = r.headers["x-plivo-signature-v3-nonce"], r.headers["x-plivo-signature-v3"]
        return validate_v3_signature(r.method, r.url, nonce, r.secret, signature, r.form)

    @staticmethod
    def sign(r: Any) -> Any:
        from plivo.utils.signature_v3 import construct_post_url, get_signature_v3

        nonce = r.headers["x-plivo-signature-v3-nonce"]
        signed = construct_post_url(r.url, r.form).decode()
        return {"headers": {"X-Plivo-Signature-V3": get_signature_v3(r.secret, signed, nonce).decode()}}


class Polar:
    @staticmethod
    def verify(r: Any) -> Any:
        from polar.v2026_10.webhooks import PolarWebhookUnknownTypeError, validate_event

        try:
            validate_event(r.bytes, r.headers, r.secret)
        except PolarWebhookUnknownTypeError:
            # The signature is looked at first, then the type, which here is nobody's.
            return True


class Pusher:
    @staticmethod
    def verify(r: Any) -> Any:
        import pusher

        client = pusher.Pusher(app_id="1", key=r.headers["x-pusher-key"], secret=r.secret)
        key, signature = r.headers["x-pusher-key"], r.headers["x-pusher-signature"]
        return client.validate_webhook(key=key, signature=signature, body=r.text) is not None


class Razorpay:
    @staticmethod
    def verify(r: Any) -> Any:
        import razorpay

        utility = razorpay.Client(auth=("id", "key")).utility
        return utility.verify_webhook_signature(r.text, r.headers["x-razorpay-signature"], r.secret)


class Replicate:
    @staticmethod
    def verify(r: Any) -> Any:
        from replicate.webhook import Webhooks, WebhookSigningSecret

        return Webhooks.validate(headers=r.headers, body=r.text, secret=WebhookSigningSecret(key=r.secret))


class Resend:
    @staticmethod
    def verify(r: Any) -> Any:
        import resend

        headers = {name: r.headers[f"svix-{name}"] for name in ("id", "timestamp", "signature")}
        return resend.Webhooks.verify({"payload": r.text, "headers": headers, "webhook_secret": r.secret})


class Retell:
    @staticmethod
    def verify(r: Any) -> Any:
        from retell.lib.webhook_auth import verify

        return verify(r.text, r.secret, r.headers["x-retell-signature"])

    @staticmethod
    def sign(r: Any) -> Any:
        from retell.lib.webhook_auth import symmetric

        return {"headers": {"x-retell-signature": symmetric["sign"](r.text, r.secret)}}


class SendGrid:
    @staticmethod
    def verify(r: Any) -> Any:
        from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

        signature, timestamp = (
            r.headers[name.lower()] for name in (EventWebhookHeader.SIGNATURE, EventWebhookHeader.TIMESTAMP)
        )
        return EventWebhook(r.secret).verify_signature(r.text, signature, timestamp)


class Slack:
    @staticmethod
    def verify(r: Any) -> Any:
        from slack_sdk.signature import SignatureVerifier

        return SignatureVerifier(r.secret).is_valid_request(r.bytes, r.headers)

    @staticmethod
    def sign(r: Any) -> Any:
        from slack_sdk.signature import SignatureVerifier

        at = str(int(time.time()))
        signature = SignatureVerifier(r.secret).generate_signature(timestamp=at, body=r.bytes)
        return {"headers": {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": at}}


class Square:
    @staticmethod
    def verify(r: Any) -> Any:
        from square.utils.webhooks_helper import verify_signature

        return verify_signature(
            request_body=r.text,
            signature_header=r.headers["x-square-hmacsha256-signature"],
            signature_key=r.secret,
            notification_url=r.url,
        )


class StandardWebhooks:
    @staticmethod
    def verify(r: Any) -> Any:
        from standardwebhooks import Webhook

        Webhook(r.secret).verify(r.bytes, r.headers)

    @staticmethod
    def sign(r: Any) -> Any:
        from standardwebhooks import Webhook

        at = datetime.fromtimestamp(int(time.time()), tz=UTC)
        signature = Webhook(r.secret).sign(r.headers["webhook-id"], at, r.text)
        return {"headers": {"webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}}


class Stripe:
    @staticmethod
    def verify(r: Any) -> Any:
        from stripe import WebhookSignature

        return WebhookSignature.verify_header(r.text, r.headers["stripe-signature"], r.secret, 300)


class Svix:
    @staticmethod
    def verify(r: Any) -> Any:
        from svix.webhooks import Webhook

        Webhook(r.secret).verify(r.bytes, r.headers)

    @staticmethod
    def sign(r: Any) -> Any:
        from svix.webhooks import Webhook

        at = datetime.fromtimestamp(int(time.time()), tz=UTC)
        signature = Webhook(r.secret).sign(r.headers["svix-id"], at, r.text)
        return {"headers": {"svix-timestamp": str(int(at.timestamp())), "svix-signature": signature}}


class Telnyx:
    @staticmethod
    def verify(r: Any) -> Any:
        from telnyx import Telnyx

        return Telnyx(api_key="key").webhooks.unwrap(r.text, headers=r.headers, key=r.secret)


class Twilio:
    @staticmethod
    def verify(r: Any) -> Any:
        from twilio.request_validator import RequestValidator

        given = r.text if "bodySHA256" in r.query else r.form
        return RequestValidator(r.secret).validate(r.url, given, r.headers["x-twilio-signature"])

    @staticmethod
    def sign(r: Any) -> Any:
        from twilio.request_validator import RequestValidator

        signed = {} if "bodySHA256" in r.query else r.form
        return {"headers": {"X-Twilio-Signature": RequestValidator(r.secret).compute_signature(r.url, signed)}}


class Viber:
    @staticmethod
    def verify(r: Any) -> Any:
        from viberbot import Api, BotConfiguration

        api = Api(BotConfiguration(name="bot", avatar="", auth_token=r.secret))
        return api.verify_signature(r.bytes, r.headers["x-viber-content-signature"])


class WorkOs:
    @staticmethod
    def verify(r: Any) -> Any:
        from workos import WorkOSClient

        client = WorkOSClient(api_key="key", client_id="id")
        signature = r.headers["workos-signature"]
        return client.webhooks.verify_header(event_body=r.bytes, event_signature=signature, secret=r.secret)


SDKS: dict[str, Any] = {
    "Adyen": Adyen,
    "Adyen/platform": AdyenPlatform,
    "anthropic": Anthropic,
    "boxsdk": Box,
    "braintree": Braintree,
    "coinbase-commerce": CoinbaseCommerce,
    "discord-interactions": Discord,
    "dropbox-sign": DropboxSign,
    "easypost": EasyPost,
    "elevenlabs": ElevenLabs,
    "finch-api": Finch,
    "gocardless-pro": GoCardless,
    "hubspot-api-client": HubSpot,
    "increase": Increase,
    "line-bot-sdk": Line,
    "lithic": Lithic,
    "livekit-api": LiveKit,
    "mailgun": Mailgun,
    "modern-treasury": ModernTreasury,
    "openai": OpenAi,
    "orb-billing": Orb,
    "paddle-python-sdk": Paddle,
    "plivo": Plivo,
    "polar-sdk": Polar,
    "pusher": Pusher,
    "pycronofy": Cronofy,
    "razorpay": Razorpay,
    "replicate": Replicate,
    "resend": Resend,
    "retell-sdk": Retell,
    "sendgrid": SendGrid,
    "slack-sdk": Slack,
    "squareup": Square,
    "standardwebhooks": StandardWebhooks,
    "stripe": Stripe,
    "svix": Svix,
    "telnyx": Telnyx,
    "twilio": Twilio,
    "viberbot": Viber,
    "workos": WorkOs,
}
