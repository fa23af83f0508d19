"""HTML as it is kept: what goes, what stays, and that Liquid comes through whole."""

from contextlib import suppress
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.models.template import Template
from chalicelib.services import html, rendering
from chalicelib.services.rendering.sources import Piece, Sources


def refusal(source: str) -> tuple[str, str]:
    with pytest.raises(errors.Invalid) as caught:
        html.clean(source, "/html")
    return caught.value.flaws[0].code, caught.value.flaws[0].message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p onclick='x' style='color:red' class='a'>x</p>", '<p style="color:red" class="a">x</p>'),
        ("a<script>alert(1)</script>b<iframe src='https://x'>c</iframe>d", "abd"),
        ("<form action='https://x'><input name='a'>x</form><svg><script>x</script></svg>", ""),
        ("<a href='javascript:alert(1)'>x</a><a href='JAVA\tSCRIPT:x'>y</a>", "<a>x</a><a>y</a>"),
        ("<img src='data:text/html,x' alt='a'><img src='cid:1'>", '<img alt="a"><img src="cid:1">'),
        ("<!-- a --><!--[if mso]><b>x</b><![endif]-->", "<!--[if mso]><b>x</b><![endif]-->"),
        ("<!--[if mso]><b>{{ x }}", "<!--[if mso]><b>{{ x }}-->"),
        ("<!--[if mso]><script>x</script><![endif]--><!--[if mso]><b onclick=x><![endif]-->", ""),
        ("<meta http-equiv='refresh' content='0;https://x'><base href='https://x'><link rel='x' href='y'>a", "a"),
        ("<style>p > a{color:red}</style><style></style><p>x</p>", "<style>p > a{color:red}</style><p>x</p>"),
        ("<style>p{}</style <script>x</script>", "<style>p{}</style>x"),
        ("<p>1 < 2 & 3</p>", "<p>1 &lt; 2 &amp; 3</p>"),
        ("<p title='a<b>\"c'>x</p>", '<p title="a&lt;b&gt;&quot;c">x</p>'),
        ("<tr><td>{{ a }}</td></tr>", "<tr><td>{{ a }}</td></tr>"),
        ("<th>x</th>", "<th>x</th>"),
    ],
)
def test_what_goes_and_what_stays(source: str, expected: str) -> None:
    assert html.clean(source, "/html") == expected
    assert html.clean(expected, "/html") == expected


@pytest.mark.parametrize(
    "source",
    [
        '<a href="{{ unsubscribe_url }}">x</a>',
        '<a href="{{ "x" | append: \'<y>\' }}">x</a>',
        '<a href="{% if a < b %}https://a.test{% else %}https://b.test{% endif %}">x</a>',
        "<table><tbody>{% for i in items %}<tr><td>{{ i }}</td></tr>{% endfor %}</tbody></table>",
        '<p style="color:{{ c | default: "red" }}">{{ a | replace: "<", ">" }}</p>',
        "{% if a > 1 and b < 2 %}<p>x</p>{% elsif c %}<p>y</p>{% endif %}",
        "{% comment %}<script>{{ never }}{% endcomment %}",
        "{% render 'footer', a: '<b>' %}",
        "<style>p{color:{{ c }}}</style><p>x</p>",
        "<!--[if mso]>{% if a %}<b>{{ a }}</b>{% endif %}<![endif]-->",
        "{{- a -}}",
    ],
)
def test_liquid_comes_through_whole(source: str) -> None:
    assert html.clean(source, "/html") == source


