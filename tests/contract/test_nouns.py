"""A noun has one name on every floor: path, view, service, permission, schema, key shape, entity.

The nouns are read off the registry of routes, so a new one is held to this from its first route on.
"""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

import app  # noqa: F401 - importing it fills the registry of routes
from chalicelib.handlers import _openapi_words
from chalicelib.handlers._routes import ROUTES, Route
from chalicelib.models import keys, table
from chalicelib.schemas.fields import Draft, View
from chalicelib.schemas.page import ListQuery
from chalicelib.services import nouns as parties

CHALICELIB = Path(__file__).parents[2] / "chalicelib"

# What every noun offers: the name of the view and its place below /v1/{nouns}.
VERBS = {
    "create_{noun}": ("POST", ""),
    "list_{nouns}": ("GET", ""),
    "get_{noun}": ("GET", "/{id}"),
    "patch_{noun}": ("PATCH", "/{id}"),
    "delete_{noun}": ("DELETE", "/{id}"),
    "restore_{noun}": ("POST", "/{id}/restore"),
}

# What a noun does not offer, with the reason.
LACKS = {
    "calendar": {
        "patch_calendar": "a link is what it was when it was given away; make a new one",
        "restore_calendar": "what is revoked stays revoked",
    },
    "followup": {
        "patch_followup": "what is waited for was said when it began; make another one",
        "restore_followup": "who waits again makes another one",
    },
    "job": {
        "create_job": "what is to be done begins its job",
        "patch_job": "a job follows its work and nobody else",
        "delete_job": "what was done stays told",
        "restore_job": "none is in the trash",
    },
    "token": {
        "patch_token": "whoever holds a token relies on what it may do; make a new one",
        "restore_token": "what is revoked stays revoked",
    },
}

# Nouns that share schemas and entities, because one is nothing without the others.
SHARED = {"user": "access", "token": "access"}

# Rooms whose routes are not about one noun, or about one side of several.
OTHER_ROOMS = {
    "auth": "signing up, in and out",
    "batches": "several operations on contacts, companies or deals in a request",
    "boards": "the deals of a pipeline, a company or a contact side by side",
    "bulk": "many contacts, companies or deals at once",
    "duplicates": "contacts or companies that may be one",
    "exports": "an export is a job",
    "home": "what somebody wants to see first, of several nouns",
    "imports": "an import is a job",
    "hooks": "what mail providers call",
    "mail_events": "what became of mails, told by others",
    "providers": "what a firm settles for one mail provider",
    "tracking": "the picture and the links in mails",
    "leads": "a contact, a company and a deal made at once",
    "notifications": "what the caller is told, and how he wants to be",
    "merges": "contacts and companies alike become one",
    "forecast": "what is to come in, of all deals together",
    "rates": "what currencies are worth, by code and day",
    "consents": "what contacts agreed to",
    "suppressions": "addresses that are not mailed, by address",
    "topics": "what is mailed about, by name",
    "unsubscribes": "what somebody without an account does behind the link of a mail",
    "digests": "the one mail a day that somebody wants",
    "settings": "what a firm settles for itself",
    "offers": "what a customer, who has no account, sees of a quote",
    "purchases": "the orders of contacts and companies alike",
    "reports": "what deals add up to, and how the forecast changed",
    "system": "the house itself",
    "timelines": "what happened with contacts, companies and deals alike",
    "vcards": "contacts in the form of other programs",
}

# Paths with an id whose record is another noun's.
NO_NOUNS = {
    "import": "the job that reads a file, under the name that people look for",
    "notification": "what somebody is told lies in his own inbox",
}

# Lists of one noun below a record of another: who sees them has to be allowed to see what they show.
SHOWS = {
    "company_deals": "deals",
    "contact_deals": "deals",
    "pipeline_board": "deals",
    "company_contacts": "contacts",
    "contact_orders": "orders",
    "company_orders": "orders",
    "contact_purchases": "orders",
    "list_segment_members": "contacts",
}

# Verbs that ask for more than to write.
NARROWER = {
    **dict.fromkeys(
        [f"{verb}_campaign" for verb in ("schedule", "unschedule", "launch", "pause", "resume", "cancel", "retry")],
        "campaigns:send",
    ),
    "test_campaign": "campaigns:send",
    "preview_template": "templates:read",
    "approve_campaign": "campaigns:approve",
    "reject_campaign": "campaigns:approve",
}

# Shapes that no kind of item has of its own.
LISTS = {"trash": "the list in which records of several nouns stand while they are there"}

IN_PATH = re.compile(r"/v1/(\w+)/\{(\w+)_id\}")
FOUND = {match[2]: match[1] for route in ROUTES if (match := IN_PATH.match(route.path))}
NOUNS = {noun: nouns for noun, nouns in FOUND.items() if noun not in NO_NOUNS}


def of(nouns: str) -> list[Route]:
    """The routes of a noun."""
    return [route for route in ROUTES if route.path.split("/")[2] == nouns]


def classes(base: Any) -> list[Any]:
    """All classes below this one."""
    found: list[Any] = base.__subclasses__()
    return found + [one for direct in found for one in classes(direct)]


