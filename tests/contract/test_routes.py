"""What holds for every route: who may call it, whose records it sees, and that a repeated POST is one POST.

Generated from the registry, so that a new route is tried without anybody thinking of it.
"""

import re
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chalicelib import clock
from chalicelib.handlers._routes import ROUTES, Route
from chalicelib.services import permissions, sessions
from tests.contract import calling
from tests.house import House, Sender

GOLDEN = Path(__file__).with_name("routes.txt")
SERVICES = Path(__file__).parents[2] / "chalicelib" / "services"

# Permissions that no route names, because a service asks for them depending on the record.
ASKED_BY_SERVICES = {"jobs:write", "owners:write", "views:admin"}


# What only who made a record may do with it, or somebody who may manage all jobs.
OWN = {"revert_import"}


def has_path_parameter(route: Route) -> bool:
    """Whether it is about a record by its id; by another value every tenant has records of its own, and a link is good
    for whoever has it.
    """
    names = [*calling.MAKE, *calling.INSIDE]
    return route.permission is not None and any(f"{{{name}}}" in route.path for name in names)


def needs_sign_in(route: Route) -> bool:
    return route.permission is not None


# The table of routes


def table() -> str:
    rows = sorted((route.path, route.method, route.permission or "-") for route in ROUTES)
    width = max(len(path) for path, _, _ in rows)
    return "".join(f"{method:<7}{path:<{width}}  {permission}\n" for path, method, permission in rows)


def test_the_routes_are_those_that_were_agreed() -> None:
    assert table() == GOLDEN.read_text(), f"If this is meant, {GOLDEN.name} should be:\n{table()}"


def test_routes_name_exactly_the_permissions_that_exist() -> None:
    named = {route.permission for route in ROUTES} - {None}
    assert named | ASKED_BY_SERVICES == permissions.ALL
    assert not named & ASKED_BY_SERVICES


@pytest.mark.parametrize("permission", sorted(ASKED_BY_SERVICES))
def test_what_no_route_names_a_service_asks_for(permission: str) -> None:
    asking = [path.name for path in SERVICES.glob("*.py") if f'"{permission}"' in path.read_text()]
    assert set(asking) - {"permissions.py"}


def test_public_routes_are_few_and_known() -> None:
    public = {route.view.__name__ for route in ROUTES if route.permission is None}
    assert public == {
        "signup",
        "login",
        "refresh",
        "get_health",
        "get_ready",
        "get_openapi",
        "read_calendar",
        "get_offer",
        "accept_offer",
        "decline_offer",
        "receive_hook",
        "probe_hook",
        "track_open",
        "track_open_head",
        "track_click",
        "track_click_head",
        "get_unsubscribe",
        "unsubscribe",
        "get_choices",
        "save_choices",
        "get_confirmation",
        "confirm_consent",
    }


def test_a_noun_that_no_test_can_make_is_told_of(owner: Sender) -> None:
    # Or a new noun would slip through everything below.
    route = Route("GET", "/v1/dogs/{dog_id}", "dogs:read", lambda dog_id: dog_id)
    with pytest.raises(pytest.fail.Exception, match="add `dog_id` to MAKE"):
        calling.valid(route, owner)
    listing = Route("GET", "/v1/dogs", "dogs:read", lambda page: page, paged=True)
    with pytest.raises(pytest.fail.Exception, match="add it to FILLED_BY or FILL"):
        _filled(listing, owner, 1)


# A repeated POST


@calling.routes(lambda route: route.keyed)
def test_a_post_with_the_same_key_is_done_once(route: Route, owner: Sender) -> None:
    call, caller, key = calling.valid(route, owner), _lasting(route, owner), uuid.uuid4().hex
    first = call.by(caller, Idempotency_Key=key)
    again = call.by(caller, Idempotency_Key=key)
    assert first.status == route.status, first.text
    assert (again.status, again.text) == (first.status, first.text)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    for header in ("ETag", "Location"):
        assert again.headers.get(header) == first.headers.get(header)


