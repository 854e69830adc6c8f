"""Generates questions about which of two numbers is larger, worked out digit by digit."""

from asking import casual
from holdout import pick
from sums import number


def gen_compare(rng, held=False):
    def draw():
        a = number(rng, 1, 4)
        r = rng.random()
        b = (
            number(rng, 1, 4)
            if r < 0.4
            else rng.randrange(10 ** (len(str(a)) - 1), 10 ** len(str(a)))
            if r < 0.7
            else abs(a + rng.choice([-20, -10, -9, -2, -1, 1, 2, 9, 10, 90, 0]))
        )
        return a, b

    a, b = pick(rng, held, draw, lambda x: ("cmp", *sorted(x)))
    small = rng.random() < 0.4
    q = rng.choice(
        [
            "which is {w}, {a} or {b}",
            "which number is {w}: {a} or {b}",
            "{a} or {b}, which is {w}",
            "what is {w}, {a} or {b}",
            "compare {a} and {b}: which is {w}",
            "is {a} {w} than {b}",
        ]
    )
    w = rng.choice(["smaller", "less"] if small else ["larger", "bigger", "greater"])
    t, (la, lb) = [f"{a} has {len(str(a))} digits, {b} has {len(str(b))}"], (len(str(a)), len(str(b)))
    if la != lb:
        t.append(f"{a}{'<' if a < b else '>'}{b}")
    else:
        for x, y in zip(str(a), str(b)):
            t.append(f"{x}{'<' if x < y else '>' if x > y else '='}{y}")
            if x != y:
                break
        t.append(f"{a}{'<' if a < b else '>' if a > b else '='}{b}")
    if a == b:
        ans = f"{a} and {b} are equal."
    elif q.startswith("is "):
        ans = f"{'Yes' if (a < b) == small else 'No'}, {a} is {'smaller' if a < b else 'larger'} than {b}."
    else:
        win = min(a, b) if small else max(a, b)
        ans = f"{win} is {'smaller' if small else 'larger'} than {max(a, b) if small else min(a, b)}."
    return casual(rng, q.format(a=a, b=b, w=w), "?", False), "\n".join(t), ans, ("compare", ans)
