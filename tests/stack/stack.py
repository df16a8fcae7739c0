"""The deployed stack as a test sees it: requests in front, stores behind."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import boto3
from boto3.dynamodb.types import Binary, TypeDeserializer
from botocore.config import Config

import names
import signing
from emulator import CREDENTIALS, REGION, Emulator
from proxy import Proxy
from waiting import eventually

Item = dict[str, Any]


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def delivery_id(self) -> str:
        return self.headers[names.DELIVERY_HEADER]

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Delivery:
    """A stored delivery."""

    object_key: str
    content: Item

    @property
    def endpoint(self) -> str:
        return str(self.content["endpoint"])

    @property
    def event_key(self) -> str:
        return str(self.content["event"]["key"])

    @property
    def items(self) -> list[Delivery]:
        """Each item of a delivery that carries several events, as if it had come alone."""
        items = self.content["items"]
        return [replace(self, content={**self.content, "event": item["event"], "items": []}) for item in items]

    @property
    def body(self) -> bytes:
        body = str(self.content["body"])
        return base64.b64decode(body) if self.content["body_encoding"] == "base64" else body.encode()


@dataclass(frozen=True)
class Endpoint:
    """One registered endpoint with its secret."""

    name: str
    secret: str

    def checkout(self, session: str) -> signing.Signed:
        return signing.stripe(self.secret, signing.checkout_completed(session))


@dataclass(frozen=True)
class DeadLetter:
    body: str
    attributes: dict[str, str]


class Stack:
    """Requests go to the API directly; looking at the stores does not pass the proxy either."""

    def __init__(self, name: str, emulator: Emulator, proxy: Proxy) -> None:
        self.name = name
        self.proxy = proxy
        self._emulator = emulator
        self._s3 = self._client("s3")
        self._sqs = self._client("sqs")
        self._dynamodb = self._client("dynamodb")
        self._secrets = self._client("secretsmanager")
        self._lambda = self._client("lambda")
        self.outputs = self._read_outputs()
        self._trigger = self._lambda.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]

    def _client(self, service: str, **credentials: str) -> Any:
        client = self.client_without_tls(service, **credentials)
        client.meta.events.register("before-send.*", say_it_came_over_tls)
        return client

    def client_without_tls(self, service: str, **credentials: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._emulator.url,
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}),
            **(credentials or AS_OPERATOR),
        )

    def _read_outputs(self) -> dict[str, str]:
        stack = self._client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    # --- In front ---

    def post(self, endpoint: str, request: signing.Signed, tenant: str | None = None) -> Response:
        path = f"/webhooks/{endpoint}" + (f"/{tenant}" if tenant else "")
        return self.request("POST", path, request.headers, request.body)

    def request(self, method: str, path: str, headers: tuple[signing.Header, ...], body: bytes | None) -> Response:
        """Sends exactly these headers, in this order, repeats included."""
        connection = http.client.HTTPConnection("127.0.0.1", self._emulator.port, timeout=60)
        with contextlib.closing(connection):
            connection.putrequest(method, self._stage_path() + path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Response(
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                answer.read(),
            )

    def _stage_path(self) -> str:
        """How MiniStack is asked for `https://{api id}.execute-api...` without that host name."""
        api_id = self.outputs["WebhookUrl"].split("//")[1].split(".")[0]
        return f"/_aws/execute-api/{api_id}/$default"

    # --- Endpoints ---

    def register(self, name: str, provider: str, secret: str, **settings: object) -> Endpoint:
        spec = {"version": 1, "provider": provider, "secrets": [{"id": "s1", "value": secret}], **settings}
        self._secrets.create_secret(Name=names.secret_of(self.name, name), SecretString=json.dumps(spec))
        return Endpoint(name, secret)

    def rotate(self, name: str, provider: str, secrets: list[str]) -> None:
        listed = [{"id": f"s{number}", "value": value} for number, value in enumerate(secrets, 1)]
        spec = {"version": 1, "provider": provider, "secrets": listed}
        self._secrets.put_secret_value(SecretId=names.secret_of(self.name, name), SecretString=json.dumps(spec))

    # --- Deliveries ---

    def deliveries(self, endpoint: str) -> list[Delivery]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.outputs["DeliveryBucketName"], Prefix=names.deliveries_of(endpoint)
        )
        return [self._read(entry["Key"]) for page in pages for entry in page.get("Contents", [])]

    def delivery(self, endpoint: str, delivery_id: str) -> Delivery:
        wanted = f"/{delivery_id}.json"
        return next(found for found in self.deliveries(endpoint) if found.object_key.endswith(wanted))

    def packed(self, delivery_id: str) -> Delivery:
        """A delivery that came in its message, as soon as it is in a pack."""
        return eventually(lambda: self._in_a_pack(delivery_id), "the delivery in a pack")

    def packs(self) -> list[str]:
        listed = self._s3.list_objects_v2(Bucket=self.outputs["DeliveryBucketName"], Prefix=names.PACKS)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def _in_a_pack(self, delivery_id: str) -> Delivery | None:
        for key in self.packs():
            stored = self._s3.get_object(Bucket=self.outputs["DeliveryBucketName"], Key=key)
            for content in map(json.loads, stored["Body"].iter_lines()):
                if content["delivery_id"] == delivery_id:
                    return Delivery(key, content)
        return None

    def _read(self, object_key: str) -> Delivery:
        stored = self._s3.get_object(Bucket=self.outputs["DeliveryBucketName"], Key=object_key)
        return Delivery(object_key, json.load(stored["Body"]))

    def rewrite(self, delivery: Delivery, **changes: object) -> None:
        content = json.dumps({**delivery.content, **changes})
        bucket = self.outputs["DeliveryBucketName"]
        self._s3.put_object(Bucket=bucket, Key=delivery.object_key, Body=content.encode())

    def lose(self, delivery: Delivery) -> None:
        self._s3.delete_object(Bucket=self.outputs["DeliveryBucketName"], Key=delivery.object_key)

    # --- Ledger and records ---

    def event(self, delivery: Delivery) -> Item:
        return self._ledger(delivery, names.EVENT)

    def run(self, delivery: Delivery, job: str = names.FULFIL_ORDER) -> Item:
        return self._ledger(delivery, names.run_of(job))

    def _ledger(self, delivery: Delivery, range_key: str) -> Item:
        key = {
            names.HASH_KEY: names.event_partition(delivery.endpoint, delivery.event_key),
            names.RANGE_KEY: range_key,
        }
        return self._item(self.outputs["LedgerTableName"], key)

    def record(self, record_id: str, collection: str = names.ORDERS) -> Item:
        return self._item(self.outputs["RecordsTableName"], {names.COLLECTION: collection, names.ID: record_id})

    def _item(self, table: str, key: dict[str, str]) -> Item:
        typed = {name: {"S": value} for name, value in key.items()}
        answer = self._dynamodb.get_item(TableName=table, Key=typed, ConsistentRead=True)
        return {name: plain(value) for name, value in answer.get("Item", {}).items()}

    def wait_for_run(self, delivery: Delivery, state: str, within_seconds: float = 60) -> Item:
        def in_that_state() -> Item | None:
            run = self.run(delivery)
            return run if run.get(names.STATE) == state else None

        try:
            return eventually(in_that_state, f"run {state}", within_seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.run(delivery)}") from None

    def wait_for_deliveries(self, delivery: Delivery, count: int) -> None:
        def counted() -> bool:
            return int(self.event(delivery).get(names.DELIVERIES, 0)) == count

        eventually(counted, f"{count} deliveries of one event counted")

    # --- Queue and dead letters ---

    def send(self, body: str, attributes: dict[str, str] | None = None) -> None:
        self._sqs.send_message(
            QueueUrl=self.outputs["EventQueueUrl"],
            MessageBody=body,
            MessageAttributes=typed_attributes(attributes or {}),
        )

    def wait_for_dead_letter(self, matches: Callable[[DeadLetter], bool], within_seconds: float = 60) -> DeadLetter:
        """Takes the letter off the queue; others stay."""
        return eventually(lambda: self._take_dead_letter(matches), "the dead letter", within_seconds)

    def _take_dead_letter(self, matches: Callable[[DeadLetter], bool]) -> DeadLetter | None:
        queue = self.outputs["DeadLetterQueueUrl"]
        received = self._sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
        )
        for message in received.get("Messages", []):
            attributes = message.get("MessageAttributes", {})
            letter = DeadLetter(message["Body"], {name: value["StringValue"] for name, value in attributes.items()})
            if matches(letter):
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                return letter
        return None

    @contextlib.contextmanager
    def trigger_off(self) -> Iterator[None]:
        """Inside, messages stay in the queue."""
        self._lambda.update_event_source_mapping(UUID=self._trigger, Enabled=False)
        try:
            yield
        finally:
            self._lambda.update_event_source_mapping(UUID=self._trigger, Enabled=True)

    def repair_trigger(self) -> None:
        """MiniStack's CloudFormation stores this number as text, and its poller cannot compare it."""
        trigger = self._lambda.get_event_source_mapping(UUID=self._trigger)
        self._lambda.update_event_source_mapping(UUID=self._trigger, ScalingConfig=trigger["ScalingConfig"])

    def allow_batches(self) -> None:
        """MiniStack asks for an action of its own name where AWS asks for sqs:SendMessage, so it
        gets one wherever the template has that."""
        role = self._lambda.get_function_configuration(FunctionName=self.outputs["ProcessorFunctionName"])["Role"]
        name = role.rpartition("/")[2]
        iam = self._client("iam")
        granted = iam.get_role_policy(RoleName=name, PolicyName="processor")["PolicyDocument"]
        sending = [statement for statement in granted["Statement"] if statement["Action"] == "sqs:SendMessage"]
        batches = [{**statement, "Action": "sqs:SendMessageBatch"} for statement in sending]
        document = json.dumps({"Version": granted["Version"], "Statement": batches})
        iam.put_role_policy(RoleName=name, PolicyName="ministack", PolicyDocument=document)

    # --- Functions ---

    def process(self, *bodies: str) -> list[str]:
        """Calls the processor with a batch made by hand; returns the positions it reports as failed."""
        records = [sqs_record(str(position), body) for position, body in enumerate(bodies)]
        result = self.invoke("ProcessorFunctionName", {"Records": records})
        return [failure["itemIdentifier"] for failure in result["batchItemFailures"]]

    def invoke(self, function: str, event: object) -> Item:
        answer = self._lambda.invoke(FunctionName=self.outputs[function], Payload=json.dumps(event).encode())
        result: Item = json.load(answer["Payload"])
        assert "FunctionError" not in answer, result
        return result

    def process_at_once(self, times: int, body: str) -> list[list[str]]:
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self.process(body), range(times)))

    def kill_processors(self) -> None:
        """As the kernel does to a process that runs out of memory."""
        for pid in self._pids("ProcessorFunctionName"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _pids(self, function: str) -> list[int]:
        return [pid for pid, environment in self._children() if self._runs(environment, function)]

    def _runs(self, environment: dict[str, str], function: str) -> bool:
        return environment.get("AWS_LAMBDA_FUNCTION_NAME") == self.outputs[function]

    def _children(self) -> Iterator[tuple[int, dict[str, str]]]:
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                pid = int(entry.name)
                if os.getpgid(pid) == self._emulator.process.pid:
                    yield pid, environment_of(pid)

    def client_of(self, function: str, service: str, tls: bool = True) -> Any:
        """A client with the credentials of a running function."""
        environment = next(found for _, found in self._children() if self._runs(found, function))
        client = self._client if tls else self.client_without_tls
        return client(
            service,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environment["AWS_SESSION_TOKEN"],
        )


AS_OPERATOR = {
    "aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"],
    "aws_secret_access_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
}


def say_it_came_over_tls(request: Any, **_: object) -> None:
    request.headers["X-Forwarded-Proto"] = "https"


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def typed_attributes(attributes: dict[str, str]) -> Item:
    return {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}


def sqs_record(message_id: str, body: str) -> Item:
    return {
        "messageId": message_id,
        "receiptHandle": uuid.uuid4().hex,
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(int(time.time() * 1000)),
            "SenderId": "test",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:000000000000:events",
        "awsRegion": REGION,
    }


def plain(value: Item) -> object:
    """A DynamoDB value as a Python one."""
    found = TypeDeserializer().deserialize(value)
    return found.value if isinstance(found, Binary) else cast(object, found)
