"""Changes of a figure from one system to another on the same clips, with standard errors by bootstrap over clips (200 draws)."""
import numpy as np

from foleylab.onsets import corrected

DRAWS = 200


def draws(n, seed=0):
    """(DRAWS, n) indices of clips."""
    return np.random.default_rng(seed).integers(0, n, (DRAWS, n))


def f1_change(tally, base):
    """Two tallies (shifts, clips, 3) of the same clips -> change of the chance-corrected F1 from `base`, its standard error."""
    difference = lambda at: corrected(tally[:, at])[2] - corrected(base[:, at])[2]
    return difference(slice(None)), float(np.std([difference(at) for at in draws(tally.shape[1])], ddof=1))


def mean_change(values, base):
    """Figures of single clips -> change of their mean from `base`, its standard error."""
    change = np.asarray(values, float) - np.asarray(base, float)
    return float(change.mean()), float(np.std(change[draws(len(change))].mean(1), ddof=1))


def kappa(pairs):
    """Classes of the truth and of what is judged, (2, clips) -> Cohen's kappa (https://doi.org/10.1177/001316446002000104): agreement beyond that by chance
    of two who name each class as often as these do. 0 where both name nothing but one class."""
    chance = float(sum((pairs == c).mean(1).prod() for c in np.unique(pairs)))
    return (float((pairs[0] == pairs[1]).mean()) - chance) / (1 - chance) if chance < 1 else 0.0


def kappa_change(pairs, base):
    """Classes (2, clips) of two systems -> change of kappa from `base`, its standard error."""
    difference = lambda at: kappa(pairs[:, at]) - kappa(base[:, at])
    return difference(slice(None)), float(np.std([difference(at) for at in draws(pairs.shape[1])], ddof=1))


def change(figure, values, base):
    """Of a figure by its name: of kappa where it holds classes, of the mean else."""
    return (kappa_change if figure.endswith("Kappa") else mean_change)(values, base)


def sigmas(by, error):
    """How many standard errors a change is; 0 where nothing changes."""
    return by / error if error > 1e-12 else 0.0
