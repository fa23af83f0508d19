"""Notifications on the wire: what somebody was told, and by which channels he wants to be told."""

from typing import Any, Literal

from chalicelib.schemas.fields import Draft, Moment, Stamp, View, patch_of
from chalicelib.schemas.page import ListQuery


class NotificationView(View):
    """One piece of news for the caller. `at` is when it happened; `read_at` is null until it is read."""

    id: str
    kind: str
    title: str
    at: Stamp
    subject_id: str | None
    data: dict[str, Any]
    read_at: Stamp | None


class NotificationQuery(ListQuery):
    """The caller's own notifications, the newest first."""

    unread: Literal["true", "false"] | None = None


class ReadAll(Draft):
    """Up to when all is read; without `until`, up to now."""

    until: Moment | None = None


class Unread(View):
    """How many are unread; `more`: at least so many."""

    unread: int
    more: bool


class Channels(Draft):
    """By which ways one kind of news comes."""

    in_app: bool = True
    mail: bool = True


ChannelsPatch = patch_of(Channels)


class PreferencesDraft(Draft):
    """What somebody wants to be told, by kind of news."""

    reminder: Channels
    assigned: Channels
    mention: Channels
    quote: Channels
    follow_up: Channels
    escalation: Channels
    campaign: Channels
    digest: Channels


PreferencesPatch = patch_of(PreferencesDraft, **dict.fromkeys(PreferencesDraft.__struct_fields__, ChannelsPatch))


class PreferencesView(View):
    """What the caller wants to be told, by kind of news and channel."""

    reminder: Channels
    assigned: Channels
    mention: Channels
    quote: Channels
    follow_up: Channels
    escalation: Channels
    campaign: Channels
    digest: Channels
    updated_at: Stamp
    version: int
