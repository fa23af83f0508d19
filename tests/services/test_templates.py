"""Templates over HTTP: what is kept, what is refused and where, partials, previews and findings."""

import subprocess
import sys
from typing import Any

import pytest

from chalicelib.models.template import Template
from chalicelib.services import rendering, templates
from chalicelib.services.rendering import sources, values
from tests.contract.calling import token
from tests.house import Answer, House, Sender

OUT = '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'


def template(sender: Sender, **fields: Any) -> Any:
    given = {"name": "Spring", "subject": "Hello", "html": f"<p>Hello</p>{OUT}", **fields}
    answer = sender.post("/v1/templates", {name: value for name, value in given.items() if value is not None})
    assert answer.status == 201, answer.text
    return answer.json


def partial(sender: Sender, name: str = "footer", html: str = "<p>{{ firm.name }}</p>", **fields: Any) -> Any:
    return template(sender, name=name, kind="partial", subject=None, html=html, **fields)


def preview(sender: Sender, template_id: str, **fields: Any) -> Any:
    contact = sender.contact(**fields)
    answer = sender.post(f"/v1/templates/{template_id}/preview", {"contact_id": contact["id"]})
    assert answer.status == 200, answer.text
    return answer.json


def found(sender: Sender, **fields: Any) -> set[tuple[str, str, str]]:
    made = template(sender, **fields)
    told = preview(sender, made["id"], first_name="Ada")["findings"]
    return {(one["severity"], one["code"], one["pointer"]) for one in told}


def flaw(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]


def test_a_template_is_read_as_it_was_written(owner: Sender) -> None:
    given = {
        "name": "Sprïng",
        "kind": "full",
        "subject": "Hello {{ contact.first_name }}",
        "preheader": "News",
        "html": f"<h1>Hello</h1>{OUT}",
        "text": "Hello {{ contact.first_name }}",
        "defaults": {"contact.first_name": "friend"},
    }
    made = template(owner, **given)
    assert {name: made[name] for name in given} == given
    assert (made["mjml"], made["partials"], made["version"]) == (None, [], 1)
    answer = owner.get(f"/v1/templates/{made['id']}")
    assert (answer.json, answer.headers["ETag"]) == (made, '"1"')


def test_a_patch_changes_what_it_names(owner: Sender) -> None:
    made = template(owner, text="Hello", defaults={"contact.title": "x", "contact.name": "y"})
    changed = owner.patch(f"/v1/templates/{made['id']}", {"text": None, "defaults": {"contact.title": None}}).json
    assert changed == {
        **made,
        "text": None,
        "defaults": {"contact.name": "y"},
        "version": 2,
        "updated_at": changed["updated_at"],
    }
    assert owner.patch(f"/v1/templates/{made['id']}", {"subject": "x"}, If_Match='"1"').status == 412
    assert flaw(owner.patch(f"/v1/templates/{made['id']}", {"kind": "partial"})) == (422, "/kind", "fixed")


def test_mjml_is_compiled_and_can_be_given_up_for_html(owner: Sender) -> None:
    text = "<mj-text>Hi {{ contact.first_name }}</mj-text>"
    mjml = f"<mjml><mj-body><mj-section><mj-column>{text}</mj-column></mj-section></mj-body></mjml>"
    made = template(owner, html=None, mjml=mjml)
    assert made["mjml"] == mjml
    assert "Hi {{ contact.first_name }}</div>" in made["html"]
    kept = owner.patch(f"/v1/templates/{made['id']}", {"subject": "Other"}).json
    assert (kept["html"], kept["mjml"]) == (made["html"], mjml)
    assert flaw(owner.patch(f"/v1/templates/{made['id']}", {"html": "<p>x</p>"})) == (422, "/html", "unsupported")
    other = owner.patch(f"/v1/templates/{made['id']}", {"html": "<p>x</p>", "mjml": None}).json
    assert (other["html"], other["mjml"]) == ("<p>x</p>", None)


