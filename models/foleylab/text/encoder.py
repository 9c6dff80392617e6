"""The text encoder in numpy: a table of word vectors and the phrases that vocabulary words stand for; a text is as near to a word as its mean and its
nearest single word are, half each.

Mean of vectors weighted by smooth inverse frequency, common components removed: Arora, Liang, Ma, "A simple but tough-to-beat baseline for sentence
embeddings", 2017.
"""
import re
from dataclasses import dataclass

import numpy as np

from foleylab.text.words import find, rows_of, words_of

PLAIN_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
FORMS = {"whirr": "whirring"}  # words without a vector of their own, and whose they get
LETTERS = "abcdefghijklmnopqrstuvwxyz"  # those without a vector get one of zeros, which makes them known: "a", or what is left of "don't"
ABSENT = 4.0  # what a word that does not occur is below all others
TINY = 1e-6


@dataclass(frozen=True)
class TextConfig:
    words: int = 15_000
    frequent: int = 12_500  # of them taken by frequency; the others are those nearest to what the vocabulary stands for
    candidates: int = 150_000  # as many of the most frequent are looked at
    smoothing: float = 1e-4  # a in a / (a + p(word))
    components: int = 2  # common ones, removed
    most_words: int = 64  # distinct ones of a text


@dataclass(frozen=True)
class TextTables:
    """What the graph holds. Row i of `table` times `scale[i]` is word i's weighted vector, common components removed."""

    words: list  # of str, V
    table: np.ndarray  # (V, 100) int8
    scale: np.ndarray  # (V,) float16
    phrases: np.ndarray  # (P, 100) float16, unit length
    phrases_of: np.ndarray  # (vocabulary, G) int64: rows of `phrases`, repeated to equal counts
    vocabulary: list  # of str


def build_tables(words, vectors, anchors, config=TextConfig()):  # noqa: B008
    """`words` by frequency with their `vectors` (N, 100), and `anchors` {vocabulary word: phrases} -> TextTables."""
    known = {}
    for row, word in enumerate(words[: config.candidates]):
        if PLAIN_WORD.fullmatch(word):
            known[word] = row
    for word, form in FORMS.items():
        known.setdefault(word, known[form])
    share = 0.08 / (np.arange(config.candidates) + 2.7)  # Zipf's law
    unit = vectors[: config.candidates] / np.maximum(np.linalg.norm(vectors[: config.candidates], axis=1, keepdims=True), TINY)
    weighted = unit * (config.smoothing / (config.smoothing + share))[:, None]
    phrases = [[p.strip() for p in text.split(",")] for text in anchors.values()]
    flat = [p for each in phrases for p in each]
    sums = np.stack([weighted[rows_of(p, known)[0]].sum(0) for p in flat])
    common = np.linalg.svd(sums / np.linalg.norm(sums, axis=1, keepdims=True), full_matrices=False)[2][: config.components]
    weighted -= weighted @ common.T @ common
    sums -= sums @ common.T @ common
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    silent = [letter for letter in LETTERS if letter not in known]
    kept = choose_words(known, weighted, sums, [*anchors, *flat], config.words - len(silent), config.frequent)
    kept = [*kept, *silent]
    rows = np.zeros((len(kept), weighted.shape[1]))
    rows[: len(kept) - len(silent)] = weighted[[known[w] for w in kept[: len(kept) - len(silent)]]]
    scale = (np.abs(rows).max(1) / 127 * 1.001).astype(np.float16)  # the surplus: rounding must not take a value beyond 127
    table = np.rint(rows / np.maximum(scale.astype(np.float64), TINY)[:, None]).astype(np.int8)
    most = max(map(len, phrases))
    starts = np.cumsum([0, *map(len, phrases)])
    phrases_of = np.stack([start + np.arange(most) % len(each) for start, each in zip(starts, phrases, strict=False)])
    return TextTables(kept, table, scale, sums.astype(np.float16), phrases_of, list(anchors))


def choose_words(known, weighted, phrases, texts, room, frequent):
    """`room` words: what the phrases say, the most `frequent`, then those nearest to a phrase; in the order of frequency."""
    rows = {row for text in texts for word in words_of(text) if (row := find(word, known)) is not None}
    chosen = {w for w, row in known.items() if row in rows} | set(FORMS)
    by_frequency = sorted(known, key=known.get)
    chosen |= set(by_frequency[:frequent])
    others = [w for w in by_frequency if w not in chosen]
    vectors = weighted[[known[w] for w in others]]
    nearness = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), TINY) @ phrases.T).max(1)
    chosen |= {others[i] for i in np.argsort(-nearness, kind="stable")[: room - len(chosen)]}
    return [w for w in by_frequency if w in chosen]


def counts_of(text, tables):
    """-> (1, V) float32: how often each word occurs."""
    counts = np.zeros((1, len(tables.words)), np.float32)
    for row in rows_of(text, {w: i for i, w in enumerate(tables.words)})[0]:
        counts[0, row] += 1
    return counts


def similarity(counts, tables, config=TextConfig()):  # noqa: B008
    """(1, V) -> (1, vocabulary), at most 1: what the graph computes."""
    top = np.argsort(-counts[0], kind="stable")[: config.most_words]
    values = counts[0, top].astype(np.float64)[:, None]
    rows = tables.table[top].astype(np.float64)
    to = tables.phrases.astype(np.float64)[tables.phrases_of]  # (vocabulary, G, 100)
    mean = (values * tables.scale[top].astype(np.float64)[:, None] * rows).sum(0)
    whole = (to @ (mean / max(np.linalg.norm(mean), TINY))).max(-1)
    single = np.einsum("vgc,nc->nvg", to, rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY)).max(-1)
    single = (single - ABSENT * (1 - np.minimum(values, 1))).max(0)
    return (0.5 * whole + 0.5 * single)[None].astype(np.float32)
