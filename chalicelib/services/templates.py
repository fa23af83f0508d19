"""Templates: what mails are made of, and partials, which other templates render by their names.

A template finds its partials by id, noted when it is saved, so a partial may be renamed. What changes in a partial
changes all mails made from then on, except those of a template that was pinned: a campaign pins what it launches with.
"""

from collections.abc import Iterator
from typing import Any, Final

from chalicelib import errors, ids
from chalicelib.models import keys
from chalicelib.models.table import Item, every
from chalicelib.models.template import Body, Template
from chalicelib.models.writes import put_all
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.template import (
    LARGEST,
    PreviewDraft,
    PreviewView,
    TemplateDraft,
    TemplateQuery,
    TemplateRow,
    TemplateView,
)
from chalicelib.services import rendering, text
from chalicelib.services.records import Claim
from chalicelib.services.rendering import sources
from chalicelib.services.rendering.sources import Sources
from chalicelib.services.shelf import Shelf, written

PARTIAL: Final = "partial"
_PACKED: Final = 300_000  # bytes of a body, of which an item holds 400 KB


def _claims(template: Template) -> list[Claim]:
    return [Claim("name", template.name, "/name")] if template.what == PARTIAL else []


SHELF: Final[Shelf[Template]] = Shelf(Template, "template", "tpl", "template", _claims)


def create(actor: Actor, draft: TemplateDraft) -> TemplateView:
    """A new template. Raises `Invalid`, and `Conflict` with `existing_id` if another partial has this one's name."""
    template = Template(id=ids.new("tpl"), tenant=actor.tenant)
    texts = _texts(draft)
    _write(template, draft, texts)
    _keep(template, texts)
    return view(SHELF.add(actor, template), texts)


def get(actor: Actor, template_id: str) -> TemplateView:
    """One template. Raises `NotFound`."""
    template = load(actor.tenant, template_id)
    return view(template, _read(template))


def listing(actor: Actor, query: TemplateQuery, wanted: Page) -> Listing[TemplateRow]:
    """Templates by name, without their texts; those whose name begins so."""
    where = Item.gsi1sk.startswith(text.folded(query.name)) if query.name and text.folded(query.name) else None
    found = SHELF.page(keys.partition("template", "gsi1", tenant=actor.tenant), "gsi1", wanted, where)
    return Listing([row(one) for one in found.items], found.last)


def update(actor: Actor, template_id: str, patch: dict[str, Any], expected: int | None) -> TemplateView:
    """Change some fields (RFC 7396). Raises as `create`, `NotFound`, `Stale`."""
    kept: list[Sources] = []

    def edit(template: Template) -> None:
        before = _read(template)
        draft = _patched(template, before, patch)
        if draft.kind != template.what:
            raise errors.invalid("/kind", "fixed", "A template stays full or a partial.")
        texts = before if not patch.keys() & {"html", "text", "mjml"} else _texts(draft)
        _write(template, draft, texts)
        if texts is not before:
            _keep(template, texts)
        kept[:] = [texts]

    template = SHELF.edit(actor, template_id, edit, expected)
    return view(template, kept[0])


def delete(actor: Actor, template_id: str, expected: int | None) -> None:
    """Put it into the trash. Raises `NotFound`, `Stale`, and `Conflict` for a partial that a template renders."""
    template = load(actor.tenant, template_id)
    if template.what == PARTIAL:
        user = next(_users(template), None)
        if user is not None:
            message = f"The template {user.label!r} renders this partial."
            raise errors.Conflict(message, errors.Flaw("", "in_use", message), existing_id=user.id)
    SHELF.remove(actor, template_id, expected)


def restore(actor: Actor, template_id: str, expected: int | None = None) -> TemplateView:
    """Take it out of the trash. Raises `NotFound`, and `Conflict` if it is not in there or its name is taken."""
    template = SHELF.take_back(actor, template_id, expected)
    return view(template, _read(template))


