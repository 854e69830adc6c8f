"""Generates questions about small facts: capitals, days, months, colours, sounds, units."""

from asking import casual, pick_form
from holdout import pick
from sums import row_mul, trace

CAP = dict(
    p.split(":")
    for p in (
        "France:Paris;Germany:Berlin;Italy:Rome;Spain:Madrid;Portugal:Lisbon;Austria:Vienna;Switzerland:Bern;"
        "Belgium:Brussels;the Netherlands:Amsterdam;Denmark:Copenhagen;Norway:Oslo;Sweden:Stockholm;"
        "Finland:Helsinki;Iceland:Reykjavik;Ireland:Dublin;the United Kingdom:London;Poland:Warsaw;"
        "Czechia:Prague;Slovakia:Bratislava;Hungary:Budapest;Romania:Bucharest;Bulgaria:Sofia;Greece:Athens;"
        "Croatia:Zagreb;Serbia:Belgrade;Slovenia:Ljubljana;Estonia:Tallinn;Latvia:Riga;Lithuania:Vilnius;"
        "Ukraine:Kyiv;Russia:Moscow;Turkey:Ankara;Georgia:Tbilisi;Armenia:Yerevan;Egypt:Cairo;Morocco:Rabat;"
        "Algeria:Algiers;Tunisia:Tunis;Libya:Tripoli;Kenya:Nairobi;Ethiopia:Addis Ababa;Nigeria:Abuja;"
        "Ghana:Accra;Senegal:Dakar;Angola:Luanda;Uganda:Kampala;Rwanda:Kigali;Zambia:Lusaka;Zimbabwe:Harare;"
        "Namibia:Windhoek;South Africa:Pretoria;Madagascar:Antananarivo;China:Beijing;Japan:Tokyo;South "
        "Korea:Seoul;India:New Delhi;Pakistan:Islamabad;Nepal:Kathmandu;Thailand:Bangkok;Vietnam:Hanoi;"
        "Indonesia:Jakarta;Malaysia:Kuala Lumpur;the Philippines:Manila;Mongolia:Ulaanbaatar;Iran:Tehran;"
        "Iraq:Baghdad;Israel:Jerusalem;Saudi Arabia:Riyadh;Qatar:Doha;Jordan:Amman;Lebanon:Beirut;"
        "Australia:Canberra;New Zealand:Wellington;Canada:Ottawa;the United States:Washington;Mexico:Mexico "
        "City;Cuba:Havana;Brazil:Brasilia;Argentina:Buenos Aires;Chile:Santiago;Peru:Lima;Colombia:Bogota;"
        "Venezuela:Caracas;Ecuador:Quito;Uruguay:Montevideo;Bolivia:Sucre;Paraguay:Asuncion"
    ).split(";")
)
NOCAP = (
    "Atlantis;Narnia;the moon;Bhutan;Fiji;Tonga;Samoa;Malta;Oman;Chad;Togo;Benin;Haiti;Guyana;Brunei;"
    "Mordor;Utopia;Texas;Bavaria;Sicily;Hawaii"
).split(";")
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
MDAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
ORD = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
COLOUR = dict(
    p.split(":")
    for p in (
        "grass:green;the sky:blue;snow:white;coal:black;blood:red;a lemon:yellow;a banana:yellow;an "
        "orange:orange;a carrot:orange;a tomato:red;a strawberry:red;milk:white;chocolate:brown;the "
        "sun:yellow;a leaf:green;the sea:blue;a crow:black;a flamingo:pink;a frog:green;an elephant:grey;a "
        "plum:purple;a cherry:red;a cucumber:green;sand:yellow;a raven:black;a polar bear:white;salt:white"
    ).split(";")
)
SOUND = dict(
    p.split(":")
    for p in (
        "dog:woof;cat:meow;cow:moo;sheep:baa;horse:neigh;pig:oink;duck:quack;rooster:cock-a-doodle-doo;"
        "hen:cluck;lion:roar;frog:croak;bee:buzz;snake:hiss;owl:hoot;mouse:squeak;wolf:howl;donkey:hee-haw;"
        "crow:caw;goose:honk;bird:tweet;goat:bleat;elephant:trumpet;bear:growl;dove:coo"
    ).split(";")
)
MIX = {
    ("blue", "yellow"): "green",
    ("red", "yellow"): "orange",
    ("blue", "red"): "purple",
    ("red", "white"): "pink",
    ("black", "white"): "grey",
}
UNITS = [
    ("kilometres", "metres", 1000, "km", "m"),
    ("metres", "centimetres", 100, "m", "cm"),
    ("kilograms", "grams", 1000, "kg", "g"),
    ("hours", "minutes", 60, "hours", "minutes"),
    ("minutes", "seconds", 60, "minutes", "seconds"),
    ("weeks", "days", 7, "weeks", "days"),
    ("days", "hours", 24, "days", "hours"),
    ("years", "months", 12, "years", "months"),
    ("litres", "millilitres", 1000, "l", "ml"),
    ("centimetres", "millimetres", 10, "cm", "mm"),
]