@calling.routes(lambda route: route.keyed)
def test_the_same_key_with_another_body_is_refused(route: Route, owner: Sender) -> None:
    call, caller, key = calling.valid(route, owner), _lasting(route, owner), uuid.uuid4().hex
    assert call.by(caller, Idempotency_Key=key).status == route.status
    other = caller.call("POST", call.path, b'{"another": "body"}', Idempotency_Key=key)
    assert (other.status, other.json["errors"][0]["code"]) == (422, "reused")


def test_strangers_do_not_take_each_others_keys(house: House) -> None:
    signup = calling.operation("signup")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    for source in ("192.0.2.1", "192.0.2.2"):
        answer = house.http("POST", signup.path, calling.body(signup, Sender(house, None)), key, source)
        assert answer.status == 201, answer.text


def _lasting(route: Route, owner: Sender) -> Sender:
    """Somebody who is still known after the call: signing out ends a session, but not an API token."""
    return calling.token(owner, permissions.SCOPES) if route.permission == "self" else owner


# Tenants


@calling.routes(has_path_parameter)
def test_another_tenants_id_does_not_exist(route: Route, house: House, owner: Sender) -> None:
    stranger = house.signup()
    call = calling.valid(route, owner)
    record = re.match(r"/v1/\w+/[^/]+", call.path)
    assert record is not None
    before = owner.get(record[0])
    refused = call.by(stranger)
    assert refused.status == 404, f"{calling.name(route)} answers {refused.status} to another tenant: {refused.text}"
    nowhere = call._replace(path=call.path.replace(record[0][-6:], "000000")).by(stranger)
    assert _without_ids(nowhere.json) == _without_ids(refused.json)  # nor can one tell that it exists elsewhere
    after = owner.get(record[0])
    assert (after.status, after.text if after.status == 200 else "") == (
        before.status,
        before.text if before.status == 200 else "",
    )
    assert call.by(owner).status == route.status  # the call itself was good


def _without_ids(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name not in ("instance", "request_id")}


@calling.routes(lambda route: route.paged)
def test_lists_show_only_ones_own(route: Route, house: House, owner: Sender) -> None:
    stranger = house.signup()
    ours, theirs = _filled(route, owner, 2), _filled(route, stranger, 2)
    own = owner.get(ours.path).json["data"]
    others = stranger.get(theirs.path).json["data"]
    assert set(ours.ids) <= set(map(calling.row_id, own))
    assert set(map(calling.row_id, own)).isdisjoint(map(calling.row_id, others))


@calling.routes(lambda route: route.paged)
def test_a_cursor_is_good_for_its_tenant_and_list_only(route: Route, house: House, owner: Sender) -> None:
    stranger = house.signup()
    ours, theirs = _filled(route, owner, 2), _filled(route, stranger, 1)
    first = owner.get(f"{ours.path}?limit=1").json
    cursor = first["next_cursor"]
    assert cursor is not None
    rest = owner.get(f"{ours.path}?limit=200&cursor={cursor}")
    assert rest.status == 200
    assert calling.row_id(first["data"][0]) not in set(map(calling.row_id, rest.json["data"]))
    other_list = next(
        other.path for other in ROUTES if other.paged and other.path != route.path and "{" not in other.path
    )
    altered = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for who, path in (
        (stranger, f"{theirs.path}?cursor={cursor}"),
        (owner, f"{other_list}?cursor={cursor}"),
        (owner, f"{ours.path}?cursor={altered}"),
        (owner, f"{ours.path}?cursor=x"),
    ):
        refused = who.get(path)
        assert refused.status == 422, f"{path} answers {refused.status}"
        assert refused.json["errors"][0]["pointer"] == "/cursor"


class Filled(NamedTuple):
    """A list and the records just made in it."""

    path: str
    ids: list[str]