def preview(actor: Actor, template_id: str, draft: PreviewDraft, base: str) -> PreviewView:
    """The mail that a contact would get; its links to unsubscribe lead nowhere.

    Raises `NotFound`, `Invalid`, and `Forbidden` for who may not see the contact, or the company that it tells of.
    """
    from chalicelib.services import users

    template = load(actor.tenant, template_id)
    made = rendering.compiled(template)
    contact = _party(actor, "contact", draft.contact_id)
    if contact is None:
        raise errors.invalid("/contact_id", "unknown", "There is no such contact.")
    company = _party(actor, "company", contact.company_id) if "company" in made.needs else None
    user = users.load(actor.tenant, actor.user)
    values = rendering.variables(
        actor.tenant,
        contact,
        company,
        sender={"id": user.id, "name": user.name, "email": user.email},
        campaign={"id": "", "name": template.label, "topic": None},
        unsubscribe_url=f"{base}/u/preview",
        preferences_url=f"{base}/u/preview",
    )
    mail = rendering.render(made, values)
    return PreviewView(subject=mail.subject, html=mail.html, text=mail.text, findings=rendering.lint(template))


def load(tenant: str, template_id: str, *, consistent: bool = False, deleted: bool = False) -> Template:
    """The template, without its texts, for half a unit. Raises `NotFound`."""
    return SHELF.load(tenant, template_id, consistent=consistent, deleted=deleted)


def pin(template: Template) -> Template:
    """The template, which from now on has the partials below it as they are now. To be kept with what it is used for.

    Half a unit for each partial. Raises `Invalid` for those that render each other.
    """
    found = sources.pieces(template)
    template.pins = {
        one: {"name": piece.name, "body": piece.body, "uses": dict(piece.uses)}
        for one, piece in found.items()
        if one != template.id
    }
    return template


def row(template: Template) -> TemplateRow:
    """The template as a list shows it."""
    return TemplateRow(**_shown(template))


def view(template: Template, texts: Sources) -> TemplateView:
    """The template as a client reads it."""
    return TemplateView(**_shown(template), html=texts.html, text=texts.text, mjml=texts.mjml)


def _party(actor: Actor, name: str, record_id: str | None) -> Any:
    """Whom the mail tells of; None if there is nobody. Raises `Forbidden`."""
    from chalicelib.services import nouns

    noun = nouns.NOUNS[name]
    permission = f"{noun.plural}:read"
    actor.needs(permission)
    try:
        return nouns.load(noun, actor.tenant, record_id) if record_id else None
    except (errors.NotFound, errors.Gone, errors.Merged):
        return None


def _shown(template: Template) -> dict[str, Any]:
    alike = ("id", "subject", "preheader", "created_at", "updated_at", "deleted_at", "version")
    return {
        **{name: getattr(template, name) for name in alike},
        "name": template.label,
        "kind": template.what,
        "defaults": template.defaults or {},
        "partials": sorted(template.uses or {}),
    }


def _read(template: Template) -> Sources:
    return sources.read(template.tenant, {template.id: template.body})[template.id]


def _patched(template: Template, texts: Sources, patch: dict[str, Any]) -> TemplateDraft:
    shown = written(view(template, texts), TemplateDraft)
    if shown.get("mjml") is not None:
        shown.pop("html", None)  # made of the MJML, not written
    draft: TemplateDraft = decoding.convert(merged(shown, patch), TemplateDraft)
    return draft


def _texts(draft: TemplateDraft) -> Sources:
    """The texts as they are kept: cleaned or compiled. Raises `Invalid`."""
    from chalicelib.services import html

    if draft.mjml is not None and draft.html is not None:
        raise errors.invalid("/html", "unsupported", "The HTML is made of the MJML; give one of them.")
    if draft.mjml is not None and draft.kind == PARTIAL:
        raise errors.invalid("/mjml", "unsupported", "A partial is HTML or text.")
    size = sum(len((one or "").encode()) for one in (draft.html, draft.text, draft.mjml))
    if size > LARGEST:
        raise errors.invalid("/mjml" if draft.mjml else "/html", "length", f"All texts together have {size} bytes.")
    if draft.mjml is not None:
        return Sources(html=html.from_mjml(draft.mjml, "/mjml"), text=draft.text, mjml=draft.mjml)
    return Sources(html=html.clean(draft.html, "/html") if draft.html is not None else None, text=draft.text)