@pytest.mark.parametrize(
    "source",
    [
        '<a {% if x %}href="https://a.test"{% endif %}>x</a>',
        '<a title="{% if x %}">a</a>{% endif %}',
        '<a title="{% endif %}">a</a>',
        '{% if x %}<a title="{% else %}">a</a>{% endif %}',
        '<a title="{% capture x %}<script>{% endcapture %}">x</a>{{ x }}',
        "<a title=\"{% render 'x' %}\">x</a>",
        '{% for i in a %}<a title="{% break %}">x</a>{% endfor %}',
        '<a href="javascript:{{ x }}">x</a>',
        "<style>{% if a %}</style>{% endif %}",
        "<style>{% render 'a' %}</style>",
        "<!--[if mso]>{% if a %}<![endif]-->{% endif %}",
        "<script>{{ a }}</script>",
        "{% raw %}<!-- <b> {% endraw %}",
        "{% if a %}<!-- {% endif %} -->",
    ],
)
def test_liquid_that_could_join_pieces_is_refused(source: str) -> None:
    assert refusal(source)[0] in ("liquid_place", "liquid_syntax")


def test_a_refusal_names_the_line() -> None:
    assert refusal("<p>\n\n<a {{ x }}>y</a></p>") == (
        "liquid_place",
        "Line 3: {{ x }} stands where it cannot stay, or in what is taken out.",
    )
    assert refusal("<p>\n{{ x </p>") == ("liquid_syntax", "Line 2: {{ is not closed within 1000 characters.")


def test_a_document_is_written_anew() -> None:
    source = (
        "<!DOCTYPE html><HTML lang=de><head><meta name='x' content='y'><title>A &amp; {{ n }}</title>"
        "<style media='screen' onload='x'>p{}</style></head><body bgcolor='#fff' onload='x'><p>x</body></html>"
    )
    cleaned = html.clean(source, "/html")
    assert cleaned == (
        '<!doctype html><html lang="de"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>A &amp; {{ n }}</title>'
        '<style>p{}</style></head><body bgcolor="#fff"><p>x</p></body></html>'
    )
    assert html.clean(cleaned, "/html") == cleaned


MJML = (
    "<mjml><mj-head><mj-title>For {{ a }}</mj-title><mj-preview>See {{ a }}</mj-preview></mj-head>"
    '<mj-body background-color="{{ bg }}"><mj-section><mj-column>'
    '<mj-text color="{{ c | default: "red" }}">Hi {% if a < b %}<b>{{ a }}</b>{% endif %}</mj-text>'
    '<mj-button href="{{ url }}" onclick="x">Go</mj-button>'
    "<mj-table>{% for i in items %}<tr><td>{{ i }}</td></tr>{% endfor %}</mj-table>"
    "<mj-raw>{% for i in items %}</mj-raw><mj-text>{{ i }}</mj-text><mj-raw>{% endfor %}</mj-raw>"
    "<mj-text><script>alert(1)</script><p onclick='x'>safe</p></mj-text></mj-column></mj-section>"
    "{% if a %}<mj-section><mj-column><mj-image src='{{ img }}' alt='i'/></mj-column></mj-section>{% endif %}"
    "</mj-body></mjml>"
)


