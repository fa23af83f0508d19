"""Cursors: all of a list page by page, none twice, and none that belongs to somebody or something else."""

import base64
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.services import keyring
from tests.house import House, Sender


def _pages(owner: Sender, path: str, limit: int) -> Iterator[list[Any]]:
    sign = "&" if "?" in path else "?"
    cursor = None
    for _ in range(100):
        more = f"&cursor={quote(cursor)}" if cursor else ""
        answer = owner.get(f"{path}{sign}limit={limit}{more}")
        assert answer.status == 200, answer.text
        yield answer.json["data"]
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return
    raise AssertionError("no end")


@pytest.fixture
def contacts(owner: Sender) -> list[str]:
    """Twelve contacts, some of one name, some of a name as long and as odd as can be."""
    names = ["Ada", "ada", "Ädä", "Bob", "😀" * 100, "\x01" * 100, '"\\' * 50, "#", "~", "0", "İ" * 100, "ﷺ" * 100]
    random.Random(1).shuffle(names)
    return [owner.contact(first_name=name)["id"] for name in names]


@pytest.mark.parametrize("sort", ["", "?sort=name", "?sort=-updated_at", "?updated_since=2020-01-01T00:00:00Z"])
@pytest.mark.parametrize("limit", [1, 5, 12, 13])
def test_paging_loses_and_repeats_nothing(owner: Sender, contacts: list[str], sort: str, limit: int) -> None:
    pages = list(_pages(owner, f"/v1/contacts{sort}", limit))
    seen = [one["id"] for page in pages for one in page]
    assert sorted(seen) == sorted(contacts)
    assert all(len(page) <= limit for page in pages)
    whole = [one["id"] for one in owner.get(f"/v1/contacts{sort}{'&' if sort else '?'}limit=200").json["data"]]
    assert seen == whole


def test_the_limit_may_change_from_page_to_page(owner: Sender, contacts: list[str]) -> None:
    first = owner.get("/v1/contacts?limit=2").json
    second = owner.get(f"/v1/contacts?limit=200&cursor={first['next_cursor']}").json
    assert sorted(one["id"] for one in [*first["data"], *second["data"]]) == sorted(contacts)


def test_what_is_added_or_removed_on_the_way_disturbs_no_other(owner: Sender, contacts: list[str]) -> None:
    first = owner.get("/v1/contacts?limit=4").json
    for one in first["data"][-1:]:  # the very one that the cursor stands on
        owner.delete(f"/v1/contacts/{one['id']}")
    rest = owner.get(f"/v1/contacts?limit=200&cursor={first['next_cursor']}").json
    assert sorted(one["id"] for one in [*first["data"], *rest["data"]]) == sorted(contacts)


def test_an_empty_list_has_no_cursor(owner: Sender) -> None:
    assert owner.get("/v1/contacts").json == {"data": [], "next_cursor": None}


def _refused(owner: Sender, path: str) -> bool:
    answer = owner.get(path)
    assert answer.status in (200, 422), answer.text
    if answer.status == 422:
        assert answer.json["errors"][0]["pointer"] == "/cursor"
    return answer.status == 422


@pytest.fixture
def cursor(owner: Sender, contacts: list[str]) -> str:
    return str(owner.get("/v1/contacts?limit=2").json["next_cursor"])


def test_a_cut_cursor_is_refused_wherever_it_is_cut(owner: Sender, cursor: str) -> None:
    for end in [*range(1, len(cursor), 13), len(cursor) - 1]:
        assert _refused(owner, f"/v1/contacts?cursor={cursor[:end]}")
    assert _refused(owner, f"/v1/contacts?cursor={cursor}x")
    assert _refused(owner, f"/v1/contacts?cursor={cursor}.{cursor}")


def test_a_changed_cursor_is_refused_wherever_it_is_changed(owner: Sender, cursor: str) -> None:
    for at in range(0, len(cursor), 11):
        other = "A" if cursor[at] != "A" else "B"
        assert _refused(owner, f"/v1/contacts?cursor={quote(cursor[:at] + other + cursor[at + 1 :])}")


