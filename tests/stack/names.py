"""The names under which the product stores and answers, in one place."""

from __future__ import annotations

import hashlib

DELIVERY_HEADER = "x-hookdock-delivery"
ACCEPTED_ID = "requestId"

FULFIL_ORDER = "fulfil_order"
STEPS = ["create-order", "store-invoice", "send-invoice", "tell-crm", "mark-processed"]
"""The steps of `fulfil_order`."""
STRIPE = "stripe"
"""The endpoint of the checkouts, where a test has none of its own."""
ORDERS = "orders"
FULFILMENTS = "fulfilments"
"""The collections in which `fulfil_order` keeps its records: at its beginning and its end."""

PACKS = "archive/"
"""Where deliveries are that came in their messages."""

# Ledger
HASH_KEY = "pk"
RANGE_KEY = "sk"
EVENT = "event"
DELIVERIES = "deliveries"
TENANT = "tenant"
IGNORED_BECAUSE = "ignored"
STATE = "state"
ATTEMPT = "attempt"

# Records
COLLECTION = "collection"
ID = "id"


def event_partition(endpoint: str, event_key: str) -> str:
    return f"event#{endpoint}#{event_key}"


def run_of(job: str) -> str:
    return f"run#{job}"


def deliveries_of(endpoint: str) -> str:
    return f"deliveries/{endpoint}/"


def secret_of(stack_name: str, endpoint: str) -> str:
    return f"{stack_name}/endpoint/{endpoint}"


def job_settings_of(stack_name: str) -> str:
    return f"{stack_name}/jobs"


def key_of(record_id: str, endpoint: str) -> str:
    """Under what a record or a document is kept for an event of the endpoint that has no tenant."""
    return f"{endpoint}~~{record_id}"


def invoice_of(session: str, endpoint: str) -> str:
    return f"documents/invoices/{hashlib.sha256(key_of(session, endpoint).encode()).hexdigest()}.txt"
