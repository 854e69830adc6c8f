"""Generates the training text of Lanternfish: every chat comes from a seed, nothing is copied.

A sample is a list of turns (user, think, answer); `think` is None for a turn answered without thinking.
Each generator takes (rng, held) and returns (user, think, answer, info). `held` requests an item from the
held-out part of the task (sums, words, paraphrases that training never sees).
"""

import random
import sys

from compare import gen_compare
from dialogues import MIXES, choose_mix, follow_up, gen_any, name_talk, no_name, other_follow, turn
from facts import gen_fact
from known import gen_faq, gen_unknown
from letters import gen_letters
from small_talk import gen_small
from sums import gen_arith
from word_problems import gen_word

__all__ = ["MIXES", "chats", "choose_mix", "held_out", "render"]


def think_rate(kind):
    short = ("faq", "unknown", "small talk", "story", "capital", "days/months", "colour/sound")
    return 0.5 if kind in short else 0.8


def sample(rng):
    """Returns one training chat."""
    r = rng.random()
    if r < 0.80:
        it = gen_any(rng)
        return [turn(it, rng.random() < think_rate(it[3][0]))]
    think = rng.random() < 0.6
    if r < 0.84:
        return name_talk(rng, think)[0]
    if r < 0.845:
        return no_name(rng, think)[0]
    if r < 0.89:
        return follow_up(rng, think)[0]
    if r < 0.91:
        return other_follow(rng, think)[0]
    out = [turn(gen_any(rng), False) for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))]
    it = gen_any(rng)
    return out + [turn(it, rng.random() < think_rate(it[3][0]))]


def long_sample(rng):
    """Returns a chat of many turns, to reach positions of about a thousand."""
    out = []
    for _ in range(rng.randrange(4, 9)):
        r = rng.random()
        if r < 0.2:
            out += name_talk(rng, False)[0]
        elif r < 0.4:
            out += follow_up(rng, False)[0]
        else:
            out += [turn(gen_any(rng), False) for _ in range(rng.randrange(1, 4))]
    it = gen_any(rng)
    return out + [turn(it, rng.random() < 0.7)]


BOS, EOS, USER, ASSISTANT, THINK, NOTHINK = (
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<｜User｜>",
    "<｜Assistant｜>",
    "<think>",
    "</think>",
)
SYSTEMS = [
    "You are a helpful assistant.",
    "You are Lanternfish, a tiny assistant.",
    "Answer briefly.",
    "Be kind and honest.",
]


def render(turns, system=""):
    """Returns the pieces of a chat: [(text, counts)]; `counts` marks the text that the model learns."""
    out = [(BOS + system, False)]
    for i, (q, t, a) in enumerate(turns):
        out.append((USER + q + ASSISTANT, False))
        if t is None or i < len(turns) - 1:
            out += [(NOTHINK, False), (a + EOS, True)]
        else:
            out += [(THINK + "\n", False), (t + "\n" + NOTHINK + a + EOS, True)]
    return out


def chats(seed, count, long=False):
    rng = random.Random(seed)
    for _ in range(count):
        yield render(
            long_sample(rng) if long else sample(rng), rng.choice(SYSTEMS) if rng.random() < 0.1 else ""
        )


def held_out(seed, per_task=60):
    """[(task, turns without the last answer, think text, expected answer)]"""
    rng = random.Random(seed)
    out = []

    def add(task, it):
        out.append((task, [(it[0], None, None)], it[1], it[2]))

    for _ in range(per_task * 3):
        add("FAQ", gen_faq(rng, True))
    for _ in range(per_task):
        add("unknown", gen_unknown(rng, True))
    for d in (2, 3, 4):
        for _ in range(per_task):
            add(f"add {d} digits", gen_arith(rng, True, "+", d))
        for _ in range(per_task):
            add(f"subtract {d} digits", gen_arith(rng, True, "-", d))
    for s in ("2x1", "2x2"):
        for _ in range(per_task):
            add(f"multiply {s}", gen_arith(rng, True, "*", s))
    for _ in range(per_task):
        add("compare", gen_compare(rng, True))
    for _ in range(per_task):
        add("word problem", gen_word(rng, True))
    for t, n in (
        ("count", "letter count"),
        ("spell", "spell"),
        ("reverse", "reverse"),
        ("first", "first letter"),
        ("last", "last letter"),
        ("sort", "sort letters"),
        ("length", "word length"),
    ):
        for _ in range(per_task):
            add(n, gen_letters(rng, True, t))
    for _ in range(per_task):
        add("small talk", gen_small(rng, True))
    for _ in range(per_task * 2):
        add("facts", gen_fact(rng, True))
    for _ in range(per_task // 2):
        for task, (turns, _) in (
            ("name memory", name_talk(rng, True, True)),
            ("follow-up", follow_up(rng, True, True)),
        ):
            out.append((task, turns[:-1] + [(turns[-1][0], None, None)], turns[-1][1], turns[-1][2]))
    return out


if __name__ == "__main__":
    for pieces in chats(1, int(sys.argv[1]) if len(sys.argv) > 1 else 12):
        print("".join(text for text, _ in pieces), "\n")
