"""The functions' own credentials, against the policies as they were deployed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

import names
from conftest import Register
from data import Endpoint
from stack import Stack

INGEST, PROCESSOR = "IngestFunctionName", "ProcessorFunctionName"


@pytest.fixture
def both_run(stack: Stack, stripe: Endpoint, session_id: str) -> str:
    """The name of a stored delivery, after both functions have run."""
    answer = stack.post("stripe", stripe.checkout(session_id))
    delivery = stack.delivery("stripe", answer.delivery_id)
    stack.wait_for_run(delivery, "done")
    return delivery.object_key


def assert_forbidden(call: Callable[[], object]) -> None:
    with pytest.raises(ClientError) as refusal:
        call()
    assert refusal.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


def test_ingest_cannot_look_at_what_it_stored(stack: Stack, both_run: str) -> None:
    s3, bucket = stack.client_of(INGEST, "s3"), stack.outputs["DeliveryBucketName"]

    s3.put_object(Bucket=bucket, Key=names.deliveries_of("t") + "x.json", Body=b"{}", IfNoneMatch="*")
    assert_forbidden(lambda: s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"{}"))
    assert_forbidden(lambda: s3.put_object(Bucket=bucket, Key=names.PACKS + "x.jsonl", Body=b"{}"))
    assert_forbidden(lambda: s3.get_object(Bucket=bucket, Key=both_run))
    assert_forbidden(lambda: s3.delete_object(Bucket=bucket, Key=both_run))
    assert_forbidden(lambda: s3.list_objects_v2(Bucket=bucket))


def test_ingest_reaches_no_table_and_no_message(stack: Stack, both_run: str) -> None:
    sqs, dynamodb = stack.client_of(INGEST, "sqs"), stack.client_of(INGEST, "dynamodb")
    event_queue, dead_letters = stack.outputs["EventQueueUrl"], stack.outputs["DeadLetterQueueUrl"]

    assert_forbidden(lambda: sqs.receive_message(QueueUrl=event_queue))
    assert_forbidden(lambda: sqs.send_message(QueueUrl=dead_letters, MessageBody="x"))
    assert_forbidden(lambda: dynamodb.scan(TableName=stack.outputs["LedgerTableName"]))
    assert_forbidden(lambda: dynamodb.scan(TableName=stack.outputs["RecordsTableName"]))


def test_ingest_reads_only_endpoint_secrets(stack: Stack, both_run: str, register: Register) -> None:
    secrets = stack.client_of(INGEST, "secretsmanager")

    assert secrets.get_secret_value(SecretId=names.secret_of(stack.name, register("github").name))
    assert_forbidden(lambda: secrets.get_secret_value(SecretId="another-application"))
    assert_forbidden(secrets.list_secrets)


def test_the_processor_cannot_change_deliveries_or_forget_events(stack: Stack, both_run: str) -> None:
    s3, bucket = stack.client_of(PROCESSOR, "s3"), stack.outputs["DeliveryBucketName"]
    dynamodb = stack.client_of(PROCESSOR, "dynamodb")
    key = {names.HASH_KEY: {"S": "x"}, names.RANGE_KEY: {"S": "x"}}

    assert s3.get_object(Bucket=bucket, Key=both_run)
    s3.put_object(Bucket=bucket, Key="documents/x", Body=b"{}", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key=names.PACKS + "x.jsonl", Body=b"{}", IfNoneMatch="*")
    assert_forbidden(lambda: s3.put_object(Bucket=bucket, Key=both_run, Body=b"{}"))
    assert_forbidden(lambda: s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"{}"))
    assert_forbidden(lambda: s3.delete_object(Bucket=bucket, Key="documents/x"))
    assert_forbidden(lambda: s3.delete_object(Bucket=bucket, Key=names.PACKS + "x.jsonl"))
    assert_forbidden(lambda: s3.delete_object(Bucket=bucket, Key=both_run))
    assert_forbidden(lambda: dynamodb.delete_item(TableName=stack.outputs["LedgerTableName"], Key=key))


def test_the_processor_cannot_look_at_the_dead_letters(stack: Stack, both_run: str) -> None:
    sqs = stack.client_of(PROCESSOR, "sqs")

    assert_forbidden(lambda: sqs.receive_message(QueueUrl=stack.outputs["DeadLetterQueueUrl"]))


def test_the_processor_reads_no_secret_but_the_settings_of_the_jobs(stack: Stack, both_run: str) -> None:
    secrets = stack.client_of(PROCESSOR, "secretsmanager")

    assert secrets.get_secret_value(SecretId=names.job_settings_of(stack.name))
    assert_forbidden(lambda: secrets.get_secret_value(SecretId=names.secret_of(stack.name, "stripe")))


def test_an_operator_who_looks_changes_nothing(stack: Stack, both_run: str) -> None:
    client = stack.client_with("OperatorReadPolicyArn")
    s3, bucket = client("s3"), stack.outputs["DeliveryBucketName"]
    sqs, dynamodb, table = client("sqs"), client("dynamodb"), stack.outputs["LedgerTableName"]
    key = {names.HASH_KEY: {"S": "x"}, names.RANGE_KEY: {"S": "x"}}

    assert s3.get_object(Bucket=bucket, Key=both_run)
    assert s3.list_objects_v2(Bucket=bucket, Prefix="deliveries/")
    assert dynamodb.get_item(TableName=table, Key=key)
    assert sqs.get_queue_attributes(QueueUrl=stack.outputs["EventQueueUrl"])
    assert_forbidden(lambda: s3.get_object(Bucket=bucket, Key="documents/x"))
    assert_forbidden(lambda: s3.put_object(Bucket=bucket, Key="operations/x", Body=b"{}", IfNoneMatch="*"))
    assert_forbidden(lambda: dynamodb.put_item(TableName=table, Item=key))
    assert_forbidden(lambda: sqs.send_message(QueueUrl=stack.outputs["EventQueueUrl"], MessageBody="x"))
    assert_forbidden(lambda: client("secretsmanager").list_secrets())


def test_an_operator_who_acts_keeps_operations_and_forgets_nothing(stack: Stack, both_run: str) -> None:
    client = stack.client_with("OperatorReadPolicyArn", "OperatorPolicyArn")
    s3, bucket = client("s3"), stack.outputs["DeliveryBucketName"]
    sqs, dynamodb, table = client("sqs"), client("dynamodb"), stack.outputs["LedgerTableName"]
    key = {names.HASH_KEY: {"S": "operator"}, names.RANGE_KEY: {"S": "x"}}
    secret = names.secret_of(stack.name, "stripe")

    s3.put_object(Bucket=bucket, Key="operations/x", Body=b"{}", IfNoneMatch="*")
    assert dynamodb.put_item(TableName=table, Item=key)
    assert_forbidden(lambda: s3.put_object(Bucket=bucket, Key=both_run, Body=b"{}", IfNoneMatch="*"))
    assert_forbidden(lambda: s3.delete_object(Bucket=bucket, Key="operations/x"))
    assert_forbidden(lambda: dynamodb.delete_item(TableName=table, Key=key))
    assert_forbidden(lambda: sqs.receive_message(QueueUrl=stack.outputs["EventQueueUrl"]))
    assert_forbidden(lambda: client("secretsmanager").get_secret_value(SecretId=secret))


@pytest.mark.parametrize("queue", ["EventQueueUrl", "DeadLetterQueueUrl"])
def test_a_queue_answers_nobody_without_tls(stack: Stack, queue: str) -> None:
    sqs = stack.client_without_tls("sqs")

    assert_forbidden(lambda: sqs.receive_message(QueueUrl=stack.outputs[queue]))


def test_the_bucket_answers_nobody_without_tls(stack: Stack, both_run: str) -> None:
    s3 = stack.client_of(PROCESSOR, "s3", tls=False)

    assert_forbidden(lambda: s3.get_object(Bucket=stack.outputs["DeliveryBucketName"], Key=both_run))
