"""Phone numbers: many spellings of one number become one (E.164).

The metadata of the library are loaded only when a number is given: 2 MB and about 20 ms.
"""

import re
from typing import Final

_NOT_DIGITS: Final = re.compile(r"[^0-9]")


def normalized(number: str, region: str | None = None) -> str:
    """The number in E.164 if its own country code or `region` (ISO 3166-1) tell how, else as it was typed.

    A number is not refused for being unknown to the library: numbering plans change, and a firm's list is full of
    extensions and typing errors that somebody still wants to see.
    """
    import phonenumbers

    typed = number.strip()
    international = "+" + typed[2:] if typed.startswith("00") else typed
    try:
        found = phonenumbers.parse(international, region)
    except phonenumbers.NumberParseException:
        found = None
    if found is not None and phonenumbers.is_possible_number(found):
        return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))
    digits = _NOT_DIGITS.sub("", international)
    return f"+{digits}" if international.startswith("+") and digits else typed
