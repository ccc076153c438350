#!/usr/bin/env python3
"""Makes words.txt and characters.txt: what people write, how often, and how it is read.

    python3 -m venv venv && venv/bin/pip install jieba==0.42.1 pypinyin==0.55.0
    venv/bin/python crates/ime/data/make.py

Words and frequencies are those of jieba's dict.txt (MIT), readings those of pypinyin (MIT), which
knows how a character is read inside a word: 行 in 银行. Both files are committed, so that building
needs no Python.
"""

import os
from collections import defaultdict

import jieba
from pypinyin import Style, lazy_pinyin

# Rarer words are mostly names and fragments; with them the table doubles.
RAREST = 10
LONGEST = 8


def is_written_in(word, charset):
    try:
        word.encode(charset)
    except UnicodeEncodeError:
        return False
    return all("\u4e00" <= c <= "\u9fff" for c in word)


def dictionary():
    path = os.path.join(os.path.dirname(jieba.__file__), "dict.txt")
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            word, frequency, _ = line.split()
            yield word, int(frequency)


def reading(word):
    parts = lazy_pinyin(word, style=Style.NORMAL, v_to_u=False, errors="ignore")
    return parts if len(parts) == len(word) and all(p.isascii() and p.isalpha() for p in parts) else None


words = defaultdict(list)
characters = []
for word, frequency in dictionary():
    if len(word) == 1:
        if is_written_in(word, "gbk"):
            characters.append((word, frequency))
    # GB2312, since the same word in traditional characters would stand beside each of these.
    elif len(word) <= LONGEST and frequency >= RAREST and is_written_in(word, "gb2312"):
        parts = reading(word)
        if parts:
            words["'".join(parts)].append((word, frequency))

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "words.txt"), "w", encoding="utf-8") as out:
    out.write("# Made by make.py from jieba 0.42.1 and pypinyin 0.55.0, both MIT. A reading, then words and how often.\n")
    for read, found in sorted(words.items()):
        found.sort(key=lambda word: (-word[1], word[0]))
        out.write(read + " " + " ".join(f"{word} {frequency}" for word, frequency in found) + "\n")
with open(os.path.join(here, "characters.txt"), "w", encoding="utf-8") as out:
    out.write("# Made by make.py from jieba 0.42.1, MIT. A character, and how often it stands as a word of its own.\n")
    for character, frequency in sorted(characters):
        out.write(f"{character} {frequency}\n")
