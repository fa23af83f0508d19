"""The way out of the mails: the links and headers that each mail carries, and what happens when somebody takes it.

A link works for ever, for its own recipient only. Looking at it changes nothing, as mail scanners follow every link;
only a POST does (RFC 8058, section 3.1).
"""

from chalicelib.services import mail_links

USE = "unsubscribe"
PREFERENCES = "preferences"


def url(base_url: str, tenant: str, contact_id: str, run: str = "", topic: str | None = None) -> str:
    """Where this recipient gets out. `base_url` is where the API begins, without a slash; `run` is the campaign's."""
    return f"{base_url}/u/{mail_links.make(USE, tenant, contact_id, run, extra=topic or '')}"


def preferences_url(base_url: str, tenant: str, contact_id: str, run: str = "") -> str:
    """Where this recipient chooses what he is mailed about."""
    return f"{base_url}/u/{mail_links.make(PREFERENCES, tenant, contact_id, run)}/preferences"


def headers(base_url: str, tenant: str, contact_id: str, run: str = "", topic: str | None = None) -> dict[str, str]:
    """The two headers by which mail programs offer to unsubscribe with one click (RFC 2369, RFC 8058).

    Both have to be covered by the DKIM signature, which the provider makes.
    """
    return {
        "List-Unsubscribe": f"<{url(base_url, tenant, contact_id, run, topic)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
