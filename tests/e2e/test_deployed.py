"""The house stands in the cloud too: the deployed zip, driven through API Gateway, stream, queue and schedule."""

import io
import json
import urllib.request
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra import deploy

pytestmark = pytest.mark.e2e

OWNER = {
    "company": "Fern Ltd",
    "name": "Ada Fern",
    "email": "ada@fern.test",
    "password": "correct-horse-battery-staple",
}


@pytest.fixture(scope="session")
def session(stack: Any) -> dict[str, Any]:
    """The owner's tokens after signing up."""
    answer = stack.call("POST", "/v1/auth/signup", OWNER)
    assert answer.status == 201, answer
    return answer.body


def test_health_needs_no_table_and_ready_finds_it(stack: Any) -> None:
    assert stack.call("GET", "/v1/health").status == 200
    assert stack.call("GET", "/v1/ready").status == 200


def test_from_signup_to_the_reminder_in_the_mail(stack: Any, session: dict[str, Any]) -> None:
    token = session["access_token"]
    draft = {"first_name": "Grace", "emails": [{"address": "grace@navy.test", "kind": "work", "primary": True}]}
    created = stack.call("POST", "/v1/contacts", draft, token)
    assert created.status == 201, created
    contact = created.body["id"]
    assert created.headers["location"].endswith(f"/v1/contacts/{contact}")
    assert "tendril-cost" in created.headers

    # The stream of the table has called the deployed function, which has written the entry.
    timeline = stack.eventually(
        lambda: stack.call("GET", f"/v1/contacts/{contact}/timeline", token=token).body["data"], 30
    )
    assert [entry["subject_id"] for entry in timeline] == [contact]

    due = datetime.now(UTC) + timedelta(seconds=5)
    task = {"title": "Call Grace", "kind": "call", "due_at": due.isoformat(), "remind_before": 0}
    task |= {"assignee_id": session["user"]["id"], "subject_id": contact}
    assert stack.call("POST", "/v1/tasks", task, token).status == 201

    # The schedule finds the moment, the queue carries it, the worker hands it to SES.
    mails = stack.eventually(lambda: stack.mails(OWNER["email"]), 150, pause=2)
    assert len(mails) == 1
    assert "Call Grace" in json.dumps(mails)
    assert "no-reply@tendril.test" in json.dumps(mails)

    # Two more ticks at once change nothing: at most once.
    lambdas = stack.client("lambda")
    (minute,) = [f["FunctionName"] for f in lambdas.list_functions()["Functions"] if "OnMinute" in f["FunctionName"]]
    for _ in range(2):
        assert "FunctionError" not in lambdas.invoke(FunctionName=minute, Payload=json.dumps(TICK))
    assert not stack.eventually(lambda: stack.mails(OWNER["email"])[1:], 5)
    assert stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs["WorkDeadLettersUrl"], AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"] == {"ApproximateNumberOfMessages": "0"}


def test_an_export_is_written_by_the_worker_and_read_by_its_link(stack: Any, session: dict[str, Any]) -> None:
    token = session["access_token"]
    draft = {"first_name": "Mary", "emails": [{"address": "mary@navy.test"}]}
    mary = stack.call("POST", "/v1/contacts", draft, token).body["id"]
    assert stack.eventually(lambda: stack.call("GET", f"/v1/contacts/{mary}/timeline", token=token).body["data"], 30)
    made = stack.call("POST", "/v1/exports", {"kind": "all", "format": "csv"}, token)
    assert made.status == 202, made
    where = made.headers["location"].partition("/v1/")[2]

    def ended() -> list[Any]:
        job = stack.call("GET", f"/v1/{where}", token=token).body
        return [job] if job["finished_at"] else []

    (job,) = stack.eventually(ended, 60)
    assert job["status"] == "succeeded", job
    with (
        urllib.request.urlopen(job["result_url"], timeout=10) as answer,
        zipfile.ZipFile(io.BytesIO(answer.read())) as found,
    ):
        assert b"mary@navy.test" in found.read("contacts.csv")
        assert found.namelist() == ["companies.csv", "contacts.csv", "deals.csv", "tasks.csv", "activities.csv"]


def test_problems_are_told_as_problem_json(stack: Any, session: dict[str, Any]) -> None:
    missing = stack.call("GET", "/v1/contacts/con_01HZZZZZZZZZZZZZZZZZZZZZZZ", token=session["access_token"])
    assert (missing.status, missing.headers["content-type"]) == (404, "application/problem+json")
    assert missing.body["request_id"] == missing.headers["x-request-id"]
    assert stack.call("GET", "/v1/contacts", token="forged").status == 401
    assert stack.call("POST", "/v1/contacts", {"nonsense": 1}, session["access_token"]).status == 422


def test_a_new_signing_key_logs_nobody_out(stack: Any, session: dict[str, Any]) -> None:
    done = stack.run("infra.rotate_keys")
    assert done.returncode == 0, done.stderr
    assert stack.call("GET", "/v1/me", token=session["access_token"]).status == 200
    again = stack.call("POST", "/v1/auth/login", {key: OWNER[key] for key in ("email", "password")})
    assert again.status == 200
    assert stack.call("GET", "/v1/me", token=again.body["access_token"]).status == 200


def test_the_same_sources_deployed_again_are_no_change(stack: Any) -> None:
    done = stack.run("infra.deploy")
    assert done.returncode == 0, done.stderr
    assert "is up to date" in done.stdout
    assert "made the signing keys" in stack.said
    assert "made the signing keys" not in done.stdout


def test_a_failed_deployment_names_the_resource_and_its_reason(cloud_environment: None, tmp_path: Path) -> None:
    (tmp_path / "deployment.zip").write_bytes(b"PK")
    broken = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 99999999}}
    fine = broken | {"Properties": {}}

    def deployed(wrong: object) -> dict[str, str]:
        outputs = {"Name": {"Value": {"Fn::GetAtt": ["Wrong", "QueueName"]}}}
        template = {"Parameters": {}, "Outputs": outputs, "Resources": {"Fine": fine, "Wrong": wrong}}
        (tmp_path / "template.json").write_text(json.dumps(template))
        return deploy.deploy("broken", tmp_path, {})

    with pytest.raises(deploy.DeployError, match=r"ROLLBACK_COMPLETE: Wrong \(AWS::SQS::Queue\): .*VisibilityTimeout"):
        deployed(broken)
    assert "Wrong" in deployed(fine)["Name"], "a failed first attempt is in nobody's way"
    with pytest.raises(deploy.DeployError, match="no parameter Nonsense"):
        deploy.deploy("broken", tmp_path, {"Nonsense": "1"})


TICK = {
    "version": "0",
    "id": "00000000-0000-0000-0000-000000000000",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2025-01-01T00:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:000000000000:rule/minute"],
    "detail": {},
}
