"""Clips are made by seed alone, splits do not meet, sound and labels agree; training resumes; onsets are found."""
import argparse

import numpy as np
import pytest
import torch

from foleylab.data.scene import ClipConfig, make_clip
from foleylab.data.sound import random_clip
from foleylab.onsets import detect, score
from foleylab.training import Run
from make_clips import labels, loudness

SHORT = ClipConfig(duration_s=2.0)


def test_a_seed_makes_the_same_clip():
    a, b = (make_clip(np.random.default_rng([0, 1, 4]), "train", SHORT) for _ in range(2))
    assert np.array_equal(a.frames, b.frames) and np.array_equal(a.audio, b.audio) and a.events == b.events


def test_clips_have_sound_in_range_and_events_inside():
    for i in range(12):
        clip = make_clip(np.random.default_rng([2, 9, i]), "test", SHORT)
        assert clip.frames.shape == (60, 128, 128, 3) and np.abs(clip.audio).max() <= 1
        assert all(e.time_s < 2.0 for e in clip.events)
        onset, bed, words = labels(clip, 60)
        assert (onset.max() > 0) == any(e.visible and e.time_s >= 0 for e in clip.events)
        if not clip.events and not clip.beds:
            assert np.abs(clip.audio).max() < 1e-4 and loudness(clip.audio, 60).max() < -75


def test_an_event_sounds_when_it_happens():
    config = ClipConfig(duration_s=2.0, silent_share=0, sustained_share=0, montage_share=0, off_screen_share=0, second_actor_share=0, first_person_share=0)
    found, truth = [], []
    for i in range(12):
        clip = make_clip(np.random.default_rng([0, 77, i]), "train", config)
        found.append(detect(clip.audio, 0.1)[0])
        truth.append(np.array([e.time_s for e in clip.events if e.time_s > 0.05 and e.strength > 0.15]))
    assert score(found, truth, 2.0)["f1At50"] > 0.6


def test_sound_clips_differ_and_are_bounded():
    clips = np.stack([random_clip(np.random.default_rng([1, i]), 0.5) for i in range(6)])
    assert clips.shape == (6, 24000) and np.abs(clips).max() <= 1 and not np.array_equal(clips[0], clips[1])


@pytest.mark.parametrize("muon", [False, True])
def test_training_resumes_and_tolerates_a_lost_optimiser(tmp_path, muon):
    args = argparse.Namespace(out=tmp_path, minutes=0.02, batch=2, rate=1e-2, seed=0, threads=1, device="cpu", muon=muon)

    def train():
        run = Run(torch.nn.Linear(4, 1), {}, args, "toy")
        for _ in run.steps():
            run.step(run.model(torch.ones(2, 4)).square().mean(), {})
        return run

    first = train().count
    saved = torch.load(tmp_path / "toy.pt", weights_only=True)
    del saved["optimiser"]
    torch.save(saved, tmp_path / "toy.pt")
    assert train().count > first > 0


def test_matching_is_one_to_one_and_chance_is_taken_off():
    truth = [np.array([1.0, 2.0, 3.0])]
    perfect = score([np.array([1.01, 2.01, 3.01])], truth)
    assert perfect["f1At50"] == 1 and abs(perfect["offsetMedianMs"] - 10) < 0.1
    assert score([np.array([1.0, 1.01, 1.02])], truth)["f1At50"] == 2 / 6
    assert score([np.arange(0.5, 5, 0.05)], truth)["correctedAt50"] < 0.05


def test_plain_clips_have_flat_ground_and_events_that_sound():
    for i in range(6):
        clip = make_clip(np.random.default_rng([0, 8, i]), "train", ClipConfig(duration_s=2.0, plain=True, montage_share=0))
        assert np.abs(clip.frames[0, 40:60, 2:126].astype(int) - np.median(clip.frames[0], (0, 1))).max(2).min() <= 2
        assert bool(clip.events) == (np.abs(clip.audio).max() > 1e-3)