def test_templates_are_listed_by_name_without_their_texts(owner: Sender) -> None:
    ids = [template(owner, name=name)["id"] for name in ("b", "Ä", "c")]
    rows = owner.get("/v1/templates").json["data"]
    assert [row["name"] for row in rows] == ["Ä", "b", "c"]
    assert not rows[0].keys() & {"html", "text", "mjml"}
    assert [row["name"] for row in owner.get("/v1/templates?name=A").json["data"]] == ["Ä"]
    assert owner.delete(f"/v1/templates/{ids[0]}").status == 204
    assert owner.get(f"/v1/templates/{ids[0]}").status == 404
    assert len(owner.get("/v1/templates").json["data"]) == 2
    assert owner.post(f"/v1/templates/{ids[0]}/restore").json["html"] == f"<p>Hello</p>{OUT}"
    assert owner.post(f"/v1/templates/{ids[0]}/restore").status == 409


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"name": " "}, "/name", "required"),
        ({"subject": "{{ a"}, "/subject", "liquid_syntax"),
        ({"subject": "{% if a %}"}, "/subject", "liquid_syntax"),
        ({"preheader": "{{ a | nope }}"}, "/html", "liquid_syntax"),
        ({"html": "<p>{{ a | nope }}</p>"}, "/html", "liquid_syntax"),
        ({"html": "{% for %}"}, "/html", "liquid_syntax"),
        ({"html": '<p title="{% if a %}">x</p>{% endif %}'}, "/html", "liquid_place"),
        ({"text": "{% endif %}"}, "/text", "liquid_syntax"),
        ({"text": "{% include which %}"}, "/text", "liquid_syntax"),
        ({"html": "{% render 'nobody' %}"}, "/html", "unknown_partial"),
        ({"subject": "{% render 'nobody' %}"}, "/subject", "unknown_partial"),
        ({"html": None, "mjml": "<mjml>"}, "/mjml", "mjml"),
        ({"html": None, "mjml": "<mjml><mj-body>{{ a | nope }}</mj-body></mjml>"}, "/mjml", "liquid_syntax"),
        ({"mjml": "<mjml><mj-body></mj-body></mjml>"}, "/html", "unsupported"),
        ({"html": "x" * 120_000, "text": "y" * 120_000}, "/html", "length"),
        ({"kind": "partial"}, "/subject", "unsupported"),
        ({"kind": "partial", "subject": None, "html": None, "mjml": "<mjml>"}, "/mjml", "unsupported"),
        ({"defaults": {"A b": "c"}}, "/defaults", "format"),
    ],
)
def test_what_no_template_can_be(owner: Sender, fields: dict[str, Any], pointer: str, code: str) -> None:
    given = {"name": "Spring", "subject": "Hello", "html": "<p>x</p>", **fields}
    answer = owner.post("/v1/templates", {name: value for name, value in given.items() if value is not None})
    assert flaw(answer) == (422, pointer, code)


def test_a_preview_is_the_mail_that_a_contact_would_get(owner: Sender) -> None:
    company = owner.post("/v1/companies", {"name": "Acme & Sons"}).json
    made = template(
        owner,
        subject="Hi {{ contact.first_name }}",
        html="<p>{{ contact.name }} of {{ company.name }}, {{ contact.email }}, {{ contact.phone }}, "
        "by {{ sender.name }} of {{ firm.name }}: {{ campaign.name }}</p>" + OUT,
    )
    mail = preview(
        owner,
        made["id"],
        first_name="Ada\r\nBcc: x@evil.test",
        last_name="<L>",
        company_id=company["id"],
        emails=[{"address": "work@example.com"}, {"address": "home@example.com", "primary": True}],
        phones=[{"number": "+43 1 5880 10"}],
    )
    firm = owner.signed_up["tenant"]["name"]
    assert mail["subject"] == "Hi Ada Bcc: x@evil.test"
    assert "&lt;L&gt; of Acme &amp; Sons, home@example.com, +431588010, by Olga Owner" in mail["html"]
    assert f"of {firm}: Spring" in mail["html"]
    assert 'href="http' in mail["html"]
    assert "<L> of Acme & Sons" in mail["text"]
    assert [one for one in mail["findings"] if one["severity"] == "error"] == []


