"""What the people and the firms that one deals with have in common."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.subject import Json, Subject


class Party(Subject):
    """Somebody who can be reached."""

    phones = Json(null=True)  # [{number, kind, primary}]
    address = Json(null=True)
    social = Json(null=True)
    dates = Json(null=True)  # [{label, date, remind_days}]
    relationship = UnicodeAttribute(null=True)
