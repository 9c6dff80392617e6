"""Onsets are decided where they are likeliest, and soon after one another must be surer."""
from dataclasses import replace

import pytest
import torch

from foleylab.decision import decide_onsets, lower_after_onsets
from foleylab.recall import RecallConfig

C = RecallConfig(decide_from=0.4, refractory=0.3, refractory_points=6)


def onsets(probabilities, config=C):
    """Points of a stream that are onsets, chunk by chunk."""
    found, refractory = [], torch.zeros(1, 1)
    for chunk in torch.tensor(probabilities)[None, :, None].split(3, 1):
        lowered, begun, refractory = lower_after_onsets(chunk, refractory, config)
        assert torch.equal(begun.round(), decide_onsets(lowered, config.decide_from, config.decide_slope).round())
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


def test_streams_of_a_batch_do_not_tire_each_other_and_nothing_is_lowered_before_the_first():
    chunk = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.1, 0.1]])[..., None]
    lowered, _, refractory = lower_after_onsets(chunk, torch.zeros(2, 1), C)
    assert torch.equal(lowered[1], chunk[1]) and refractory[:, 0].tolist() == pytest.approx([1 - 2 / 6, 0], abs=1e-3)
    assert lowered[0, :, 0].tolist() == pytest.approx([0.9, 0.1 - 0.3 * 5 / 6, 0.1 - 0.3 * 4 / 6], abs=1e-3)
