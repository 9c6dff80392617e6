"""What is asked of a clip: the visible events that can be heard in its true sound, and what counts neither for nor against.

Scored against the list of visible events alone, the true sound itself got no more than 0.83 (tune split): of its 248 onsets without
an event, 71 were drops of rain and rumbling of rolling bodies, some 90 the second click of a key or the toe after the heel, some 30 events out of view; and 60
of 774 events were too soft over what sounded already for the detector to stand on, but not for the list. None of this says anything
of who answers the picture. So, from the true sound and its labels alone, thus alike for every system:

- An event must be found if it is visible and rises over the flux's floor by the detector's threshold.
- Neutral moments are the true sound's other onsets (from FAINT of the threshold on): off-screen, a second part of the same event,
  texture, too faint to ask for. An onset within the tolerance of one, which hits no event, is not counted; each moment excuses one.
- Neutral spans are those in which a bed made of grains (GRAINY: drops, crackle, bubbles, an alarm's strokes) sounds: none foretells their times. Events in them are still asked for.

The true sound's own F1 is then one by this definition, all but; how high sound can get tells the truth through the codec (0.92 corrected
at 50 ms on the tune split, where it had 0.79). Chance is that of the same predictions, shifted, under the same rule: another clip's true sound
gets -0.02 and a metronome 0.02, as before. The threshold is that which serves best against all visible events; before, the soft ones fell away
as it rose, and 0.3 was the end of what was tried.
"""
from dataclasses import dataclass, field

import numpy as np

from foleylab.data.scene import FAMILIES
from foleylab.onsets import audible, f1, flux, match, over_floor, peaks

FAINT = 0.6
GRAINY, SOUNDING = ("rain", "fire", "roll", "water", "clock"), 0.1  # families of beds, and the label from which one counts
AS_BEFORE = (0.02, 0.3, 15)  # thresholds that were tried for the earlier figures


@dataclass(frozen=True)
class Neutral:
    """Moments (s), and grid points of 1/30 s that are spans."""

    times: np.ndarray
    spans: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))

    def covers(self, times):
        """Whether each of the times (s) lies in a span."""
        at = (np.asarray(times) * 30).astype(int)
        return self.spans[np.minimum(at, len(self.spans) - 1)] if len(self.spans) else np.zeros(at.shape, bool)


@dataclass(frozen=True)
class Expected:
    """Of a list of clips: events (s), what is neutral, the detector's threshold; and events and threshold of the earlier definition."""

    events: list
    neutral: list
    threshold: float
    events_before: list
    threshold_before: float


def thresholds(clips, sounds):
    """The detector's threshold with the best F1 of true sounds against all visible events; and that of before, whose events fell with the threshold."""
    events, rises = clips.events()[: len(sounds)], [flux(a) for a in sounds]
    found = [peaks(f) for f in rises]
    at = lambda t: [times[heights > t] for times, heights in found]
    visible = [audible(e, f, -1) for e, f in zip(events, rises, strict=True)]
    old = lambda t: [audible(e, f, FAINT * t) for e, f in zip(events, rises, strict=True)]
    now = max((f1(at(t), visible, 0.05), t) for t in np.linspace(0.05, 0.6, 23))
    before = max((f1(at(t), old(t), 0.05), t) for t in np.linspace(*AS_BEFORE))
    return float(now[1]), float(before[1])


def expect(clips, sounds, threshold, threshold_before):
    """-> Expected of the true sounds of the first clips."""
    asked, neutral, before = [], [], []
    for i, (events, sound) in enumerate(zip(clips.events()[: len(sounds)], sounds, strict=True)):
        rise = flux(sound)
        asked.append(audible(events, over_floor(rise), threshold))
        times, heights = peaks(rise)
        times = without(times[heights > FAINT * threshold], asked[-1])
        faint = without(audible(events, rise, FAINT * threshold), np.concatenate([asked[-1], times]))
        bed = np.asarray(clips.row("bed", i), np.float32)[:, [FAMILIES.index(f) for f in GRAINY]].max(1)
        neutral.append(Neutral(np.concatenate([times, faint]), bed > SOUNDING))
        before.append(audible(events, rise, FAINT * threshold_before))
    return Expected(asked, neutral, threshold, before, threshold_before)


def without(times, others, near_s=0.03):
    """Those of the times that are no pair of another."""
    return np.delete(times, [i for i, _ in match(times, others, near_s)])
