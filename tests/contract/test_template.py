"""The template for AWS holds what the code relies on, allows no more than is used, and costs nothing while idle."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters import storage
from chalicelib.adapters.providers import smtp
from chalicelib.models import keys
from chalicelib.services import addresses, changes, keyring, turns
from infra import package

STAGES = ("dev", "prod")
FUNCTIONS = {"APIHandler": "ApiLogs", "OnWork": "OnWorkLogs", "OnChange": "OnChangeLogs", "OnMinute": "OnMinuteLogs"}
CFN_LINT = (sys.executable, "-c", "from cfnlint.runner import main; main()")
SOURCES = {"SQS": "Queue", "DynamoDB": "Stream", "Schedule": "Schedule"}

# Types without a price while nobody works: on-demand tables, queues, buckets that forget, logs, ten alarms, and what is
# free anyway.
FREE_WHILE_IDLE = {
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::Serverless::Api",
    "AWS::Serverless::Function",
}
# Properties that put a price, or a paid thing of its own, behind one of the types above.
PRICED = {
    "AccelerateConfiguration",
    "AnalyticsConfigurations",
    "AutoPublishAlias",
    "CacheClusterEnabled",
    "ContributorInsightsSpecification",
    "GlobalTableWitnesses",
    "IntelligentTieringConfigurations",
    "InventoryConfigurations",
    "KinesisStreamSpecification",
    "KmsKeyId",
    "KmsMasterKeyId",
    "MetricsConfigurations",
    "OnDemandThroughput",
    "ProvisionedConcurrencyConfig",
    "ProvisionedThroughput",
    "Replicas",
    "ReplicationConfiguration",
    "SSESpecification",
    "SnapStart",
    "VersioningConfiguration",
    "VpcConfig",
    "WarmThroughput",
}


@cache
def template(stage: str) -> dict[str, Any]:
    """What `make package` writes for the stage, made without the dependencies."""
    with tempfile.TemporaryDirectory() as work:
        raw = package.run_chalice(stage, Path(work), requirements=False)
        return package.finish_template(json.loads((raw / "sam.json").read_text()), stage)


def resources(kind: str, stage: str = "prod") -> dict[str, dict[str, Any]]:
    found = template(stage)["Resources"].items()
    return {name: entry.get("Properties", {}) for name, entry in found if entry["Type"] == kind}


def events() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every event source: (function, name, definition)."""
    for function, properties in resources("AWS::Serverless::Function").items():
        for name, event in properties.get("Events", {}).items():
            yield function, name, event


