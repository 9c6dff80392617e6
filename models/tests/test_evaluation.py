"""Measures, baselines, judges and the probe at toy size: form, and that right sounds score better than wrong ones."""
import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from evaluate_drift import MINUTE, minutes_apart, plan
from foleylab.baselines import MotionSampler, describe_library, following_noise, hold_peaks, metronome, motion_peaks, picture_curves
from foleylab.borders import border_jumps
from foleylab.closing import key_of
from foleylab.judges import BLOCKS, MobileNetJudge, divergence, frechet, kaldi_mels
from foleylab.meaning import judge_clips
from foleylab.onsets import average_precision, detect, flux, peaks, score
from foleylab.plain_scenes import SCENES, render_scene
from foleylab.report import COLUMNS, Section, write_report
from foleylab.shelf import Shelf


def clicks(times, seconds=5.0, loud=0.5):
    out = np.zeros(int(seconds * 48000), np.float32)
    for t in times:
        at = round(t * 48000)
        out[at : at + 2400] += loud * np.random.default_rng(1).standard_normal(2400).astype(np.float32) * np.exp(-np.arange(2400) / 400)
    return out


def test_average_precision_falls_with_false_onsets_and_misses():
    precision = lambda audio: average_precision([peaks(flux(audio))], [np.array([1.0, 2.0, 3.0])], 0.05)
    assert precision(clicks([1, 2, 3])) > 0.99
    assert precision(clicks([1, 2, 3]) + clicks([1.5, 2.5], loud=0.9)) < 0.8
    assert precision(clicks([1])) < 0.5
    assert precision(np.zeros(240000, np.float32)) == 0


def test_noise_follows_the_picture_and_holds_its_peaks():
    pictures = np.zeros((30, 128, 128, 3), np.uint8)
    pictures[10:20] = 200
    curves = picture_curves(pictures)
    assert np.flatnonzero(curves["brightening"]).tolist() == [10] and np.flatnonzero(curves["motion"]).tolist() == [10, 20]
    assert np.allclose(hold_peaks(np.array([0, 1, 0, 0.0]), 0.5), [0, 1, 0.5, 0.25])
    noise = following_noise(curves["brightening"], 0.0)
    assert noise.shape == (48000,) and np.abs(noise[16000:17600]).max() > 0 and not noise[:16000].any() and not noise[17600:].any()


def test_sampler_plays_the_sound_of_the_nearest_peak():
    class Toy:
        index = range(2)

        def __len__(self):
            return 2

        def row(self, key, i):
            return clicks([1.0], 2.0, 0.9 if i else 0.1)

    def picture(i):
        out = np.zeros((60, 128, 128, 3), np.uint8)
        out[30:] = 250 if i else 60
        return out

    sampler = MotionSampler(Toy(), picture)
    assert len(sampler.heights) == 2 and motion_peaks(picture_curves(picture(0))["motion"], 0.01).tolist() == [30]
    loud, soft = (np.abs(sampler.play(picture_curves(picture(i))["motion"])).max() for i in (1, 0))
    assert loud > 3 * soft > 0
    assert len(detect(metronome(240000, 1.0), 0.3)[0]) == 5


def test_sampler_refuses_a_library_of_few_families_and_says_what_it_plays():
    class Toy:
        folder, shards = Path("clips"), ["train-1", "train-2"]
        index = [(0, 0), (0, 1), (1, 0)]

        def __init__(self, families):
            self.families = families

        def __len__(self):
            return 3

        def events(self):
            return [[{"family": f} for f in self.families], [{"family": "bell"}], [{"family": "rain"}]]

    told = describe_library(Toy(["bell", "key", "shot", "drum", "animal", "water"]), 2)
    assert told == "2 clips of train-1: bell 2, key 1, shot 1, drum 1, animal 1, water 1"
    with pytest.raises(ValueError, match="at least 6 families.*train-1, train-2.*engine, bell, rain"):
        describe_library(Toy(["engine"]))


def test_judge_has_the_published_shape_and_distances_are_zero_for_equals():
    net = MobileNetJudge().eval()
    assert sum(p.numel() for p in net.parameters()) == 983599 and len(BLOCKS) == 15
    assert kaldi_mels().shape == (128, 513)
    rng = np.random.default_rng(1)
    a = rng.standard_normal((400, 4))
    assert abs(frechet(a, a)) < 1e-6 and frechet(a, a + 2) == pytest.approx(16, rel=0.01)
    p = rng.random(5)
    assert divergence(p, p) == 0 and divergence(p, rng.random(5)) > 0


def test_judges_prefer_the_truth():
    class Loudness:
        def hear(self, audio):
            level = float(np.abs(audio).mean())
            return np.array([level, 1 - level]), np.full((3, 2), level) + np.random.default_rng(len(audio)).normal(0, 1e-3, (3, 2))

    truth = [np.full(10, v) for v in np.linspace(0, 1, 20)]
    rows, _ = judge_clips({"toy": Loudness()}, {"truth": truth, "wrong": truth[::-1]}, range(20))
    assert rows["truth"]["toyAgree"] == 1 and rows["truth"]["toyKl"] == 0 < rows["wrong"]["toyKl"] and "fadSe" in rows["wrong"]


