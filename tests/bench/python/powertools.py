"""The same receiver with what Powertools for AWS Lambda advises: logger, metrics, parameters."""

import hashlib
import hmac
import json
import os
import uuid

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2, event_source

logger = Logger(service="receiver")
metrics = Metrics(namespace="receiver", service="receiver")
s3 = boto3.client("s3")
sqs = boto3.client("sqs")

BUCKET = os.environ["HOOKDOCK_BUCKET"]
QUEUE_URL = os.environ["HOOKDOCK_QUEUE_URL"]
SECRET_NAME = f"{os.environ['HOOKDOCK_STACK']}/endpoint/github"


def secret() -> bytes:
    endpoint = parameters.get_secret(SECRET_NAME, transform="json", max_age=300)
    return endpoint["secrets"][0]["value"].encode()


secret()


@logger.inject_lambda_context
@metrics.log_metrics
@event_source(data_class=APIGatewayProxyEventV2)
def handler(event, context):
    body = event.decoded_body.encode()
    expected = "sha256=" + hmac.new(secret(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, event.headers.get("x-hub-signature-256", "")):
        metrics.add_metric(name="Refused", unit=MetricUnit.Count, value=1)
        logger.warning("refused")
        return {"statusCode": 401}

    delivery = str(uuid.uuid4())
    key = f"deliveries/github/{delivery}.json"
    stored = {"id": delivery, "headers": dict(event.headers), "body": body.decode()}
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(stored).encode())
    reference = {
        "id": delivery,
        "key": key,
        "type": event.headers.get("x-github-event"),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps(reference))
    metrics.add_metric(name="Accepted", unit=MetricUnit.Count, value=1)
    logger.info("accepted", delivery=delivery)
    return {"statusCode": 200}
