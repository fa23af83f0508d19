"""What the headers of other systems' exports mean: HubSpot, Salesforce, Pipedrive, and plain ones in four languages.

Keys are headers in the form of `words.plain`. Pipedrive's `Person - ` is cut off before they are looked up.
"""

from typing import Final


def _table(text: str) -> dict[str, str]:
    """`target: header, header` to a line."""
    lines = (line.partition(":") for line in text.strip().splitlines())
    return {header.strip(): target.strip() for target, _, headers in lines for header in headers.split(",")}


_COMMON: Final = _table("""
    phone: phone, phone number, telephone, telefon, tel, phone 1, phone 1 value, telefonnummer, telephone number, numero de telephone, telefono, rufnummer
    phone.work: work phone, phone work, business phone, office phone, telefon geschaftlich, telefon gesch, company phone, primary phone, telephone professionnel, work number
    phone.mobile: mobile, mobile phone, mobile phone number, cell, cell phone, cellphone, phone mobile, handy, mobil, mobiltelefon, mobilnummer, portable, telephone mobile, movil, telefono movil, whatsapp phone number
    phone.home: home phone, phone home, home number, telefon privat, telephone domicile
    phone.fax: fax, fax number, phone fax, business fax, telefax
    phone.other: other phone, phone other, asst phone, assistant phone
    address.street: street, street address, address, address line 1, address 1, mailing street, billing street, shipping street, strasse, strasse nr, strasse und hausnummer, adresse, rue, calle, direccion, business street, home street, street road name of address, address street
    address.city: city, town, mailing city, billing city, shipping city, ort, stadt, ville, ciudad, business city, home city, city town village locality of address, address city
    address.region: state, region, province, state region, state province, state or province, mailing state, mailing state province, billing state, billing state province, shipping state, bundesland, kanton, departement, provincia, business state, home state, state county of address, address region, county
    address.postal_code: postal code, zip, zip code, postcode, zip postal code, mailing zip, mailing zip postal code, mailing postal code, billing zip postal code, billing postal code, shipping zip postal code, plz, postleitzahl, code postal, codigo postal, business postal code, home postal code, zip postal code of address, address postal code
    address.country: country, country region, country code, mailing country, billing country, shipping country, mailing country code, billing country code, land, staat, pays, pais, business country, home country, country of address, address country
    tags: tags, tag, labels, label, schlagworte, schlagworter, etiquettes, etiquetas, categories, kategorien
    owner: owner, contact owner, company owner, account owner, owner email, owner name, record owner, zustandig, verantwortlich, besitzer, betreuer, proprietaire, propietario, sales rep
    relationship: relationship, relation, type, beziehung, account type
    social.linkedin: linkedin, linked in, linkedin url, linkedin profile, linkedin company page, linkedin profil, linkedin bio
    social.twitter: twitter, twitter username, twitter handle, twitter url, x username
    social.facebook: facebook, facebook url, facebook company page
    social.instagram: instagram, instagram url
""")  # noqa: E501 - a table reads better by target than wrapped

CONTACT: Final = {
    **_COMMON,
    **_table("""
    first_name: first name, firstname, given name, forename, vorname, prenom, nombre, nome
    last_name: last name, lastname, surname, family name, nachname, familienname, zuname, nom de famille, nom, apellido, apellidos, cognome
    name: name, full name, fullname, contact name, contact, display name, vollstandiger name, nom complet, nombre completo, person
    email: email, e mail, mail, email address, e mail address, emails, email addresses, mailadresse, e mail adresse, courriel, adresse e mail, adresse email, correo, correo electronico, additional email addresses, email 1, e mail 1 value, primary email, additional emails, email 2, email 3, secondary email
    email.work: work email, email work, business email, e mail geschaftlich
    email.home: home email, email home, personal email, private email, e mail privat
    email.other: other email, email other, alternate email
    company: company, company name, account, account name, organization, organisation, organization name, firma, firmenname, unternehmen, entreprise, societe, empresa, compania, associated company, primary associated company, associated company name, primary company, employer, arbeitgeber
    company_domain: company domain, company domain name, website, website url, company website, webseite, homepage, site web, email domain, account website, organization website, company website url
    title: title, job title, jobtitle, position, role, jobrolle, funktion, stelle, titel, fonction, poste, cargo, puesto, berufsbezeichnung
    birthday: birthday, birthdate, date of birth, birth date, geburtstag, geburtsdatum, date de naissance, anniversaire, fecha de nacimiento, cumpleanos
    lifecycle: lifecycle stage, lifecycle, lifecyclestage, stage, phase
    time_zone: time zone, timezone, zeitzone, fuseau horaire, zona horaria
    language: language, preferred language, locale, sprache, langue, idioma, languages, hs language
    """),  # noqa: E501 - as above
}

COMPANY: Final = {
    **_COMMON,
    **_table("""
    name: name, company name, company, account name, account, organization, organisation, organization name, firma, firmenname, unternehmen, entreprise, societe, nom, empresa, compania, nombre, display name
    domain: domain, domains, company domain name, company domain, email domain, additional domains, domaine, dominio
    website: website, website url, url, web, homepage, webseite, site web, sitio web, company website
    parent: parent company, parent account, parent, parent account name, mutterfirma, konzern, muttergesellschaft
    """),  # noqa: E501 - as above
}

# The column that holds a record's own id in each system.
IDS: Final[dict[str, dict[str, frozenset[str]]]] = {
    "hubspot": {
        "contact": frozenset({"record id", "record id contact", "contact id", "vid"}),
        "company": frozenset({"record id", "record id company", "company id"}),
    },
    "salesforce": {
        "contact": frozenset({"contact id", "id", "contact id 18", "lead id", "18 digit id"}),
        "company": frozenset({"account id", "id", "18 digit id"}),
    },
    "pipedrive": {"contact": frozenset({"id", "person id"}), "company": frozenset({"id", "organization id"})},
}

# Never a field of ours, although another one's name is in it; also the columns that our own reports add.
IGNORED: Final = frozenset({"import line", "import errors", "import status", "import id"})
