"""Headers of the systems people come from are understood; what the caller says has the last word."""

import pytest

from chalicelib import errors
from chalicelib.services.importing.mapping import columns

HUBSPOT = {
    "Record ID": "external_ids.hubspot",
    "First Name": "first_name",
    "Last Name": "last_name",
    "Email": "email",
    "Additional email addresses": "email",
    "Phone Number": "phone",
    "Mobile Phone Number": "phone.mobile",
    "Lifecycle Stage": "lifecycle",
    "Contact owner": "owner",
    "Associated Company": "company",
    "Job Title": "title",
    "Street Address": "address.street",
    "City": "address.city",
    "State/Region": "address.region",
    "Postal Code": "address.postal_code",
    "Country/Region": "address.country",
    "Create Date": None,
}
SALESFORCE = {
    "Contact ID": "external_ids.salesforce",
    "Salutation": None,
    "FirstName": "first_name",
    "Last Name": "last_name",
    "Account Name": "company",
    "Email": "email",
    "Home Phone": "phone.home",
    "Mailing Street": "address.street",
    "Mailing Zip/Postal Code": "address.postal_code",
    "MailingCountry": "address.country",
    "Birthdate": "birthday",
}
PIPEDRIVE = {
    "Person - ID": "external_ids.pipedrive",
    "Person - Name": "name",
    "Person - Email - Work": "email.work",
    "Person - Email - Home": "email.home",
    "Person - Phone - Mobile": "phone.mobile",
    "Person - Organization": "company",
    "Person - Owner": "owner",
    "Person - Label": "tags",
}
GERMAN = {
    "Vorname": "first_name",
    "Nachname": "last_name",
    "E-Mail": "email",
    "Straße": "address.street",
    "PLZ": "address.postal_code",
}
FRENCH = {
    "Prénom": "first_name",
    "Nom": "last_name",
    "Courriel": "email",
    "Société": "company",
    "Code postal": "address.postal_code",
}
SPANISH = {
    "Nombre": "first_name",
    "Apellidos": "last_name",
    "Correo electrónico": "email",
    "Teléfono": "phone",
    "País": "address.country",
}
OURS = {
    "first_name": "first_name",
    "email.home": "email.home",
    "custom.shoe_size": "custom.shoe_size",
    "emails": "emails",
    "id": "id",
}
COMPANIES = {
    "Company name": "name",
    "Company Domain Name": "domain",
    "Website URL": "website",
    "Parent Company": "parent",
}


@pytest.mark.parametrize(
    ("kind", "source", "expected"),
    [
        ("contact", "hubspot", HUBSPOT),
        ("contact", "salesforce", SALESFORCE),
        ("contact", "pipedrive", PIPEDRIVE),
        ("contact", "csv", GERMAN),
        ("contact", "csv", FRENCH),
        ("contact", "csv", SPANISH),
        ("contact", "csv", OURS),
        ("company", "hubspot", COMPANIES),
        ("company", "pipedrive", {"Organization - Name": "name", "Organization - City": "address.city"}),
    ],
)  # fmt: skip
def test_headers_are_guessed(kind: str, source: str, expected: dict[str, str | None]) -> None:
    assert columns(kind, source, list(expected), {}) == expected


def test_the_caller_corrects_a_guess() -> None:
    headers = ["Name", "Nickname", "Email", "Phone"]
    wanted = {"Nickname": "custom.nick", "Phone": None, "Email": "email.home"}
    found = columns("contact", "csv", headers, wanted)
    assert found == {"Name": "name", "Nickname": "custom.nick", "Email": "email.home", "Phone": None}


def test_what_the_caller_says_takes_the_place_of_a_guess() -> None:
    found = columns("contact", "csv", ["First Name", "Given"], {"Given": "first_name"})
    assert found == {"First Name": None, "Given": "first_name"}


@pytest.mark.parametrize(
    ("wanted", "pointer", "code"),
    [
        ({"Email": "e_mail"}, "/mapping/Email", "unknown_field"),
        ({"Email": "custom.Bad Name"}, "/mapping/Email", "unknown_field"),
        ({"A/B": "no"}, "/mapping/A~1B", "unknown_field"),
        ({"Missing": "email"}, "/mapping/Missing", "unknown_header"),
        ({"Email": "title", "A/B": "title"}, "/mapping/A~1B", "repeated"),
    ],
)
def test_a_mapping_that_does_not_fit_is_pointed_at(wanted: dict[str, str | None], pointer: str, code: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        columns("contact", "csv", ["Email", "A/B"], wanted)
    assert [(flaw.pointer, flaw.code) for flaw in refused.value.flaws] == [(pointer, code)]


def test_a_file_of_which_nothing_is_known_is_refused() -> None:
    with pytest.raises(errors.Invalid) as refused:
        columns("contact", "csv", ["x1", "x2"], {})
    assert refused.value.flaws[0].pointer == "/mapping"
