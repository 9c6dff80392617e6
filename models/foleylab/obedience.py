"""Whether a prompt moves the sound as it says: the same grey silhouettes, told "metal" and told "wood"."""
import csv

import numpy as np

from foleylab.material import describe
from foleylab.paired import mean_change

WORDS = ("metal", "wood")
CLASSES = {"metal": ("Clang", "Ding", "Chime", "Bell", "Tubular bells", "Cowbell", "Dishes, pots, and pans", "Cutlery, silverware", "Coin (dropping)"),
           "wood": ("Wood", "Knock", "Tap", "Thump, thud", "Thunk", "Chop", "Wood block", "Crack", "Splinter")}  # of AudioSet


def judge_names(folder):
    """Names of the classes of each judge, in order of its scores."""
    read = lambda file: [row["display_name"] for row in csv.DictReader((folder / file).open())]
    return {"mn04": read("audioset_labels.csv"), "yamnet": read("yamnet_class_map.csv")}


def lean(scores, names):
    """Log of the metal classes' scores over the wood ones'."""
    mass = lambda word: sum(float(scores[names.index(c)]) for c in CLASSES[word] if c in names)
    return float(np.log((mass("metal") + 1e-6) / (mass("wood") + 1e-6)))


def leaning(ear, sound, times):
    """Mean over events (s) of the classifier's log-probability of metal over wood."""
    heard = ear.hear(np.stack([describe(sound, t) for t in times]))
    metal, wood = (ear.classes.index(w) for w in WORDS)
    return float((heard[:, metal] - heard[:, wood]).mean())


def obey(sounds, times, ear=None, judges=None, names=None):
    """`sounds`: word -> sounds of the same clips; `times` of their events -> judge -> lean under each word (log odds, metal over wood), paired change with its error."""
    use, out = [i for i, t in enumerate(times) if len(t)], {}
    leans = {"material classifier": lambda s, t: leaning(ear, s, t)} if ear else {}
    leans |= {n: lambda s, t, j=j, n=n: lean(j.hear(s)[0], names[n]) for n, j in (judges or {}).items()}
    for name, measure in leans.items():
        told = {w: [measure(sounds[w][i], times[i]) for i in use] for w in WORDS}
        change, error = mean_change(told["metal"], told["wood"])
        out[name] = {f"{w}Lean": float(np.mean(told[w])) for w in WORDS} | {"change": change, "changeSe": error, "z": change / max(error, 1e-9), "clips": len(use)}
    return out
