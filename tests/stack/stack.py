"""The deployed stack as a test sees it: requests in front, stores behind."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import signal
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, cast

import boto3
from boto3.dynamodb.types import Binary, TypeDeserializer
from botocore.config import Config

import differences
import names
import signing
from crm import Crm
from data import DeadLetter, Delivery, Effects, Endpoint, Item, Response
from emulator import CREDENTIALS, REGION, Emulator
from processes import Processes
from proxy import Proxy
from waiting import eventually


class Stack:
    """Requests go to the API directly; looking at the stores does not pass the proxy either."""

    def __init__(self, name: str, emulator: Emulator, proxy: Proxy, crm: Crm) -> None:
        self.name = name
        self.proxy = proxy
        self.crm = crm
        self._emulator = emulator
        self._processes = Processes(emulator.process.pid)
        self._s3 = self._client("s3")
        self._sqs = self._client("sqs")
        self._dynamodb = self._client("dynamodb")
        self._secrets = self._client("secretsmanager")
        self._lambda = self._client("lambda")
        self.outputs = self._read_outputs()
        self._trigger = self._lambda.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
        self._make_up_for_differences()

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

    def _make_up_for_differences(self) -> None:
        differences.number_the_concurrency(self._lambda, self._trigger)
        for function, policy in (("ProcessorFunctionName", "processor"), ("MaintenanceFunctionName", "maintenance")):
            role = self._configuration(function)["Role"].rpartition("/")[2]
            differences.grant_what_is_asked_for(self._client("iam"), role, policy)
        differences.take_every_put(self._s3, self.outputs["DeliveryBucketName"])

    # --- In front ---

    def post(self, endpoint: str, request: signing.Signed, tenant: str | None = None) -> Response:
        path = f"/webhooks/{endpoint}" + (f"/{tenant}" if tenant else "")
        return self.request("POST", path, request.headers, request.body)

    def deliver(self, endpoint: Endpoint, request: signing.Signed) -> Delivery:
        """Sends what has to be accepted, and returns it as it is stored."""
        answer = self.post(endpoint.name, request)
        assert answer.status == 200, answer
        return self.delivery(endpoint.name, answer.delivery_id)

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

    @property
    def gateway(self) -> str:
        """What stands for the API's URL."""
        return self._emulator.url + self._stage_path()

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

    def set_up_jobs(self, settings: Item, mail_from: str) -> None:
        """Before any event: a worker reads the settings while it starts."""
        self._secrets.create_secret(Name=names.job_settings_of(self.name), SecretString=json.dumps(settings))
        self._client("sesv2").create_email_identity(EmailIdentity=mail_from)

    # --- Deliveries ---

    def deliveries(self, endpoint: str) -> list[Delivery]:
        return [self._read(object_key) for object_key in self._object_keys(endpoint)]

    def delivery(self, endpoint: str, delivery_id: str) -> Delivery:
        wanted = f"/{delivery_id}.json"
        return self._read(next(found for found in self._object_keys(endpoint) if found.endswith(wanted)))

    def _object_keys(self, endpoint: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.outputs["DeliveryBucketName"], Prefix=names.deliveries_of(endpoint)
        )
        return (entry["Key"] for page in pages for entry in page.get("Contents", []))

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
        return self._item(self.outputs["LedgerTableName"], ledger_key(delivery, range_key))

    def let_the_wait_end(self, delivery: Delivery, job: str = names.FULFIL_ORDER) -> None:
        """As if the time had come for which the run waits."""
        self._dynamodb.update_item(
            TableName=self.outputs["LedgerTableName"],
            Key={name: {"S": value} for name, value in ledger_key(delivery, names.run_of(job)).items()},
            UpdateExpression="SET not_before_ms = :now, due_at_ms = :now, wake.at_ms = :now",
            ExpressionAttributeValues={":now": {"N": str(int(time.time() * 1000))}},
        )

    def forget_breakers(self) -> None:
        """As if no dependency had ever been down."""
        table = self.outputs["LedgerTableName"]
        for item in self._dynamodb.scan(TableName=table)["Items"]:
            if item[names.HASH_KEY]["S"].startswith("cell#breaker"):
                key = {name: item[name] for name in (names.HASH_KEY, names.RANGE_KEY)}
                self._dynamodb.delete_item(TableName=table, Key=key)

    def record(self, record_id: str, collection: str = names.ORDERS, endpoint: str = names.STRIPE) -> Item:
        key = {names.COLLECTION: collection, names.ID: names.key_of(record_id, endpoint)}
        return self._item(self.outputs["RecordsTableName"], key)

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

    # --- What jobs did elsewhere ---

    def invoice(self, session: str) -> str | None:
        key = names.invoice_of(session, names.STRIPE)
        bucket = self.outputs["DeliveryBucketName"]
        if self._s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
            return str(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
        return None

    def emails(self, session: str) -> list[Item]:
        return [mail for mails in self._peek("ses") for mail in mails if mail["Subject"].endswith(session)]

    def effects(self, session: str) -> Effects:
        return Effects(
            order=bool(self.record(session)),
            invoice=bool(self.invoice(session)),
            emails=len(self.emails(session)),
            crm_entries=self.crm.entries(session),
            processed=bool(self.record(session, names.FULFILMENTS)),
        )

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

    @contextlib.contextmanager
    def hiding_messages_for(self, seconds: int) -> Iterator[None]:
        """Inside, what a worker received comes back after that time."""
        queue, name = self.outputs["EventQueueUrl"], "VisibilityTimeout"
        usual = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"]
        self._sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: str(seconds)})
        try:
            yield
        finally:
            self._sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)

    def receives(self) -> list[int]:
        """How often each message of the queue has been received, hidden ones too."""
        accounts = self._peek("sqs")
        found = [regions[REGION].get(self.outputs["EventQueueUrl"], []) for regions in accounts]
        return [int(message["ReceiveCount"]) for messages in found for message in messages]

    def _peek(self, service: str) -> list[Any]:
        """What MiniStack shows of a service's messages, for each account."""
        url = f"{self._emulator.url}/_ministack/{service}/messages"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return list(json.load(answer)["messages"].values())

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

    def tick(self) -> object:
        """Calls the maintenance, as its schedule does each minute."""
        return self.invoke("MaintenanceFunctionName", {"source": "aws.scheduler"})

    def process_at_once(self, times: int, body: str) -> list[list[str]]:
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self.process(body), range(times)))

    def kill_processors(self) -> None:
        """As the kernel does to a process that runs out of memory."""
        self._processes.signal(self.outputs["ProcessorFunctionName"], signal.SIGKILL)

    def freeze_processors(self) -> None:
        """They do nothing more, and do not end by themselves."""
        self._processes.signal(self.outputs["ProcessorFunctionName"], signal.SIGSTOP)

    def processor_with(self, **variables: str) -> AbstractContextManager[None]:
        """Inside, workers of the processor start with these in their environment."""
        environment = self._processor()["Environment"]["Variables"]
        return self._changed(Environment={"Variables": {**environment, **variables}})

    def processor_limited_to(self, seconds: int) -> AbstractContextManager[None]:
        """Inside, an invocation of the processor is ended after that time."""
        return self._changed(Timeout=seconds)

    @contextlib.contextmanager
    def _changed(self, **settings: object) -> Iterator[None]:
        processor = self._processor()
        usual = {name: processor[name] for name in settings}
        self._lambda.update_function_configuration(FunctionName=processor["FunctionName"], **settings)
        try:
            yield
        finally:
            self._lambda.update_function_configuration(FunctionName=processor["FunctionName"], **usual)

    def _processor(self) -> Item:
        return self._configuration("ProcessorFunctionName")

    def _configuration(self, function: str) -> Item:
        found: Item = self._lambda.get_function_configuration(FunctionName=self.outputs[function])
        return found

    def client_with(self, *policies: str) -> Callable[[str], Any]:
        """Clients of a person who has these policies of the stack, and nothing else."""
        iam, name = self._client("iam"), f"operator-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        for policy in policies:
            iam.attach_user_policy(UserName=name, PolicyArn=self.outputs[policy])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return functools.partial(
            self._client,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    def client_of(self, function: str, service: str, tls: bool = True) -> Any:
        """A client with the credentials of a running function."""
        _, environment = next(self._processes.of(self.outputs[function]))
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


def ledger_key(delivery: Delivery, range_key: str) -> dict[str, str]:
    return {
        names.HASH_KEY: names.event_partition(delivery.endpoint, delivery.event_key),
        names.RANGE_KEY: range_key,
    }


def say_it_came_over_tls(request: Any, **_: object) -> None:
    request.headers["X-Forwarded-Proto"] = "https"


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
