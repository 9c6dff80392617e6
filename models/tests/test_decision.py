"""Onsets are decided where they are likeliest; soon after one, where little is to be heard, and where nothing moved with a sound so far, they must be surer."""
from dataclasses import replace

import pytest
import torch

from foleylab.decision import decide_onsets, doubt_onsets
from foleylab.recall import RecallConfig

C = RecallConfig(decide_from=0.4, refractory=0.3, refractory_points=6)
LOUD, QUIET = 0.0, -0.6  # dB / 80


def onsets(probabilities, config=C, loudness=LOUD, no_game=1.0):
    """Points of a stream that are onsets, chunk by chunk."""
    found, recent = [], torch.zeros(1, 1)
    for chunk in torch.tensor(probabilities)[None, :, None].split(3, 1):
        left, begun, recent = doubt_onsets(chunk, torch.full_like(chunk, loudness), torch.full_like(chunk, no_game), recent, config)
        assert torch.equal(begun.round(), decide_onsets(left, config.decide_from, config.decide_slope).round())
        found += begun[0, :, 0].round().int().tolist()
    return [k for k, v in enumerate(found) if v]


def test_what_is_unsure_over_the_border_of_chunks_begins_once():
    smeared = [0.0, 0.2, 0.45, 0.5, 0.3, 0.0, 0.0, 0.0, 0.0]
    assert onsets(smeared, replace(C, refractory=0.0)) == [2, 3] and onsets(smeared) == [2]


@pytest.mark.parametrize(("later", "found"), [(4, []), (5, []), (7, [7]), (9, [9])])
def test_it_wears_off(later, found):
    probabilities = [0.0] * 12
    probabilities[2], probabilities[later] = 0.9, 0.5
    assert onsets(probabilities) == [2, *found]


def test_a_surer_one_follows_at_once():
    assert onsets([0.0, 0.6, 0.0, 0.9, 0.0, 0.0]) == [1, 3]


def test_the_less_is_to_be_heard_the_surer_it_must_be():
    config = replace(C, still=0.0, quiet_from=-0.25, quiet_slope=0.5)
    assert [bool(onsets([0.0, p, 0.0], config, loudness)) for p, loudness in ((0.5, LOUD), (0.5, -0.25), (0.5, QUIET), (0.6, QUIET))] == [True, True, False, True]


def test_after_long_silence_it_must_be_surer_unless_something_goes_on_sounding():
    config = replace(C, quiet_slope=0.0, still=0.3, recent_points=90)
    assert onsets([0.0, 0.6, 0.0], config, QUIET) == [] and onsets([0.0, 0.6, 0.0], config, LOUD) == [1]
    unsure_after = lambda points: [0.9] + [0.0] * (points - 1) + [0.6, 0.0, 0.0]
    assert onsets(unsure_after(15), config, QUIET) == [0, 15] and onsets(unsure_after(90), config, QUIET) == [0] and onsets(unsure_after(90), config, LOUD) == [0, 90]


def test_in_a_game_it_must_be_a_little_surer_however_soft_it_is_or_long_silent_it_was():
    config = replace(C, quiet_slope=0.5, still=0.3, game_doubt=0.1)
    heard = lambda p, no_game, loudness: bool(onsets([0.0, p, 0.0], config, loudness, no_game))
    assert [heard(p, 0.0, loudness) for p, loudness in ((0.45, LOUD), (0.55, LOUD), (0.45, QUIET), (0.55, QUIET))] == [False, True, False, True]
    assert [heard(p, 1.0, loudness) for p, loudness in ((0.45, LOUD), (0.55, QUIET), (0.8, QUIET), (0.9, QUIET))] == [True, False, False, True]
    assert not heard(0.6, 0.5, QUIET) and heard(0.7, 0.5, QUIET), "half a game, half of each"


def test_streams_of_a_batch_do_not_tire_each_other_and_nothing_is_lowered_before_the_first():
    chunk = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.1, 0.1]])[..., None]
    left, _, recent = doubt_onsets(chunk, torch.zeros_like(chunk), torch.ones_like(chunk), torch.zeros(2, 1), C)
    assert left[1, :, 0].tolist() == pytest.approx([0.1] * 3) and recent[:, 0].tolist() == pytest.approx([1 - 2 / 240, 0], abs=1e-3)
    assert left[0, :, 0].tolist() == pytest.approx([0.9, 0.1 - 0.3 * 5 / 6, 0.1 - 0.3 * 4 / 6], abs=1e-3)
