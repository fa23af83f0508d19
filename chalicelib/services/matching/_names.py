"""What is known of names beforehand: familiar forms of given names, and last names that many people have.

Both are a plus, never needed: a pair of forms counts nearly as one name, a rare last name tells more than a common one.
"""

from typing import Final

# Each line is one name in the forms that people use of it; a form may stand in several lines.
_GROUPS: Final = """
alexander alex sascha sasha xander sandro alec lex
alexandra alex sandra sasha lexi alessandra
abigail abby gail
andrew andy drew andreas andre andrea andi
anna ann anne annie anja anita anneliese annika nan nancy hanna
antonia toni antonella
anthony tony anton antonio toni antoine
barbara barb babs babsi bettina
benjamin ben benny benji
bernhard bernard bernd bernie
brigitte gitti bridget birgit brigitta
catherine katherine katharina kate katie kathy cathy kathi kitty kat katja karin kathrin caterina katarina catalina
charles charlie chuck karl carlos carl carlo charly
christian chris christl krischan cristian
christine christina chris chrissy tina kristina kirsten cristina christa
christopher chris kit christoph christophe kristof topher
daniel dan danny dani daniele
david dave davy davide
deborah deb debbie debra
dominic dom dominik nick
donald don donnie
dorothy dot dottie dorothea dora thea
edward ed eddie ted ned teddy eduard edoardo eduardo
eleanor ellie nell nora elli leonora eleonore
elizabeth liz lizzie beth betty eliza elisabeth elsa lisa elise lisbeth sissi sisi libby bess bettina isabel
emily em emmy emilia emma
eugene gene eugen
florian flo
frances fran fanny franziska franzi francesca francoise paca
francis frank franz francisco francesco paco franco francois fran pancho
frederick fred freddy fritz friedrich federico frederic
gabriel gabe gaby
gabriele gabi gabriella gaby
george georg jorge giorgio georges schorsch jiri
gerald gerry jerry gerhard gerd gert gerard
gregory greg gregor grzegorz
gunther guenther gunter guenter
hans johann johannes john jack jan ivan giovanni juan jean johnny hannes hansi jon ian sean
helen helena lena nell ellen helene ilona
henry harry hank heinrich heinz henrik enrico enrique henri hal
hubert bert hugo
ignatius ignaz nacho ignacio ignazio
isabella isabel bella izzy isa
jacob jake jakob jack giacomo
jacqueline jackie jacky
james jim jimmy jamie jaime diego jacques santiago
jane janet jenny jean joan johanna giovanna juana hanna janka
jennifer jen jenny jenna
jessica jess jessie
joseph joe josef jose pepe giuseppe sepp joey beppe jozef pepi
josephine jo josie josefine
joshua josh
judith judy jutta
julia julie giulia juliana jule
katrin kathrin katharina
kenneth ken kenny
klaus claus niklas nikolaus nicholas nick nico nicolas niccolo miklos nicky
lawrence larry laurence lorenz lars lorenzo
leonard leo len lenny leonhard leonardo
leopold leo poldi
louis lou ludwig luis luigi lewis louie
lucas luke luca lukas luc
magdalena lena magda leni madeleine
manuel manny manu emanuel
margaret maggie meg peggy margarete grete gretel margit margarita rita marge greta marguerite margot daisy
maria mary marie mia mitzi moll polly marija mariam marianne
martin marty marti
martha marta patty
matthew matt mathias matthias mathieu matteo hias mateo
maximilian max maxim maxi
michael mike mick micky michi michel miguel michele mikhail misha mihail
monica monika moni
nathan nate nathaniel nat
natalie nat nathalie natalia natasha
oliver ollie olli olivier
pamela pam
patricia pat patty trish tricia patrizia
patrick pat paddy patrizio
paul paulo pablo paolo pavel pauli
peter pete pierre pedro pietro petr piotr peer
philip phil philipp pip felipe filippo philippe
rafael raphael rafa raffaele
raymond ray
rebecca becky becca
richard rick dick rich ricky ricardo riccardo
robert bob rob bobby robbie roberto rupert bert robin
roland rolf
ronald ron ronnie
rose rosie rosa rosi
rudolf rudi rolf rodolfo
samantha sam sammy
samuel sam sammy
sarah sara sally sadie
sebastian seb basti bastian sebastien
sophia sophie sofia sofie
stephanie steffi steph stefanie stefania
stephen steve steven stefan stephan esteban stefano etienne stevie istvan
susan sue susanne susi suzanne susanna suzie zuzana
theodore ted theo teddy theodor
theresa tess terry therese resi teresa tessa
thomas tom tommy tomas tommaso
timothy tim timmy
tobias toby tobi
ursula uschi ursel
valentina vali tina
vanessa nessa
veronica ronnie vroni veronika vera
victoria vicky tori vicki viktoria
vincent vince vinny vincenzo vinzenz
virginia ginny ginger
walter wally walt
wilhelmina mina willa minnie
william bill will willy wilhelm willi liam guillermo guillaume guglielmo billy
wolfgang wolf wolfi
yekaterina katya ekaterina
zachary zach zac zack
"""

