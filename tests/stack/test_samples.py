"""The sample events in infra/ are what the functions take."""

from __future__ import annotations

import json

import deploy
from data import Endpoint, Item
from stack import Stack

GITHUBS_PUBLISHED_SECRET = "It's a Secret to Everybody"


def sample(name: str) -> Item:
    event: Item = json.loads((deploy.ROOT / "infra" / "events" / name).read_text())
    return event


def test_ingest_takes_its_sample(stack: Stack, stripe: Endpoint) -> None:
    stack.register("github", "github", GITHUBS_PUBLISHED_SECRET)

    assert stack.invoke("IngestFunctionName", sample("ingest-github.json"))["statusCode"] == 200


def test_the_processor_takes_its_sample(stack: Stack, stripe: Endpoint) -> None:
    assert stack.invoke("ProcessorFunctionName", sample("processor-push.json")) == {"batchItemFailures": []}
