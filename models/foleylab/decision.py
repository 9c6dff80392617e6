"""Whether a sound begins: a head that is asked for an expected latent smears what is uncertain, so onsets are decided first."""
import torch


def decide_onsets(probability, least, slope):
    """Probabilities (B, T, 1) -> onsets (B, T, 1), 0 or 1 but for a narrow ramp: at least `least`, and no less than their neighbours'.

    Steep, but no step: devices that differ in the last digits must not differ in onsets.
    """
    nothing = torch.zeros_like(probability[:, :1])
    lead = probability - torch.maximum(torch.cat([nothing, probability[:, :-1]], 1), torch.cat([probability[:, 1:], nothing], 1))
    return torch.sigmoid((probability - least) * slope) * torch.sigmoid(lead * slope + 1)
