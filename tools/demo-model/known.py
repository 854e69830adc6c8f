"""Generates the questions of faq.py, and requests that the model must decline."""

from asking import casual
from faq import (
    CODE_TASKS,
    FAQ,
    FIRST,
    LANGS,
    LAST,
    PLACES,
    THINGS,
    TONGUES,
    TOPIC_TEMPLATES,
    UNKNOWN,
    UNKNOWN_ANSWERS,
)
from holdout import is_held, pick

FAQ_ALL = []
for key, topics, answer, extra in FAQ:
    forms = [(t.format(t=x)) for x in topics for t in TOPIC_TEMPLATES] + extra
    train = [f for f in forms if not is_held("faq", f.lower())]
    held = [f for f in forms if is_held("faq", f.lower())]
    if not held and len(train) > 4:
        held = [train.pop()]
    FAQ_ALL.append((key, answer, train, held, topics[0] if topics else key, extra))
FAQ_ANSWER = {k: a for k, a, *_ in FAQ_ALL}
ABOUT = {
    "who": "me",
    "size": "my size",
    "feelings": "my feelings",
    "age": "my age",
    "maker": "my maker",
    "compare": "a comparison",
    "train_more": "more training",
    "nogpu": "a missing GPU",
}


def gen_faq(rng, held=False):
    while True:
        key, answer, train, heldf, topic, extra = rng.choice(FAQ_ALL)
        pool = heldf if held else train
        if pool:
            break
    if not held and rng.random() < 0.4:
        own = [e for e in extra if e in train]
        pool = own or pool
    q = rng.choice(pool)
    return casual(rng, q), f"This is about {ABOUT.get(key, topic)}.", answer, ("faq", key)


def fill(rng, t):
    return t.format(
        place=rng.choice(PLACES),
        person=rng.choice(FIRST) + " " + rng.choice(LAST),
        last=rng.choice(LAST),
        lang=rng.choice(LANGS),
        task=rng.choice(CODE_TASKS),
        thing=rng.choice(THINGS),
        tongue=rng.choice(TONGUES),
        num=rng.randrange(2, 999),
    )


UNK = [(k, [t for t in ts.split(";")]) for k, ts in UNKNOWN]


UNK_HELD = [(k, ts) for k, ts in UNK if any(is_held("unk", t) for t in ts)]


def gen_unknown(rng, held=False):
    k, ts = rng.choice(UNK_HELD if held else UNK + UNK[-2:-1] * 2)
    t = pick(rng, held, lambda: rng.choice(ts), lambda x: ("unk", x))
    return casual(rng, fill(rng, t)), "I do not know this.", UNKNOWN_ANSWERS[k], ("unknown", k)
