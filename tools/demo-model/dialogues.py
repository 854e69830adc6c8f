"""Combines single requests and follow-up turns into chats."""

from asking import casual
from compare import gen_compare
from facts import CAP, gen_fact
from faq import FIRST
from holdout import pick
from known import gen_faq, gen_unknown
from letters import a_word, gen_letters, walk_letters
from small_talk import gen_small
from stories import gen_story
from sums import gen_arith, trace
from word_problems import NAMES, gen_word

GEN = [
    (gen_faq, 30),
    (gen_unknown, 9),
    (gen_arith, 20),
    (gen_compare, 4),
    (gen_word, 6),
    (gen_letters, 18),
    (gen_small, 5),
    (gen_story, 5),
    (gen_fact, 9),
]
MIXES = {
    "first": [w for _, w in GEN],
    "late": [15, 6, 32, 6, 8, 32, 3, 3, 8],
    "last": [24, 8, 27, 5, 6, 23, 6, 4, 9],
}  # answers to questions are learned early, sums and letters late
mix = MIXES["first"]


def choose_mix(name):
    """Sets the task mix for everything generated from now on."""
    global mix
    mix = MIXES[name]


def gen_any(rng, held=False):
    return rng.choices([g for g, _ in GEN], mix)[0](rng, held)


def turn(item, think):
    return (item[0], item[1] if think else None, item[2])


def name_talk(rng, think, held=False, gap=None):
    n = pick(rng, held, lambda: rng.choice(NAMES + FIRST), lambda x: ("name", x))
    s = n.lower() if rng.random() < 0.1 else n
    first = casual(
        rng,
        rng.choice(
            [
                "my name is {n}",
                "I am {n}",
                "call me {n}",
                "hi, my name is {n}",
                "hello, I am {n}",
                "I'm {n}",
                "you can call me {n}",
                "people call me {n}",
            ]
        ).format(n=s),
        rng.choice([".", "", "!"]),
        False,
    )
    if n not in first:
        first = first.replace(n.lower(), n) if rng.random() < 0.5 else first
    turns = [(first, None, f"Nice to meet you, {n}!")]
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3]) if gap is None else gap):
        turns.append(turn(gen_any(rng), False))
    ask = rng.choice(
        [
            "what is my name",
            "do you remember my name",
            "who am I",
            "what did I say my name was",
            "what's my name",
            "tell me my name",
            "do you know my name",
        ]
    )
    turns.append(
        (casual(rng, ask, "?", False), f"The user said: {n}." if think else None, f"Your name is {n}.")
    )
    return turns, ("name memory", n)


def no_name(rng, think):
    q = casual(
        rng,
        rng.choice(
            [
                "what is my name",
                "do you remember my name",
                "who am I",
                "what's my name",
                "do you know my name",
            ]
        ),
        "?",
        False,
    )
    thought = "The user did not say a name." if think else None
    return [(q, thought, "I don't know your name yet. What is it?")], (
        "name memory",
        None,
    )


def follow_up(rng, think, held=False):
    op = rng.choice("+-*")
    while True:
        it = gen_arith(rng, held, op, {"*": "2x1"}.get(op, rng.choice([1, 2, 2])))
        v = it[3][1]
        if 0 < v < 1000:
            break
    k = rng.randrange(3)
    if k == 0:
        q, t, r, a = (
            rng.choice(
                [
                    "and what is twice that",
                    "and twice that",
                    "double it",
                    "now double that",
                    "what is twice that",
                    "times two",
                    "and double that",
                ]
            ),
            f"that is {v}\n" + trace("*", v, 2),
            2 * v,
            f"{v} * 2 = {2 * v}.",
        )
    elif k == 1:
        n = rng.randrange(1, 100)
        q, t, r, a = (
            rng.choice(
                ["and plus {n}", "now add {n}", "add {n} to that", "plus {n}", "and {n} more"]
            ).format(n=n),
            f"that is {v}\n" + trace("+", v, n),
            v + n,
            f"{v} + {n} = {v + n}.",
        )
    else:
        n = rng.randrange(1, max(2, min(v, 100)))
        q, t, r, a = (
            rng.choice(
                ["and minus {n}", "now subtract {n}", "take away {n}", "minus {n}", "and {n} less"]
            ).format(n=n),
            f"that is {v}\n" + trace("-", v, n),
            v - n,
            f"{v} - {n} = {v - n}.",
        )
    return [turn(it, False), (casual(rng, q, "?", False), t if think else None, a)], ("follow-up", r)


def other_follow(rng, think):
    if rng.random() < 0.5:
        c, d = rng.sample(list(CAP), 2)
        q = casual(rng, f"what is the capital of {c}", "?", False)
        return [
            (q, None, f"The capital of {c} is {CAP[c]}."),
            (
                casual(rng, rng.choice([f"and of {d}", f"and {d}", f"what about {d}"]), "?", False),
                f"The country is {d.replace('the ', '')}." if think else None,
                f"The capital of {d} is {CAP[d]}.",
            ),
        ], ("capital", CAP[d])
    w = a_word(rng, False)
    l, m = rng.choice(w), rng.choice(w)

    def cnt(x):
        return f"The letter {x} occurs {w.count(x)} time{'' if w.count(x) == 1 else 's'} in {w}."

    k, walk = walk_letters(w, m)
    return [
        (casual(rng, f"how many {l} are in {w}", "?", False), None, cnt(l)),
        (
            casual(rng, rng.choice([f"and how many {m}", f"and {m}", f"what about {m}"]), "?", False),
            f"spell: {' '.join(w)}\ncount {m}: {' '.join(walk)}\n{k}" if think else None,
            cnt(m),
        ),
    ], ("letter count", k)
