"""What the template promises and the emulator does not show."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

import deploy

Resource = dict[str, Any]

TEMPLATE: dict[str, Any] = yaml_parse((deploy.ROOT / "template.yaml").read_text())
PARAMETERS: dict[str, Resource] = TEMPLATE["Parameters"]
RESOURCES: dict[str, Resource] = TEMPLATE["Resources"]
LEDGER_REMEMBERS_DAYS = 30
DEAD_LETTERS_KEPT_SECONDS = 14 * 86400
# shared/pipeline/src/process/claim.rs
MOST_RECEIVES = 10


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def of_type(kind: str) -> list[str]:
    return [name for name, resource in RESOURCES.items() if resource["Type"] == kind]


def allow_statements() -> Iterator[Resource]:
    for role in of_type("AWS::IAM::Role"):
        for policy in properties(role)["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def actions(statement: Resource) -> list[str]:
    action = statement["Action"]
    return action if isinstance(action, list) else [action]


def test_every_parameter_is_explained_preset_and_in_a_group() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]

    assert sorted(grouped) == sorted(PARAMETERS)
    for name, parameter in PARAMETERS.items():
        assert "?" in parameter["Description"], name
        assert "Default" in parameter, name


def test_a_message_stays_hidden_six_times_as_long_as_the_processor_may_run_and_a_batch_may_wait() -> None:
    hidden = TEMPLATE["Mappings"]["Visibility"]

    assert sorted(map(int, hidden)) == PARAMETERS["ProcessorTimeout"]["AllowedValues"]
    for seconds, row in hidden.items():
        assert row["Seconds"] >= 6 * int(seconds) + PARAMETERS["BatchWindow"]["MaxValue"]


def test_no_mapping_shares_a_name_with_a_parameter() -> None:
    assert not set(TEMPLATE["Mappings"]) & set(PARAMETERS)


def test_dead_letters_outlive_the_queue() -> None:
    days = TEMPLATE["Mappings"]["Days"]

    assert properties("DeadLetterQueue")["MessageRetentionPeriod"] == DEAD_LETTERS_KEPT_SECONDS
    assert sorted(map(int, days)) == PARAMETERS["QueueRetentionDays"]["AllowedValues"]
    for count, row in days.items():
        assert row["Seconds"] == 86400 * int(count) < DEAD_LETTERS_KEPT_SECONDS


def test_an_event_that_waits_is_told_of_while_the_queue_still_has_it() -> None:
    alarm = properties("EventsWaitAlarm")

    assert 2 * alarm["Threshold"] <= 86400 * min(PARAMETERS["QueueRetentionDays"]["AllowedValues"])


def test_packs_are_kept_as_long_as_other_deliveries() -> None:
    rules = {rule["Id"]: rule for rule in properties("DeliveryBucket")["LifecycleConfiguration"]["Rules"]}

    assert rules["expire-packs"] == {**rules["expire-deliveries"], "Id": "expire-packs", "Prefix": "archive/"}


def test_a_delivery_is_kept_as_long_as_the_ledger_remembers_it() -> None:
    assert PARAMETERS["DeliveryRetentionDays"]["MinValue"] >= LEDGER_REMEMBERS_DAYS


def test_the_queue_sets_nothing_aside_before_a_run_has_left_its_message() -> None:
    assert PARAMETERS["MaxReceiveCount"]["MinValue"] > MOST_RECEIVES


def test_what_is_due_is_looked_at_each_minute_and_a_tick_has_its_minute() -> None:
    schedule, function = properties("MaintenanceSchedule"), properties("MaintenanceFunction")

    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    assert function["Timeout"] == 60
    assert function["EventInvokeConfig"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}


def test_filters_compare_fields_and_never_look_for_words() -> None:
    """tests/it/alarms holds them to what is logged."""
    for name in of_type("AWS::Logs::MetricFilter"):
        pattern = properties(name)["FilterPattern"]
        assert pattern.startswith("{ ") and pattern.endswith(" }"), name
        compared = re.findall(r"""(\$\.(?:\w+|\['[\w.]+'\])) !?= "[^"]+\"""", pattern)
        assert len(compared) == pattern.count('"') // 2 > 0, name


def test_no_level_of_the_log_switches_a_filter_off() -> None:
    assert PARAMETERS["ApplicationLogLevel"]["AllowedValues"] == ["TRACE", "DEBUG", "INFO"]


@pytest.mark.parametrize("name", of_type("AWS::CloudWatch::Alarm"))
def test_each_alarm_names_its_section_of_the_runbook_with_commands_to_copy(name: str) -> None:
    alarm = properties(name)
    short = alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
    heading = f"Alarm: {short}"
    _, _, rest = (deploy.ROOT / "infra" / "RUNBOOK.md").read_text().partition(f"\n### {heading}\n")

    assert alarm["AlarmDescription"].endswith(f'Runbook, "{heading}".')
    assert len(alarm["AlarmDescription"]) <= 1024
    assert "```console\n$ " in re.split(r"\n##", rest)[0]


@pytest.mark.parametrize("name", of_type("AWS::CloudWatch::Alarm"))
def test_each_alarm_reaches_the_address_and_the_topic_that_are_given(name: str) -> None:
    none = {"Ref": "AWS::NoValue"}
    expected = [
        {"Fn::If": ["WithAlarmEmail", {"Ref": "AlarmTopic"}, none]},
        {"Fn::If": ["WithAlarmTopic", {"Ref": "AlarmTopicArn"}, none]},
    ]

    assert properties(name)["AlarmActions"] == properties(name)["OKActions"] == expected
    assert properties("AlarmSubscription")["Endpoint"] == {"Ref": "AlarmEmail"}


def test_a_stack_for_production_reaches_somebody() -> None:
    rule = TEMPLATE["Rules"]["ProductionReachesSomebody"]
    profile = (deploy.ROOT / "samconfig.toml").read_text().partition("[prod.deploy.parameters]")[2]

    assert {"Fn::Equals": [{"Ref": "DeletionProtection"}, "true"]} in rule["RuleCondition"]["Fn::And"]
    assert {"AlarmEmail", "AlarmTopicArn"} <= set(re.findall(r"Alarm\w+", str(rule["Assertions"])))
    assert "DeletionProtection=true" in profile.partition("[")[0]


def watched(alarm: Resource) -> set[tuple[str, str]]:
    """What an alarm looks at: namespaces and metrics."""
    stats = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one]
    return {(str(one["Namespace"]), one["MetricName"]) for one in [alarm, *stats] if "MetricName" in one}


def test_alarms_watch_what_writes_no_line_of_ours() -> None:
    alarms = [properties(name) for name in of_type("AWS::CloudWatch::Alarm")]
    seen = {metric for alarm in alarms for metric in watched(alarm)}
    functions = [
        (alarm["MetricName"], alarm["Dimensions"][0]["Value"]["Ref"])
        for alarm in alarms
        if alarm.get("Namespace") == "AWS/Lambda"
    ]

    assert {("AWS/ApiGateway", "4xx"), ("AWS/ApiGateway", "5xx"), ("AWS/ApiGateway", "Count")} <= seen
    assert ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible") in seen
    assert sorted(functions) == [
        (metric, function)
        for metric in ("Errors", "Throttles")
        for function in ("IngestFunction", "MaintenanceFunction", "ProcessorFunction")
    ]


def test_the_share_of_refused_signatures_is_each_endpoint_s_own() -> None:
    made = {name: properties(name)["MetricTransformations"][0] for name in ("SignaturesRefused", "SignaturesAccepted")}
    (query,) = properties("SignaturesRefusedAlarm")["Metrics"]

    assert {name: metric["MetricValue"] for name, metric in made.items()} == {
        "SignaturesRefused": "1",
        "SignaturesAccepted": "0",
    }
    for metric in made.values():
        assert metric["Dimensions"] == [{"Key": "Endpoint", "Value": "$.endpoint"}]
        assert f"AVG({metric['MetricName']})" in query["Expression"]["Fn::Sub"]
    assert query["Expression"]["Fn::Sub"].endswith("GROUP BY Endpoint")
    # One refused delivery and no accepted one is a share of 1.
    assert properties("SignaturesRefusedAlarm")["Threshold"] <= 1


def test_messages_in_flight_are_told_of_well_before_the_limit() -> None:
    assert 2 * properties("MessagesInFlightAlarm")["Threshold"] <= 120_000


def test_the_processor_fits_into_the_concurrency_of_a_new_account() -> None:
    assert PARAMETERS["ProcessorConcurrency"]["Default"] <= 5


def test_a_binary_cannot_be_deployed_for_another_processor() -> None:
    """What `sam build` compiles for is what it keeps in the template that `sam deploy` takes."""
    assert TEMPLATE["Globals"]["Function"]["Architectures"] == ["arm64"]
    for name in of_type("AWS::Serverless::Function"):
        assert "Architectures" not in properties(name)


def test_the_environment_of_a_function_fits_into_what_lambda_takes() -> None:
    """4 KB of names and values ("Lambda quotas", read 2026-11)."""
    fixed = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    for name in of_type("AWS::Serverless::Function"):
        variables = {**fixed, **properties(name)["Environment"]["Variables"]}
        assert sum(len(key) + longest(value) for key, value in variables.items()) <= 4096, name


def longest(value: object) -> int:
    """How long a variable's value can be. Names and URLs of resources have up to 256 characters."""
    parameter = PARAMETERS.get(value.get("Ref", "")) if isinstance(value, dict) else None
    if parameter is None:
        return 256
    allowed = parameter.get("MaxLength") or parameter.get("MaxValue") or max(parameter["AllowedValues"])
    return int(allowed) if parameter["Type"] == "String" else len(str(allowed))


