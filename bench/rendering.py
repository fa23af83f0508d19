"""What it takes to make one contact's mail of a template: subject, HTML of 15 KB, and the text made of it.

The promise is a ratio to the same engine without our bounds, escaping in Markup as it does by itself: both do the same
work in the same process, so it stays the same on any machine.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from bench._bases import row
from chalicelib.models.template import Template
from chalicelib.services import html, rendering
from chalicelib.services.rendering.sources import Piece, Sources

ROUNDS: Final = 7
CALLS: Final = 200
BARE: Final = 2.0  # times what the engine takes by itself
Row = dict[str, Any]

_SECTION: Final = (
    "<mj-section><mj-column><mj-text font-size='18px'>{{ contact.first_name | default: 'Friend' }}, number %d</mj-text>"
    "<mj-text>Our {{ contact.custom.product | upcase }} is for {{ company.name }}. "
    + "Lorem ipsum dolor sit amet, consectetur. "
    * 8
    + "</mj-text><mj-button href='https://www.example.com/p/%d?c={{ contact.id }}'>See it</mj-button>"
    "</mj-column></mj-section>"
)
_MJML: Final = (
    "<mjml><mj-head><mj-preview>For {{ contact.name }}</mj-preview></mj-head><mj-body>"
    + "".join(_SECTION % (number, number) for number in range(4))
    + "<mj-section><mj-column><mj-table>{% for tag in contact.tags %}<tr><td>{{ forloop.index }}</td><td>{{ tag }}</td>"
    "</tr>{% endfor %}</mj-table><mj-text>{% if contact.title %}{{ contact.title }}{% else %}You{% endif %}</mj-text>"
    "<mj-raw>{% render 'footer' %}</mj-raw></mj-column></mj-section></mj-body></mjml>"
)
_FOOTER: Final = "<p>{{ firm.name }}, {{ firm.address }} <a href='{{ unsubscribe_url }}'>Unsubscribe</a></p>"
_SUBJECT: Final = "{{ contact.first_name | default: 'Friend' }}, what is new"
_CONTACT: Final = {
    "id": "con_01HX5ZZKBKACTAV9WEVGEMMVRZ",
    "first_name": "Wilhelmina",
    "name": "Wilhelmina Featherstonehaugh",
    "title": "Head of Procurement",
    "tags": ["newsletter", "fair-2026", "vip", "a & b", "customer"],
    "custom": {"product": "engine"},
}
_VALUES: Final[dict[str, Any]] = {
    "contact": _CONTACT,
    "company": {"name": "Featherstone & Sons"},
    "firm": {"name": "Analytical Ltd", "address": "221b Baker Street, London"},
    "unsubscribe_url": "https://crm.example.com/u/" + "x" * 60,
}


def rows() -> list[Row]:
    """Time per mail, and against what it is held; what compiling takes, and loading the engine."""
    started = time.process_time()
    made, sources = _compiled()
    compiling = time.process_time() - started
    mail = rendering.render(made, _VALUES)
    ours = _fastest(lambda: rendering.render(made, _VALUES))
    bare = _fastest(_bare(sources, made))
    return [
        row("rendering: a mail, CPU", ours * 1e3, "ms"),
        row("rendering: its HTML", len(mail.html) / 1e3, "KB"),
        row("rendering: to the engine alone", ours / bare, "times", BARE),
        row("rendering: to str.format of the same length", ours / _fastest(_format(mail.html)), "times"),
        row("rendering: MJML to a compiled template, once", compiling * 1e3, "ms"),
        row("rendering: loading the engine", _importing() * 1e3, "ms"),
    ]


def _compiled() -> tuple[rendering.Compiled, list[str]]:
    own, foot = html.from_mjml(_MJML, "/mjml"), html.clean(_FOOTER, "/html")
    template = Template(id="own", tenant="t", label="own", subject=_SUBJECT, uses={"footer": "footer"})
    pieces = {"own": Piece("own", None, {"footer": "footer"}), "footer": Piece("footer", None, {})}
    texts = {"own": Sources(html=own), "footer": Sources(html=foot)}
    return rendering.assembled(template, pieces, texts), [own, foot]


def _bare(sources: list[str], made: rendering.Compiled) -> Callable[[], Any]:
    """The same three texts by the engine as it comes, partial included."""
    from liquid import DictLoader, Environment

    own, foot = sources
    inside = Environment(autoescape=True, loader=DictLoader({"footer": foot}))
    plain = Environment(loader=DictLoader({"footer": str(made.text.partials["footer"])}))
    for one in (inside, plain):
        vars(one)["get_template"] = _cached(one)
    parts = [plain.from_string(_SUBJECT), inside.from_string(own), plain.from_string(str(made.text))]
    return lambda: [part.render(**_VALUES) for part in parts]


def _cached(environment: Any) -> Any:
    load, known = environment.get_template, dict[str, Any]()

    def get(name: str, **more: Any) -> Any:
        if name not in known:
            known[name] = load(name, **more)
        return known[name]

    return get


def _format(text: str) -> Callable[[], Any]:
    """As much text with as many values, put in by Python's own means."""
    step = len(text) // 25
    form = "{v}".join(text[at : at + step].replace("{", "{{").replace("}", "}}") for at in range(0, len(text), step))
    return lambda: form.format(v="value")


def _importing() -> float:
    code = "import time; s = time.process_time(); import liquid; print(time.process_time() - s)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _fastest(act: Callable[[], Any]) -> float:
    """CPU seconds of one call, in the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(CALLS):
            act()
        best = min(best, time.process_time() - started)
    return best / CALLS
