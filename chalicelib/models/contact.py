"""A person the firm knows."""

from typing import ClassVar

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.party import Party
from chalicelib.models.subject import Json


class Contact(Party, discriminator="contact"):
    """A person. `company_name` is copied from the company, so that a list or a search reads nothing more."""

    NOUN: ClassVar[str] = "contact"

    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute(null=True)
    emails = Json(null=True)  # [{address, kind, primary}]
    company_id = UnicodeAttribute(null=True)
    company_name = UnicodeAttribute(null=True)
    companies = Json(null=True)  # [{company_id, role, from, to}]
    title = UnicodeAttribute(null=True)
    birthday = UnicodeAttribute(null=True)
    time_zone = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    lifecycle = UnicodeAttribute(null=True)
    lifecycle_since = UnicodeAttribute(null=True)
    preferences = Json(null=True)  # {channels: {}, topics: {}}
