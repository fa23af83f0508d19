"""Words that files of other systems use for what has one name here: country names, stages, relationships, sorts of
mail addresses and phones. Tables, in the languages of the firms that move in most: English, German, French, Spanish.
"""

import re
import unicodedata
from typing import Final

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GAP: Final = re.compile(r"[^a-z0-9]+")
_COMBINED: Final = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d"})


def plain(text: str) -> str:
    """Lower case, without accents, words apart by one space: `First Name`, `first_name` and `FirstName` are one."""
    spaced = _CAMEL.sub(" ", text.translate(_COMBINED))
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(sign))
    return _GAP.sub(" ", bare.lower()).strip()


# Names that differ from code to code; ISO 3166-1 has the codes. One line for each first letter of the code.
_COUNTRIES: Final = """
AD Andorra|AE United Arab Emirates;UAE;Vereinigte Arabische Emirate;Emirats arabes unis|AF Afghanistan|AG Antigua and Barbuda|AI Anguilla|AL Albania;Albanien;Albanie|AM Armenia;Armenien;Armenie|AO Angola|AR Argentina;Argentinien;Argentine|AS American Samoa|AT Austria;Österreich;Autriche;Oesterreich|AU Australia;Australien;Australie|AW Aruba|AZ Azerbaijan;Aserbaidschan
BA Bosnia and Herzegovina;Bosnia;Bosnien und Herzegowina;Bosnien|BB Barbados|BD Bangladesh;Bangladesch|BE Belgium;Belgien;Belgique;Bélgica;België|BF Burkina Faso|BG Bulgaria;Bulgarien;Bulgarie|BH Bahrain|BI Burundi|BJ Benin|BM Bermuda|BN Brunei;Brunei Darussalam|BO Bolivia;Bolivien;Bolivie|BR Brazil;Brasilien;Brésil;Brasil|BS Bahamas;The Bahamas|BT Bhutan|BW Botswana|BY Belarus;Weißrussland;Biélorussie|BZ Belize
CA Canada;Kanada;Canadá|CD DR Congo;Democratic Republic of the Congo;Congo Kinshasa|CF Central African Republic|CG Congo;Republic of the Congo|CH Switzerland;Schweiz;Suisse;Suiza;Svizzera|CI Ivory Coast;Cote d'Ivoire;Elfenbeinküste|CL Chile;Chili|CM Cameroon;Kamerun;Cameroun|CN China;PR China;People's Republic of China;Chine|CO Colombia;Kolumbien;Colombie|CR Costa Rica|CU Cuba;Kuba|CV Cape Verde;Cabo Verde|CY Cyprus;Zypern;Chypre;Chipre|CZ Czech Republic;Czechia;Tschechien;Tschechische Republik;République tchèque;Tchéquie;Chequia;República Checa;Česko;Česká republika
DE Germany;Deutschland;Allemagne;Alemania;BRD;Federal Republic of Germany|DJ Djibouti|DK Denmark;Dänemark;Danemark;Dinamarca;Danmark|DM Dominica|DO Dominican Republic;Dominikanische Republik;República Dominicana|DZ Algeria;Algerien;Algérie;Argelia
EC Ecuador;Équateur|EE Estonia;Estland;Estonie;Eesti|EG Egypt;Ägypten;Égypte;Egipto|ER Eritrea|ES Spain;Spanien;Espagne;España|ET Ethiopia;Äthiopien
FI Finland;Finnland;Finlande;Finlandia;Suomi|FJ Fiji|FO Faroe Islands;Färöer|FR France;Frankreich;Francia
GA Gabon|GB United Kingdom;UK;U.K.;Great Britain;Britain;England;Scotland;Wales;Northern Ireland;Vereinigtes Königreich;Großbritannien;Royaume-Uni;Grande-Bretagne;Reino Unido;Gran Bretaña|GD Grenada|GE Georgia;Georgien;Géorgie|GG Guernsey|GH Ghana|GI Gibraltar|GL Greenland;Grönland|GM Gambia|GN Guinea|GQ Equatorial Guinea|GR Greece;Griechenland;Grèce;Grecia;Hellas|GT Guatemala|GU Guam|GW Guinea-Bissau|GY Guyana
HK Hong Kong;Hongkong|HN Honduras|HR Croatia;Kroatien;Croatie;Croacia;Hrvatska|HT Haiti|HU Hungary;Ungarn;Hongrie;Hungría;Magyarország
ID Indonesia;Indonesien;Indonésie|IE Ireland;Irland;Irlande;Irlanda;Republic of Ireland|IL Israel;Israël|IM Isle of Man|IN India;Indien;Inde|IQ Iraq;Irak|IR Iran;Islamic Republic of Iran|IS Iceland;Island;Islande;Islandia|IT Italy;Italien;Italie;Italia
JE Jersey|JM Jamaica;Jamaika|JO Jordan;Jordanien;Jordanie|JP Japan;Japon;Japón
KE Kenya;Kenia|KG Kyrgyzstan;Kirgisistan|KH Cambodia;Kambodscha;Cambodge|KR South Korea;Korea;Republic of Korea;Korea, Republic of;Südkorea;Corée du Sud;Corea del Sur|KP North Korea;Nordkorea|KW Kuwait|KY Cayman Islands|KZ Kazakhstan;Kasachstan
LA Laos|LB Lebanon;Libanon;Liban;Líbano|LC Saint Lucia|LI Liechtenstein|LK Sri Lanka|LR Liberia|LS Lesotho|LT Lithuania;Litauen;Lituanie;Lituania;Lietuva|LU Luxembourg;Luxemburg;Luxemburgo|LV Latvia;Lettland;Lettonie;Letonia;Latvija|LY Libya;Libyen
MA Morocco;Marokko;Maroc;Marruecos|MC Monaco|MD Moldova;Moldau;Moldawien|ME Montenegro|MG Madagascar;Madagaskar|MK North Macedonia;Macedonia;Nordmazedonien|ML Mali|MM Myanmar;Burma|MN Mongolia;Mongolei|MO Macao;Macau|MR Mauritania|MT Malta;Malte|MU Mauritius|MV Maldives;Malediven|MW Malawi|MX Mexico;Mexiko;Mexique;México|MY Malaysia;Malaisie;Malasia|MZ Mozambique;Mosambik
NA Namibia|NC New Caledonia|NE Niger|NG Nigeria|NI Nicaragua|NL Netherlands;The Netherlands;Holland;Niederlande;Pays-Bas;Países Bajos;Nederland|NO Norway;Norwegen;Norvège;Noruega;Norge|NP Nepal|NZ New Zealand;Neuseeland;Nouvelle-Zélande;Nueva Zelanda
OM Oman
PA Panama;Panamá|PE Peru;Perú;Pérou|PF French Polynesia|PG Papua New Guinea|PH Philippines;Philippinen;Filipinas|PK Pakistan|PL Poland;Polen;Pologne;Polonia;Polska|PR Puerto Rico|PS Palestine;Palästina|PT Portugal|PY Paraguay
QA Qatar;Katar
RE Réunion;Reunion|RO Romania;Rumänien;Roumanie;Rumania;România|RS Serbia;Serbien;Serbie|RU Russia;Russian Federation;Russland;Russie;Rusia|RW Rwanda;Ruanda
SA Saudi Arabia;Saudi-Arabien;Arabie saoudite;Arabia Saudita|SC Seychelles;Seychellen|SD Sudan|SE Sweden;Schweden;Suède;Suecia;Sverige|SG Singapore;Singapur;Singapour|SI Slovenia;Slowenien;Slovénie;Eslovenia|SK Slovakia;Slowakei;Slovaquie;Eslovaquia;Slovensko|SL Sierra Leone|SM San Marino|SN Senegal;Sénégal|SO Somalia|SR Suriname|SV El Salvador|SY Syria;Syrien;Syrie|SZ Eswatini;Swaziland
TD Chad|TG Togo|TH Thailand;Thaïlande;Tailandia|TJ Tajikistan|TM Turkmenistan|TN Tunisia;Tunesien;Tunisie;Túnez|TR Turkey;Türkiye;Türkei;Turquie;Turquía|TT Trinidad and Tobago|TW Taiwan;Taïwan|TZ Tanzania;Tansania
UA Ukraine;Ucrania|UG Uganda|US United States;United States of America;USA;U.S.A.;U.S.;America;Vereinigte Staaten;États-Unis;Estados Unidos;EE.UU.|UY Uruguay|UZ Uzbekistan;Usbekistan
VA Vatican City;Vatikan;Holy See|VC Saint Vincent and the Grenadines|VE Venezuela|VN Vietnam;Viet Nam
WS Samoa
XK Kosovo
YE Yemen;Jemen
ZA South Africa;Südafrika;Afrique du Sud;Sudáfrica|ZM Zambia;Sambia|ZW Zimbabwe;Simbabwe
"""  # noqa: E501 - a table reads better by letter than wrapped
COUNTRIES: Final[dict[str, str]] = {
    plain(name): entry[:2]
    for entry in _COUNTRIES.strip().replace("\n", "|").split("|")
    for name in (entry[:2], *entry[3:].split(";"))
}