def capital(rng, held):
    c = rng.choice(list(CAP))
    q = pick_form(
        rng,
        held,
        [
            "what is the capital of {c}",
            "capital of {c}",
            "tell me the capital of {c}",
            "which city is the capital of {c}",
            "the capital of {c}",
            "do you know the capital of {c}",
            "name the capital of {c}",
            "what's the capital of {c}",
            "what is the capital city of {c}",
        ],
    )
    return (
        casual(rng, q.format(c=c), "?"),
        f"The country is {c.replace('the ', '')}.",
        f"The capital of {c} is {CAP[c]}.",
        ("capital", CAP[c]),
    )


def no_capital(rng, held):
    c = rng.choice(NOCAP)
    q = pick_form(
        rng,
        held,
        [
            "what is the capital of {c}",
            "capital of {c}",
            "tell me the capital of {c}",
            "what is the capital city of {c}",
        ],
    )
    return (
        casual(rng, q.format(c=c), "?"),
        "I do not know this.",
        f"I don't know the capital of {c}; I am a tiny demo model.",
        ("unknown", "cap"),
    )


def day(rng, held):
    i = rng.randrange(7)
    d = DAYS[i]
    f = rng.randrange(3)
    if f == 0:
        q, a = (
            pick_form(
                rng,
                held,
                [
                    "which day comes after {d}",
                    "what day is after {d}",
                    "what comes after {d}",
                    "the day after {d}",
                    "which day follows {d}",
                ],
            ),
            f"{DAYS[(i + 1) % 7]} comes after {d}.",
        )
    elif f == 1:
        q, a = (
            pick_form(
                rng,
                held,
                [
                    "which day comes before {d}",
                    "what day is before {d}",
                    "what comes before {d}",
                    "the day before {d}",
                    "which day is just before {d}",
                ],
            ),
            f"{DAYS[(i - 1) % 7]} comes before {d}.",
        )
    else:
        q, a = (
            pick_form(
                rng,
                held,
                [
                    "name the days of the week",
                    "what are the days of the week",
                    "list the days",
                    "how many days are in a week",
                    "tell me the days of the week",
                ],
            ),
            "The seven days are " + ", ".join(DAYS) + ".",
        )
    return casual(rng, q.format(d=d), "?"), "This is about days.", a, ("days/months", a)


