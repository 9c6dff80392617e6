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


def sigmas(change, error):
    """How many standard errors a change is; 0 where nothing changes."""
    return change / error if error > 1e-12 else 0.0
