"""How far strips have moved: what shifts, and what does not matter."""
import pytest
import torch

from foleylab.encoders import EncoderConfig, MotionEncoder
from foleylab.graphs import MotionGraph
from foleylab.layers import hold
from foleylab.planes import planes_of
from foleylab.shift import LAGS, REACH, SIZE, STRIP, STRIPS, compare, likeness, slopes

ROWS = SIZE // STRIP


def ground(seed=0):
    return torch.randn(3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def found(now, then):
    """Shift in pixels at which each strip's windows look most alike, (32, WINDOWS)."""
    return compare(slopes(now)[None], slopes(then)[None])[0].argmax(1) - REACH


@pytest.mark.parametrize("pixels", [-5, -1, 0, 3])
def test_what_moves_along_rows_or_columns_is_found(pixels):
    picture = ground()
    sideways, down = torch.roll(picture, pixels, 2), torch.roll(picture, pixels, 1)
    assert (found(sideways, picture)[:ROWS] == -pixels).float().mean() > 0.9
    assert (found(down, picture)[ROWS:] == -pixels).float().mean() > 0.9


def test_light_does_not_matter_and_flat_ground_looks_like_nothing():
    picture = ground()
    moved = 0.6 * torch.roll(picture, 2, 2) + 0.5
    assert (found(moved, picture)[:ROWS] == -2).float().mean() > 0.9
    flat = compare(slopes(picture)[None], slopes(torch.zeros_like(picture))[None])
    assert flat.abs().max() == 0


def test_both_pictures_before_are_compared():
    picture = slopes(torch.stack([ground(k) for k in range(3)]))[None]
    for k in range(LAGS):
        other = picture.clone()
        other[0, k] = slopes(ground(9))
        assert not torch.allclose(likeness(picture), likeness(other))


@torch.no_grad()
def test_the_graph_says_what_the_encoder_says():
    torch.manual_seed(0)
    encoder = MotionEncoder(EncoderConfig()).eval()
    for leave in (encoder.shift.leave, encoder.trunk[0].leave, encoder.trunk[2].leave, encoder.gather[1]):
        torch.nn.init.normal_(leave.weight, 0, 0.1)
    frames, graph = torch.randn(1, 24, 3, 2 * SIZE, 2 * SIZE), MotionGraph(encoder)
    state, held, parts = graph.initial_state(), hold(frames, 30), []
    assert state[2].shape == (1, LAGS, STRIPS, SIZE)
    for k in range(0, 54, 3):
        features, *state = graph(held[:, k : k + 3], *state)
        parts.append(features)
    planes = planes_of(frames)
    whole = torch.cat([encoder.whole(planes), encoder.pitch_of_whole(planes), encoder.measures_of_whole(planes)], -1)
    assert torch.allclose(torch.cat(parts, 1)[:, 30:], whole, atol=1e-4)