def month(rng, held):
    i = rng.randrange(12)
    m = MONTHS[i]
    f = rng.randrange(5)
    if f == 0:
        q, a = (
            pick_form(
                rng,
                held,
                [
                    "which month comes after {m}",
                    "what month is after {m}",
                    "what comes after {m}",
                    "the month after {m}",
                    "which month follows {m}",
                ],
            ),
            f"{MONTHS[(i + 1) % 12]} comes after {m}.",
        )
    elif f == 1:
        q, a = (
            pick_form(
                rng,
                held,
                [
                    "which month comes before {m}",
                    "what month is before {m}",
                    "what comes before {m}",
                    "the month before {m}",
                    "which month is just before {m}",
                ],
            ),
            f"{MONTHS[(i - 1) % 12]} comes before {m}.",
        )
    elif f == 2:
        q, a = (
            pick_form(
                rng,
                held,
                [
                    "which is the {o} month",
                    "what is the {o} month of the year",
                    "name the {o} month",
                    "what is the name of the {o} month",
                ],
            ),
            f"The {ORD[i]} month is {m}.",
        )
    elif f == 3:
        q, a = (
            pick_form(
                rng,
                held,
                ["how many days does {m} have", "how many days are in {m}", "days in {m}", "how long is {m}"],
            ),
            f"{m} has {MDAYS[i]} days" + (", or 29 in a leap year." if i == 1 else "."),
        )
    else:
        q, a = (
            pick_form(
                rng,
                held,
                [
                    "name the months",
                    "what are the months of the year",
                    "list the months",
                    "how many months are in a year",
                    "tell me the months of the year",
                ],
            ),
            "The twelve months are " + ", ".join(MONTHS) + ".",
        )
    return casual(rng, q.format(m=m, o=ORD[i]), "?"), "This is about months.", a, ("days/months", a)


def colour(rng, held):
    t = rng.choice(list(COLOUR))
    q = pick_form(
        rng,
        held,
        [
            "what colour is {t}",
            "what color is {t}",
            "which colour does {t} have",
            "the colour of {t}",
            "tell me the colour of {t}",
        ],
    )
    return (
        casual(rng, q.format(t=t), "?"),
        "This is about colours.",
        f"{t[0].upper() + t[1:]} is {COLOUR[t]}.",
        ("colour/sound", COLOUR[t]),
    )


def mixture(rng, held):
    (a, b), c = rng.choice(list(MIX.items()))
    if rng.random() < 0.5:
        a, b = b, a
    q = pick_form(
        rng,
        held,
        [
            "what do {a} and {b} make",
            "mix {a} and {b}",
            "what colour do {a} and {b} give",
            "which colour do you get from {a} and {b}",
        ],
    )
    return (
        casual(rng, q.format(a=a, b=b), "?"),
        "This is about colours.",
        f"{a.capitalize()} and {b} make {c}.",
        ("colour/sound", c),
    )


def sound(rng, held):
    t = rng.choice(list(SOUND))
    an = "an" if t[0] in "aeiou" else "a"
    q = pick_form(
        rng,
        held,
        [
            "what sound does {an} {t} make",
            "what does {an} {t} say",
            "which sound does {an} {t} make",
            "how does {an} {t} sound",
            "what noise does {an} {t} make",
        ],
    )
    return (
        casual(rng, q.format(t=t, an=an), "?"),
        "This is about animals.",
        f"{an.capitalize()} {t} says {SOUND[t]}.",
        ("colour/sound", SOUND[t]),
    )


def unit(rng, held):
    big, small, f, sb, ss = rng.choice(UNITS)
    n = pick(
        rng,
        held,
        lambda: rng.choice([rng.randrange(2, 13), rng.randrange(2, 60)]),
        lambda x: ("unit", big, x),
    )
    if rng.random() < 0.3:
        A, B = sb, ss
    else:
        A, B = big, small
    q = rng.choice(
        [
            f"how many {B} are {n} {A}",
            f"convert {n} {A} to {B}",
            f"{n} {A} in {B}",
            f"how many {B} are in {n} {A}",
            f"what is {n} {A} in {B}",
        ]
    )
    v = n * f
    if f in (10, 100, 1000):
        t = f"times {f}\n{n}*{f}={v}"
    elif f == 60:
        t = f"times 60\n{n}*6\n{row_mul(n, 6)}\n{n}*60={v}"
    elif f < 10:
        t = f"times {f}\n{n}*{f}\n{row_mul(n, f)}"
    else:
        t = f"times {f}\n" + trace("*", n, f)
    return casual(rng, q, "?", False), t, f"{n} {big} are {v} {small}.", ("units", v)


FACTS = {capital: 7, no_capital: 1, day: 3, month: 4, colour: 2, sound: 2, unit: 5, mixture: 1}


def gen_fact(rng, held=False):
    return rng.choices(list(FACTS), FACTS.values())[0](rng, held)
