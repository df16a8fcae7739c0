"""Signs where neither an SDK nor `hookdock sign` can, written from the providers' own words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from urllib.parse import parse_qs

from request import Request

Signer = Callable[[str, Request], Request]


def mac(secret: str, message: str) -> str:
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def mailgun(secret: str, request: Request) -> Request:
    body = json.loads(request.body)
    signature = body["signature"]
    signature["signature"] = mac(secret, signature["timestamp"] + signature["token"])
    return request.with_body(json.dumps(body).encode())


def dropbox_sign(secret: str, request: Request) -> Request:
    body = json.loads(request.body)
    event = body["event"]
    event["event_hash"] = mac(secret, event["event_time"] + event["event_type"])
    return request.with_body(json.dumps(body).encode())


def mercado_pago(secret: str, request: Request) -> Request:
    at = int(time.time())
    data_id, request_id = parse_qs(request.query)["data.id"][0], request.header("x-request-id")
    signature = mac(secret, f"id:{data_id};request-id:{request_id};ts:{at};")
    return request.with_headers({"x-signature": f"ts={at},v1={signature}"})


def messagebird(secret: str, request: Request) -> Request:
    now = int(time.time())
    claims = {"iss": "MessageBird", "nbf": now, "exp": now + 60, "jti": "1", "url_hash": sha256(request.url.encode())}
    if request.body:
        claims["payload_hash"] = sha256(request.body)
    return request.with_headers({"MessageBird-Signature-JWT": token(secret, claims)})


def vonage(secret: str, request: Request) -> Request:
    claims = {"iss": "Vonage", "iat": int(time.time()), "jti": "1", "payload_hash": sha256(request.body)}
    return request.with_headers({"Authorization": f"Bearer {token(secret, claims)}"})


def qstash(secret: str, request: Request) -> Request:
    now = int(time.time())
    body = base64url(hashlib.sha256(request.body).digest())
    claims = {"iss": "Upstash", "sub": request.url, "iat": now, "nbf": now, "exp": now + 300, "body": body}
    return request.with_headers({"Upstash-Signature": token(secret, claims)})


def token(secret: str, claims: dict[str, object]) -> str:
    """A JWT under HS256."""
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{base64url(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def sha256(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