def test_the_command_to_redrive_moves_dead_letters_to_the_work_queue() -> None:
    command = TEMPLATE["Outputs"]["RedriveCommand"]["Value"]["Fn::Sub"]

    assert command.startswith("aws sqs start-message-move-task ")
    assert "--source-arn ${DeadLetterQueue.Arn} --destination-arn ${EventQueue.Arn}" in command


def test_no_link_holds_for_one_partition_only() -> None:
    assert "amazonaws.com/" not in str(TEMPLATE["Outputs"])
    assert "console.aws" not in str(TEMPLATE["Outputs"])


def test_a_counter_has_dimensions_that_are_fields_of_its_line() -> None:
    (metric,) = properties("EventsCounted")["MetricTransformations"]
    effect = (deploy.ROOT / "shared/pipeline/src/ingest/effect.rs").read_text()
    (line,) = re.findall(r'tracing::info!\(([^;]*?)"event counted"', effect.split("Direct::Counter")[-1])

    for dimension in metric["Dimensions"]:
        field = dimension["Value"].removeprefix("$.")
        # A key with a dot in it cannot be named by a filter.
        assert field.isidentifier()
        assert re.search(rf"(^|[\s,(]){field} = ", line), field


def test_what_jobs_reach_is_off_until_a_parameter_names_it() -> None:
    (policy,) = properties("ProcessorRole")["Policies"]
    granted = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        if "Fn::If" in statement:
            condition, allowed, otherwise = statement["Fn::If"]
            assert otherwise == {"Ref": "AWS::NoValue"}
            granted |= {action: condition for action in actions(allowed)}
    expected = {
        "secretsmanager:GetSecretValue": ("WithJobSettings", "JobSettings", "false"),
        "ses:SendEmail": ("WithMail", "MailFrom", ""),
        "bedrock:InvokeModel": ("WithModel", "ModelId", ""),
        "sns:Publish": ("WithNotices", "NoticeTopicArn", ""),
        "kms:Decrypt": ("WithTableKey", "TableKeyArn", ""),
    }

    for action, (condition, parameter, off) in expected.items():
        assert granted[action] == condition
        assert parameter in str(TEMPLATE["Conditions"][condition])
        assert PARAMETERS[parameter]["Default"] == off