def test_a_preview_is_of_a_contact_that_there_is(house: House, owner: Sender) -> None:
    made, theirs = template(owner), house.signup().contact()
    for contact_id in (theirs["id"], "con_x", ""):
        answer = owner.post(f"/v1/templates/{made['id']}/preview", {"contact_id": contact_id})
        assert flaw(answer) == (422, "/contact_id", "unknown")


def test_a_preview_is_for_who_may_see_of_whom_it_tells(owner: Sender) -> None:
    company = owner.post("/v1/companies", {"name": "Acme"}).json
    contact = owner.contact(first_name="Ada", company_id=company["id"])
    alone, both = template(owner), template(owner, html="{{ company.name }}" + OUT)
    needed = {"contacts:read": alone, "companies:read": both}
    for missing, made in needed.items():
        program = token(owner, {"templates:read", *needed} - {missing})
        answer = program.post(f"/v1/templates/{made['id']}/preview", {"contact_id": contact["id"]})
        assert (answer.status, missing in answer.json["detail"]) == (403, True), answer.text
    assert program.post(f"/v1/templates/{alone['id']}/preview", {"contact_id": contact["id"]}).status == 200


def test_a_bomb_is_refused_when_it_is_rendered(owner: Sender) -> None:
    made = template(owner, html="{% for i in (1..999) %}{% for j in (1..999) %}x{% endfor %}{% endfor %}")
    contact = owner.contact()
    answer = owner.post(f"/v1/templates/{made['id']}/preview", {"contact_id": contact["id"]})
    assert flaw(answer) == (422, "/html", "liquid_limit")


def test_a_changed_partial_is_in_all_mails_from_then_on_but_not_in_those_that_were_pinned(owner: Sender) -> None:
    foot = partial(owner)
    made = template(owner, html="<p>x</p>{% render 'footer' %}")
    pinned = templates.pin(templates.load(owner.tenant, made["id"]))
    assert rendering.compiled(pinned) is rendering.compiled(pinned)
    assert made["partials"] == ["footer"]
    owner.patch(f"/v1/templates/{foot['id']}", {"name": "Fuss", "html": "<p>new</p>"})
    assert preview(owner, made["id"])["html"] == "<p>x</p><p>new</p>"
    assert rendering.render(rendering.compiled(pinned), {"firm": {"name": "F"}}).html == "<p>x</p><p>F</p>"
    again = Template(tenant=owner.tenant, id=made["id"], label="x", body=pinned.body, uses=pinned.uses)
    again.pins = pinned.pins
    assert rendering.render(rendering.compiled(again), {"firm": {"name": "F"}}).html == "<p>x</p><p>F</p>"
    # It is found by its id, so a template that names it as it was called can still be saved.
    assert owner.patch(f"/v1/templates/{made['id']}", {"html": "<b>{% render 'footer' %}</b>"}).status == 200


def test_a_partial_that_is_rendered_stays(owner: Sender) -> None:
    foot = partial(owner)
    made = template(owner, html="{% include 'footer' %}")
    refused = owner.delete(f"/v1/templates/{foot['id']}")
    assert (refused.status, refused.json["existing_id"]) == (409, made["id"])
    assert owner.delete(f"/v1/templates/{made['id']}").status == 204
    assert owner.delete(f"/v1/templates/{foot['id']}").status == 204
    # Taken back, the template still has what it renders, trash or not.
    assert owner.post(f"/v1/templates/{made['id']}/restore").status == 200
    assert "<p>Firm" in preview(owner, made["id"])["html"]


def test_a_name_is_one_partials(owner: Sender) -> None:
    foot = partial(owner)
    refused = owner.post("/v1/templates", {"name": "FOOTER", "kind": "partial", "html": "x"})
    assert (refused.status, refused.json["existing_id"]) == (409, foot["id"])
    template(owner, name="footer")  # a full template may be called the same