def test_mjml_becomes_html_and_its_liquid_stays() -> None:
    made = html.from_mjml(MJML, "/mjml")
    for kept in (
        '{{ c | default: "red" }}',
        "{% if a < b %}<b>{{ a }}</b>{% endif %}",
        'href="{{ url }}"',
        "<tbody>{% for i in items %}<tr><td>{{ i }}</td></tr>{% endfor %}",
        "background-color:{{ bg }}",
        'src="{{ img }}"',
        "<title>For {{ a }}</title>",
        "<!--[if mso | IE]><table",
        "xmlns:v=",
    ):
        assert kept in made, kept
    assert "<script" not in made
    assert "onclick" not in made
    assert html.clean(made, "/html", mso=True) == made
    values = {"a": 1, "b": 2, "items": ["I", "J"], "url": "https://a.test", "img": "https://a.test/i.png", "bg": "#eee"}
    mail = rendering.render(_compiled(made), values)
    assert mail.html.count("<td>I</td>") == 1
    assert mail.html.count(">J</div>") == 1
    assert "Hi 1" in mail.text
    assert "Go (https://a.test)" in mail.text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "."),
        ("<p>x</p>", "Unexpected"),
        ("<mjml>", "Unexpected end"),
        ("<mjml><mj-body><mj-section></mj-body></mjml>", "."),
        ("<mjml>\n<mj-body>\n<mj-include path='/etc/passwd'/></mj-body></mjml>", "nable to load"),
        ("<mjml>" + "<mj-section>" * 101, "nested deeper"),
        ("<mjml><mj-body>{{ a</mj-body></mjml>", "not closed"),
        ("<mjml><mj-body>{% if a %}</mj-body></mjml>", "no counterpart"),
    ],
)
def test_mjml_that_is_none_is_refused_at_its_field(source: str, said: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        html.from_mjml(source, "/mjml")
    assert caught.value.flaws[0].pointer == "/mjml"
    assert said in caught.value.flaws[0].message


@pytest.mark.parametrize(
    "source",
    [
        "<b>" * 60000,
        "<table>" * 25000,
        "<style>" * 28000,
        "<!--" * 50000,
        "<a title='" * 20000,
        "<svg>" * 30000,
        "<a " + "x=1 " * 40000 + ">",
        "{{a}}" * 3000,
        '<a href="{{a}}">' * 3000,
        "<b><i><p>" * 15000,
        "<title" * 30000,
        "<!--[if " * 20000,
        "<td>" * 40000,
        "&#123;" * 30000,
        "<html><body" * 15000,
    ],
)
def test_200_kb_of_anything_are_cleaned_or_refused(source: str) -> None:
    with suppress(errors.Invalid):
        html.clean(source, "/html")


PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>",
        '<a title="',
        '">',
        "<p ",
        ">",
        " onclick=alert(1) ",
        "' onclick='x",
        "<svg/onload=x>",
        "{% capture x %}",
        "{% endcapture %}",
        "{{ x }}",
        "{% if a %}",
        "{% else %}",
        "{% endif %}",
        "{{ '<script>' }}",
        "{% raw %}",
        "{% endraw %}",
        "<!--",
        "-->",
        "<!--[if mso]>",
        "<![endif]-->",
        "<style>",
        "</style>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        '<a href="',
        "javascript:alert(1)",
        "{{ j }}",
        "{% for i in l %}",
        "{% endfor %}",
        "<title>",
        "</title>",
        "<textarea>",
        "&lt;script&gt;",
        "&#60;img src=x onerror=y&#62;",
        "_Lq0x0z",
        "<!--_Lq0x0z-->",
        "\ue0000\ue001",
        "{% render 'p' %}",
        "<body ",
        "{{ x | replace: 'a', '<' }}",
        "{% assign x = '<b onclick=x>' %}",
        "{% cycle '<script>' %}",
        "{% comment %}",
        "{% endcomment %}",
        "<math><mtext>",
        "<noscript>",
        "{% break %}",
        "{%- if a -%}",
        "text",
        "`",
        "\\",
    ]
)
PARTIAL = '<b title="\'>&lt;script&gt; onclick=x">{{ a }}</b>'


class _Judge(HTMLParser):
    """What a browser would do with a page that came through."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("script", "svg", "iframe", "form", "textarea", "math", "noscript"):
            self.wrong.append(tag)
        for name, value in attrs:
            bare = "".join((value or "").split()).lower()
            if name.startswith("on") or (name in ("href", "src") and bare.startswith("javascript:")):
                self.wrong.append(f"{tag} {name}={value}")


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_whoever_writes_a_template_cannot_put_together_a_script(source: str) -> None:
    try:
        made = _compiled(html.clean(source, "/html"))
        mail = rendering.render(made, {"a": "a", "l": ["1", "2"], "j": "javascript:alert(1)"})
    except errors.Invalid:
        return
    judge = _Judge()
    judge.feed(mail.html)
    judge.close()
    assert not judge.wrong


def _compiled(cleaned: str) -> rendering.Compiled:
    template = Template(id="own", tenant="t", label="own", subject="S", uses={"p": "p"})
    pieces = {"own": Piece("own", None, {"p": "p"}), "p": Piece("p", None, {})}
    texts = {"own": Sources(html=cleaned), "p": Sources(html=html.clean(PARTIAL, "/html"))}
    return rendering.assembled(template, pieces, texts)
