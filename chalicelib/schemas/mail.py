"""A mail as services hand it over, the same for every provider."""

import msgspec


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one person.

    `sender` and `to` are `name@host` or `Name <name@host>`, the name in any alphabet. `headers` are extra ones, such as
    `List-Unsubscribe`. `tags` come back in the provider's events: letters, digits, `_` and `-`.
    """

    sender: str
    to: str
    subject: str
    text: str
    html: str | None = None
    headers: dict[str, str] = {}
    tags: dict[str, str] = {}