def test_partials_do_not_go_round(owner: Sender) -> None:
    one = partial(owner, "one", "<p>1</p>")
    two = partial(owner, "two", "{% render 'one' %}")
    assert two["partials"] == ["one"]
    answer = owner.patch(f"/v1/templates/{one['id']}", {"html": "{% render 'two' %}"})
    assert flaw(answer) == (422, "/html", "partial_cycle")
    answer = owner.patch(f"/v1/templates/{one['id']}", {"html": "{% render 'one' %}"})
    assert flaw(answer) == (422, "/html", "partial_cycle")
    for number in range(2, 6):
        partial(owner, f"deep{number}", "{% render '" + ("two" if number == 2 else f"deep{number - 1}") + "' %}")
    answer = owner.post("/v1/templates", {"name": "x", "html": "{% render 'deep5' %}"})
    assert flaw(answer) == (422, "/html", "partials")


def test_partials_of_another_firm_are_none(house: House, owner: Sender) -> None:
    partial(house.signup(), "theirs")
    answer = owner.post("/v1/templates", {"name": "x", "html": "{% render 'theirs' %}"})
    assert flaw(answer) == (422, "/html", "unknown_partial")


def test_a_template_that_did_not_change_is_parsed_once(owner: Sender) -> None:
    made = template(owner, defaults={"contact.title": "x"})
    first = rendering.compiled(templates.load(owner.tenant, made["id"]))
    assert rendering.compiled(templates.load(owner.tenant, made["id"])) is first
    owner.patch(f"/v1/templates/{made['id']}", {"defaults": {"contact.title": "y"}})
    assert rendering.compiled(templates.load(owner.tenant, made["id"])) is not first


def test_what_a_firm_is_called_is_asked_once_a_minute(owner: Sender) -> None:
    made = template(owner, html="{{ firm.name }}" + OUT)
    contact = owner.contact()
    path, body = f"/v1/templates/{made['id']}/preview", {"contact_id": contact["id"]}
    owner.post(path, body)
    values._firms.clear()
    first = owner.post(path, body).cost["rru"]
    assert owner.post(path, body).cost["rru"] == first - 1


