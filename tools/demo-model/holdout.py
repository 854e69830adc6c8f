"""Decides by a hash which items of a task are held out, so that no list is needed."""

import hashlib


def bucket(*key):
    """Returns a stable number 0..999 for any item; items under 60 are held out."""
    return int(hashlib.md5("|".join(map(str, key)).encode()).hexdigest()[:8], 16) % 1000


def is_held(*key):
    return bucket(*key) < 60


def pick(rng, held, draw, key, tries=400):
    for _ in range(tries):
        x = draw()
        if is_held(*key(x)) == held:
            return x
    return x