every_noun = pytest.mark.parametrize(("noun", "nouns"), NOUNS.items())


def test_the_nouns_are_found() -> None:
    assert NOUNS.keys() >= {"contact", "task", "user", "token"}
    assert LACKS.keys() | SHARED.keys() <= NOUNS.keys()


@every_noun
def test_it_has_the_verbs_of_every_noun(noun: str, nouns: str) -> None:
    there = {(route.view.__name__, route.method, route.path) for route in of(nouns)}
    wanted = {
        (view.format(noun=noun, nouns=nouns), method, f"/v1/{nouns}{place.replace('{id}', f'{{{noun}_id}}')}")
        for view, (method, place) in VERBS.items()
    }
    lacking = {view for view, _, _ in wanted - there}
    assert lacking == LACKS.get(noun, {}).keys()


@every_noun
def test_its_views_bear_its_name(noun: str, nouns: str) -> None:
    for route in of(nouns):
        assert re.search(rf"(^|_)({noun}|{nouns})(_|$)", route.view.__name__), route.view.__name__


@every_noun
def test_its_room_and_its_services_are_called_after_it(noun: str, nouns: str) -> None:
    rooms = {route.view.__module__.rpartition(".")[2] for route in of(nouns)} - OTHER_ROOMS.keys()
    assert len(rooms) == 1
    name = rooms.pop()
    assert name == nouns or (SHARED.get(noun) and name in NOUNS.values())
    service = importlib.import_module(f"chalicelib.services.{nouns}")
    for verb in ("create", "get", "listing", "delete", "view"):
        if f"{verb}_{noun}" not in LACKS.get(noun, {}):
            assert callable(getattr(service, verb)), f"{nouns}.{verb}"


@every_noun
def test_its_permissions_are_called_after_it(noun: str, nouns: str) -> None:
    for route in of(nouns):
        verb = "read" if route.method == "GET" else "write"
        shown = SHOWS.get(route.view.__name__, nouns)
        wanted = NARROWER.get(route.view.__name__, f"{shown}:{verb}")
        assert route.permission in (wanted, "self"), route


@every_noun
def test_its_structs_are_called_after_it(noun: str, nouns: str) -> None:
    schemas = importlib.import_module(f"chalicelib.schemas.{SHARED.get(noun, noun)}")
    if f"create_{noun}" not in LACKS.get(noun, {}):
        assert issubclass(getattr(schemas, f"{noun.title()}Draft"), Draft)
    view = getattr(schemas, f"{noun.title()}View")
    assert issubclass(view, View)
    assert {"id", "created_at", "updated_at", "version"} <= set(view.__struct_fields__)
    for route in of(nouns):
        if route.paged:
            assert route.query is not None
            assert issubclass(route.query, ListQuery)
        if route.view.__name__ in (f"get_{noun}", f"patch_{noun}", f"restore_{noun}"):
            assert route.returns is view


@every_noun
def test_its_entity_is_called_after_it(noun: str, nouns: str) -> None:
    model = importlib.import_module(f"chalicelib.models.{SHARED.get(noun, noun)}")
    entity = getattr(model, noun.title())
    assert issubclass(entity, table.Record)
    assert entity.kind.get_discriminator(entity) == noun
    assert keys.SHAPES[noun].pk == "T#{tenant}#{id}"
    assert keys.SHAPES[noun].sk == "#"
    assert keys.SHAPES[noun].indexes["gsi1"][0].startswith(f"T#{{tenant}}#{noun}")


@every_noun
def test_its_ids_have_one_prefix(noun: str, nouns: str) -> None:
    prefix = _openapi_words.IDS[f"{noun}_id"][0]
    source = (CHALICELIB / "services" / f"{nouns}.py").read_text()
    made = set(re.findall(r'ids\.new\("(\w+)"\)', source))
    assert (made or {parties.NOUNS[noun].prefix}) == {prefix}


def test_prefixes_tell_nouns_apart() -> None:
    prefixes = [prefix for name, (prefix, _) in _openapi_words.IDS.items() if name.removesuffix("_id") not in NO_NOUNS]
    assert len(set(prefixes)) == len(prefixes)
    named = _openapi_words.IDS.keys() | _openapi_words.NAMES.keys()
    assert named == {name for route in ROUTES for name in re.findall(r"\{(\w+)\}", route.path)}


def test_every_kind_of_item_has_a_shape_and_every_shape_an_entity() -> None:
    for path in (CHALICELIB / "models").glob("[a-z]*.py"):
        importlib.import_module(f"chalicelib.models.{path.stem}")
    kinds = {one.kind.get_discriminator(one) for one in classes(table.Item)} - {None}
    assert kinds | LISTS.keys() == keys.SHAPES.keys()
    assert kinds.isdisjoint(LISTS)


def test_every_room_is_of_a_noun_or_has_its_reason() -> None:
    rooms = {route.view.__module__.rpartition(".")[2] for route in ROUTES}
    assert rooms - set(NOUNS.values()) == OTHER_ROOMS.keys()
    assert NO_NOUNS.keys() <= FOUND.keys()
