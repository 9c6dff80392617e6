"""Partials are found where they are, sung at their pitch without a seam, and only when the frames sound."""
import numpy as np
import torch

from evaluate_codec import purity
from foleylab.codec import CodecConfig
from foleylab.partials import FLOOR_DB, GRID_HZ, NOISE_BANDS, PITCHES, find_partials
from foleylab.tones import LOW_BINS, Oscillators

C = CodecConfig()
T = np.arange(76800) / 48000


def oscillators():
    return Oscillators(C.fft, C.hop, range(C.bins), range(LOW_BINS))


def sung(bank, maps, power):
    """Overlapped waves, (N,), and what is left of the frames."""
    with torch.no_grad():
        waves, left, _ = bank(maps, power, *bank.initial_state())
    out = np.zeros(C.hop * (len(waves) + 1))
    for k, w in enumerate(waves.numpy()):
        out[k * C.hop : k * C.hop + 2 * C.hop] += w
    return out, left


def maps_of(places, latents, share=1.0):
    """A bump at each place of the grid (one for all latents, or one a latent), nothing left of the noise."""
    at = torch.as_tensor(places, dtype=torch.float32).reshape(-1, 1).expand(latents, 1) if np.ndim(places) < 2 else torch.as_tensor(places, dtype=torch.float32)
    bumps = torch.clamp(share - (4 / 30) * (torch.arange(PITCHES) - at) ** 2, 0, 1)
    return torch.cat([bumps, torch.zeros(latents, NOISE_BANDS)], 1)


def test_a_steady_tone_is_found_at_its_pitch_and_noise_has_hardly_any():
    for hz in (82.4, 440.0, 1741.0, 5200.0):
        found = find_partials((0.1 * np.sin(2 * np.pi * hz * T)).astype(np.float32))
        middle = found.level_db[10:-10]
        assert np.all(np.abs(GRID_HZ[middle.argmax(1)] - hz) <= np.interp(hz, GRID_HZ, np.gradient(GRID_HZ)) * 0.6)
        assert np.all(np.abs(middle.max(1) + 20) < 1.5)
    noise = find_partials((0.1 * np.random.default_rng(0).standard_normal(len(T))).astype(np.float32))
    assert (noise.level_db > FLOOR_DB).any(1).mean() < 0.25
    assert abs(10 * np.log10(noise.noise.sum(1).mean() / (0.01 * 10_100 / 24_000))) < 1


def test_silence_has_no_partials():
    found = find_partials(np.zeros(16000, np.float32))
    assert np.all(found.level_db == FLOOR_DB) and not found.near.any()


def test_what_is_told_is_sung_at_that_pitch_and_as_loud_as_the_frames():
    bank, latents = oscillators(), 60
    for place in (60.3, 150.0, 200.6):
        hz = float(np.interp(place, np.arange(PITCHES), GRID_HZ))
        power = torch.zeros(8 * latents, LOW_BINS)
        power[:, round(hz / 60)] = C.fft * 0.02  # of the sound: 0.02
        sound, left = sung(bank, maps_of(place, latents, 1 - 5 / 30), power)
        share, off = purity(sound, hz)
        assert share > 0.99 and off < 0.1
        assert abs(10 * np.log10((sound[9600:-9600] ** 2).mean() / 0.02)) < 1
        assert float(left[80:, round(hz / 60)].max()) < 0.05


def test_a_partial_that_glides_keeps_its_phase():
    bank, latents = oscillators(), 48
    power = torch.zeros(8 * latents, LOW_BINS)
    power[:, 2:30] = C.fft * 0.001
    steady, gliding = (sung(bank, maps_of(p, latents, 0.9), power)[0][9600:-9600] for p in (90.0, np.linspace(80, 110, latents)[:, None]))
    loudness = lambda x: 10 * np.log10((x[: len(x) // 960 * 960].reshape(-1, 960) ** 2).mean(1))
    assert loudness(gliding).min() > loudness(steady).mean() - 3  # a phase of its own at each pitch would cancel now and then


def test_nothing_is_sung_before_the_frames_sound():
    bank, power = oscillators(), torch.zeros(48, LOW_BINS)
    power[21:, 5:12] = 1.0
    sound, _ = sung(bank, maps_of(100.0, 6, 0.9), power)
    assert np.abs(sound[: 19 * C.hop]).max() == 0 and np.abs(sound[24 * C.hop :]).max() > 0


def test_without_partials_the_frames_stay_as_they_are():
    power = torch.rand(48, LOW_BINS)
    sound, left = sung(oscillators(), torch.cat([torch.zeros(6, PITCHES), torch.ones(6, NOISE_BANDS)], 1), power)
    assert np.all(sound == 0) and torch.allclose(left, torch.ones_like(left), atol=1e-5)


def test_an_attack_stays_noise():
    bank, hz, latents = oscillators(), 523.0, 48
    audio = (0.05 * np.sin(2 * np.pi * hz * T[: latents * 1600])).astype(np.float32)
    audio[20 * 1600 : 20 * 1600 + 400] += 0.5 * np.random.default_rng(0).standard_normal(400).astype(np.float32)
    power = torch.full((8 * latents, LOW_BINS), 1e-6)
    power[:, 7:11] += C.fft * 0.00125 / 4
    power[160:162] += C.fft * 0.25 / C.bins
    sound, left = sung(bank, bank.measure(audio, power), power)
    assert float(left[160:162, 14:].min()) > 0.9 and float(left[160, 8:10].min()) > 3 * float(left[200, 8:10].max())
    assert np.abs(sound[158 * C.hop : 164 * C.hop]).max() < 0.2 < 4 * np.abs(sound[200 * C.hop : 210 * C.hop]).max() + 0.01


def test_measuring_and_singing_agree():
    bank, hz, latents = oscillators(), 523.0, 48
    audio = (0.2 * np.sin(2 * np.pi * hz * T[: latents * 1600])).astype(np.float32)
    power = torch.zeros(8 * latents, LOW_BINS)
    power[:, 7:11] = C.fft * 0.02 / 4  # what frames make of it: the same power, spread
    maps = bank.measure(audio, power)
    assert torch.all((maps >= 0) & (maps <= 1))
    sound, _ = sung(bank, maps, power)
    share, off = purity(sound, hz)
    assert share > 0.98 and off < 0.15 and abs(10 * np.log10((sound[16000:-16000] ** 2).mean() / 0.02)) < 1.5
