"""Names, streets and cities of made-up persons, the most frequent first; written for this bench, not taken from one."""

from typing import Final, NamedTuple


class Land(NamedTuple):
    """What people of one country are called and where they live; cities carry the first digits of their codes."""

    code: str
    women: list[str]
    men: list[str]
    surnames: list[str]
    streets: list[str]
    cities: list[tuple[str, str, str]]  # name, region, postal code with # for a digit
    number_first: bool
    hosts: list[str]
    tail: tuple[list[str], list[str]]  # halves of the many rare surnames, and of streets called like them
    kinds: list[str]  # of streets; with `#` for the name


def _l(text: str, by: str = " ") -> list[str]:
    return text.split(by)


_ENGLISH: Final = (
    _l(
        "Ash Black Brad Brook Burn Clay Cran Cross East Fair Fox Green Hart Haw Hazel Hol Kirk Lang Lock Marsh Mill"
        " North Oak Pem Red Rock Shel Stan Thorn Wake West Whit Wood"
    ),
    _l("bridge brook bury by croft dale field ford ham ley man more shaw ton well wick wood worth"),
)

LANDS: Final[tuple[Land, ...]] = (
    Land(
        "AT",
        _l(
            "Maria Anna Elisabeth Eva Barbara Christine Katharina Johanna Sabine Monika Ingrid Gertrude Renate Julia"
            " Sophie Lena Theresa Magdalena Michaela Petra Ursula Brigitte Helga Verena Hannah Lisa Claudia Andrea"
            " Karin Martina Birgit Eveline Doris Nicole Jasmin Viktoria Valerie Antonia Franziska Roswitha"
        ),
        _l(
            "Thomas Michael Johann Franz Josef Andreas Peter Martin Christian Stefan Markus Wolfgang Karl Robert"
            " Alexander Daniel Lukas Florian Georg Herbert Gerhard Walter Manfred Bernhard Jakob Paul David Felix"
            " Maximilian Tobias Gernot Helmut Rainer Günther Jürgen Matthias Philipp Simon Ferdinand Leopold"
        ),
        _l(
            "Gruber Huber Bauer Wagner Müller Pichler Steiner Moser Mayer Hofer Leitner Berger Fuchs Eder Fischer"
            " Schmid Winkler Weber Schwarz Maier Schneider Reiter Mayr Schmidt Wimmer Egger Brunner Lang Baumgartner"
            " Auer Binder Lechner Wolf Wallner Aigner Ebner Koller Lehner Haas Schuster Heilig Hammerschmid"
            " Schöberl Zangerl Hölzl Stöckl Hochrieser Trauttmansdorff Kirchschläger Nöstlinger Pröll Vranitzky"
            " Novak Horvath Svoboda Jovanović Petrović Yılmaz Hrdlička Czerny Kowarik Sedlacek Blaha Lederhaas"
            " Oberhauser Unterberger Rosenzweig Feuerstein Thurnher Ganglbauer Zehetner Kogler Pammer Raab Strobl"
        ),
        _l(
            "Hauptstraße,Bahnhofstraße,Schulgasse,Kirchengasse,Feldgasse,Mozartstraße,Lindengasse,Ringstraße,"
            "Dorfplatz,Gartengasse,Wiener Straße,Mühlweg,Rosengasse,Schillerstraße,Goethestraße,Am Anger,"
            "Bergstraße,Haydngasse,Waldweg,Josefstädter Straße,Mariahilfer Straße,Neubaugasse,Landstraße,"
            "Burggasse,Taborstraße,Praterstraße,Kaiserstraße,Ungargasse,Rennweg,Favoritenstraße",
            ",",
        ),
        [
            ("Wien", "Wien", "1##0"),
            ("Graz", "Steiermark", "80##"),
            ("Linz", "Oberösterreich", "40##"),
            ("Salzburg", "Salzburg", "502#"),
            ("Innsbruck", "Tirol", "602#"),
            ("Klagenfurt am Wörthersee", "Kärnten", "902#"),
            ("St. Pölten", "Niederösterreich", "310#"),
            ("Wiener Neustadt", "Niederösterreich", "27##"),
            ("Dornbirn", "Vorarlberg", "685#"),
        ],
        number_first=False,
        hosts=_l("gmx.at a1.net aon.at gmail.com outlook.com"),
        tail=(
            _l(
                "Ober Unter Hinter Stein Holz Wald Berg Lind Eich Birk Kirch Feld Moos Grün Alt Neu Hoch Rosen Gold"
                " Silber Wein Brunn Mühl Haid Sand"
            ),
            _l(
                "bauer huber maier hofer berger egger gruber leitner müller thaler bacher brunner steiner mann lechner"
                " reiter wieser stätter"
            ),
        ),
        kinds=_l("#straße,#gasse,#weg,#platz,Am #", ","),
    ),
    Land(
        "GB",
        _l(
            "Margaret Susan Sarah Emma Olivia Amelia Jessica Charlotte Emily Victoria Catherine Elizabeth Helen Karen"
            " Rebecca Rachel Laura Lucy Grace Chloe Hannah Jane Alison Nicola Julie Samantha Claire Joanne Deborah"
            " Patricia Fiona Eleanor Imogen Poppy Freya Harriet Beatrice Philippa Gwendolyn Morwenna"
        ),
        _l(
            "David John Michael Paul Andrew James Peter Robert Richard Mark Christopher Stephen William Thomas Daniel"
            " Matthew Oliver George Harry Jack Charles Edward Alan Ian Simon Anthony Nicholas Joseph Benjamin Samuel"
            " Alexander Graham Colin Neil Duncan Angus Rhys Alistair Barnaby Crispin"
        ),
        _l(
            "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White"
            " Roberts Green Hall Wood Jackson Clarke Patel Khan Lewis James Phillips Mason Mitchell Rose Davis"
            " Rodgers Cox Alexander Marshall Campbell Stewart MacDonald McGregor O'Connor O'Neill Fitzgerald"
            " Featherstone Cholmondeley Blackwood Ashworth Haythornthwaite Ramsbottom Entwistle Postlethwaite"
            " Okonkwo Adeyemi Begum Chaudhry Sandhu Nguyen Kowalski Shuttleworth Thistlewood Wolstenholme"
            " Pendlebury Satterthwaite Longbottom Hargreaves Sutcliffe Greenhalgh Butterworth Duckworth Ogden"
        ),
        _l(
            "High Street,Station Road,Church Lane,Victoria Road,Park Avenue,London Road,Green Lane,Mill Lane,"
            "Queens Road,Kings Road,Manor Drive,The Crescent,Springfield Road,George Street,Grange Close,"
            "Albert Terrace,Chester Road,Meadow View,Orchard Way,Baker Street,Northfield Avenue,York Place,"
            "Alexandra Court,Richmond Grove,Windsor Gardens,Chapel Hill,Bramble Walk,Kingfisher Mews,Elm Tree Rise",
            ",",
        ),
        [
            ("London", "Greater London", "NW# #AB"),
            ("Manchester", "Greater Manchester", "M# ##A"),
            ("Birmingham", "West Midlands", "B## #TT"),
            ("Leeds", "West Yorkshire", "LS# #HD"),
            ("Glasgow", "Scotland", "G## #QQ"),
            ("Bristol", "Bristol", "BS# #RJ"),
            ("Newcastle upon Tyne", "Tyne and Wear", "NE# #SG"),
            ("Cardiff", "Wales", "CF## #AX"),
        ],
        number_first=True,
        hosts=_l("btinternet.com sky.com gmail.com outlook.com hotmail.co.uk"),
        tail=_ENGLISH,
        kinds=_l("# Road,# Street,# Lane,# Close,# Avenue,# Gardens", ","),
    ),
    Land(
        "US",
        _l(
            "Mary Patricia Jennifer Linda Barbara Susan Jessica Karen Lisa Nancy Betty Sandra Ashley Kimberly Donna"
            " Michelle Carol Amanda Melissa Stephanie Rebecca Sharon Cynthia Kathleen Amy Angela Shirley Brenda"
            " Madison Brianna Destiny Savannah Guadalupe Latoya Mackenzie Delaney Addison Harper Wren Juniper"
        ),
        _l(
            "James Robert John Michael David William Richard Joseph Thomas Christopher Charles Daniel Matthew"
            " Anthony Mark Steven Andrew Joshua Kevin Brian Ronald Timothy Jason Jeffrey Ryan Jacob Gary Eric"
            " Jonathan Larry Justin Brandon Tyler Dakota Hunter Logan Darnell Jamal Preston Thaddeus"
        ),
        _l(
            "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez"
            " Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark"
            " Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Vanderbilt"
            " Kowalczyk Schwarzenbach Abernathy Kaczmarek Dombrowski Fitzpatrick Papadopoulos Yamamoto Okafor"
            " Lindqvist Castellanos Villanueva Hutchinson Montgomery Witherspoon Van Buren De la Cruz Whitaker"
            " Stroud Pettigrew Holloway Mccullough Beauregard Thibodeaux Szymanski Gustafson Oyelaran Delacroix"
        ),
        _l(
            "Main Street,Oak Avenue,Maple Street,2nd Street,Washington Boulevard,Park Drive,Cedar Lane,Elm Street,"
            "Lake Road,Hillside Drive,Sunset Boulevard,Jefferson Avenue,Lincoln Way,River Road,Willow Court,"
            "Magnolia Circle,Dogwood Lane,Peachtree Street,Cypress Drive,Franklin Avenue,Meadowbrook Road,"
            "Highland Terrace,Chestnut Street,Old Mill Road,Quail Hollow Drive,Timber Ridge Trail,Bayview Place",
            ",",
        ),
        [
            ("New York", "NY", "100##"),
            ("Los Angeles", "CA", "900##"),
            ("Chicago", "IL", "606##"),
            ("Houston", "TX", "770##"),
            ("Phoenix", "AZ", "850##"),
            ("Minneapolis", "MN", "554##"),
            ("Portland", "OR", "972##"),
            ("Atlanta", "GA", "303##"),
        ],
        number_first=True,
        hosts=_l("gmail.com yahoo.com aol.com comcast.net outlook.com"),
        tail=_ENGLISH,
        kinds=_l("# Street,# Avenue,# Drive,# Lane,# Boulevard,# Court", ","),
    ),
    Land(
        "FR",
        _l(
            "Marie Nathalie Isabelle Sylvie Catherine Françoise Valérie Christine Sophie Sandrine Céline Camille Léa"
            " Manon Chloé Emma Julie Aurélie Élodie Mathilde Anne-Sophie Marie-Claire Geneviève Bénédicte Delphine"
            " Amélie Margaux Océane Solène Hélène"
        ),
        _l(
            "Jean Michel Pierre Philippe Alain Nicolas Christophe Laurent Stéphane David Frédéric Julien Thomas"
            " Antoine Guillaume Maxime Alexandre Lucas Hugo Jean-Pierre Jean-Luc François Benoît Cédric Matthieu"
            " Rémi Étienne Gaël Loïc Thibault"
        ),
        _l(
            "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel"
            " Garcia David Bertrand Roux Vincent Fournier Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet"
            " François Martinez Legrand Chevalier Perrin Boucher Benali Charpentier Beaumont Delacourt Lemoine"
            " Vasseur Guillemot Le Goff Kerbrat Quéméneur Rousseau Villeneuve Castelnau Montreuil Deschamps"
        ),
        _l(
            "rue de la République,rue Victor Hugo,avenue Jean Jaurès,rue Pasteur,place de la Mairie,rue des Écoles,"
            "boulevard Voltaire,rue du Moulin,avenue de la Gare,rue des Lilas,chemin des Vignes,rue Saint-Jacques,"
            "allée des Tilleuls,rue de Bretagne,quai des Belges,rue du Faubourg,impasse des Roses,rue Gambetta",
            ",",
        ),
        [
            ("Paris", "Île-de-France", "750##"),
            ("Lyon", "Auvergne-Rhône-Alpes", "6900#"),
            ("Marseille", "Provence-Alpes-Côte d'Azur", "1300#"),
            ("Toulouse", "Occitanie", "31#00"),
            ("Nantes", "Pays de la Loire", "44#00"),
            ("Strasbourg", "Grand Est", "67#00"),
        ],
        number_first=True,
        hosts=_l("orange.fr free.fr wanadoo.fr gmail.com laposte.net"),
        tail=(
            _l(
                "Beau Bois Bon Champ Char Clair Cour Dela Fon Grand Haut Lar Mal Mont Neuv Per Roche Saint- Val Ver"
                " Vieil"
            ),
            _l("bert bois champ court din fort lac lier mont nay pin rieux ron roux ry ton val ville"),
        ),
        kinds=_l("rue #,avenue #,rue de #,allée #,chemin de #", ","),
    ),
    Land(
        "ES",
        _l(
            "María Carmen Ana Isabel Laura Cristina Marta Lucía Paula Elena Rosa Pilar Teresa Sara Beatriz Silvia"
            " Raquel Patricia Rocío Mercedes Concepción Montserrat Inmaculada Nuria Alba Irene Sofía Claudia"
        ),
        _l(
            "Antonio José Manuel Francisco David Juan Javier Daniel Carlos Miguel Alejandro Rafael Pedro Ángel Pablo"
            " Sergio Fernando Jorge Luis Alberto Álvaro Diego Adrián Iván Rubén Óscar Joaquín Ramón Íñigo Gonzalo"
        ),
        _l(
            "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández"
            " Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez"
            " Serrano Blanco Molina Ortega Castro Etxeberria Zubizarreta Goikoetxea Ferrer Puigdollers Riera"
            " Villalobos Cifuentes Valdivieso Bustamante Carrasco Peñalver Escudero Quintanilla Olmedo"
        ),
        _l(
            "Calle Mayor,Calle Real,Avenida de la Constitución,Plaza de España,Calle del Sol,Calle San José,"
            "Paseo del Prado,Calle Nueva,Avenida de Andalucía,Calle de Alcalá,Calle Cervantes,Calle de la Luna,"
            "Ronda del Norte,Camino Viejo,Calle Goya,Calle Velázquez,Calle de Atocha",
            ",",
        ),
        [
            ("Madrid", "Madrid", "280##"),
            ("Barcelona", "Cataluña", "080##"),
            ("Valencia", "Comunidad Valenciana", "460##"),
            ("Sevilla", "Andalucía", "410##"),
            ("Bilbao", "País Vasco", "480##"),
        ],
        number_first=False,
        hosts=_l("telefonica.net gmail.com hotmail.es yahoo.es ono.com"),
        tail=(
            _l("Al Arz Bal Ber Cal Car Cas Cor Es Fuen Gal Gar Lar Mal Mar Mon Na Or Pal Riv Sal San Sar Vil Zar"),
            _l("ares azo billas boa cedo dero goitia lejo llón mayor mendi mora nares quera rueta tejo torre valle"),
        ),
        kinds=_l("Calle #,Calle de #,Avenida #,Plaza #,Paseo de #", ","),
    ),
)

FIRMS: Final = _l(
    "Alpenbau,Nordwind Logistik,Hofer & Partner,Bluestone Consulting,Riverside Bakery,Kestrel Software,Lindt Optik,"
    "Meridian Foods,Vogel Elektro,Grünwald Reisen,Atelier Dumont,Casa Verde,Steinbach Metall,Harbour Lights,"
    "Quantum Print,Fairfield Motors,Delta Pharma,Ocean Freight,Sonnberg Hotel,Copperfield Law,Tresor Finanz,"
    "Brightwater Media,Iberia Textil,Forge Industries,Maple Leaf Dental,Silverline Security,Zenith Robotics,"
    "Waldhof Biomarkt,Papillon Events,Granite Works,Tulip Trading,Summit Outdoor,Kornfeld Mühle,Velvet Design",
    ",",
)
