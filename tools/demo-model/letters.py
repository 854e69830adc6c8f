"""Generates tasks about the letters of a word: count, spell, reverse, first, last, sort, length."""

import os

from asking import casual
from holdout import pick

HERE = os.path.dirname(os.path.abspath(__file__))


def load_words():
    with open(os.path.join(HERE, "words.txt")) as f:
        return [w.strip() for w in f if w.strip() and not w.startswith("#")]


WORDS = load_words() if os.path.exists(os.path.join(HERE, "words.txt")) else ["strawberry"]
ONSET, VOWEL, CODA = (
    "b c d f g h j k l m n p r s t v w br ch cl cr dr fl fr gl gr pl pr sh sl sp st th tr".split(),
    "a e i o u ai ea ee oa oo ou".split(),
    [
        "",
        "",
        "",
        "b",
        "d",
        "g",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "t",
        "ck",
        "ll",
        "nd",
        "ng",
        "nt",
        "rd",
        "rn",
        "ss",
        "st",
    ],
)


def a_word(rng, held, limit=12):
    if not held and rng.random() < 0.2:
        return "".join(
            rng.choice(ONSET) + rng.choice(VOWEL) + rng.choice(CODA) for _ in range(rng.randrange(1, 4))
        )[:limit]
    while True:
        w = pick(rng, held, lambda: rng.choice(WORDS), lambda x: ("word", x))
        if len(w) <= limit:
            return w


def walk_letters(w, l):
    """Returns how often `l` occurs in `w`, and the letters of `w` with each `l` numbered."""
    k, walk = 0, []
    for ch in w:
        k += ch == l
        walk.append(f"{ch}{k}" if ch == l else ch)
    return k, walk


def count_letter(rng, w, wd, sp):
    l = rng.choice(w) if rng.random() < 0.85 else rng.choice("aeioulnrst")
    if w == "strawberry" and rng.random() < 0.7:
        l = "r"
    k, walk = walk_letters(w, l)
    L = rng.choice(["{l}", "{l}", "{l}'s", "{l}s", '"{l}"', "letters {l}"]).format(l=l)
    q = rng.choice(
        [
            f"how many {L} are in {wd}",
            f"how many {L} are there in {wd}",
            f"how many times does {l} occur in {wd}",
            f"count the letter {l} in {wd}",
            f"how often is the letter {l} in {wd}",
            f"how many times does the letter {l} appear in {wd}",
            f"how many {L} does {wd} have",
        ]
    )
    return (
        casual(rng, q, "?", False),
        f"{sp}\ncount {l}: {' '.join(walk)}\n{k}",
        f"The letter {l} occurs {k} time{'' if k == 1 else 's'} in {w}.",
        ("letter count", k),
    )


def spell(rng, w, wd, sp):
    q = rng.choice(
        [
            f"spell {wd}",
            f"how do you spell {wd}",
            f"spell out {wd}",
            f"can you spell {wd}",
            f"what are the letters of {wd}",
            f"write {wd} letter by letter",
        ]
    )
    return casual(rng, q, rng.choice(["?", ".", ""]), False), sp, "-".join(w) + ".", ("spell", w)


def reverse(rng, w, wd, sp):
    q = rng.choice(
        [
            f"reverse {wd}",
            f"spell {wd} backwards",
            f"write {wd} backwards",
            f"what is {wd} backwards",
            f"reverse the letters of {wd}",
            f"can you reverse {wd}",
        ]
    )
    return (
        casual(rng, q, rng.choice(["?", ".", ""]), False),
        f"{sp}\nback: {' '.join(w[::-1])}",
        f"Backwards, {w} is {'-'.join(w[::-1])}.",
        ("reverse", w),
    )


def letter_at_an_end(rng, w, wd, sp, task):
    q = rng.choice(
        [
            f"what is the {task} letter of {wd}",
            f"which letter does {wd} {'start' if task == 'first' else 'end'} with",
            f"{task} letter of {wd}",
            f"give me the {task} letter of {wd}",
            f"tell me the {task} letter in {wd}",
        ]
    )
    c = w[0] if task == "first" else w[-1]
    return (
        casual(rng, q, "?", False),
        f"{sp}\n{task}: {c}",
        f"The {task} letter of {w} is {c}.",
        ("first/last letter", c),
    )


def length(rng, w, wd, _):
    q = rng.choice(
        [
            f"how many letters does {wd} have",
            f"how long is {wd}",
            f"how many letters are in {wd}",
            f"count the letters of {wd}",
            f"what is the length of {wd}",
        ]
    )
    return (
        casual(rng, q, "?", False),
        "spell: " + " ".join(f"{c}{i}" for i, c in enumerate(w, 1)) + f"\n{len(w)}",
        f"The word {w} has {len(w)} letters.",
        ("word length", len(w)),
    )


def sort_letters(rng, w, wd, sp):
    s = "".join(sorted(w))
    q = rng.choice(
        [
            f"sort the letters of {wd}",
            f"put the letters of {wd} in order",
            f"sort {wd} alphabetically",
            f"alphabetical order of the letters in {wd}",
        ]
    )
    return (
        casual(rng, q, rng.choice(["?", ".", ""]), False),
        f"{sp}\nsort: {' '.join(s)}",
        f"Sorted: {'-'.join(s)}.",
        ("sort letters", s),
    )


TASKS = {"count": 8, "spell": 4, "reverse": 5, "first": 2, "last": 2, "sort": 3, "length": 3}
WAYS = {"count": count_letter, "spell": spell, "reverse": reverse, "sort": sort_letters, "length": length}


def gen_letters(rng, held=False, task=None):
    task = task or rng.choices(list(TASKS), TASKS.values())[0]
    w = a_word(rng, held, 9 if task == "sort" else 12)
    wd = rng.choice(["{w}", "{w}", '"{w}"', "the word {w}", 'the word "{w}"', "'{w}'"]).format(
        w=w if rng.random() < 0.93 else w.capitalize()
    )
    sp = "spell: " + " ".join(w)
    return WAYS[task](rng, w, wd, sp) if task in WAYS else letter_at_an_end(rng, w, wd, sp, task)
