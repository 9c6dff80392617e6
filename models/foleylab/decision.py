"""Whether a sound begins: a head that is asked for an expected latent smears what is uncertain, so onsets are decided first.

A mapper that is unsure when something begins says so at several points in a row, and each chunk would find its own onset there: so for some points after
an onset another one must be surer (a relative refractory period, as nerves have it).
"""
import torch


def decide_onsets(probability, least, slope):
    """Probabilities (B, T, 1) -> onsets (B, T, 1), 0 or 1 but for a narrow ramp: at least `least`, and no less than their neighbours'.

    Steep, but no step: devices that differ in the last digits must not differ in onsets.
    """
    nothing = torch.zeros_like(probability[:, :1])
    lead = probability - torch.maximum(torch.cat([nothing, probability[:, :-1]], 1), torch.cat([probability[:, 1:], nothing], 1))
    return torch.sigmoid((probability - least) * slope) * torch.sigmoid(lead * slope + 1)


def lower_after_onsets(probability, refractory, c):
    """Probabilities (B, T, 1) and how refractory each stream is, 0..1 (B, 1) -> the probabilities less `c.refractory` after an onset, which wears off over
    `c.refractory_points`; the onsets, which are those that `decide_onsets` finds in these; and how refractory the streams are then."""
    wear, out, onsets = 1 / c.refractory_points, [], []
    nothing = torch.zeros_like(probability[:, 0])
    for k, now in enumerate(probability.unbind(1)):
        refractory = torch.relu(refractory - wear)
        now = now - c.refractory * refractory
        before = out[-1] if out else nothing
        after = probability[:, k + 1] - c.refractory * torch.relu(refractory - wear) if k + 1 < probability.shape[1] else nothing
        begun = decide_onsets(torch.stack([before, now, after], 1), c.decide_from, c.decide_slope)[:, 1]
        refractory = refractory + begun * (1 - refractory)
        out.append(now)
        onsets.append(begun)
    return torch.stack(out, 1), torch.stack(onsets, 1), refractory