def test_a_forged_cursor_is_refused(owner: Sender, cursor: str) -> None:
    head, claims, mac = cursor.split(".")
    plain = json.loads(base64.urlsafe_b64decode(claims + "=="))
    plain["k"]["pk"] = {"S": "T#ten_other#con_x"}
    forged = base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")
    assert _refused(owner, f"/v1/contacts?cursor={head}.{forged}.{mac}")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k1","use":"cursor"}').decode().rstrip("=")
    assert _refused(owner, f"/v1/contacts?cursor={none}.{forged}.")


def test_a_token_of_another_use_is_no_cursor(owner: Sender, cursor: str) -> None:
    claims = keyring.verify("cursor", cursor)
    assert claims is not None
    assert not _refused(owner, f"/v1/contacts?cursor={keyring.sign('cursor', claims)}")
    assert _refused(owner, f"/v1/contacts?cursor={keyring.sign('access', claims)}")
    assert _refused(owner, f"/v1/contacts?cursor={owner.token}")


def test_a_cursor_is_good_for_its_own_question_only(owner: Sender, cursor: str) -> None:
    made = owner.contact()
    for path in (
        f"/v1/contacts?sort=name&cursor={cursor}",
        f"/v1/contacts?sort=-updated_at&cursor={cursor}",
        f"/v1/contacts?updated_since=2020-01-01T00:00:00Z&cursor={cursor}",
        f"/v1/users?cursor={cursor}",
        f"/v1/tokens?cursor={cursor}",
        f"/v1/tasks?cursor={cursor}",
        f"/v1/contacts/{made['id']}/timeline?cursor={cursor}",
    ):
        assert _refused(owner, path), path


def test_a_cursor_is_good_for_its_own_tenant_only(house: House, owner: Sender, cursor: str) -> None:
    other = house.signup()
    other.contact()
    assert _refused(other, f"/v1/contacts?cursor={cursor}")


def test_a_timeline_cursor_is_good_for_its_own_record_only(house: House, owner: Sender) -> None:
    one, other = owner.contact(), owner.contact()
    for made in (one, other):
        for number in range(3):
            owner.post(f"/v1/contacts/{made['id']}/activities", {"kind": "note", "text": str(number)})
    for kind in ("", "&kind=note"):
        cursor = owner.get(f"/v1/contacts/{one['id']}/timeline?limit=1{kind}").json["next_cursor"]
        assert _refused(owner, f"/v1/contacts/{other['id']}/timeline?limit=1{kind}&cursor={cursor}")
        assert _refused(owner, f"/v1/contacts/{one['id']}/timeline?limit=1&kind=call&cursor={cursor}")
        path = f"/v1/contacts/{one['id']}/timeline{kind.replace('&', '?')}"
        texts = [entry["text"] for page in _pages(owner, path, 1) for entry in page]
        assert [text for text in texts if text] == ["2", "1", "0"]


def test_users_tokens_and_tasks_page_too(owner: Sender) -> None:
    users = [owner.user]
    for number in range(3):
        draft = {"name": "Same Name", "email": f"u{number}.{owner.tenant}@example.com", "password": "long enough pass"}
        users.append(owner.post("/v1/users", draft).json["id"])
    tokens = [owner.post("/v1/tokens", {"name": "x", "scopes": ["users:read"]}).json["id"] for _ in range(4)]
    tasks = [owner.post("/v1/tasks", {"title": "Call"}).json["id"] for _ in range(4)]
    for path, made in (("/v1/users", users), ("/v1/tokens", tokens), ("/v1/tasks", tasks)):
        assert sorted(one["id"] for page in _pages(owner, path, 2) for one in page) == sorted(made)
    assert [one["id"] for page in _pages(owner, "/v1/tokens", 3) for one in page] == tokens


def test_a_cursor_outlives_a_rotation_of_keys(owner: Sender, contacts: list[str], cursor: str) -> None:
    import msgspec

    from chalicelib.adapters import secrets

    ring = msgspec.json.decode(secrets.read(keyring.SECRET) or "", type=keyring.Ring)
    secrets.write(keyring.SECRET, msgspec.json.encode(keyring.new_ring(ring)).decode())
    keyring.forget()
    assert not _refused(owner, f"/v1/contacts?cursor={cursor}")
