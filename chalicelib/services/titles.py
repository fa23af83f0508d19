"""What to call a record in a mail: a person's name, a firm's or a deal's, or what else is known of it."""

from typing import Any


def of(record: Any) -> str:
    """One line of text, never empty."""
    if record.NOUN == "deal":
        return " ".join(str(record.title).split()) or str(record.id)
    names = (getattr(record, "first_name", None), getattr(record, "last_name", None), _display_name(record))
    reached = [one.get("address") or one["number"] for one in [*_emails(record), *(record.phones or ())]]
    called = " ".join(name for name in names if name and name.strip()) or next(iter(reached), record.id)
    return " ".join(called.split())  # a line break must not become one in a header


def _display_name(record: Any) -> str | None:
    name: str | None = getattr(record, "display_name", None)
    return name


def _emails(record: Any) -> list[dict[str, Any]]:
    return list(getattr(record, "emails", None) or ())
