"""Generates two-step word problems."""

from holdout import is_held

NAMES = (
    "Ada Tom Mia Leo Nora Finn Ida Max Lena Omar Sara Ben Zoe Paul Rita Hugo Nina Karl Ella Yuki Ravi "
    "Lina Oscar Vera Theo Iris Anton Clara Felix Greta Jonas Kim Luca Maya Nils Olga Pia Quinn Rosa Sven "
    "Tara Uma Victor Wendy Xenia Yara Zeno Amir Bella Carl Dora Emil Fay Gus Hana Ivan Jade Kofi Lily "
    "Milo"
).split()
ITEMS = (
    "apples pears shells coins stones books stamps pencils marbles cookies eggs flowers cards fish plums "
    "nuts balls candles buttons lemons"
).split()


def gen_word(rng, held=False):
    n, item, n2 = rng.choice(NAMES), rng.choice(ITEMS), rng.choice(NAMES)
    a, b = rng.randrange(3, 40), rng.randrange(2, 20)
    k = rng.randrange(6)
    if k == 0:
        c = rng.randrange(1, min(20, a + b))
        r1 = a + b
        r = r1 - c
        q = rng.choice(
            [
                f"{n} has {a} {item}. {n} buys {b} more and then gives away {c}. How many {item} does {n} "
                f"have now",
                f"{n} had {a} {item}, found {b} and lost {c}. How many are left",
            ]
        )
        t = f"{a}+{b}={r1}\n{r1}-{c}={r}"
    elif k == 1:
        b = rng.randrange(1, a)
        c = rng.randrange(2, 20)
        r1 = a - b
        r = r1 + c
        q = rng.choice(
            [
                f"{n} has {a} {item}. {n} gives {b} to {n2} and then gets {c} more. How many {item} does {n} "
                f"have",
                f"There are {a} {item} in a box. {n} takes {b} and {n2} puts in {c}. How many {item} are in "
                f"the box",
            ]
        )
        t = f"{a}-{b}={r1}\n{r1}+{c}={r}"
    elif k == 2:
        x, y = rng.randrange(2, 10), rng.randrange(2, 10)
        c = rng.randrange(1, 20)
        r1 = x * y
        r = r1 + c
        a, b = x, y
        q = rng.choice(
            [
                f"{n} has {x} bags with {y} {item} each and {c} more {item}. How many {item} in total",
                f"{n} fills {x} boxes with {y} {item} each. {c} {item} are left over. How many {item} does "
                f"{n} have",
            ]
        )
        t = f"{x}*{y}={r1}\n{r1}+{c}={r}"
    elif k == 3:
        x, y = rng.randrange(2, 10), rng.randrange(2, 10)
        c = rng.randrange(1, x * y)
        r1 = x * y
        r = r1 - c
        a, b = x, y
        q = rng.choice(
            [
                f"{n} buys {x} bags with {y} {item} each and eats {c}. How many {item} are left",
                f"{n} has {x} boxes of {y} {item} and gives {c} to {n2}. How many {item} does {n} still have",
            ]
        )
        t = f"{x}*{y}={r1}\n{r1}-{c}={r}"
    elif k == 4:
        c = rng.randrange(2, 20)
        r1 = a + b
        r = r1 + c
        q = (
            f"{n} has {a} {item}, {n2} has {b} and their friend has {c}. "
            f"How many {item} do they have together"
        )
        t = f"{a}+{b}={r1}\n{r1}+{c}={r}"
    else:
        c = rng.randrange(2, 15)
        r1 = a + c
        r = a + r1
        q = f"{n} has {a} {item}. {n2} has {c} more than {n}. How many {item} do they have together"
        t = f"{a}+{c}={r1}\n{a}+{r1}={r}"
    if is_held("wp", k, a, b, c) != held:
        return gen_word(rng, held)
    if rng.random() < 0.15:
        q = q.lower()
    return q + ("?" if rng.random() < 0.9 else ""), t, f"The answer is {r}.", ("word problem", r)
