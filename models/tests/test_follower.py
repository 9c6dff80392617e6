"""What follows the picture: measures of pictures, sums that stream, a training that learns, and how far sounds swell."""
from dataclasses import replace

import numpy as np
import pytest
import torch

from foleylab.encoders import EncoderConfig, MotionEncoder
from foleylab.envelope import envelope
from foleylab.flow import Flow, FlowConfig
from foleylab.follower import Follower, FollowerConfig, hold_largest, leaky_sum
from foleylab.graphs import FlowGraph, UnrolledFlow
from foleylab.mapper import MapperConfig
from foleylab.measures import MEASURES, RISE, measures
from foleylab.planes import PLANES, SIZE
from foleylab.swell import DECIBEL, Swell, SwellConfig, between
from train_follower import at_frames, draw, examples, loss_of

C = SwellConfig()


def flash(level, size=8):
    """A grey picture with a block of another level in its middle, (1, 3, 64, 64)."""
    picture = torch.full((1, 3, SIZE, SIZE), 100.0)
    middle = slice(SIZE // 2, SIZE // 2 + size)
    picture[..., middle, middle] = level
    return picture


def test_measures_tell_rise_from_fall_and_what_appears_from_what_moves():
    up, down = (torch.exp(measures(a, b))[0] for a, b in ((flash(200), flash(100)), (flash(100), flash(200))))
    share = 100 * 64 / SIZE**2
    assert up[0].item() == pytest.approx(share + 0.02, rel=1e-4) and up[RISE].item() == pytest.approx(share + 0.02, rel=1e-4) and up[2].item() == pytest.approx(0.02, rel=1e-3)
    assert down[RISE].item() == pytest.approx(0.02, rel=1e-3) and down[2].item() == pytest.approx(share + 0.02, rel=1e-4)
    assert up.shape == (MEASURES,) and up[14] > 1 and up[15] < 0.03, "it appeared, and nothing vanished"
    moved = torch.exp(measures(torch.roll(flash(200), 1, -1), flash(200)))[0]
    assert moved[RISE] > 0.1 and moved[14] < 0.03, "what moves by a pixel did not appear"
    assert torch.allclose(measures(flash(200), flash(200))[0, :21], torch.log(torch.tensor(0.02)), atol=1e-3)


def test_sums_leak_as_one_by_one_and_the_largest_falls_no_faster():
    torch.manual_seed(0)
    x, before = torch.randn(2, 9, 3), torch.randn(2, 3)
    now, by_one = before, []
    for k in range(9):
        now = now * (1 - 1 / 4) + x[:, k] / 4
        by_one.append(now)
    assert torch.allclose(leaky_sum(x, before, 4), torch.stack(by_one, 1), atol=1e-6)
    held = hold_largest(torch.tensor([[0.0, 3.0, -9.0, -9.0]]), torch.tensor([[1.0]]), 0.5)
    assert held[0].tolist() == pytest.approx([max(0, 1 + np.log(0.5)), 3, 3 + np.log(0.5), 3 + 2 * np.log(0.5)])


@torch.no_grad()
def test_streamed_equals_whole():
    torch.manual_seed(1)
    swell = Swell(C).eval()
    tokens, no_game, told = torch.rand(1, 60, MapperConfig().token), torch.randn(1, 60, 1), torch.randn(1, 60, MEASURES)
    whole, gains = swell.whole(tokens, no_game, told)
    state, parts = swell.initial_state(), []
    for k in range(0, 60, 3):
        lifted, gain, state = swell(tokens[:, k : k + 3], no_game[:, k : k + 3], told[:, k : k + 3], state)
        parts.append(torch.cat([lifted, gain], -1))
    assert torch.allclose(torch.cat(parts, 1), torch.cat([whole, gains], -1), atol=1e-4)
    assert gains.std() > 1e-3, "nothing swells: the test would show nothing"


@torch.no_grad()
def test_what_is_usual_counts_for_nothing():
    torch.manual_seed(2)
    follower, told = Follower(FollowerConfig()).eval(), torch.randn(1, 300, MEASURES)
    louder = told + torch.linspace(-3, 3, MEASURES)
    a, b = (follower(x, follower.initial_state())[0][:, 100:] for x in (told, louder))
    assert torch.allclose(a, b, atol=0.12) and a.std() > 0.05


@torch.no_grad()
def test_scenes_stay_as_they_are_and_games_swell_within_limits():
    torch.manual_seed(3)
    swell = Swell(replace(C, depth=50.0, lift=10.0)).eval()
    tokens, told = torch.rand(1, 90, MapperConfig().token), torch.randn(1, 90, MEASURES)
    scene, still = swell.whole(tokens, torch.full((1, 90, 1), 9.0), told)
    assert torch.allclose(scene, tokens, atol=1e-4) and still.abs().max() < 1e-4
    game, gains = swell.whole(tokens, torch.full((1, 90, 1), -9.0), told)
    assert gains.min().item() == pytest.approx(C.limits_db[0] * DECIBEL, abs=1e-3) and gains.max().item() == pytest.approx(C.limits_db[1] * DECIBEL, abs=1e-3)
    assert {0.0, 1.0} <= set(game[..., -2].flatten().tolist()) and game[..., -2].min() == 0 and game[..., -2].max() == 1
    others = [k for k in range(tokens.shape[-1]) if k != tokens.shape[-1] - 2]
    assert torch.equal(game[..., others], tokens[..., others])


def test_gains_go_in_straight_lines_from_the_point_before():
    line = between(2, 4) @ torch.tensor([[0.0], [8.0], [0.0]])
    assert line[:, 0].tolist() == [2, 4, 6, 8, 6, 4, 2, 0]


@torch.no_grad()
def test_the_gain_goes_past_the_head_whatever_the_noise_and_the_steps():
    torch.manual_seed(4)
    flow = Flow(FlowConfig()).eval()
    c = flow.c
    noise, tokens = torch.randn(1, 3, c.latent_width + 1), torch.randn(1, 3, c.token + c.recalled + 1)
    prompt, past = torch.zeros(1, c.prompt), (torch.zeros(1, 1, c.latent_width + 1), torch.zeros(1, 1))
    for steps in (1, 2):
        latents = UnrolledFlow(flow, steps)(noise, tokens, prompt, *past)
        x, times = noise, flow.times(steps)
        for now, then in zip(times, times[1:], strict=False):
            x = x + FlowGraph(flow)(x, torch.tensor([now]), tokens, prompt, *past) * (then - now)
        assert torch.allclose(latents[..., -1], tokens[..., -1]) and torch.allclose(x, latents, atol=1e-4)
        assert torch.allclose(latents[..., :-1], flow.sample(noise[..., :-1], (tokens[..., :-1], prompt), flow.no_past(1), steps), atol=1e-5)


@torch.no_grad()
def test_the_encoder_measures_pictures_in_levels():
    c, encoder = EncoderConfig(), MotionEncoder(EncoderConfig()).eval()
    planes = torch.zeros(1, 2, PLANES, SIZE, SIZE)
    planes[0, :, :3] = c.standardise(torch.cat([flash(100), flash(200)]))
    told = encoder.measures_of_whole(planes)
    assert torch.allclose(told[0, 1], measures(flash(200), flash(100))[0], atol=1e-3) and told.shape == (1, 2, MEASURES)


class Films:
    """Clips in which a block flashes, and noise is heard while it is bright; the last is silent, every other is a captured game."""

    def __init__(self, count, points=150):
        rng = np.random.default_rng(5)
        self.bright = rng.random((count, points // 15)) < 0.4
        self.bright[:, :2] = (True, False)
        shown = self.bright.repeat(15, 1)
        self.small = np.stack([np.concatenate([flash(200 if b else 100)[0].permute(1, 2, 0).numpy()[None].astype(np.uint8) for b in clip]) for clip in shown])
        self.audio = (0.1 * rng.standard_normal((count, points * 1600)) * (0.01 + shown.repeat(1600, 1))).astype(np.float16)
        self.audio[-1] = 0

    def __len__(self):
        return len(self.small)

    def row(self, key, i):
        return np.array([i % 2], np.uint8) if key == "known" else getattr(self, key)[i]


def test_it_learns_what_is_heard_with_what_is_seen():
    torch.manual_seed(0)
    measured, envelopes, captured = examples(Films(9))
    assert len(measured) == 8 and captured.tolist() == [True, False] * 4, "what is silent is left out"
    follower, generator = Follower(FollowerConfig()), torch.Generator().manual_seed(0)
    rows = draw(captured, 4, generator)
    assert captured[rows].tolist() == [True, True, False, False]
    optimiser = torch.optim.Adam(follower.parameters(), 3e-3)
    first = loss_of(follower, measured, envelopes)[1].item()
    for _ in range(60):
        loss, r = loss_of(follower, measured, envelopes)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert r > 0.6 > first + 0.2


def test_points_lie_at_the_middles_of_their_windows():
    frames = envelope(np.random.default_rng(0).standard_normal(48000), 4).shape
    assert frames == (4, 49)
    line = at_frames(torch.arange(30.0)[None, :, None].expand(-1, -1, 4), 49)
    assert line.shape == (1, 4, 49) and line[0, 0, 10].item() == pytest.approx((10 * 960 + 960) / 1600 - 0.5)
