"""Held-out levels of Freedoom are in no training take, by name; the agent's inputs are a demo; clips say that their families are unknown."""
import shutil
from pathlib import Path

import numpy as np
import pytest

from foleylab.data.freedoom import ENGINE, HELD_OUT, WADS, Take, inputs, play, split_of
from make_captures import POINTS, arena_takes_of, cut, heard_onsets, takes_of

SHIPPED = {("freedoom1", 4, 6), ("freedoom2", 1, 26)}  # where the DEMO4s play; ../shared/samples/freedoom-demo4.mp4 is the first
installed = pytest.mark.skipif(not (WADS / "freedm.wad").exists() or not Path(ENGINE).exists() or not shutil.which("ffmpeg"),
                               reason="needs Debian's dsda-doom, freedoom, freedm and ffmpeg")


def test_held_out_levels_belong_to_one_split():
    assert SHIPPED <= HELD_OUT["test"]
    assert not HELD_OUT["test"] & HELD_OUT["tune"]
    for split, levels in HELD_OUT.items():
        for level in levels:
            assert split_of(Take(*level)) == split
            assert split_of(Take(*level, duration_s=40, seed=9)) == split


@installed
def test_no_take_of_the_training_split_shows_a_held_out_level():
    levels = {s: {t.level for t in takes_of(s, 2, 10)} for s in ("train", "tune", "test")}
    assert levels["tune"] == HELD_OUT["tune"] and levels["test"] == HELD_OUT["test"]
    assert not levels["train"] & (HELD_OUT["tune"] | HELD_OUT["test"])
    assert len(levels["train"]) > 60
    assert not any(t.demo == "DEMO4" for t in takes_of("train", 1, 10))
    fights = {s: {t.level for t in arena_takes_of(s, (1, 2), 10)} for s in ("train", "tune", "test")}
    assert fights["train"] > levels["train"] and not fights["train"] & (HELD_OUT["tune"] | HELD_OUT["test"])
    assert fights["tune"] == HELD_OUT["tune"] and fights["test"] == HELD_OUT["test"]


def test_the_agents_inputs_are_a_demo_that_repeats():
    take = Take("freedoom1", 1, 2, duration_s=3, seed=4)
    demo = inputs(take)
    assert demo == inputs(take) and demo != inputs(Take("freedoom1", 1, 2, duration_s=3, seed=5))
    assert demo[:4] == bytes([109, 2, 1, 2]) and demo[-1] == 0x80 and len(demo) == 13 + 3 * 35 * 4 + 1


def test_agents_in_an_arena_are_players_of_one_demo():
    take = Take("freedm", 1, 2, duration_s=3, seed=4, agents=4)
    demo = inputs(take)
    assert demo[4] == 2 and demo[9:13] == bytes([1, 1, 1, 1]) and len(demo) == 13 + 3 * 35 * 16 + 1  # each against all; four commands a tic
    moves = np.frombuffer(demo[13:-1], np.uint8).reshape(-1, 4, 4)
    assert all((moves[:, a] != moves[:, b]).any() for a in range(4) for b in range(a))
    assert take.name != Take("freedm", 1, 2, duration_s=3, seed=4).name


def test_clips_are_cut_where_something_moves_or_sounds():
    pictures = np.zeros((480, 128, 128, 3), np.uint8)
    sound = np.zeros(480 * 1600, np.float32)
    assert list(cut(pictures, sound)) == []
    sound[200 * 1600] = 0.5
    (clip,) = cut(pictures, sound)
    assert clip.frames.shape == (POINTS, 128, 128, 3) and clip.audio.shape == (240_000,)
    assert np.flatnonzero(heard_onsets(clip.audio)[:, 0]).tolist() == [200 - 180]


@installed
@pytest.mark.parametrize("agents", [1, 4])
def test_a_take_plays_the_same_each_time(agents):
    take = Take("freedoom1", 1, 1, duration_s=3, seed=1, agents=agents)
    (a, heard), (b, again) = play(take), play(take)
    assert a.shape[1:] == (128, 128, 3) and abs(len(a) - 90) < 6 and abs(len(heard) / 1600 - len(a)) < 6
    assert np.array_equal(a, b) and np.array_equal(heard, again) and np.abs(heard).max() > 0


@installed
def test_a_level_without_places_for_four_says_so():
    with pytest.raises(RuntimeError, match="freedoom2-1-12-agents4-1: .*deathmatch"):
        play(Take("freedoom2", 1, 12, duration_s=1, seed=1, agents=4))
