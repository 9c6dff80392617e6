"""Whether a sound begins: a head that is asked for an expected latent smears what is uncertain, so onsets are decided first.

A mapper is unsure at times, and then says so at several points in a row, and in silent scenes that look like others. So an onset must be surer

- right after another one, which it may be once more (a relative refractory period, as nerves have it);
- the less is expected to be heard at all;
- the longer nothing has begun, where nothing goes on sounding either: who moved silently so far goes on so.

The last two hold for scenes. In a game sounds are few and sudden, and hardly one is silent: there an onset must be a little surer always, and no more.
"""
import torch


def decide_onsets(probability, least, slope):
    """Probabilities (B, T, 1) -> onsets (B, T, 1), 0 or 1 but for a narrow ramp: at least `least`, and no less than their neighbours'.

    Steep, but no step: devices that differ in the last digits must not differ in onsets.
    """
    nothing = torch.zeros_like(probability[:, :1])
    lead = probability - torch.maximum(torch.cat([nothing, probability[:, :-1]], 1), torch.cat([probability[:, 1:], nothing], 1))
    return torch.sigmoid((probability - least) * slope) * torch.sigmoid(lead * slope + 1)


def doubt_onsets(probability, loudness, no_game, recent, c):
    """Probabilities of an onset, loudness (dB / 80) and probabilities that this is no game, (B, T, 1), and how recent the last onset is, (B, 1): 1 at an onset,
    0 after `c.recent_points` -> the probabilities less all doubts; the onsets, which are those that `decide_onsets` finds in these; and how recent the last is then."""
    wear, refractory = 1 / c.recent_points, c.recent_points / c.refractory_points
    heard = probability - no_game * c.quiet_slope * torch.relu(c.quiet_from - loudness) - (1 - no_game) * c.game_doubt
    still = no_game * c.still * torch.sigmoid(c.still_slope * (c.still_from - loudness))

    def doubted(k, recent):
        return heard[:, k] - c.refractory * torch.relu(1 - (1 - recent) * refractory) - (1 - recent) * still[:, k]

    left, onsets = [], []
    nothing = torch.zeros_like(probability[:, 0])
    for k in range(probability.shape[1]):
        recent = torch.relu(recent - wear)
        now, before = doubted(k, recent), left[-1] if left else nothing
        after = doubted(k + 1, torch.relu(recent - wear)) if k + 1 < probability.shape[1] else nothing
        begun = decide_onsets(torch.stack([before, now, after], 1), c.decide_from, c.decide_slope)[:, 1]
        recent = recent + begun * (1 - recent)
        left.append(now)
        onsets.append(begun)
    return torch.stack(left, 1), torch.stack(onsets, 1), recent
