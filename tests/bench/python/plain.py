"""A receiver as the AWS documentation would have one: boto3, and nothing else."""

import base64
import hashlib
import hmac
import json
import os
import uuid

import boto3

s3 = boto3.client("s3")
sqs = boto3.client("sqs")
secrets = boto3.client("secretsmanager")

BUCKET = os.environ["HOOKDOCK_BUCKET"]
QUEUE_URL = os.environ["HOOKDOCK_QUEUE_URL"]
SECRET_NAME = f"{os.environ['HOOKDOCK_STACK']}/endpoint/github"

endpoint = json.loads(secrets.get_secret_value(SecretId=SECRET_NAME)["SecretString"])
SECRET = endpoint["secrets"][0]["value"].encode()


def handler(event, context):
    body = event["body"].encode()
    if event["isBase64Encoded"]:
        body = base64.b64decode(body)
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, event["headers"].get("x-hub-signature-256", "")):
        return {"statusCode": 401}

    delivery = str(uuid.uuid4())
    key = f"deliveries/github/{delivery}.json"
    stored = {"id": delivery, "headers": event["headers"], "body": body.decode()}
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(stored).encode())
    reference = {
        "id": delivery,
        "key": key,
        "type": event["headers"].get("x-github-event"),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps(reference))
    return {"statusCode": 200}
