"""Varies the spelling of a request as people type it: greetings, upper and lower case, typos."""


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
    """Returns the request in one of the many ways people type it."""
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
    """Returns one of several phrasings; the last one is reserved for held-out items."""
    return forms[-1] if held else rng.choice(forms[:-1])


def an(w):
    return ("an " if w[0] in "aeiou" else "a ") + w