def _write(template: Template, draft: TemplateDraft, texts: Sources) -> None:
    """Put the draft's fields into the template, and parse it once. Raises `Invalid`."""
    name = draft.name.strip()
    if not text.folded(name):
        raise errors.invalid("/name", "required", "A template needs a name.")
    for field in ("subject", "preheader"):
        if draft.kind == PARTIAL and getattr(draft, field) is not None:
            raise errors.invalid(f"/{field}", "unsupported", f"A partial has no {field}.")
    template.label, template.name, template.what = name, text.folded(name), draft.kind
    template.subject, template.preheader, template.defaults = draft.subject, draft.preheader, draft.defaults or None
    template.uses = _partials(template, texts) or None
    digest, packed = sources.packed(texts)
    if len(packed) > _PACKED:
        raise errors.invalid("/html", "length", f"Packed it has {len(packed)} bytes, of which {_PACKED} can be kept.")
    template.body = digest
    pieces = sources.pieces(template)
    below = {one: piece.body for one, piece in pieces.items() if one != template.id}
    bodies = {**sources.read(template.tenant, below), template.id: texts}
    try:
        rendering.assembled(template, pieces, bodies)
    except errors.Invalid as error:
        raise _placed(error, texts) from None


def _placed(error: errors.Invalid, texts: Sources) -> errors.Invalid:
    """A flaw at the field that the client wrote: HTML may have been made of MJML, and text of HTML."""
    instead = {"/html": "/mjml" if texts.mjml is not None else "/html"}
    instead["/text"] = "/text" if texts.text is not None else instead["/html"]
    flaws = (flaw._replace(pointer=instead.get(flaw.pointer, flaw.pointer)) for flaw in error.flaws)
    return errors.Invalid(error.detail, *flaws)


def _partials(template: Template, texts: Sources) -> dict[str, str]:
    """Which partials the template renders itself: {name: id}. One unit for each. Raises `Invalid`."""
    from chalicelib.services.rendering.marks import Unreadable, line_of, partials, scan

    found: dict[str, str] = {}
    written_in: dict[str, str | None] = {"/subject": template.subject, "/preheader": template.preheader}
    written_in.update({"/mjml" if texts.mjml else "/html": texts.html, "/text": texts.text})
    for pointer, one in written_in.items():
        if not one:
            continue
        try:
            names = partials(scan(one))
        except Unreadable as error:
            line = line_of(one, error.at)
            raise errors.invalid(pointer, "liquid_syntax", f"Line {line}: {error.message}") from None
        for name in names:
            found[name] = found.get(name) or _partial(template, name, pointer)
    return found


def _partial(template: Template, name: str, pointer: str) -> str:
    known = (template.uses or {}).get(name)
    holder = SHELF.holder(template.tenant, Claim("name", text.folded(name))) or known
    if holder is None:
        raise errors.invalid(pointer, "unknown_partial", f"There is no partial {name[:100]!r}.")
    return holder


def _keep(template: Template, texts: Sources) -> None:
    """Write the body; before the record, which names it. An item of the same digest is the same."""
    digest, packed = sources.packed(texts)
    put_all([Body.of(template.tenant, template.id, digest, packed)])


def _users(partial: Template) -> Iterator[Template]:
    """The templates that render it. Half a unit for each 4 KB of the list, which has some six to a KB."""
    for one in every(keys.partition("template", "gsi1", tenant=partial.tenant), index="gsi1"):
        if partial.id in (one.uses or {}).values() and one.id != partial.id:
            yield one
