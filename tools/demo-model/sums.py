"""Generates sums, worked out digit by digit."""

from asking import casual
from holdout import pick


def col_add(a, b):
    n = max(len(str(a)), len(str(b)))
    x, y, c, out = str(a).zfill(n)[::-1], str(b).zfill(n)[::-1], 0, []
    for i in range(n):
        s = int(x[i]) + int(y[i]) + c
        out.append(f"{x[i]}+{y[i]}+{c}={s}, write {s % 10}, carry {s // 10}")
        c = s // 10
    if c:
        out.append("write 1")
    return "\n".join(out) + f"\n{a + b}"


def col_sub(a, b):
    n = len(str(a))
    x, y, c, out = str(a)[::-1], str(b).zfill(n)[::-1], 0, []
    for i in range(n):
        p, q = int(x[i]), int(y[i]) + c
        if p < q:
            out.append(f"{p}-{y[i]}-{c}: {p + 10}-{q}={p + 10 - q}, write {p + 10 - q}, borrow 1")
            c = 1
        else:
            out.append(f"{p}-{y[i]}-{c}: {p}-{q}={p - q}, write {p - q}, borrow 0")
            c = 0
    return "\n".join(out) + f"\n{a - b}"


def row_mul(a, d):
    c, out = 0, []
    for ch in str(a)[::-1]:
        s = int(ch) * d + c
        out.append(f"{ch}*{d}+{c}={s}, write {s % 10}, carry {s // 10}")
        c = s // 10
    if c:
        out.append(f"write {c}")
    return "\n".join(out) + f"\n{a * d}"


def trace(op, a, b):
    if op == "+":
        return f"{a}+{b}\n" + col_add(a, b)
    if op == "-":
        return f"{a}-{b}\n" + (
            col_sub(a, b) if a >= b else f"{a}<{b}, so {b}-{a}\n" + col_sub(b, a) + f"\n-{b - a}"
        )
    if b < 10:
        return f"{a}*{b}\n" + row_mul(a, b)
    if a < 10:
        return f"{b}*{a}\n" + row_mul(b, a)
    t, u = b // 10, b % 10
    return (
        f"{a}*{b}\n{a}*{u}\n{row_mul(a, u)}\n{a}*{t}\n{row_mul(a, t)}\n{a}*{t}0={a * t * 10}\n"
        f"{a * u}+{a * t * 10}\n{col_add(a * u, a * t * 10)}"
    )


def number(rng, lo=1, hi=4):
    n = rng.choices(range(lo, hi + 1), [1, 3, 4, 4][lo - 1 : hi])[0]
    return rng.randrange(0 if n == 1 else 10 ** (n - 1), 10**n)


ASK = {
    "+": [
        "what is {a} + {b}",
        "{a} + {b}",
        "{a}+{b}",
        "what is {a} plus {b}",
        "add {a} and {b}",
        "calculate {a} + {b}",
        "{a} plus {b}",
        "what do you get when you add {a} and {b}",
        "how much is {a} + {b}",
        "compute {a}+{b}",
        "the sum of {a} and {b}",
        "{a}+{b}=",
    ],
    "-": [
        "what is {a} - {b}",
        "{a} - {b}",
        "{a}-{b}",
        "what is {a} minus {b}",
        "subtract {b} from {a}",
        "calculate {a} - {b}",
        "{a} minus {b}",
        "how much is {a} - {b}",
        "compute {a}-{b}",
        "take {b} away from {a}",
        "{a}-{b}=",
    ],
    "*": [
        "what is {a} * {b}",
        "{a} * {b}",
        "{a}*{b}",
        "what is {a} times {b}",
        "multiply {a} by {b}",
        "calculate {a} x {b}",
        "{a} times {b}",
        "how much is {a} * {b}",
        "{a} x {b}",
        "compute {a}*{b}",
        "the product of {a} and {b}",
    ],
}


def gen_arith(rng, held=False, op=None, size=None):
    op = op or rng.choices("+-*", [5, 4, 5])[0]

    def draw():
        if op == "*":
            kind = size or rng.choices(["2x1", "2x2", "1x1"], [4, 5, 1])[0]
            a = rng.randrange(2, 10) if kind == "1x1" else rng.randrange(10, 100)
            b = rng.randrange(10, 100) if kind == "2x2" else rng.randrange(2, 10)
            if kind == "2x1" and rng.random() < 0.25:
                a, b = b, a
            return a, b
        if size:
            a, b = (rng.randrange(10 ** (size - 1), 10**size) for _ in "ab")
        else:
            a, b = number(rng), number(rng)
        if op == "-" and a < b and rng.random() < 0.85:
            a, b = b, a
        return a, b

    a, b = pick(rng, held, draw, lambda x: ("arith", op, *sorted(x)))
    v = a + b if op == "+" else a - b if op == "-" else a * b
    name = {"+": "add", "-": "sub", "*": "mul"}[op] + ("" if op != "*" else "2x2" if min(a, b) > 9 else "2x1")
    return (
        casual(rng, rng.choice(ASK[op]).format(a=a, b=b), rng.choice(["?", "?", "", "."]), False),
        trace(op, a, b),
        f"{a} {op} {b} = {v}.",
        (name, v),
    )