# Other names of stages; whatever else a file calls one keeps its own name, as stages are the firm's.
STAGES: Final = {
    "mql": "marketing_qualified_lead",
    "marketing qualified": "marketing_qualified_lead",
    "sql": "sales_qualified_lead",
    "sales qualified": "sales_qualified_lead",
    "client": "customer",
    "kunde": "customer",
    "interessent": "lead",
    "abonnent": "subscriber",
}

RELATIONSHIPS: Final = {
    **{
        name: name
        for name in (
            *("customer", "prospect", "reseller", "partner", "supplier"),
            *("internal", "unregistered", "contracted"),
        )
    },
    "client": "customer",
    "kunde": "customer",
    "customer direct": "customer",
    "customer channel": "customer",
    "interessent": "prospect",
    "lead": "prospect",
    "vendor": "supplier",
    "lieferant": "supplier",
    "fournisseur": "supplier",
    "channel partner reseller": "reseller",
    "installation partner": "partner",
    "technology partner": "partner",
    "wiederverkaufer": "reseller",
}

YES: Final = frozenset({"true", "yes", "y", "1", "x", "ja", "wahr", "oui", "vrai", "si", "on"})
NO: Final = frozenset({"false", "no", "n", "0", "nein", "falsch", "non", "faux", "off"})
