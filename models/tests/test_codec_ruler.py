"""Codec and Opus are held against the same ruler, and it knows what it measures."""
import numpy as np

from evaluate_codec import aligned, attacks, purity, steady_tones, through_opus


def test_the_ruler_knows_tones_attacks_and_opus():
    tone, hz = next(steady_tones())
    assert purity(tone, hz)[0] > 0.99
    assert purity(np.random.default_rng(0).standard_normal(76800), hz)[0] < 0.6
    assert np.array_equal(aligned(np.concatenate([np.zeros(300, np.float32), tone]), tone), tone)
    heard, size = through_opus(tone, 24)
    assert len(heard) == len(tone) and purity(heard, hz)[0] > 0.9 and 2000 < 8 * size < 100_000
    click = np.zeros(48000, np.float32)
    click[24000:26000] = 0.3
    early = np.roll(click, -480)
    (contrast, echo), (blurred, before) = attacks(click, click, [{"time_s": 0.5}]), attacks(click, early, [{"time_s": 0.5}])
    assert contrast[0] > 60 and echo[0] == 0 and blurred[0] < 10 and before[0] > 60
