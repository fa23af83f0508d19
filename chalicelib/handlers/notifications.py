"""The in-app inbox and what somebody wants to be told, over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.notification import (
    NotificationQuery,
    NotificationView,
    PreferencesPatch,
    PreferencesView,
    ReadAll,
    Unread,
)
from chalicelib.schemas.page import Listing, Page

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get(
    "/v1/notifications", permission="self", query=NotificationQuery, returns=Listing[NotificationView], paged=True
)
def list_notifications(actor: Actor, query: NotificationQuery, page: Page) -> Listing[NotificationView]:
    """List what the caller was told, the newest first."""
    from chalicelib.services import inbox

    return inbox.listing(actor, query, page)


@routes.get("/v1/notifications/unread", permission="self", returns=Unread)
def count_notifications(actor: Actor) -> Unread:
    """Count what the caller has not read yet."""
    from chalicelib.services import inbox

    return inbox.unread(actor)


@routes.post("/v1/notifications/read-all", permission="self", body=ReadAll, returns=Unread, status=200)
def read_all_notifications(actor: Actor, body: ReadAll) -> Unread:
    """Mark all as read that happened by a moment; answers what is still unread."""
    from chalicelib.services import inbox

    return inbox.read_all(actor, body)


@routes.post("/v1/notifications/{notification_id}/read", permission="self", returns=NotificationView, status=200)
def read_notification(actor: Actor, notification_id: str) -> NotificationView:
    """Mark one as read."""
    from chalicelib.services import inbox

    return inbox.read(actor, notification_id)


@routes.get("/v1/me/preferences", permission="self", returns=PreferencesView)
def get_preferences(actor: Actor) -> PreferencesView:
    """Read by which channels the caller wants to be told of what."""
    from chalicelib.services import preferences

    return preferences.get(actor)


@routes.patch("/v1/me/preferences", permission="self", body=PreferencesPatch, returns=PreferencesView)
def patch_preferences(actor: Actor, body: dict[str, Any], expected: int | None) -> PreferencesView:
    """Change by which channels the caller wants to be told of what; null is as usual."""
    from chalicelib.services import preferences

    return preferences.update(actor, body, expected)
