"""Templates into mails, without a table: what is escaped, what is bounded, what the text part says."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors
from chalicelib.models.template import Template
from chalicelib.services import html, rendering
from chalicelib.services.rendering import engine, limits, plain, state
from chalicelib.services.rendering.marks import LONGEST, MOST, Unreadable, scan
from chalicelib.services.rendering.sources import Piece, Sources

ADA: Any = {"contact": {"first_name": "Ada", "tags": ["x", "y"], "custom": {}}, "unsubscribe_url": "https://a.test/u/1"}
NASTY = st.text(
    alphabet=st.sampled_from("<>\"'&;:/\\{}%|-= \r\n\t\u2028\x85\x00abcjavscript()"), max_size=30
) | st.sampled_from(["javascript:alert(1)", "<script>alert(1)</script>", '" onclick="x', "--><b>", "{{ firm.name }}"])


def compiled(
    own: str | None = None,
    text: str | None = None,
    subject: str = "S",
    defaults: dict[str, str] | None = None,
    **partials: tuple[str | None, dict[str, str]],
) -> rendering.Compiled:
    """A template of these texts; partials are given with the names of those that they render themselves."""
    cleaned = html.clean(own, "/html") if own is not None else None
    template = Template(
        id="own", tenant="t", label="own", subject=subject, defaults=defaults, uses={name: name for name in partials}
    )
    pieces = {"own": Piece("own", None, template.uses or {})}
    texts = {"own": Sources(html=cleaned, text=text)}
    for name, (source, uses) in partials.items():
        pieces[name] = Piece(name, None, uses)
        texts[name] = Sources(html=html.clean(source or "", "/html"))
    return rendering.assembled(template, pieces, texts)


def shown(own: str, values: Any = None, **partials: Any) -> str:
    return rendering.render(compiled(own, **partials), ADA if values is None else values).html


def plainly(source: str, values: Any = None) -> str:
    return engine.parse(source, "t", html=False).write(ADA if values is None else values)


def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(errors.Invalid) as caught:
        call()
    flaw = caught.value.flaws[0]
    return flaw.pointer, flaw.code


def test_values_are_escaped_and_so_are_words_of_the_template_itself() -> None:
    values = {"contact": {"first_name": 'A & <B> "C"'}}
    assert shown("<p>{{ contact.first_name }}</p>", values) == "<p>A &amp; &lt;B&gt; &#34;C&#34;</p>"
    assert shown("{{ '<b>' }}{% echo '<b>' %}{% cycle '<b>' %}{{ '<b>' | append: '<i>' }}") == (
        "&lt;b&gt;&lt;b&gt;&lt;b&gt;&lt;b&gt;&lt;i&gt;"
    )


def test_what_was_captured_is_html_and_what_is_made_of_it_by_filters_is_not() -> None:
    values = {"v": "<&>"}
    assert shown("{% capture x %}<b>{{ v }}</b>{% endcapture %}{{ x }}", values) == "<b>&lt;&amp;&gt;</b>"
    assert shown("{% capture x %}<b>{{ v }}</b>{% endcapture %}{{ x | append: v }}", values).endswith(
        "</b>&lt;&amp;&gt;"
    )
    assert "<" not in shown("{% capture x %}<b>{{ v }}</b>{% endcapture %}{{ x | replace: 'b', 'script' }}", values)
    assert shown("{{ v | escape }}{{ v | newline_to_br }}", values) == "&lt;&amp;&gt;" * 2


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ 'a,b' | split: ',' | join: '+' }}", "a+b"),
        ("{{ 7 | divided_by: 2 }} {{ 7.0 | divided_by: 2 }} {{ '4' | plus: 1.1 }} {{ 5 | modulo: 3 }}", "3 3.5 5.1 2"),
        ("{{ contact.tags | first }}{{ contact.tags | last }}{{ contact.tags.size }}{{ contact.tags | size }}", "xy22"),
        ("{{ missing }}{{ missing.deep.er }}{{ contact }}{{ nil }}", ""),
        ("{{ missing | default: 'd' }}{{ '' | default: 'e' }}{{ false | default: 'f', allow_false: true }}", "defalse"),
        ("{% if contact.tags contains 'x' and contact.first_name == 'Ada' %}yes{% else %}no{% endif %}", "yes"),
        ("{% for t in contact.tags reversed %}{{ forloop.index }}{{ t }}{% else %}none{% endfor %}", "1y2x"),
        ("{% case contact.first_name %}{% when 'Ada' %}A{% else %}B{% endcase %}", "A"),
        ("{% assign n = 'x' | upcase %}{{ n }}{% increment k %}{% increment k %}", "X01"),
        ("{% tablerow t in contact.tags %}{{ t }}{% endtablerow %}", None),
        ("{{ 'hello world' | truncate: 8 }}|{{ 'a b c' | truncatewords: 2 }}", "hello...|a b..."),
        ("{{ 'aXbX' | replace_last: 'X', '!' }}{{ 'aXbX' | remove_first: 'X' }}", "aXb!abX"),
        ("{{ 'abc' | slice: 1, 2 }}{{ 'abc' | slice: -1 }}{{ ' a ' | strip }}|{{ 'A  b' | squish }}", "bcca|A b"),
        (
            "{{ '2026-03-01' | date: '%d.%m.%Y' }} {{ 'soon' | date: '%Y' }} {{ 0 | date: '%Y' }}",
            "01.03.2026 soon 1970",
        ),
        ("{{ '2026-03-01' | date: '%99999999d' }}", "%99999999d"),
        ("{{ 'a b&c' | url_encode }} {{ 'a%20b' | url_decode }}", "a+b%26c a b"),
        ("{{ '<b>x</b>' | strip_html }}{{ 'x' | escape }}", "xx"),
        (
            "{% raw %}{{ not.run }}{% endraw %}{% comment %}{{ nor }} {% if %}{% endcomment %}{% # nor %}",
            "{{ not.run }}",
        ),
        ("a {{- 'b' -}} c", "abc"),
        (
            "{{ (1..3) | join: ',' }}{% for i in (1..3) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "1,2,31",
        ),
    ],
)
def test_the_language(source: str, expected: str | None) -> None:
    result = plainly(source)
    assert expected is None or result == expected


def test_now_is_what_the_clock_says() -> None:
    clock.set(clock.parse("2031-05-06T07:08:09Z"))
    try:
        assert plainly("{{ 'now' | date: '%Y-%m-%d' }}{{ now }}") == "2031-05-06"
    finally:
        clock.reset()


def test_a_filter_that_a_mail_does_not_need_or_cannot_trust_is_none() -> None:
    for name in ("safe", "escapejs", "base64_decode", "nonsense"):
        assert refused(lambda name=name: plainly(f"{{{{ 'x' | {name} }}}}")) == ("", "liquid_syntax")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{% for i in (1..100000000) %}x{% endfor %}", "liquid_limit"),
        ("{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}", "liquid_limit"),
        ("{% for i in (1..1000) %}x{% endfor %}" * 200, "liquid_limit"),
        (
            "{% for i in (1..1000) %}{{ 'x' | upcase | downcase | upcase | downcase | upcase }}{% endfor %}" * 20,
            "liquid_limit",
        ),
        ("{% assign x = 'ab' %}" + "{% assign x = x | append: x %}" * 40, "liquid_limit"),
        ("{% assign x = 'ab' %}" + "{% capture x %}{{ x }}{{ x }}{% endcapture %}" * 40, "liquid_limit"),
        (
            f"{{% capture x %}}{{% for i in (1..900) %}}{{{{ i }}}}{'x' * 40}{{% endfor %}}{{% endcapture %}}" * 99,
            "liquid_limit",
        ),
        ("{% assign x = 'a' | split: '' %}" + "{% assign x = x | concat: x %}" * 20, "liquid_limit"),
        ("{% assign x = 9 %}" + "{% assign x = x | times: x %}" * 40, "liquid_limit"),
        ("{{ 1.5e5 }}", "liquid_syntax"),
        ("{% assign x = 1000000.5 %}" + "{% assign x = x | times: x %}" * 12, "liquid_limit"),
        ("{{ (1..1000000000) | join: 'x' }}", "liquid_limit"),
        ("{{ (1..1000000000) | reverse | size }}", "liquid_limit"),
        ("{{ 'x' | concat: (1..1000000000) | size }}", "liquid_limit"),
        ("{% if (1..1000000000) contains 'x' %}{% endif %}", "liquid_limit"),
        ("{% assign a = (1..99999999999999999999) %}", "liquid_limit"),
        (
            f"{{% assign x = '{'ab' * 400}' %}}" + "{% assign x = x | append: x %}" * 6 + "{{ x | replace: '', x }}",
            "liquid_limit",
        ),
        (
            f"{{% assign x = '{'ab' * 400}' %}}"
            + "{% assign x = x | append: x %}" * 6
            + "{{ x | split: '' | join: x }}",
            "liquid_limit",
        ),
        ("".join(f"{{% assign x{n} = 1 %}}" for n in range(600)), "liquid_limit"),
        ("{% if a %}" * 25 + "{% endif %}" * 25, "liquid_limit"),
        ("{{ " + "a[" * 300 + "1" + "]" * 300 + " }}", None),
        ("{% if " + "a or " * 190 + "a %}{% endif %}", None),
        ("{{ " + "9" * 900 + " }}", None),
        ("{{ 1 | divided_by: 0 }}", "liquid_failed"),
        ("{{ 'x' | times }}", "liquid_failed"),
        ("{{ 'x' | sort: 1, 2, 3 }}", "liquid_failed"),
        ("{% if 'a' < 1 %}{% endif %}", "liquid_failed"),
        ("{% break %}", "liquid_syntax"),
        ("{{ a }", "liquid_syntax"),
        ("{{ }}", "liquid_syntax"),
        ("{% %}", "liquid_syntax"),
        ("{% if a %}", "liquid_syntax"),
        ("{% endif %}", "liquid_syntax"),
        ("{% if a %}{% endfor %}", "liquid_syntax"),
        ("{% raw %}", "liquid_syntax"),
        ("{% comment %}", "liquid_syntax"),
        ("{% tag %}", "liquid_syntax"),
        ("{% liquid echo 'x' %}", "liquid_syntax"),
        ("{% render 'x' %}", "unknown_partial"),
    ],
)
def test_a_bomb_has_an_end(source: str, code: str | None) -> None:
    """Counted steps, sizes and depths, not seconds: each of these is over in a moment, with a word on why."""
    assert _end(source) == code


def _end(source: str) -> str | None:
    try:
        plainly(source)
    except errors.Invalid as error:
        return error.flaws[0].code
    return None


@pytest.mark.parametrize(
    "source",
    [
        "{{" * 90000,
        "{%" * 90000,
        "{{ " + " " * 190000,
        "{% raw %}" * 20000,
        "{% comment %}" * 14000,
        "{{a" * 60000,
        "{{a}}" * (MOST + 1),
        "{% if a %}" * 18000,
        "{{ '" + "(" * (LONGEST - 20) + "' }}",
        "{" * 190000,
        "{%-" * 60000,
    ],
)
def test_200_kb_of_braces_are_judged_in_one_pass(source: str) -> None:
    """The scanner that the engine brings takes hours for the first of these."""
    try:
        scan(source)
        engine.parse(source, "t", html=True)
    except (errors.Invalid, Unreadable):
        pass


def test_partials_within_partials_are_bounded_too() -> None:
    names = [f"p{number}" for number in range(5)]
    bomb: dict[str, Any] = {
        name: (f"{{% render '{inner}' %}}" * 40, {inner: inner}) for name, inner in itertools.pairwise(names)
    }
    bomb["p4"] = ("{{ contact.first_name }}", {})
    made = compiled("{% render 'p0' %}", **bomb)
    assert refused(lambda: rendering.render(made, ADA)) == ("/html", "liquid_limit")


def test_a_partial_has_what_it_is_given_or_what_is_around_it() -> None:
    inner = "<i>{{ name }}{{ contact.first_name }}{{ outer }}</i>"
    own = (
        "{% assign outer = 'O' %}{% render 'p', name: 'N' %}{% include 'p' %}{% render 'p' for contact.tags as name %}"
    )
    assert shown(own, p=(inner, {})) == "<i>NAda</i><i>AdaO</i><i>xAda</i><i>yAda</i>"


def test_the_subject_is_one_line_whatever_people_are_called() -> None:
    for end in ("\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x00"):
        values = {"contact": {"first_name": f"Ada{end}Bcc: eve@evil.test"}}
        assert rendering.render(compiled("x", subject="Hi {{ contact.first_name }}"), values).subject == (
            "Hi Ada Bcc: eve@evil.test"
        )
    long = rendering.render(compiled("x", subject="{{ v }}"), {"v": "x" * 5000})
    assert len(long.subject) == 500


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://a.test/?a=1&b=2", "https://a.test/?a=1&amp;b=2"),
        ("/relative", "/relative"),
        ("javascript:alert(1)", "#"),
        ("JaVaScRiPt:alert(1)", "#"),
        ("java\nscript:alert(1)", "#"),
        (" \x01javascript:alert(1)", "#"),
        (" " * 400 + "javascript:alert(1)", "#"),
        ("java" + "\t" * 400 + "script:alert(1)", "#"),
        ("data:text/html,x", "#"),
        ("vbscript:x", "#"),
        ("javascript&colon;alert(1)", "javascript&amp;colon;alert(1)"),
        ("mailto:a@b.test", "mailto:a@b.test"),
        ("", ""),
    ],
)
def test_an_address_made_of_a_value_leads_nowhere_harmful(value: str, expected: str) -> None:
    values = {"contact": {"custom": {"site": value}}}
    assert shown('<a href="{{ contact.custom.site }}">x</a>', values) == f'<a href="{expected}">x</a>'
    assert shown('<img src="{{ contact.custom.site }}">', values) == f'<img src="{expected}">'
    wrapped = '<a href="{% if contact %}{{ contact.custom.site }}{% endif %}">x</a>'
    assert shown(wrapped, values) == f'<a href="{expected}">x</a>'


def test_an_address_may_have_values_behind_its_scheme() -> None:
    own = '<a href="https://a.test/?u={{ contact.first_name }}&amp;x=1">x</a>'
    assert shown(own) == '<a href="https://a.test/?u=Ada&amp;x=1">x</a>'
    assert "_link" not in compiled(own).html.nodes[0].token.source


def test_defaults_are_for_what_is_empty_or_missing() -> None:
    made = compiled("{{ contact.first_name }} {{ a.b }}", defaults={"contact.first_name": "<friend>", "a.b": "c"})
    assert rendering.render(made, {"contact": {"first_name": None}}).html == "&lt;friend&gt; c"
    assert rendering.render(made, ADA).html == "Ada c"
    assert ADA["contact"]["first_name"] == "Ada"


def test_a_mail_has_a_preheader_that_is_not_seen() -> None:
    template = Template(id="own", tenant="t", label="own", subject="S", preheader="For {{ contact.first_name }} <3")
    for source in ("<p>x</p>", "<html><body bgcolor='red'><p>x</p></body></html>"):
        texts = {"own": Sources(html=html.clean(source, "/html"))}
        made = rendering.render(rendering.assembled(template, {"own": Piece("own", None, {})}, texts), ADA)
        assert 'mso-hide:all">For Ada &lt;3</div><p>x' in made.html
        assert made.text == "x\n"
    alone = rendering.assembled(template, {"own": Piece("own", None, {})}, {"own": Sources(text="x <")})
    assert rendering.render(alone, ADA).html.endswith('mso-hide:all">For Ada &lt;3</div>x &lt;')
    assert rendering.render(alone, ADA).text == "x <"


def test_a_text_is_made_of_the_html() -> None:
    own = """<!doctype html><html><head><title>No</title><style>p{}</style></head><body>
      <div style="display:none">No {{ contact.first_name }}</div>
      <h1>Hello  {{ contact.first_name }}!</h1><p>Tom &amp; Jerry<br>next <b>line</b></p>
      <ul>{% for t in contact.tags %}<li>{{ t }}</li>{% endfor %}</ul>
      <p><a href="https://a.test/x?a=1&amp;b={{ contact.first_name }}">Read on</a>,
      <a href="https://b.test">https://b.test</a>, <a href="mailto:a@b.test">write</a>, <a href="#x">here</a>,
      <a href="{{ nothing }}">nowhere</a></p>
      <table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>
      <img src="https://a.test/i.png" alt="A cat">
      <!--[if mso]><p>No</p><![endif]--></body></html>"""
    assert rendering.render(compiled(own), ADA).text == (
        "# Hello Ada!\n\nTom & Jerry\nnext line\n\n- x\n- y\n\n"
        "Read on (https://a.test/x?a=1&b=Ada), https://b.test, write (a@b.test),\n"
        "here, nowhere\n\n1 2\n3 4\n\n[A cat]\n"
    )


def test_lines_of_a_made_text_are_broken_at_blanks_only() -> None:
    word = "https://a.test/" + "x" * 100
    text = plain.tidied("lorem ipsum " * 20 + word)
    assert max(len(line) for line in text.split("\n") if line != word) <= plain.WIDTH
    assert word in text.split("\n")
    assert " ".join(text.split()) == " ".join(("lorem ipsum " * 20 + word).split())


def test_a_text_that_somebody_wrote_stays_as_it_is() -> None:
    made = compiled("<p>x</p>", text="Dear {{ contact.first_name }},\n\n\n\n  <b>  & {{ v | escape }}")
    assert rendering.render(made, {**ADA, "v": "<v>"}).text == "Dear Ada,\n\n\n\n  <b>  & <v>"


def test_a_template_of_text_alone_has_it_for_html_too() -> None:
    made = rendering.render(compiled(text="Dear {{ contact.first_name }},\n<3 {% if true\n %}&{% endif %}"), ADA)
    assert made.html == "Dear Ada,<br>\n&lt;3 &amp;"


def test_braces_of_a_reader_or_a_reference_are_no_liquid() -> None:
    own = "<p>&#123;&#123; contact.first_name }} &#123;{% if true %}x{% endif %}</p>"
    made = rendering.render(compiled(own), {"contact": {"first_name": "{{ 1 }}"}})
    assert made.html == "<p>&#123;{ contact.first_name }} &#123;x</p>"
    assert made.text == "{{ contact.first_name }} {x\n"
    assert shown("{{ contact.first_name }}", {"contact": {"first_name": "{{ 1 }}"}}) == "{{ 1 }}"


VALUED = (
    "<!doctype html><html><head><style>p{color:{{ v }}}</style><title>{{ v }}</title></head><body bgcolor='{{ v }}'>"
    "<!--[if mso]><p>{{ v }}</p><![endif]--><p title=\"{{ v }}\" class='a {{ v | upcase }}'>{{ v }}</p>"
    "{% capture c %}<i>{{ v }}</i>{% endcapture %}{{ c | append: v | prepend: v }}{{ v | newline_to_br }}"
    '<a href="{{ v }}">{{ v | escape }}</a><a href="{% if v %}{{ v }}{% endif %}{{ v }}">{{ v | url_encode }}</a>'
    "{{ v | split: '' | join: v }}{{ c | strip_html }}{{ c | split: '<' | join: '<' }}"
    "{{ v | escape_once }}</body></html>"
)


@settings(max_examples=100)
@given(NASTY)
def test_no_value_becomes_markup(value: str) -> None:
    """The same tags, whatever the value: what it is made of never opens or ends anything."""
    made = compiled(VALUED, subject="{{ v }}")
    skeleton, mail = _skeleton(rendering.render(made, {"v": "v"}).html), rendering.render(made, {"v": value})
    assert _skeleton(mail.html) == skeleton
    assert len(mail.subject.splitlines()) <= 1
    assert not any(one.lower().replace("&", "").startswith(("javascript:", "data:")) for one in _addresses(mail.html))


def _skeleton(text: str) -> list[str]:
    """The tags and the names of their attributes, as a parser of the HTML standard sees them."""
    from html.parser import HTMLParser

    class Parser(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag != "br":
                self.found.append(f"{tag} {[name for name, _ in attrs]}")

        def handle_comment(self, data: str) -> None:
            self.found.append("comment")

    parser = Parser()
    parser.feed(text)
    parser.close()
    return parser.found


def _addresses(text: str) -> list[str]:
    import re

    return ["".join(one.split()) for one in re.findall(r'href="([^"]*)"', text)]


FRAGMENTS = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{% if a %}",
        "{% endif %}",
        "{% for i in a %}",
        "{% for i in (1..9) %}",
        "{% endfor %}",
        "{{ a }}",
        "{{ a | upcase }}",
        "{{ a.b.c | split: '' | sort | join: a }}",
        "{% assign x = a | times: 3 %}",
        "{% capture x %}",
        "{% endcapture %}",
        "{% raw %}",
        "{% endraw %}",
        "{% comment %}",
        "{% endcomment %}",
        "{% else %}",
        "{{ x | round: a }}",
        "{{ a | date: '%Y %j %-d' }}",
        "{% cycle a, 'b' %}",
        "{% case a %}{% when 1, a %}",
        "{% endcase %}",
        "{% unless a contains x %}",
        "{% endunless %}",
        "{% render 'p' %}",
        "{% break %}",
        "{% increment a %}",
        "{{ a | slice: x, a }}",
        "{{ a | where: 'b', x | map: 'b' }}",
        "{{ x | modulo: a }}",
        "{% tablerow i in a cols:2 %}",
        "{% endtablerow %}",
        "{% _link %}",
        "{% end_link %}",
        "{{ a | sum: 'x' }}",
        "{{ x | default: a | ceil }}",
        "<p>",
        "</p>",
        '<a href="',
        '">',
        "<table><tr>",
        "<!--",
        "-->",
        "<style>",
        "</style>",
        " ",
        "\n",
        "'",
        "é",
        "\ue000",
    ]
) | st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=250)
@given(st.lists(FRAGMENTS, max_size=14).map("".join), st.dictionaries(st.sampled_from("ax"), VALUES))
def test_no_text_and_no_values_raise_anything_but_invalid(source: str, values: dict[str, Any]) -> None:
    assert _pointer(source, values) in {"/subject", "/html", "/text", None}


def _pointer(source: str, values: dict[str, Any]) -> str | None:
    try:
        made = compiled(source, text=source, subject=source.replace("<", ""), p=("<i>{{ a }}</i>", {}))
        rendering.render(made, values)
        rendering.render(compiled(source, p=("<i>{{ a }}</i>", {})), values)
    except errors.Invalid as error:
        return error.flaws[0].pointer
    return None


@settings(max_examples=150)
@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_what_was_cleaned_is_clean(source: str) -> None:
    try:
        cleaned = html.clean(source, "/html")
    except errors.Invalid:
        return
    assert html.clean(cleaned, "/html") == cleaned


def test_the_same_values_give_the_same_mail() -> None:
    made = compiled(VALUED, subject="{{ contact.first_name }}")
    assert len({rendering.render(made, {"v": "w"}) for _ in range(3)}) == 1


def test_bounds_are_far_from_a_mail_of_many_rows() -> None:
    row = "<tr><td>{{ i }}</td><td>{{ contact.first_name | upcase }}</td></tr>"
    own = f"<table>{{% for i in (1..200) %}}{row}{{% endfor %}}</table>"
    text = compiled(own)
    meter = limits.Meter()
    buffer = state.Buffer(meter)
    text.html.render_with_context(state.Context(text.html, globals=ADA, meter=meter), buffer)
    assert limits.STEPS - meter.steps < limits.STEPS / 10
