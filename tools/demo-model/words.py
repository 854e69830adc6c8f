"""Writes words.txt, the words of the letter tasks, from a system word list and the corpus's own words.

python3 words.py /usr/share/dict/american-english-small
"""

import os
import random
import sys

from facts import CAP, COLOUR, DAYS, MONTHS, SOUND
from faq import FAQ, FIRST, LAST, THINGS
from stories import S_ADJ, S_NOUN
from word_problems import ITEMS, NAMES

HERE = os.path.dirname(os.path.abspath(__file__))


def build_words(path, seed=5):
    rng = random.Random(seed)
    ok = [
        w.strip() for w in open(path) if w.strip().isascii() and w.strip().isalpha() and w.strip().islower()
    ]
    common = rng.sample([w for w in ok if 3 <= len(w) <= 7 and not w.endswith("s")], 1400) + rng.sample(
        [w for w in ok if 7 <= len(w) <= 10 and not w.endswith("s")], 600
    )
    own = set(
        (
            "strawberry raspberry blueberry banana mississippi bookkeeper balloon committee coffee "
            "lanternfish hadal attention transformer expert router token tensor shader browser letter pepper "
            "success tomorrow elephant butterfly"
        ).split()
    )
    for _, _, a, _ in FAQ:
        own |= {w for w in "".join(c if c.isalpha() else " " for c in a.lower()).split() if 3 <= len(w) <= 12}
    for group in (
        S_NOUN,
        S_ADJ,
        ITEMS,
        [w.lower() for w in NAMES + FIRST + LAST],
        [c.lower() for c in CAP.values() if c.isalpha()],
        " ".join(THINGS).split(),
        SOUND,
        COLOUR.values(),
        [m.lower() for m in DAYS + MONTHS],
    ):
        own |= {w for w in group if w.isalpha() and w.islower() and len(w) > 2}
    left, right = (
        (
            "sun moon rain snow star sea fire wind wood stone gold silver book door hand foot home night day "
            "school water sand ice blue black green sweet tea coffee apple butter honey"
        ).split(),
        (
            "light house ball man fall flower bird fish berry side way work time line storm cup box mark "
            "room shell land path top bell wood stone king leaf word"
        ).split(),
    )
    own |= set(rng.sample([l + r for l in left for r in right if l != r], 500))
    return sorted(set(common) | own)


if __name__ == "__main__":
    words = build_words(sys.argv[1])
    with open(os.path.join(HERE, "words.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(words) + "\n")
    print(len(words))
