"""Scenes for the test alone: sound and picture of an event begin together, and nothing is shared with what is trained."""
import ast
from pathlib import Path

import numpy as np
import pytest

import foleylab.unseen
from foleylab.onsets import detect, score
from make_unseen import KINDS, make_unseen


@pytest.mark.parametrize("kind", KINDS)
def test_clips_repeat_and_their_events_are_heard(kind):
    clips = [make_unseen(kind, np.random.default_rng([1, i])) for i in range(3)]
    again = make_unseen(kind, np.random.default_rng([1, 0]))
    assert np.array_equal(clips[0].frames, again.frames) and np.array_equal(clips[0].audio, again.audio)
    for clip in clips:
        assert clip.frames.shape == (150, 128, 128, 3) and clip.audio.shape == (240000,)
        assert 0.2 < np.abs(clip.audio).max() <= 1 and len(clip.events) >= 2
    found = [detect(c.audio, 0.1)[0] for c in clips]
    truth = [np.array([e.time_s for e in c.events if e.time_s > 0.05]) for c in clips]
    assert score(found, truth)["f1At50"] > 0.5


def test_a_burst_brightens_the_picture_in_which_it_is_heard():
    clip = make_unseen("fireworks", np.random.default_rng(4))
    light = clip.frames.astype(float).mean((1, 2, 3))
    for event in clip.events:
        at = round(event.time_s * 30)
        assert light[at] > light[at - 1]


def test_nothing_is_shared_with_the_scenes_that_are_trained_on():
    for path in Path(foleylab.unseen.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("foleylab") or node.module.startswith("foleylab.unseen"), path
