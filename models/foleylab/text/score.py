"""How well texts become the words that were expected of them."""
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Score:
    top1: float  # the nearest word is an expected one; over phrases that expect one
    precision: float  # predicted words that were expected, of those neither expected nor allowed beside
    recall: float

    @property
    def f1(self):
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def score(similarities, phrases, vocabulary, threshold):
    """`similarities` (N, vocabulary) of N `phrases` (read_phrases) -> Score."""
    right = wrong = missed = first = asked = 0
    for row, (_, expected, allowed) in zip(similarities, phrases, strict=True):
        said = {vocabulary[i] for i in np.flatnonzero(row > threshold)}
        right, wrong, missed = right + len(said & expected), wrong + len(said - expected - allowed), missed + len(expected - said)
        if expected:
            asked, first = asked + 1, first + (vocabulary[int(row.argmax())] in expected)
    return Score(first / max(asked, 1), right / max(right + wrong, 1), right / max(right + missed, 1))


def tune(similarities, phrases, vocabulary):
    """-> the threshold of the best F1; the middle one of equals."""
    grid = np.arange(0.30, 0.90, 0.005)
    f1 = np.array([score(similarities, phrases, vocabulary, t).f1 for t in grid])
    return float(np.median(grid[f1 >= f1.max() - 1e-9]))
