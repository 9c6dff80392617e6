"""Sounds of many clips by many systems: more than a machine holds at once, so they lie in temporary files, mapped into memory."""
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from tempfile import TemporaryDirectory

import numpy as np


class Shelf:
    """A folder that goes with the object, and threads that fill it; all that is put there may be read like lists of arrays."""

    def __init__(self, threads=None):
        self.folder, self.count = TemporaryDirectory(prefix="livefoley-"), 0
        self.pool = ThreadPoolExecutor(threads or os.cpu_count())

    def each(self, n, render):
        """`render(i)`: the sounds of clip i by several systems, each as long as its others -> of each system the sounds of all n clips."""
        first = render(0)  # alone: what is made once, on first use, is not made by two threads
        files = [self.open(n, len(sound)) for sound in first]
        for i, sounds in enumerate(chain([first], self.pool.map(render, range(1, n)))):
            for file, sound in zip(files, sounds, strict=True):
                file[i] = sound
        return [list(file) for file in files]

    def open(self, n, frames):
        self.count += 1
        return np.lib.format.open_memmap(f"{self.folder.name}/{self.count}.npy", "w+", np.float32, (n, frames))