def policy(function: str) -> list[dict[str, Any]]:
    """The statements of a function's own role."""
    role = resources("AWS::Serverless::Function")[function]["Role"]["Fn::GetAtt"][0]
    (found,) = resources("AWS::IAM::Role")[role]["Policies"]
    statements: list[dict[str, Any]] = found["PolicyDocument"]["Statement"]
    return statements


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(function: str) -> set[tuple[str, str]]:
    """Pairs of action and resource that a function may use."""
    return {
        (action, json.dumps(resource))
        for statement in policy(function)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def nodes(node: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_has_a_price_while_idle(stage: str) -> None:
    kinds = {entry["Type"] for entry in template(stage)["Resources"].values()}
    assert kinds <= FREE_WHILE_IDLE
    assert not {key for key, _ in nodes(template(stage))} & PRICED
    (table,) = resources("AWS::DynamoDB::Table", stage).values()
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_at_most_the_ten_free_alarms_each_on_one_metric() -> None:
    alarms = resources("AWS::CloudWatch::Alarm")
    assert len(alarms) <= 10
    assert not any("Metrics" in alarm for alarm in alarms.values()), "metric math is charged per metric"
    assert all(alarm["Period"] >= 60 for alarm in alarms.values()), (
        "below a minute is high resolution, which has a price"
    )


def test_a_misspelt_patch_does_not_pass() -> None:
    stray = {"Parameters": {"Stage": {}}, "Resources": {"OnWrok": {"Properties": {}}}}
    with pytest.raises(package.PackageError, match="OnWrok"):
        package.finish_template(stray, "dev")
    assert all("Type" in event for _, _, event in events()), "an event source that Chalice does not make"


def test_the_functions_are_the_four_we_know() -> None:
    assert set(resources("AWS::Serverless::Function")) == set(FUNCTIONS)
    assert {(function, event["Type"]) for function, _, event in events()} == {
        ("OnWork", "SQS"),
        ("OnChange", "DynamoDB"),
        ("OnMinute", "Schedule"),
    }


@pytest.mark.parametrize("stage", STAGES)
def test_functions_run_on_arm64_and_log_into_a_group_that_forgets(stage: str) -> None:
    for name, function in resources("AWS::Serverless::Function", stage).items():
        assert function["Architectures"] == ["arm64"]
        assert function["Tracing"] == "PassThrough"
        group = function["LoggingConfig"]["LogGroup"]["Ref"]
        assert group == FUNCTIONS[name]
        assert "RetentionInDays" in resources("AWS::Logs::LogGroup", stage)[group]
    assert resources("AWS::Serverless::Function", stage)["APIHandler"]["Timeout"] <= 29, "API Gateway waits no longer"


def test_sources_are_real_and_failures_of_single_records_are_read() -> None:
    for function, name, event in events():
        source = event["Properties"][SOURCES[event["Type"]]]
        if event["Type"] == "Schedule":
            assert source == "rate(1 minute)"
            continue
        assert source["Fn::GetAtt"][0] in template("prod")["Resources"], f"{name} still has its placeholder"
        assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"], function


def test_the_feed_is_called_for_what_something_follows_from_and_for_nothing_else() -> None:
    (source,) = (event["Properties"] for _, _, event in events() if event["Type"] == "DynamoDB")
    patterns = [json.loads(one["Pattern"])["dynamodb"] for one in source["FilterCriteria"]["Filters"]]
    assert {(image, *found["kind"]["S"]) for one in patterns for image, found in one.items()} == {
        (image, *sorted(changes.KINDS)) for image in ("NewImage", "OldImage")
    }
    assert all(len(one) == 1 for one in patterns), "of two images in one pattern both would have to be there"


def test_what_fails_for_good_ends_in_a_dead_letter_queue() -> None:
    queues = resources("AWS::SQS::Queue")
    targets = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in queues.values()
        if "RedrivePolicy" in queue
    }
    for _, _, event in events():
        if event["Type"] == "SQS":
            source = queues[event["Properties"]["Queue"]["Fn::GetAtt"][0]]
            assert source["RedrivePolicy"]["maxReceiveCount"] >= 3
        if event["Type"] == "DynamoDB":
            assert 0 < event["Properties"]["MaximumRetryAttempts"] <= 10
            assert event["Properties"]["BisectBatchOnFunctionError"]
            targets.add(event["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0])
    assert targets == {"WorkDeadLetters", "ChangeDeadLetters"}
    assert all(queues[name]["MessageRetentionPeriod"] == 14 * 24 * 3600 for name in targets)
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())


def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_run() -> None:
    for function, _, event in events():
        if event["Type"] == "SQS":
            queue = resources("AWS::SQS::Queue")[event["Properties"]["Queue"]["Fn::GetAtt"][0]]
            assert queue["VisibilityTimeout"] >= 6 * resources("AWS::Serverless::Function")[function]["Timeout"]


def test_every_variable_that_the_code_reads_is_set() -> None:
    source = (package.ROOT / "chalicelib" / "config.py").read_text()
    read = set(re.findall(r"os\.environ(?:\.get\(|\[)\"(\w+)\"", source))
    mine = {name for name in read if not name.startswith("AWS_")}
    assert mine >= {"TABLE", "STAGE", "WORK_QUEUE_URL"}, "config.py reads the environment in another way now"
    assert len(re.findall(r"os\.(?:environ|getenv)", source)) == len(re.findall(r"os\.environ(?:\.get\(|\[)\"", source))
    everywhere = template("prod")["Globals"]["Function"]["Environment"]["Variables"]
    for function in resources("AWS::Serverless::Function").values():
        own = function.get("Environment", {}).get("Variables", {})
        assert mine <= {*everywhere, *own}


def test_policies_name_what_they_allow() -> None:
    for function in FUNCTIONS:
        for action, resource in allowed(function):
            assert "*" not in action
            assert json.loads(resource) != "*"
            assert "Ref" in resource or "Fn::" in resource, f"{function} may {action} on a fixed {resource}"


def test_each_function_may_use_its_source_its_log_and_its_destination() -> None:
    needs = {"SQS": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]}
    needs["DynamoDB"] = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"]
    for function, _, event in events():
        for action in needs.get(event["Type"], []):
            assert (action, json.dumps(event["Properties"][SOURCES[event["Type"]]])) in allowed(function)
        if "DestinationConfig" in event["Properties"]:
            target = event["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
            assert ("sqs:SendMessage", json.dumps(target)) in allowed(function)
    for function, group in FUNCTIONS.items():
        assert ("logs:PutLogEvents", json.dumps({"Fn::GetAtt": [group, "Arn"]})) in allowed(function)
    senders = {function for function in FUNCTIONS if any(action.startswith("ses:") for action, _ in allowed(function))}
    assert senders == {"OnWork"}


def test_each_function_may_read_the_secrets_that_it_uses_and_no_other() -> None:
    readable = {
        function: {
            json.loads(resource)["Fn::Sub"].partition("${Stage}/")[2]
            for action, resource in allowed(function)
            if action.startswith("ssm:")
        }
        for function in FUNCTIONS
    }
    assert readable == {
        "APIHandler": {keyring.SECRET, addresses.SECRET},
        "OnWork": {smtp.PASSWORD, keyring.SECRET, addresses.SECRET},
        "OnChange": {addresses.SECRET},
        "OnMinute": set(),
    }


def test_files_are_private_and_forgotten_and_browsers_may_put_them() -> None:
    (bucket,) = resources("AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (encrypted,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encrypted["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}, "the key that costs nothing"
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] * 86_400 == storage.KEPT
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] <= rule["ExpirationInDays"]
    assert "Prefix" not in rule, "all of it"
    (cors,) = bucket["CorsConfiguration"]["CorsRules"]
    assert cors["AllowedOrigins"] == [{"Ref": "CorsOrigin"}]
    assert cors["AllowedMethods"] == ["GET", "PUT"]