def test_nothing_is_to_be_said_of_a_good_template(owner: Sender) -> None:
    html = "<p>Dear {{ contact.first_name | default: 'friend' }}</p><img src='https://a.test/i.png' alt='i'>" + OUT
    assert found(owner, html=html) == set()
    text = "{% if contact.title %}{{ contact.title }}{% endif %} {{ contact.email }} {{ unsubscribe_url }}"
    assert found(owner, html=html, text=text, preheader="{{ campaign.name }}") == set()
    loop = "{% for tag in contact.tags %}{{ tag }}{{ forloop.index }}{% endfor %}{% assign x = 1 %}{{ x }}"
    assert {one[1] for one in found(owner, html=loop + OUT)} <= {"may_be_empty"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"subject": None}, ("error", "empty_subject", "/subject")),
        ({"subject": " "}, ("error", "empty_subject", "/subject")),
        ({"subject": "{{ contact.title }}"}, ("warning", "subject_may_be_empty", "/subject")),
        ({"html": "<p>x</p>"}, ("error", "no_unsubscribe", "/html")),
        ({"text": "x"}, ("error", "no_unsubscribe", "/text")),
        ({"html": None}, ("error", "empty", "/html")),
        ({"html": "{{ contact.frist_name }}" + OUT}, ("error", "unknown_variable", "/html")),
        ({"html": "{{ contact.custom.nothing }}" + OUT}, ("error", "unknown_variable", "/html")),
        ({"html": "{{ contact.company.name }}" + OUT}, ("error", "unknown_variable", "/html")),
        ({"html": "{{ zork | default: 'x' }}" + OUT}, ("warning", "unknown_variable", "/html")),
        ({"subject": "{{ zork }}"}, ("error", "unknown_variable", "/subject")),
        ({"html": "{% if a.b == zork %}x{% endif %}" + OUT}, ("warning", "unknown_variable", "/html")),
        ({"html": "{{ contact.title }}" + OUT}, ("warning", "may_be_empty", "/html")),
        ({"html": "{{ 'x' | append: contact.title }}" + OUT}, ("warning", "may_be_empty", "/html")),
        ({"html": "<a href=''>x</a>" + OUT}, ("error", "link_empty", "/html")),
        ({"html": "<a>x</a>" + OUT}, ("error", "link_empty", "/html")),
        ({"html": "<a href='/about'>x</a>" + OUT}, ("error", "link_relative", "/html")),
        ({"html": "<a href='www.example.com'>x</a>" + OUT}, ("error", "link_relative", "/html")),
        ({"html": "<a href='javascript:x'>x</a>" + OUT}, ("error", "link_empty", "/html")),
        ({"html": "<img src='http://a.test/i.png' alt='i'>" + OUT}, ("warning", "image_not_https", "/html")),
        ({"html": "<img src='i.png' alt='i'>" + OUT}, ("error", "image_not_https", "/html")),
        ({"html": "<img alt='i'>" + OUT}, ("error", "image_empty", "/html")),
        ({"html": "<img src='https://a.test/i.png'>" + OUT}, ("warning", "image_without_alt", "/html")),
        ({"html": "<p>" + "lorem ipsum " * 9000 + "</p>" + OUT}, ("warning", "clipped", "/html")),
        ({"defaults": {"contact.nobody": "x"}}, ("warning", "unused_default", "/defaults/contact.nobody")),
    ],
)
def test_what_is_found(owner: Sender, fields: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert expected in found(owner, **fields)


def test_of_a_template_that_is_text_alone_only_its_text_is_judged(owner: Sender) -> None:
    assert found(owner, html=None, text="{{ contact.title }} {{ unsubscribe_url }}") == {
        ("warning", "may_be_empty", "/text")
    }


def test_whoever_only_lists_templates_does_without_the_engine() -> None:
    code = "import sys, chalicelib.services.templates; print({'liquid', 'nh3', 'mrml', 'Crypto'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_forty_kilobytes_are_kept_in_seven(owner: Sender) -> None:
    """What a template costs: a unit for each KB packed."""
    rows = "".join(
        f"<tr><td style='padding:{n}px'>{{{{ contact.custom.f{n} }}}} row {n * 7919}</td></tr>" for n in range(480)
    )
    _, packed = sources.packed(sources.Sources(html=f"<table>{rows}</table>"))
    assert len(rows) > 30_000
    assert len(packed) < 7_000


def test_custom_fields_are_known_and_partials_looked_into(owner: Sender) -> None:
    field = {"noun": "contact", "name": "site", "label": "Site", "type": "text"}
    assert owner.post("/v1/fields", field).status == 201
    partial(owner, "mid", "<a href='{{ contact.custom.site }}'>x</a>{{ given }}{{ contact.zork }}")
    partial(owner, "out", "{% render 'mid', given: 1 %}" + OUT)
    made = template(owner, html="{% render 'out' %}")
    told = preview(owner, made["id"], first_name="Ada")["findings"]
    assert {(one["code"], one["message"]) for one in told} == {
        ("unknown_variable", "In the partial 'mid': there is no contact.zork."),
        ("may_be_empty", "In the partial 'mid': contact.custom.site may be empty, and has no default."),
    }


def test_the_line_of_a_finding_is_that_of_the_html(owner: Sender) -> None:
    made = template(owner, html=f"<p>\n\n{{{{ zork }}}}</p>\n<a href='/x'>y</a>{OUT}")
    told = {one["code"]: one["message"] for one in preview(owner, made["id"])["findings"]}
    assert told["unknown_variable"] == "Line 3: there is no zork."
    assert told["link_relative"].startswith("Line 4: /x has no scheme")
    twice = template(owner, html=f"<a href='/x'>y</a>\n{{% if\n1 %}}{{% endif %}}<a href='/x'>y</a>{OUT}")
    lines = [one["message"][:7] for one in preview(owner, twice["id"])["findings"] if one["code"] == "link_relative"]
    assert lines == ["Line 1:", "Line 3:"]


def test_a_template_that_broke_meanwhile_says_so(owner: Sender) -> None:
    made = template(owner)
    record = templates.load(owner.tenant, made["id"])
    record.subject = "{% if"
    assert [(one.severity, one.code, one.pointer) for one in rendering.lint(record)] == [
        ("error", "liquid_syntax", "/subject")
    ]