def test_plain_scenes_have_events_where_the_picture_changes():
    pictures, times = render_scene("flash", 0, 2.0)
    assert pictures.shape == (60, 128, 128, 3) and len(times) >= 1
    rise = picture_curves(pictures)["brightening"]
    assert all(rise[round(t * 30)] > 0.5 for t in times)
    for name in SCENES:
        draw, times = SCENES[name](np.random.default_rng(3), 4.0)
        assert draw(0.0).shape == draw(3.9).shape == (180, 320, 3) and (len(times) > 0) != (name == "drifting ball")


def test_bouncing_ball_touches_the_floor_at_its_events():
    draw, times = SCENES["bouncing ball, no squash"](np.random.default_rng(5), 4.0)
    lowest = lambda t: np.flatnonzero((draw(t) == 240).all(2).any(1)).max()
    assert all(lowest(t) >= 147 and lowest(t - 0.1) < 145 for t in times)


def test_what_lies_on_the_shelf_is_what_was_rendered_whoever_came_first():
    def render(i):
        time.sleep(0.01 * (i % 3 == 1))
        return np.full(4, i, np.float32), np.full(6, -i, np.float32)

    shelf = Shelf(threads=3)
    up, down = shelf.each(7, render)
    assert [len(a) for a in (up, down)] == [7, 7] and all(np.array_equal(a, render(i)[0]) and np.array_equal(b, render(i)[1]) for i, (a, b) in enumerate(zip(up, down, strict=True)))
    assert all(isinstance(a, np.memmap) for a in up) and len(list(Path(shelf.folder.name).iterdir())) == 2

    def fails(i):
        if i == 3:
            raise RuntimeError("clip 3 cannot be rendered")
        return render(i)

    with pytest.raises(RuntimeError, match="clip 3"):
        shelf.each(7, fails)


def test_report_writes_a_table_and_a_flat_object(tmp_path):
    row = score([np.array([1.0])], [np.array([1.0])])
    games = {"a": {"r": 0.1, "lagMs": 0.0, "z": 1.0, "noise": {"x": 0.2, "y": 0.1}}, "b": {"r": 0.3, "lagMs": 0.0, "z": 1.0, "noise": {"x": 0.0, "y": 0.4}}}
    unseen = Section("never seen", "unseen", {"toy": row}, COLUMNS)
    write_report(tmp_path, {"bundle": "toy", "defaultSteps": 2}, {"ours, 2 steps": row}, {"chunkMeanMs": 1.5}, {"games": games, "levels": {}}, "toy", [unseen])
    flat = json.loads((tmp_path / "toy.json").read_text())
    assert flat["ours2Steps.f1At50"] == 1 and flat["gamesNoise"] == "y" and flat["gamesMeanR"] == 0.2 and all(not isinstance(v, dict) for v in flat.values())
    assert flat["game.a.r"] == 0.1 and "levelsMeanR" not in flat and flat["unseen.toy.f1At50"] == 1
    assert "| ours, 2 steps | 1.000 |" in (tmp_path / "toy.md").read_text() and key_of("another clip's sound") == "anotherClipsSound"


JUDGES = Path(__file__).parents[3] / "shared/judges"


@pytest.mark.skipif(not JUDGES.exists(), reason="the judges' weights lie outside the repository")
def test_mn04_loads_and_hears_noise_otherwise_than_silence():
    from foleylab.judges import Mn04

    torch.set_num_threads(1)
    judge = Mn04(JUDGES)
    noise, quiet = (judge.hear(x)[0] for x in (0.1 * np.random.default_rng(1).standard_normal(96000), np.zeros(96000)))
    assert noise.shape == (527,) and divergence(noise, quiet) > 0.5


def test_border_jumps_hear_chunks_of_different_loudness_and_no_seam_in_steady_noise():
    noise = np.random.default_rng(4).normal(size=48000).astype(np.float32) * 0.1
    steady = border_jumps([noise], [np.array([])], 4800)
    assert abs(steady["border"] - steady["inside"]) < 0.6
    broken = noise * np.repeat([1, 0.1] * 5, 4800)
    assert border_jumps([broken], [np.array([])], 4800)["border"] > steady["border"] + 10
    assert border_jumps([broken], [np.arange(0, 1, 0.1)], 4800)["border"] == 0


def test_the_last_minute_of_a_long_clip_repeats_the_first():
    order = plan(40, np.random.default_rng(1))
    assert len(order) == 10 * MINUTE and order[:MINUTE].tolist() == order[-MINUTE:].tolist()
    assert not set(order[:MINUTE]) & set(order[MINUTE:-MINUTE])


def test_drift_hears_a_last_minute_that_is_softer():
    class Ear:
        def hear(self, audio):
            return None, audio[:400].reshape(-1, 4)

    rng = np.random.default_rng(2)
    sounds = [rng.standard_normal(400) for _ in range(4)]
    found = minutes_apart(sounds, [s * 0.5 for s in sounds], sounds, Ear())
    assert found["levelDb"] == pytest.approx(-6.02, abs=0.01) and found["fadFirst"] < 1e-6 < found["fadLast"]