def test_only_who_works_with_files_may_reach_them() -> None:
    may = {function: {action for action, _ in allowed(function) if action.startswith("s3:")} for function in FUNCTIONS}
    assert may == {
        "APIHandler": {"s3:GetObject", "s3:PutObject", "s3:ListBucket"},  # to list is to hear that one is not there
        "OnWork": {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket"},
        "OnChange": set(),
        "OnMinute": set(),
    }


def test_who_sends_hints_may() -> None:
    queue = json.dumps({"Fn::GetAtt": ["WorkQueue", "Arn"]})
    senders = {function for function in FUNCTIONS if ("sqs:SendMessage", queue) in allowed(function)}
    assert senders == {"OnWork", "OnChange", "OnMinute"}


def test_a_batch_of_turns_ends_before_its_function_does() -> None:
    (source,) = (event["Properties"] for _, _, event in events() if event["Type"] == "SQS")
    timeout = resources("AWS::Serverless::Function")["OnWork"]["Timeout"]
    assert source["BatchSize"] * (turns.SLICE + turns.LEASE / 4) <= timeout


def test_a_preflight_allows_the_origin_that_the_operator_chose() -> None:
    paths = resources("AWS::Serverless::Api")["RestAPI"]["DefinitionBody"]["paths"]
    preflights = [path["options"]["x-amazon-apigateway-integration"] for path in paths.values()]
    assert len(preflights) > 10
    for answer in preflights:
        told = answer["responses"]["default"]["responseParameters"]
        assert told["method.response.header.Access-Control-Allow-Origin"] == {"Fn::Sub": "'${CorsOrigin}'"}


def test_table_and_indexes_are_those_of_the_key_schema() -> None:
    (table,) = resources("AWS::DynamoDB::Table").values()

    def pair(schema: list[dict[str, str]]) -> tuple[str, ...]:
        return tuple(key["AttributeName"] for key in sorted(schema, key=lambda key: key["KeyType"]))

    found = {index["IndexName"]: pair(index["KeySchema"]) for index in table["GlobalSecondaryIndexes"]}
    assert found == keys.INDEXES
    assert pair(table["KeySchema"]) == ("pk", "sk")
    attributes = {entry["AttributeName"] for entry in table["AttributeDefinitions"]}
    assert attributes == {"pk", "sk", *(name for names in found.values() for name in names)}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_data_outlive_their_stack_outside_dev() -> None:
    prod, dev = (template(stage)["Resources"]["Table"] for stage in ("prod", "dev"))
    assert prod["DeletionPolicy"] == prod["UpdateReplacePolicy"] == "Retain"
    assert dev["DeletionPolicy"] == dev["UpdateReplacePolicy"] == "Delete"
    assert prod["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["Guarded", True, False]}
    assert [template(stage)["Parameters"]["Stage"]["Default"] for stage in STAGES] == list(STAGES)


def test_the_gateway_speaks_problem_json_too() -> None:
    answers = resources("AWS::Serverless::Api")["RestAPI"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]
    expected: dict[str, int | None] = {
        "MISSING_AUTHENTICATION_TOKEN": 404,
        "REQUEST_TOO_LARGE": 413,
        "UNSUPPORTED_MEDIA_TYPE": 415,
    }
    expected |= {"THROTTLED": 429, "QUOTA_EXCEEDED": 429, "DEFAULT_4XX": None, "DEFAULT_5XX": None}
    assert {name: answers[name].get("statusCode") for name in expected} == expected
    for name, answer in answers.items():
        # The one variable that is no string brings its own quotes.
        body = json.loads(
            answer["responseTemplates"]["application/json"].replace("$context.error.messageString", '"x"')
        )
        assert body["request_id"] == "$context.requestId"
        assert body.get("status") == answer.get("statusCode"), name
        header = answer["responseParameters"]
        assert header["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert "gatewayresponse.header.Access-Control-Allow-Origin" in header
        assert header["gatewayresponse.header.X-Request-Id"] == "context.requestId"
        assert header["gatewayresponse.header.Tendril-Cost"].startswith("'rru=0; wru=0;")
        assert ("gatewayresponse.header.Retry-After" in header) == (answer.get("statusCode") == 429)


@pytest.mark.parametrize("stage", STAGES)
def test_cfn_lint_finds_nothing(stage: str, tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template(stage)))
    done = subprocess.run(
        [*CFN_LINT, "--regions", "eu-central-1", "--template", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_event_handlers_run_without_the_app() -> None:
    """Lambda imports a handler's own module, and never app.py (which the API handler alone is)."""
    handlers = {properties["Handler"] for properties in resources("AWS::Serverless::Function").values()}
    assert "app.app" in handlers
    for handler in sorted(handlers - {"app.app"}):
        module, _, name = handler.rpartition(".")
        code = f"import sys, {module} as m; assert callable(m.{name}); assert 'app' not in sys.modules"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=package.ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{handler}: {done.stderr}"
