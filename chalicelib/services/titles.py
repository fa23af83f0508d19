"""What to call a record in a mail: a person's name, a firm's or a deal's, or what else is known of it."""

from typing import Any

from chalicelib.services import text


def of(record: Any) -> str:
    """One line of text, never empty."""
    if record.NOUN == "deal":
        return text.line(str(record.title)) or str(record.id)
    names = (getattr(record, "first_name", None), getattr(record, "last_name", None), _display_name(record))
    reached = [one.get("address") or one["number"] for one in [*_emails(record), *(record.phones or ())]]
    return text.line(" ".join(name for name in names if name)) or text.line(next(iter(reached), record.id))


def _display_name(record: Any) -> str | None:
    name: str | None = getattr(record, "display_name", None)
    return name


def _emails(record: Any) -> list[dict[str, Any]]:
    return list(getattr(record, "emails", None) or ())
