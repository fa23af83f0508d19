"""Package a stage and bring it up in the AWS account of the caller: `python -m infra.deploy dev`.

CloudFormation does the work, through a change set; this file only puts the artefacts where it can read them, waits, and
says in one line what went wrong. `PARAMETERS='MailFrom="Tendril <crm@firm.example>" Signup=closed'` sets parameters of
the template; those not named keep the value they have.
"""

import hashlib
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from infra import signing_keys
from infra.package import PackageError, build

SECONDS_BETWEEN_LOOKS = 3
# CloudFormation's word for a change set that would change nothing.
NOTHING = ("didn't contain changes", "No updates are to be performed")


class DeployError(Exception):
    """The stack is not as asked; the message names the resource and its reason."""


def deploy(stage: str, folder: Path, parameters: dict[str, str]) -> dict[str, str]:
    """Bring up what `infra.package` has put into `folder`, and return the stack's outputs. Raises DeployError."""
    session = boto3.session.Session()
    bucket = _bucket(session)
    archive = _upload(session, bucket, stage, (folder / "deployment.zip").read_bytes(), "zip")
    template = json.loads((folder / "template.json").read_text())
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = f"s3://{bucket}/{archive}"
    body = _upload(session, bucket, stage, json.dumps(template).encode(), "json")
    if signing_keys.create():
        print(f"made the signing keys in {os.environ['SECRETS']}")
    if signing_keys.create_address_key():
        print(f"made the key of addresses in {os.environ['SECRETS']}")
    stack = f"tendril-{stage}"
    url = f"{session.client('s3').meta.endpoint_url}/{bucket}/{body}"
    outputs = _change(session.client("cloudformation"), stack, url, parameters, template["Parameters"])
    _forget_all_but(session, bucket, stage, {archive, body})
    return outputs


def _bucket(session: Any) -> str:
    """The account's private bucket for artefacts, made when missing."""
    account = session.client("sts").get_caller_identity()["Account"]
    name, region, s3 = f"tendril-artefacts-{account}-{session.region_name}", session.region_name, session.client("s3")
    try:
        s3.head_bucket(Bucket=name)
    except ClientError:
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **place)
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
        print(f"made the bucket {name}")
    return name


def _upload(session: Any, bucket: str, stage: str, content: bytes, kind: str) -> str:
    """Store under the content's own hash, so that the same code is no change to CloudFormation; returns the key."""
    key = f"{stage}/{hashlib.sha256(content).hexdigest()}.{kind}"
    session.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return key


def _forget_all_but(session: Any, bucket: str, stage: str, keep: set[str]) -> None:
    """Remove earlier artefacts: a later rollback needs only what is deployed now, and storage has a price."""
    s3 = session.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{stage}/"):
        for entry in page.get("Contents", []):
            if entry["Key"] not in keep:
                s3.delete_object(Bucket=bucket, Key=entry["Key"])


def _change(cloud: Any, stack: str, url: str, given: dict[str, str], known: dict[str, Any]) -> dict[str, str]:
    """Run one change set to its end, and return the stack's outputs."""
    strangers = given.keys() - known.keys()
    if strangers:
        raise DeployError(f"no parameter {', '.join(sorted(strangers))}; there are {', '.join(sorted(known))}")
    current = _describe(cloud, stack)
    if current and current["StackStatus"] == "ROLLBACK_COMPLETE":
        # The first attempt failed; CloudFormation only lets such a stack be deleted, and nothing lives in it.
        cloud.delete_stack(StackName=stack)
        _wait(cloud, current["StackId"])
        current = None
    fresh = current is None or current["StackStatus"] == "REVIEW_IN_PROGRESS"
    change = cloud.create_change_set(
        StackName=stack,
        ChangeSetName=f"deploy-{int(time.time())}",
        ChangeSetType="CREATE" if fresh else "UPDATE",
        TemplateURL=url,
        Parameters=list(_parameters(given, known, {} if fresh else current or {})),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    try:
        cloud.get_waiter("change_set_create_complete").wait(
            ChangeSetName=change["Id"], WaiterConfig={"Delay": SECONDS_BETWEEN_LOOKS, "MaxAttempts": 200}
        )
    except WaiterError as error:
        reason = cloud.describe_change_set(ChangeSetName=change["Id"]).get("StatusReason", str(error))
        cloud.delete_change_set(ChangeSetName=change["Id"])
        if not any(word in reason for word in NOTHING):
            raise DeployError(f"{stack}: {reason}") from error
        print(f"{stack} is up to date")
        return _outputs(current or {})
    cloud.execute_change_set(ChangeSetName=change["Id"])
    done = _wait(cloud, change["StackId"])
    if done["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeployError(f"{stack} ended as {done['StackStatus']}: {_first_failure(cloud, change['StackId'])}")
    return _outputs(done)


def _parameters(given: dict[str, str], known: dict[str, Any], current: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is given, and the present value of all others; the template's defaults speak for what is new."""
    for name, value in given.items():
        yield {"ParameterKey": name, "ParameterValue": value}
    for parameter in current.get("Parameters", []):
        if parameter["ParameterKey"] in known.keys() - given.keys():
            yield {"ParameterKey": parameter["ParameterKey"], "UsePreviousValue": True}


def _describe(cloud: Any, stack: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = cloud.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def _wait(cloud: Any, stack_id: str) -> dict[str, Any]:
    """The stack once nothing is in progress; an empty status when it is gone."""
    while True:
        stack = _describe(cloud, stack_id) or {"StackStatus": "DELETE_COMPLETE"}
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _first_failure(cloud: Any, stack_id: str) -> str:
    """The earliest failure of the last run, which has caused all others."""
    failure = "no reason given"
    for event in cloud.describe_stack_events(StackName=stack_id)["StackEvents"]:  # newest first
        reason = event.get("ResourceStatusReason", "")
        if event["PhysicalResourceId"] == stack_id and reason == "User Initiated":
            break
        if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason:
            failure = f"{event['LogicalResourceId']} ({event.get('ResourceType', '')}): {reason or 'no reason given'}"
    return failure


def _outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def main() -> int:
    """Package and deploy the stage named on the command line."""
    stage = sys.argv[1] if len(sys.argv) > 1 else "dev"
    given = dict(word.partition("=")[::2] for word in shlex.split(os.environ.get("PARAMETERS", "")))
    signing_keys.use_store_of(stage)
    try:
        outputs = deploy(stage, build(stage), given)
    except (PackageError, DeployError, LookupError, RuntimeError, ClientError, BotoCoreError) as error:
        print(f"Not deployed. {error}", file=sys.stderr)
        return 1
    for name, value in sorted(outputs.items()):
        print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