# Names without such forms. What is known as two names is not one with a slip in it, such as Petra and Peter.
_OTHERS: Final = """
petra claudia sabine valerie aurelie silvia sylvia sylvie renate ingrid gertrude karen karina erika erica verena doris
martina daniela manuela michaela michelle nicole nicola carolin caroline carolina melanie melissa laura lara nora clara
klara sonja tanja marina marion miriam mirjam olivia amelia amalia charlotte camille carmen pilar rocio nuria alba irene
iris ines agnes beatrice beatriz bianca linda lucia lucie lucy grace chloe zoe hailey hayley bailey kayla layla leila
rachel sharon shannon tracy stacy tara sandra sabrina selina celine elena helga heike silke elke anke inge ilse edith
eva evelyn eveline jasmin jasmine yasmin alice alicia fiona freya georgia georgina gloria hazel holly ivy jade jacinta
kerry kelly kylie lauren lily lilly madison mackenzie brianna destiny savannah skye sienna tahlia taylor tiffany
kevin brian ryan bryan justin dustin jason mason jonas jordan logan dylan ethan nathan aaron adam adrian alan allan
albert alfred angel arthur boris bruno carsten clemens colin craig dennis derek dirk duncan dieter edgar edwin elias
eric erik erwin ernst felix ferdinand finn gary gavin gilbert gordon graham guido guy herbert hermann harold howard
hunter ian igor ingo ivo jared jarrod joachim jochen joel julian juergen jurgen kai karsten kilian konrad kurt kyle
liam lloyd manfred marc mark marco marcus markus mario marius marvin moritz neil niels nils noah norbert oscar oskar
otto owen pascal ralf ralph rainer reiner ramon roger roman ross ruben russell scott sergio shane sergei simon stuart
sven thorsten torsten tristan tyler udo ulrich uwe victor viktor werner wayne xavier
"""


def _places() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_GROUPS.strip().splitlines()):
        for form in line.split():
            found.setdefault(form, set()).add(number)
    for number, name in enumerate(_OTHERS.split(), 1000):
        found.setdefault(name, set()).add(number)
    return {form: frozenset(numbers) for form, numbers in found.items()}


_PLACES: Final = _places()


def same_name(one: str, other: str) -> bool:
    """Whether two plain given names are forms of one name."""
    return not _PLACES.get(one, frozenset()).isdisjoint(_PLACES.get(other, frozenset()))


def other_name(one: str, other: str) -> bool:
    """Whether two plain given names are known, and as forms of two names."""
    return one in _PLACES and other in _PLACES and not same_name(one, other)


COMMON: Final = frozenset(
    " ".join(
        (
            # English
            "smith jones taylor brown williams wilson johnson davies davis robinson wright thompson evans walker white",
            "roberts green hall wood jackson clarke clark patel khan lewis james phillips mason mitchell cox lee",
            "alexander marshall campbell stewart macdonald murray reid ross young scott king baker harris cooper ward",
            "turner hill moore morris allen adams anderson thomas martin miller nelson carter collins edwards cook",
            "kelly ryan murphy obrien oconnor walsh bailey bennett gray hughes morgan watson webb nguyen singh kaur",
            # German
            "muller mueller schmidt schmid schmitt schneider fischer weber meyer mayer maier meier wagner becker",
            "schulz hoffmann koch bauer richter klein wolf schroder neumann schwarz braun hofmann zimmermann kruger",
            "hartmann lange werner krause lehmann kohler konig huber kaiser fuchs peters lang scholz moser weiss jung",
            "hahn keller vogel friedrich gunther berger winkler lorenz gruber steiner pichler hofer leitner eder egger",
            "reiter brunner wimmer lechner auer binder haas",
            # Romance
            "garcia rodriguez gonzalez fernandez lopez martinez sanchez perez gomez jimenez ruiz hernandez diaz moreno",
            "munoz alvarez romero alonso torres ramirez flores silva santos ferreira pereira oliveira costa sousa",
            "bernard dubois robert richard petit durand leroy moreau simon laurent lefebvre michel david bertrand roux",
            "vincent fournier girard andre lefevre mercier dupont rossi russo ferrari esposito bianchi romano colombo",
            "ricci marino greco bruno gallo conti",
            # others
            "novak horvat horvath nagy kovacs toth szabo varga svoboda novotny dvorak kowalski nowak wisniewski",
            "jansen de vries bakker visser smit meijer mulder andersson johansson karlsson nilsson hansen olsen larsen",
            "ivanov petrov wang li zhang liu chen yang huang zhao wu zhou tran le pham hoang kim park choi yilmaz kaya",
        )
    ).split()
)
