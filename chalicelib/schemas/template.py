"""Templates on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Stamp, Title, View, patch_of
from chalicelib.schemas.page import ListQuery

LARGEST = 200_000  # bytes of html, text and mjml together

Subject = Annotated[
    str,
    Meta(
        max_length=500,
        description="Liquid; one line, whatever the values are",
        examples=["{{ contact.first_name }}, hello"],
    ),
]
Html = Annotated[
    str,
    Meta(
        max_length=LARGEST,
        description="Liquid in HTML. It is kept without scripts, handlers, frames and forms",
        examples=['<p>Hello {{ contact.first_name }}</p><p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'],
    ),
]
Plain = Annotated[
    str,
    Meta(
        max_length=LARGEST,
        description="Liquid; made from the HTML if absent",
        examples=["Hello {{ contact.first_name }}"],
    ),
]
Mjml = Annotated[
    str,
    Meta(
        max_length=LARGEST,
        description="Liquid in MJML, from which the HTML is made",
        examples=[
            "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>"
        ],
    ),
]
Variable = Annotated[str, Meta(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z0-9_]+){0,3}$(?!\n)", max_length=100)]
Defaults = Annotated[
    dict[Variable, Annotated[str, Meta(max_length=500)]],
    Meta(
        max_length=50,
        description="What is printed where a variable is empty",
        examples=[{"contact.first_name": "friend"}],
    ),
]
DefaultsPatch = Annotated[
    dict[Variable, Annotated[str, Meta(max_length=500)] | None], Meta(max_length=50, description="null removes")
]
Kind = Annotated[
    Literal["full", "partial"],
    Meta(description="A partial is rendered within other templates, by its name: `{% render 'footer' %}`"),
]


class TemplateDraft(Draft):
    """What a mail is made of: `html` or `mjml`, and `text` if the one made from it will not do; at most 200 KB of all.
    A partial has no subject, no preheader and no MJML.
    """

    name: Title
    kind: Kind = "full"
    subject: Subject | None = None
    preheader: Annotated[str, Meta(max_length=300, description="What mailboxes show beside the subject")] | None = None
    html: Html | None = None
    text: Plain | None = None
    mjml: Mjml | None = None
    defaults: Defaults = {}


TemplatePatch = patch_of(TemplateDraft, defaults=DefaultsPatch)


class TemplateRow(View):
    """A template in a list."""

    id: str
    name: str
    kind: Kind
    subject: str | None
    preheader: str | None
    defaults: dict[str, str]
    partials: Annotated[list[str], Meta(description="Names of the partials that it renders")]
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class TemplateView(TemplateRow):
    """A template as a client reads it: the HTML is what mails will have, cleaned, or made from the MJML."""

    html: str | None
    text: str | None
    mjml: str | None


class TemplateQuery(ListQuery):
    """Which templates: those whose name begins so."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class PreviewDraft(Draft):
    """As whom a template is looked at."""

    contact_id: Id


class Finding(View):
    """What is wrong, or may be, with a template, and where."""

    severity: Literal["error", "warning"]
    code: Annotated[str, Meta(examples=["unknown_variable"])]
    message: str
    pointer: Annotated[str, Meta(examples=["/html"])]


class PreviewView(View):
    """The mail that one contact would get, and what is to be said about the template."""

    subject: str
    html: str
    text: str
    findings: list[Finding]
