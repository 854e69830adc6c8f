"""Answers: how do people type the same request? Greetings, cases, typos. It must not know what is asked."""


def typo(rng, s):
    words = s.split(" ")
    i = rng.randrange(len(words))
    w = words[i]
    if len(w) < 4 or not w.isalpha():
        return s
    j = rng.randrange(1, len(w) - 1)
    k = rng.random()
    if k < 0.35:
        w = w[:j] + w[j + 1] + w[j] + w[j + 2 :]
    elif k < 0.7:
        w = w[:j] + w[j + 1 :]
    else:
        w = w[:j] + w[j] + w[j:]
    words[i] = w
    return " ".join(words)


PRE = [
    "Hi, ",
    "Hello, ",
    "Hey, ",
    "Please tell me: ",
    "Quick question: ",
    "So, ",
    "Okay, ",
    "Tell me, ",
    "I wonder, ",
    "Hi! ",
    "Hey Lanternfish, ",
    "Say, ",
    "Now, ",
]
POST = [" please", ", please", " thanks", "? thanks", " for me", ""]


def casual(rng, s, mark="?", allow_typo=True):
    """One of the many ways in which people type the same request."""
    if rng.random() < 0.18:
        s = rng.choice(PRE) + (s[0].lower() + s[1:] if not s.startswith("I ") else s)
    if rng.random() < 0.08:
        s = s + rng.choice(POST)
    r = rng.random()
    if r < 0.5:
        s = s[0].upper() + s[1:] + mark
    elif r < 0.7:
        s = s + mark
    elif r < 0.8:
        s = s[0].upper() + s[1:]
    elif r < 0.95:
        s = s.lower()
    else:
        s = s.lower() + mark
    if allow_typo and rng.random() < 0.08:
        s = typo(rng, s)
    return s


def pick_form(rng, held, forms):
    """One of several ways to ask; the last way is kept for held-out items."""
    return forms[-1] if held else rng.choice(forms[:-1])


def an(w):
    return ("an " if w[0] in "aeiou" else "a ") + w
