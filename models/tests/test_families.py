"""Bells, clocks and water: made by seed alone, seen when they sound, as loud as what is drawn; bells and bubbles have the pitches of their sources."""
from types import SimpleNamespace

import numpy as np
import pytest

from foleylab.data import bells, clocks, streams, water
from foleylab.data.pictures import Camera, View
from foleylab.data.scene import Scene
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE

EVENTFUL = {"bell": (bells.SwingingBell, bells.HammeredBell, bells.DeskBell, bells.Chimes), "water": (water.Drips, water.Splash),
            "clock": (clocks.JumpingHand, clocks.PendulumClock, clocks.Metronome, clocks.Alarm, clocks.Cuckoo)}
SUSTAINED = (streams.Stream, streams.Surf)
LONG_S = 2.0
PAIRS = [(family, make) for family, makes in EVENTFUL.items() for make in makes]


class Stage:
    """The part of a scene that actors use."""

    emit, bed = Scene.emit, Scene.bed

    def __init__(self, rng, split="train"):
        self.split, self.duration_s, self.gain, self.hidden, self.walls = split, LONG_S, 1.0, False, False
        self.track, self.events, self.beds = np.zeros(int(self.duration_s * SAMPLE_RATE), np.float32), [], []
        self.camera = SimpleNamespace(at=lambda t: (0.0, 0.0, 1.0), kicks=Camera(rng, 1.0).kicks)


def play(make, seed, split="train"):
    rng = np.random.default_rng([3, seed])
    stage = Stage(rng, split)
    return stage, make(stage, rng)


def picture(actor, t):
    out = np.full((128, 128, 3), 128, np.uint8)
    actor.draw(View(out, (0.0, 0.0, 1.0)), t)
    return out


def levels(track, rate=30):
    """Loudness of the 30 Hz frames, (n,)."""
    hop = SAMPLE_RATE // rate
    return np.sqrt((track[: len(track) // hop * hop].reshape(-1, hop) ** 2).mean(1))


@pytest.mark.parametrize(("family", "make"), PAIRS)
def test_events_lie_within_the_clip_are_seen_and_heard(family, make):
    heard = 0
    for seed in range(4):
        stage, actor = play(make, seed, "test" if seed % 2 else "train")
        assert {e.family for e in stage.events} <= {family} and {b[0] for b in stage.beds} <= {family}
        assert all(0 <= e.time_s < LONG_S and 0 < e.strength <= 1 for e in stage.events) and np.isfinite(stage.track).all()
        assert bool(stage.events) == (np.abs(stage.track).max() > 1e-3)
        for t in np.arange(0, LONG_S, 0.2):
            picture(actor, t)
        for e in stage.events:
            i = int(e.time_s * SAMPLE_RATE)
            heard += e.visible
            assert np.abs(stage.track[i : i + 2400]).max() > 0.005
            assert (picture(actor, max(e.time_s - 0.05, 0)) != picture(actor, min(e.time_s + 0.04, LONG_S - 0.01))).any(2).sum() > 4
    assert heard > 2


@pytest.mark.parametrize("make", SUSTAINED)
def test_beds_are_as_loud_as_their_curve_and_as_much_is_drawn(make):
    heard = []
    for seed in range(6):
        stage, actor = play(make, seed)
        (family, _, curve), = stage.beds
        assert family == "water" and curve.min() >= 0 and curve.max() <= 1 and len(curve) == LONG_S * CURVE_RATE + 1
        shown = curve[CURVE_RATE // 60 :: CURVE_RATE // 30][: int(LONG_S * 30)]
        if shown.std() > 0.05:
            heard.append(np.corrcoef(levels(stage.track)[: len(shown)], shown)[0, 1])
            assert (picture(actor, np.argmax(shown) / 30) != picture(actor, np.argmin(shown) / 30)).any(2).sum() > 60
    assert len(heard) > 2 and np.min(heard) > 0.7 and np.mean(heard) > 0.85


def test_a_church_bell_has_the_measured_partials_and_larger_bells_are_lower():
    voice = bells.BellVoice("church", 1.0, np.random.default_rng(4))
    assert np.allclose(voice.hz[:5] / voice.prime_hz, (0.5, 1, 1.183, 1.506, 2), rtol=0.02)
    wave = voice.play(0.8, np.random.default_rng(1))
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    near = lambda hz: spectrum[int((hz - 4) * len(wave) / SAMPLE_RATE) : int((hz + 4) * len(wave) / SAMPLE_RATE) + 1].max()
    between = np.median(spectrum[: int(2 * voice.prime_hz * len(wave) / SAMPLE_RATE)])
    assert all(near(hz) > 15 * between for hz in voice.hz[:5])
    sizes = [bells.BellVoice("church", s, np.random.default_rng(4)) for s in (0.5, 1.0, 2.0)]
    assert sizes[0].prime_hz > sizes[1].prime_hz > sizes[2].prime_hz and sizes[0].decay_s[0] < sizes[2].decay_s[0]


def test_a_harder_strike_is_louder_and_brighter():
    voice = bells.BellVoice("church", 1.0, np.random.default_rng(4))
    soft, hard = (voice.play(s, np.random.default_rng(1))[:24000] for s in (0.2, 1.0))
    centre = lambda x: (np.abs(np.fft.rfft(x)) * np.arange(12001)).sum() / np.abs(np.fft.rfft(x)).sum()
    assert np.abs(hard).max() > 3 * np.abs(soft).max() and centre(hard) > 1.1 * centre(soft)


def test_a_clapper_strikes_only_where_it_meets_the_wall():
    t = np.arange(4800) / 960
    angle = 0.8 * np.sin(6 * t)
    path, hits = bells.clap(angle, 0.25, (0.7 * 6) ** 2, 0.2, 1 / 960)
    assert len(hits) > 6 and np.abs(path - angle).max() < 0.2501
    assert all(abs(abs(np.interp(at, t, path) - np.interp(at, t, angle)) - 0.25) < 0.03 for at, _ in hits)
    assert not bells.clap(angle * 0, 0.25, 16.0, 0.2, 1 / 960)[1]


def test_a_bubble_sings_at_minnaerts_pitch_and_surf_brightens():
    wave = water.bubble(0.004, 0.0)
    assert abs(np.argmax(np.abs(np.fft.rfft(wave, 48000))) - 3.26 / 0.004) < 30
    bed = streams.wave_bed(np.linspace(0, 1, 3 * CURVE_RATE), np.random.default_rng(2))
    high = lambda x: (np.abs(np.fft.rfft(x)) ** 2)[1000:].sum() / (x**2).sum()
    assert high(bed[-24000:]) > 1.5 * high(bed[12000:36000])


def test_a_seed_makes_the_same_actor_and_its_drawing_has_no_memory():
    for make in (bells.bell, clocks.clock, water.Drips, water.Splash, *SUSTAINED):
        (a, first), (b, second) = play(make, 5), play(make, 5)
        assert np.array_equal(a.track, b.track) and a.events == b.events
        late = picture(first, 1.5)
        picture(second, 1.0)
        assert np.array_equal(late, picture(second, 1.5))