def test_mail_is_sent_from_the_one_address_only() -> None:
    (mail,) = [statement for statement in allow_statements() if "ses:SendEmail" in actions(statement)]

    assert mail["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}


def one_or_more(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def shown(value: Any) -> str:
    """A resource or a value of a condition, as SECURITY.md writes it."""
    match value:
        case {"Ref": name}:
            return str(name)
        case {"Fn::GetAtt": [name, "Arn"]}:
            return str(name)
        case {"Fn::Sub": text}:
            plain = re.sub(r"\$\{(?:AWS::)?(\w+)(?:\.Arn)?\}", r"\1", text)
            return re.sub(r"^arn:Partition:([a-z]+):[^:]*:[^:]*:", r"\1:", plain)
        case text:
            return str(text)


def row(who: str | None, statement: Resource, parameter: str | None) -> str:
    """A statement, as a line of a table in SECURITY.md."""
    tests = [
        f"`{key}` {operator} `{shown(value)}`"
        for operator, keys in statement.get("Condition", {}).items()
        for key, value in keys.items()
    ]
    cells = [
        ", ".join(f"`{action}`" for action in actions(statement)),
        ", ".join(f"`{shown(resource)}`" for resource in one_or_more(statement["Resource"])),
        ", ".join(([f"`{parameter}`"] if parameter else []) + tests),
    ]
    return ("| " + " | ".join(([who] if who else []) + cells) + " |").replace("|  |", "| |")


def table(head: str) -> list[str]:
    """The rows of the table with this head in SECURITY.md."""
    _, found, rest = (deploy.ROOT / "SECURITY.md").read_text().partition(head + "\n")
    assert found, head
    return list(itertools.takewhile(bool, rest.splitlines()[1:]))


def test_the_tables_of_rights_are_those_of_the_template() -> None:
    roles = {
        "IngestRole": "ingest",
        "ProcessorRole": "processor",
        "MaintenanceRole": "maintenance",
        "MaintenanceScheduleRole": "schedule",
    }
    rights = [
        row(who, statement, parameter)
        for role, who in roles.items()
        for policy in properties(role)["Policies"]
        for parameter, statement in map(with_parameter, policy["PolicyDocument"]["Statement"])
    ]
    people = {"OperatorReadPolicy": "operator who looks", "OperatorPolicy": "operator who acts"}
    rights += [
        row(who, statement, parameter)
        for policy, who in people.items()
        for parameter, statement in map(with_parameter, properties(policy)["PolicyDocument"]["Statement"])
    ]
    refusals = [
        row(None, statement, None)
        for policy in of_type("AWS::S3::BucketPolicy") + of_type("AWS::SQS::QueuePolicy")
        for statement in properties(policy)["PolicyDocument"]["Statement"]
    ]

    assert sorted(roles) == sorted(of_type("AWS::IAM::Role"))
    assert sorted(people) == sorted(of_type("AWS::IAM::ManagedPolicy"))
    assert table("| role | may | on | if |") == rights
    assert table("| refused | on | if |") == refusals


def with_parameter(statement: Resource) -> tuple[str | None, Resource]:
    if "Fn::If" not in statement:
        return None, statement
    condition, allowed, _ = statement["Fn::If"]
    return condition, allowed


def test_no_role_has_a_wildcard_action() -> None:
    for statement in allow_statements():
        assert not [action for action in actions(statement) if "*" in action]


def test_only_traces_may_go_to_any_resource() -> None:
    anywhere = [
        action for statement in allow_statements() if statement["Resource"] == "*" for action in actions(statement)
    ]

    assert {action.partition(":")[0] for action in anywhere} == {"xray"}


def test_a_secret_is_written_only_where_it_is_captured_and_only_if_asked_for() -> None:
    statements = properties("IngestRole")["Policies"][0]["PolicyDocument"]["Statement"]
    writing = [one for one in statements if "secretsmanager:PutSecretValue" in str(one)]

    assert [one["Fn::If"][0] for one in writing] == ["WithCaptures"]
    assert writing[0]["Fn::If"][1]["Resource"]["Fn::Sub"].endswith(":secret:${AWS::StackName}/captured/*")
    assert PARAMETERS["CaptureSecrets"]["Default"] == "false"


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table") + of_type("AWS::S3::Bucket"))
def test_what_holds_data_survives_the_stack(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_a_table_has_the_key_that_costs_nothing_until_another_is_given(name: str) -> None:
    condition, own, otherwise = properties(name)["SSESpecification"]["Fn::If"]

    assert (condition, PARAMETERS["TableKeyArn"]["Default"]) == ("WithTableKey", "")
    assert own == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "TableKeyArn"}}
    assert otherwise == {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_tables_are_paid_by_use_and_restorable(name: str) -> None:
    assert properties(name)["BillingMode"] == "PAY_PER_REQUEST"
    assert properties(name)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == {
        "Ref": "PointInTimeRecovery"
    }


def test_the_ledger_forgets_by_itself() -> None:
    assert properties("LedgerTable")["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_the_bucket_is_private_and_forgets_by_itself() -> None:
    bucket = properties("DeliveryBucket")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    expiring = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert [rule["Prefix"] for rule in expiring] == [
        "deliveries/",
        "direct/",
        "archive/",
        "documents/steps/",
        "operations/",
    ]
    for rule in expiring:
        assert rule["ExpirationInDays"] == {"Ref": "DeliveryRetentionDays"}
    assert PARAMETERS["DeliveryRetentionDays"]["MinValue"] >= 30, "the life of a record"


def test_every_queue_and_bucket_refuses_what_does_not_come_over_tls() -> None:
    policies = of_type("AWS::SQS::QueuePolicy") + of_type("AWS::S3::BucketPolicy")
    without_tls = {"Bool": {"aws:SecureTransport": "false"}}
    denied = [properties(policy)["PolicyDocument"]["Statement"][0] for policy in policies]

    assert len(denied) == len(of_type("AWS::SQS::Queue") + of_type("AWS::S3::Bucket"))
    for statement in denied:
        assert (statement["Effect"], statement["Condition"]) == ("Deny", without_tls)


def test_nobody_writes_over_an_object() -> None:
    _, write_once = properties("DeliveryBucketPolicy")["PolicyDocument"]["Statement"]

    assert write_once == {
        "Sid": "WriteOnce",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": {"Fn::Sub": "${DeliveryBucket.Arn}/*"},
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }


@pytest.mark.parametrize("name", of_type("AWS::Logs::LogGroup"))
def test_logs_are_not_kept_for_ever(name: str) -> None:
    assert properties(name)["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_access_logs_leave_the_query_out() -> None:
    settings = properties("WebhookStage")["AccessLogSettings"]["Fn::If"][1]

    assert "query" not in settings["Format"].lower()
    assert "\n" not in settings["Format"]
