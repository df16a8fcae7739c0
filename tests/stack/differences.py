"""Where MiniStack differs from AWS, and what the tests do about it after a deployment."""

from __future__ import annotations

import json
from typing import Any


def number_the_concurrency(functions: Any, trigger: str) -> None:
    """CloudFormation stores this number as text, and the poller cannot compare it."""
    scaling = functions.get_event_source_mapping(UUID=trigger)["ScalingConfig"]
    functions.update_event_source_mapping(UUID=trigger, ScalingConfig=scaling)


def grant_what_is_asked_for(iam: Any, role: str, policy: str) -> None:
    """Two permissions are asked for otherwise than by AWS. So wherever the template has them, the
    role gets them in this form too: for a batch of messages an action of its own name, and for
    e-mail no resource and no condition, since neither identity nor sender is seen in the call."""
    granted = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    batches = [{**one, "Action": "sqs:SendMessageBatch"} for one in statements(granted, "sqs:SendMessage")]
    mails = [
        {"Effect": "Allow", "Action": one["Action"], "Resource": "*"} for one in statements(granted, "ses:SendEmail")
    ]
    document = json.dumps({"Version": granted["Version"], "Statement": batches + mails})
    iam.put_role_policy(RoleName=role, PolicyName="ministack", PolicyDocument=document)


def take_every_put(s3: Any, bucket: str) -> None:
    """The condition key `s3:if-none-match` is unknown here, so that a policy which demands it would
    refuse every put. What a put demands is seen; that it has to demand it, test_template.py shows."""
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "WriteOnce"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def statements(document: dict[str, Any], action: str) -> list[dict[str, Any]]:
    return [one for one in document["Statement"] if one["Action"] == action]
