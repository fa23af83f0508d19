"""Mails on trial: to the firm's own people only, marked, once each, and with links that are nobody's."""

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.services import mail_links, trials
from tests import mailshots
from tests.campaigning import HTML, bare_template, campaign
from tests.contract.calling import colleague, token
from tests.house import Answer, House, Sender

SEED = "qa@firm.example"


def tried(sender: Sender, made: Any, *to: str, **fields: Any) -> Answer:
    return sender.post(f"/v1/campaigns/{made['id']}/test", {"to": list(to), **fields})


def mails(house: House, made: Any) -> list[Any]:
    return [one for one in house.outbox.mails if one.tags.get("campaign") == made["id"]]


def job(sender: Sender, begun: Answer) -> Any:
    assert begun.status == 202, begun.text
    return sender.get(f"/v1/jobs/{begun.json['id']}").json


def test_users_and_seeds_get_a_marked_copy(house: House, owner: Sender) -> None:
    contact = owner.contact(first_name="Grace", emails=[{"address": "grace@x.example"}])
    owner.call("PUT", "/v1/topics/news", {"label": "News"})
    made = campaign(owner, reply_to="ada@firm.example", topic="news")
    mine = str(owner.signed_up["user"]["email"])
    begun = tried(owner, made, mine, SEED, mine, contact_id=contact["id"])
    house.settle()
    ended = job(owner, begun)
    assert (ended["status"], ended["progress"], ended["counts"]) == ("succeeded", {"done": 2, "total": 2}, {"sent": 2})
    there = mails(house, made)
    assert [one.to for one in there] == [mine, SEED]
    assert {one.subject for one in there} == {"[Test] News of March"}
    assert all("Hello Grace" in one.html for one in there)
    assert there[0].sender == "News <news@firm.example>"
    assert there[0].headers == {"Reply-To": "ada@firm.example"}
    assert "send" not in there[0].tags  # no webhook takes it for a mail of the campaign


def test_it_says_whom_it_is_from_and_where_the_firm_is(house: House, owner: Sender) -> None:
    assert owner.patch("/v1/settings", {"address": "x" * 301}).status == 422
    assert owner.patch("/v1/settings", {"address": " 1 Mill <Lane> "}).json["address"] == "1 Mill <Lane>"
    html = '<p>{{ sender.name }}, {{ sender.email }}, {{ firm.address }} <a href="{{ unsubscribe_url }}">no</a></p>'
    made = campaign(owner, template_id=bare_template(owner.tenant, html=html))
    tried(owner, made, SEED)
    house.settle()
    (mail,) = mails(house, made)
    assert "News, news@firm.example, 1 Mill &lt;Lane&gt;" in mail.html
    assert owner.patch("/v1/settings", {"address": None}).json["address"] is None


def test_its_links_are_nobodys(house: House, owner: Sender) -> None:
    contact = owner.contact()
    made = campaign(owner)
    tried(owner, made, SEED, contact_id=contact["id"])
    house.settle()
    (mail,) = mails(house, made)
    token = mail.html.partition("/u/")[2].partition('"')[0].partition("?")[0]
    link = mail_links.read("unsubscribe", token)
    assert link is not None
    assert (link.tenant, link.contact_id) == (owner.tenant, trials.NOBODY)
    assert contact["id"] not in mail.html


def test_a_seed_that_has_said_no_gets_none(house: House, owner: Sender) -> None:
    made = campaign(owner, seeds=["No@firm.example"])
    assert owner.call("PUT", "/v1/suppressions/no@firm.example", {"reason": "manual"}).status in (200, 201)
    answer = tried(owner, made, "no@firm.example")
    assert (answer.status, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]) == (
        422,
        "/to/0",
        "manual",
    )


def test_one_address_in_two_spellings_gets_one(house: House, owner: Sender) -> None:
    made = campaign(owner)
    tried(owner, made, SEED, SEED.upper())
    house.settle()
    assert len(mails(house, made)) == 1


def test_strangers_get_none(house: House, owner: Sender) -> None:
    made = campaign(owner)
    theirs = str(house.signup().signed_up["user"]["email"])
    for to in (theirs, "somebody@x.example"):
        refused = tried(owner, made, SEED, to)
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/to/1")
    house.settle()
    assert mails(house, made) == []


def test_a_contact_is_shown_to_who_may_see_it_and_its_company(owner: Sender) -> None:
    company = owner.post("/v1/companies", {"name": "Acme"}).json
    contact = owner.contact(first_name="Ada", company_id=company["id"])
    both = campaign(owner, template_id=bare_template(owner.tenant, html=HTML + "{{ company.name }}"))
    needed = {"contacts:read": campaign(owner), "companies:read": both}
    for missing, made in needed.items():
        program = token(owner, {"campaigns:send", "campaigns:read", *needed} - {missing})
        answer = tried(program, made, SEED, contact_id=contact["id"])
        assert (answer.status, missing in answer.json["detail"]) == (403, True), answer.text
        assert tried(program, made, SEED).status == 202
    assert tried(program, needed["contacts:read"], SEED, contact_id=contact["id"]).status == 202


def test_what_cannot_be_tried(house: House, owner: Sender) -> None:
    made = campaign(owner)
    theirs = house.signup().contact()
    for fields, pointer in (({"contact_id": theirs["id"]}, "/contact_id"), ({"contact_id": "con_x"}, "/contact_id")):
        refused = tried(owner, made, SEED, **fields)
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, pointer)
    assert tried(owner, made).status == 422
    assert tried(owner, made, *(f"a{number}@x.example" for number in range(11))).status == 422
    assert tried(colleague(owner, "rep"), made, SEED).status == 403
    bare = owner.post("/v1/campaigns", {"name": "Spring", "seeds": [SEED]}).json
    assert tried(owner, bare, SEED).status == 409


def test_each_goes_out_once_whatever_happens_to_the_step(house: House, owner: Sender) -> None:
    made = campaign(owner)
    mine = str(owner.signed_up["user"]["email"])
    tried(owner, made, mine, SEED)
    (work,) = mailshots.jobs_of(owner.tenant, trials.KIND)
    trials.step(work)
    work.done, work.counts = 0, {}  # the worker died before it was kept
    trials.step(work)
    house.outbox.failures = [errors.MailDeferred("Wait.")]
    with pytest.raises(errors.Unready):
        trials.step(work)
    house.outbox.failures = [errors.MailRefused("No.")]
    assert trials.step(work) is True
    assert [one.to for one in mails(house, made)] == [mine]
    assert work.counts == {"sent": 1, "failed": 1}


def test_a_template_that_went_away_is_told(house: House, owner: Sender) -> None:
    template = bare_template(owner.tenant, html=HTML)
    made = campaign(owner, template_id=template)
    begun = tried(owner, made, SEED)
    assert owner.delete(f"/v1/templates/{template}").status == 204
    house.settle()
    assert (job(owner, begun)["status"], mails(house, made)) == ("partial", [])