def _filled(route: Route, sender: Sender, count: int) -> Filled:
    """The list's path, for a list in which `sender` has made so many records."""
    if fill := calling.FILL.get(route.view.__name__):
        return Filled(route.path, [calling.row_id(fill(sender)) for _ in range(count)])
    if inside := calling.FILL_INSIDE.get(route.view.__name__):
        return Filled(*inside(sender, count))
    by = calling.FILLED_BY.get(route.view.__name__)
    posts = [post for post in ROUTES if post.method == "POST"]
    maker = next((post for post in posts if (post.view.__name__ == by if by else post.path == route.path)), None)
    if maker is None:
        pytest.fail(f"No test can fill {calling.name(route)}: add it to FILLED_BY or FILL in {calling.__file__}")
    call = calling.valid(maker, sender)
    ids = []
    for _ in range(count):
        answer = call._replace(body=calling.body(maker, sender)).by(sender)
        assert answer.status in (201, 202), answer.text
        ids.append(answer.json["id"])
    path = call.path.rsplit("/", 1)[0] + "/" + route.path.rsplit("/", 1)[1] if by else call.path
    return Filled(path, ids)


# Who may call


@calling.routes(needs_sign_in)
def test_nobody_gets_in_without_a_good_token(route: Route, house: House, owner: Sender) -> None:
    call = calling.valid(route, owner)
    bad = {
        "none": None,
        "malformed": "not-a-token",
        "altered": f"{owner.token}x",
        "a refresh token": owner.signed_up["refresh_token"],
        "an API token of nobody": "tnd_ten_01HX5ZZKBKACTAV9WEVGEMMVRZ.tok_01HX5ZZKBKACTAV9WEVGEMMVRZ.c2VjcmV0",
    }
    answers = {what: call.by(Sender(house, token)) for what, token in bad.items()}
    answers["another scheme"] = call.by(Sender(house, None), Authorization=f"Basic {owner.token}")
    clock.advance(sessions.ACCESS_SECONDS + 1)
    answers["expired"] = call.by(owner)
    clock.reset()
    assert owner.post("/v1/auth/logout", {}).status == 204
    answers["revoked"] = call.by(owner)
    assert {what: answer.status for what, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert {answer.headers["WWW-Authenticate"] for answer in answers.values()} == {"Bearer"}


@calling.routes(lambda route: route.permission not in (None, "self"))
def test_an_api_token_needs_the_scope(route: Route, owner: Sender) -> None:
    call = calling.valid(route, owner)
    refused = call.by(calling.token(owner, permissions.SCOPES - {route.permission}))
    assert refused.status == 403, refused.text
    assert route.permission is not None
    assert route.permission in refused.json["detail"]
    can_be_given = route.permission in permissions.SCOPES
    assert call.by(calling.token(owner, permissions.SCOPES)).status == (route.status if can_be_given else 403)


@pytest.mark.parametrize("role", sorted(permissions.ROLES))
def test_a_role_may_call_what_the_table_gives_it_and_nothing_else(role: str, owner: Sender) -> None:
    caller = calling.colleague(owner, role)
    for route in ROUTES:
        if route.permission in (None, "self"):
            continue
        status = calling.valid(route, owner).by(caller).status
        allowed = route.permission in permissions.ROLES[role]
        if route.view.__name__ in OWN and "jobs:write" not in permissions.ROLES[role]:
            allowed = False
        assert (status != 403) == allowed, f"{calling.name(route)} answers {status} to a {role}"


def test_a_viewer_can_write_nothing() -> None:
    # With the test above: no route that changes anything answers a viewer.
    shows = {"preview_template"}  # a POST for its body, which changes nothing
    writes = {one.permission for one in ROUTES if one.method != "GET" and one.view.__name__ not in shows} - {
        None,
        "self",
    }
    assert len(writes) > 2
    assert writes.isdisjoint(permissions.ROLES["viewer"])
