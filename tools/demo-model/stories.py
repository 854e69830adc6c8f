"""Generates very short stories."""

from asking import an, casual
from letters import WORDS

S_NOUN = (
    "fox owl whale cat dog mouse bear crab star lamp boat lantern key tree river moon king queen robot "
    "dragon turtle fish bird rabbit wolf sailor baker child giant witch wizard frog snail bee crow goat "
    "horse pirate knight ghost cloud stone shell book clock kite bell candle mirror drum feather acorn "
    "castle island garden mountain lighthouse teapot snowman pumpkin penguin octopus squirrel hedgehog "
    "elephant monkey train piano violin"
).split()
S_ADJ = (
    "little old brave shy curious clever sleepy kind lonely cheerful quiet tiny golden silver lucky "
    "hungry gentle proud merry"
).split()
S_PLACE = [
    "by the sea",
    "in a deep forest",
    "on a high hill",
    "under an old bridge",
    "in a small village",
    "at the edge of the world",
    "in a blue valley",
    "near a frozen lake",
    "on a green island",
    "behind the old mill",
    "in a quiet harbour",
    "beneath the waves",
]
S_WANT = [
    "find a friend",
    "see the stars up close",
    "learn a song",
    "cross the wide water",
    "find the way home",
    "make the longest night bright",
    "hear a good story",
    "taste the first snow",
    "sail to the end of the sea",
    "build a house",
    "catch the wind",
    "dance in the rain",
]
S_TROUBLE = [
    "a storm came",
    "the path was dark",
    "nobody listened",
    "the door was locked",
    "the bridge had fallen",
    "a thick fog rolled in",
    "the night was very cold",
    "the map was torn",
    "a loud noise frightened everyone",
    "the water was too deep",
]
S_HELP = [
    "showed the way",
    "shared some warm soup",
    "lit a small light",
    "told a secret",
    "carried everything on its back",
    "sang until the fear was gone",
    "opened the hidden gate",
    "waited patiently",
    "gave a kind word",
    "drew a new map",
]
S_END = [
    "From that day on they were friends.",
    "And they both laughed until morning.",
    "Then they slept soundly under the stars.",
    "And the light never went out again.",
    "They still tell this story today.",
    "And so a small wish came true.",
    "Nobody was ever lonely there again.",
    "And the sea was calm once more.",
    "That is how the brave become wise.",
    "And home had never felt so near.",
]


def gen_story(rng, held=False):
    two = rng.random() < 0.6
    a, b = rng.sample(S_NOUN, 2)
    if rng.random() < 0.2:
        a = rng.choice([w for w in WORDS if 3 < len(w) < 8])
    adj = rng.choice(S_ADJ)
    q = rng.choice(
        [
            "tell me a story about {n}",
            "write a short story about {n}",
            "a story about {n}",
            "can you tell a story about {n}",
            "I would like a story about {n}",
            "tell a very short story with {n}",
            "please tell me a tale about {n}",
            "make up a story about {n}",
            "story about {n}",
            "once upon a time there was {n}, go on",
        ]
    )
    plain = rng.random() < 0.2
    q = q.format(n=(a + (" and " + b if two else "")) if plain else an(a) + (" and " + an(b) if two else ""))
    if rng.random() < 0.08:
        q = rng.choice(
            [
                "tell me a story",
                "write a story",
                "I want a story",
                "another story please",
                "tell a short story",
                "a bedtime story please",
            ]
        )
        t = f"A story: {a}, {b}."
        two = True
    else:
        t = f"A story: {a}, {b}." if two else f"A story: {a}."
    pl = rng.choice(S_PLACE)
    s = [
        rng.choice(
            [
                f"Once there was {an(adj)} {a} who lived {pl}.",
                f"{pl[0].upper() + pl[1:]} lived {an(adj)} {a}.",
                f"Long ago, {an(adj)} {a} lived {pl}.",
            ]
        )
    ]
    s.append(
        rng.choice(
            [
                f"The {a} wanted to {rng.choice(S_WANT)}, but {rng.choice(S_TROUBLE)}.",
                f"Every night the {a} dreamed of one thing: to {rng.choice(S_WANT)}.",
                f"One day the {a} set out to {rng.choice(S_WANT)}. Soon {rng.choice(S_TROUBLE)}.",
            ]
        )
    )
    o = (
        f"{an(rng.choice(S_ADJ))} {b}"
        if two
        else rng.choice(["an old woman", "a passing gull", "a small child", "the moon"])
    )
    if not two:
        s.append(f"Then {o} came and {rng.choice(S_HELP)}.")
    else:
        s.append(
            rng.choice(
                [
                    f"Then {o} came by and {rng.choice(S_HELP)}.",
                    f"At last the {a} met {o}, and the {b} {rng.choice(S_HELP)}.",
                    f"Just then {o} appeared. The {b} {rng.choice(S_HELP)}.",
                ]
            )
        )
    s.append(rng.choice(S_END))
    return casual(rng, q, rng.choice([".", "", "!"]), False), t, " ".join(s), ("story", (a, b if two else a))
