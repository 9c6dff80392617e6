"""Sustained sounds against the true ones: loudness and pitch over time."""
import numpy as np

from foleylab.pitch import same_pitch, track


def loudness(audio, points=150, floor=1e-7):
    """(N,) of `points` / 30 s -> dB at 30 Hz."""
    power = np.asarray(audio, np.float64)[: points * 1600].reshape(points, -1).__pow__(2).mean(1)
    return 10 * np.log10(power + floor)


def loudness_r(true_audio, audio):
    """Correlation of loudness in dB; 0 for one that does not vary; None if the true one hardly does."""
    true, ours = loudness(true_audio), loudness(audio)
    if true.std() <= 2:
        return None
    return float(np.corrcoef(true, ours)[0, 1]) if ours.std() > 1e-6 else 0.0


def bed_correlations(clips, sounds):
    """Correlation of loudness in each clip with sustained sound, no event, and a loudness that varies."""
    alone = [i for i, e in enumerate(clips.events()[: len(sounds)]) if not e and np.asarray(clips.row("bed", i)).max() > 0.1]
    return [r for i in alone if (r := loudness_r(clips.row("audio", i), sounds[i])) is not None]


def follow_beds(truth, systems, pitched):
    """Sounds of clips of one family alone -> name -> median and mean of loudness r; where pitched, share of clear frames whose pitch is right, and an octave off."""
    tracks, out = [track(a) for a in truth] if pitched else [], {}
    for name, sounds in systems.items():
        r = [v for t, a in zip(truth, sounds, strict=True) if (v := loudness_r(t, a)) is not None]
        row = {"loudnessRMedian": float(np.median(r)), "loudnessRMean": float(np.mean(r))} if r else {}
        if pitched:
            clear, right, octave = np.sum([same_pitch(t, track(a)) for t, a in zip(tracks, sounds, strict=True)], 0)
            row |= {"pitchShare": right / max(clear, 1), "octaveShare": octave / max(clear, 1), "pitchFrames": clear}
        out[name] = row
    return out
