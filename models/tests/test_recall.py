"""The memory of sounds: what is played, for how long, what is chosen, and what is worth remembering."""
from dataclasses import replace

import numpy as np
import pytest
import torch

from foleylab.data.scene import FAMILIES
from foleylab.encoders import EncoderConfig
from foleylab.engine_pitch import CLASSES, ENGINE
from foleylab.flow import Flow, FlowConfig
from foleylab.graphs import MapGraph, WarmGraph
from foleylab.mapper import Mapper, MapperConfig
from foleylab.onnxfile import weight_steps
from foleylab.recall import Recall, RecallConfig
from foleylab.swell import Swell, SwellConfig
from make_memory import clean_starts, learn_to_ask, learn_to_tell_games, lengths_of, remember, remember_moments

C = RecallConfig(sounds=4, moments=2, key=3, points=6, fade=2, reach=2.0)
SHARE, TONES, TONE_SHARE = C.token + C.latent_width, C.token + C.tones_from, C.token + C.latent_width + C.tones_from  # where tokens have them


def memory(config=C, lengths=(6, 6, 4, 6)):
    """Sound k holds k + 1 and a tenth of its age in every number, and lies at a corner of its own; two moments hold -1 and -2, and lie at the first and the
    second corner. The first number of a token says that it is a game."""
    torch.manual_seed(0)
    recall = Recall(config).eval()
    with torch.no_grad():
        recall.no_game.weight.zero_()
        recall.no_game.weight[0, 0] = -40
        recall.no_game.bias.fill_(20)
    keys = torch.cat([torch.zeros(1, 3), 2 * torch.eye(3)])
    latents = (torch.arange(1, 5)[:, None] + 0.1 * torch.arange(6))[..., None].expand(-1, -1, config.latent_width)
    recall.remember_moments(keys[:2], -torch.arange(1.0, 3)[:, None].expand(-1, config.latent_width))
    return recall.remember(keys, latents, torch.tensor(lengths))


def asks(recall, key):
    """Makes every token ask for `key`."""
    with torch.no_grad():
        recall.ask[-1].weight.zero_()
        recall.ask[-1].bias.copy_(torch.tensor(key))
    return recall


def heard_by(recall, tokens):
    """Of whole clips in which no engine is heard."""
    return recall.whole(tokens, torch.zeros(*tokens.shape[:2], CLASSES))


def tokens_with(onsets, points=24):
    tokens = torch.zeros(1, points, C.token)
    tokens[0, onsets, -2] = 0.9
    return tokens


@torch.no_grad()
def test_a_sound_plays_from_its_onset_over_the_borders_of_chunks_until_it_ends():
    out = heard_by(asks(memory(), [0.0, 2, 0]), tokens_with([4]))[0, :, C.token :]
    sound, share = out[:, 0], out[:, C.latent_width]
    assert torch.allclose(sound[4:8], torch.tensor([3.0, 3.1, 3.2, 3.3 / 2]), atol=0.04)
    assert torch.allclose(share[4:8], torch.tensor([1.0, 1, 1, 0.5]), atol=1e-3)
    assert share[:4].abs().max() < 1e-3 and share[8:].abs().max() < 1e-3


@torch.no_grad()
def test_what_begins_takes_the_place_of_what_was_heard():
    recall = asks(memory(), [2.0, 0, 0])
    sound = heard_by(recall, tokens_with([4, 7]))[0, :, C.token]
    assert torch.allclose(sound[4:13], torch.tensor([2.0, 2.1, 2.2, 2.0, 2.1, 2.2, 2.3, 2.4, 2.5 / 2]), atol=0.04)


@torch.no_grad()
def test_the_event_that_is_nearest_is_recalled():
    recall = memory()
    for key, first in (([0.1, 0.2, 0], 1), ([1.9, 0.3, 0.1], 2), ([0.5, 0.2, 1.7], 4)):
        assert heard_by(asks(recall, key), tokens_with([3]))[0, 3, C.token] == pytest.approx(first, abs=0.04)


@torch.no_grad()
def test_nothing_is_recalled_where_nothing_looks_alike():
    recall = memory()
    for key, share in (([3.2, 0, 0], 1), ([3.6, 0, 0], 0), ([-1.3, -0.4, 0], 1), ([-1.3, -1.3, 0], 0)):
        assert heard_by(asks(recall, key), tokens_with([3]))[0, 3, SHARE] == pytest.approx(share, abs=0.01), key


@torch.no_grad()
def test_the_less_sure_it_is_no_game_the_less_far_it_reaches():
    recall = memory()
    for game, key, share in ((0.5, [2.9, 0, 0], 1), (0.5, [3.1, 0, 0], 0), (1.0, [1.6, 0, 0], 0), (0.0, [1.6, 0, 0], 1)):
        tokens = tokens_with([3])
        tokens[..., 0] = game
        assert heard_by(asks(recall, key), tokens)[0, 3, SHARE] == pytest.approx(share, abs=0.01), (game, key)


@torch.no_grad()
def test_its_tones_are_recalled_wherever_something_begins():
    recall = memory()
    tokens = tokens_with([3])
    tokens[..., 0] = 1.0  # a game
    heard = heard_by(asks(recall, [9.0, 0, 0]), tokens)[0]
    assert heard[3:7, [C.token, SHARE]].abs().max() < 1e-3
    assert torch.allclose(heard[3:7, TONES], torch.tensor([2.0, 2.1, 2.2, 2.3]), atol=0.04)


@torch.no_grad()
def test_tones_are_those_of_the_nearest_moment_where_no_sound_plays():
    for key, tone in (([0.1, 0, 0], -1), ([1.9, 0.1, 0], -2)):
        heard = heard_by(asks(memory(lengths=(3, 3, 3, 3)), key), tokens_with([4]))[0]
        assert torch.allclose(heard[[0, 3, 8, 23], TONES], torch.full((4,), float(tone)), atol=0.02), key
        assert heard[4, TONES] > 0.9 and heard[6, TONES] == pytest.approx((heard[6, C.token] + tone / 2).item(), abs=0.04), "half a sound, half a moment"
        assert torch.allclose(heard[:, TONE_SHARE], torch.ones(24), atol=1e-3)
        assert heard[[0, 3, 8, 23]][:, [C.token, SHARE]].abs().max() < 1e-3


@torch.no_grad()
def test_an_engine_sings_at_the_pitch_that_tokens_tell_as_far_as_one_is_heard():
    recall, at = asks(memory(), [0.0, 0, 0]), MapperConfig.hidden_token + len(FAMILIES) + ENGINE
    recall.remember_engines(torch.arange(float(CLASSES))[:, None].expand(-1, C.latent_width - C.tones_from))
    for engine, wanted in ((1.0, {20: 20, 50: 50}), (C.engine_from, {20: 9.5, 50: 24.5}), (0.0, {20: -1, 50: -1})):
        for says, tone in wanted.items():
            tokens, pitch = torch.zeros(1, 3, C.token), torch.zeros(1, 3, CLASSES)
            tokens[..., at], pitch[..., says] = engine, 30.0
            assert recall.whole(tokens, pitch)[0, 0, TONES].item() == pytest.approx(tone, abs=0.5), (engine, says)


@torch.no_grad()
def test_where_hardly_anything_is_expected_to_be_heard_nothing_is_recalled_but_tones():
    recall = asks(memory(replace(C, still=0.0, quiet_slope=0.0)), [2.8, 0, 0])  # no doubts: the onset is decided however soft it is
    for loudness, share in ((-20, 1), (-40, 1), (-48, 0), (-60, 0)):
        tokens = tokens_with([3])
        tokens[..., -1] = loudness / 80
        heard = heard_by(recall, tokens)[0, 3]
        assert heard[SHARE] == pytest.approx(share, abs=0.03), loudness
        assert heard[TONE_SHARE] == pytest.approx(1, abs=1e-3)


@torch.no_grad()
def test_a_byte_holds_each_number_of_a_sound():
    steps = weight_steps(memory().sounds.numpy())
    assert steps is not None and len(steps) == 4


@torch.no_grad()
def test_a_warm_up_leaves_playing_what_a_stream_would():
    torch.manual_seed(1)
    mapper, recall = Mapper(MapperConfig()).eval(), memory(replace(C, decide_from=0.0))
    with torch.no_grad():
        mapper.to_aux.weight[-2].mul_(40)  # decided onsets here and there
    fused, n = torch.randn(1, 84, EncoderConfig().fused_features), mapper.c.warm_up + mapper.c.chunk
    swell = Swell(SwellConfig()).eval()
    graph, warm = MapGraph(mapper, recall, swell), WarmGraph(mapper, recall, swell)
    d = mapper.c.width // mapper.c.heads
    fresh = lambda: [torch.zeros(1, mapper.c.ring), *(torch.zeros(mapper.c.heads, mapper.c.ring, d) for _ in range(2 * mapper.c.layers)), *recall.initial_state(), *swell.initial_state()]
    streamed, state = [], fresh()
    for k in range(0, 84, 3):
        tokens, *state = graph(fused[:, k : k + 3], *state)
        streamed.append(tokens)
    dirty = [torch.randn_like(s) for s in fresh()]
    begun, *after = warm(fused[:, :n], dirty[0] * 0, *dirty[1:])
    heard = streamed[n // 3 - 1]
    assert heard[..., SHARE].max() > 0.9, "nothing plays: the test would show nothing"
    assert torch.allclose(begun[:, -3:], heard, atol=1e-3)
    for k in range(n, 84, 3):
        tokens, *after = graph(fused[:, k : k + 3], *after)
        assert torch.allclose(tokens, streamed[k // 3], atol=1e-3)


@torch.no_grad()
def test_the_head_gives_way_to_a_sound_by_its_share_behind_the_gate_and_without_a_prompt():
    torch.manual_seed(2)
    flow = Flow(FlowConfig()).eval()
    flow.silence.normal_()
    tokens, prompt = torch.zeros(4, 3, flow.c.token + flow.c.recalled), torch.zeros(4, flow.c.prompt)
    noise = torch.randn(4, 3, flow.c.latent_width)
    tokens[3, :, flow.c.token - 1] = -1.2  # silence
    prompt[2, 0] = 1
    own = flow.sample(noise, (tokens, prompt), flow.no_past(4), 1)
    shares = torch.tensor([1, 0.5, 1, 1])[:, None, None].repeat(1, 3, flow.c.latent_width)
    shares[0, :, :50] = 0
    tokens[:, :, flow.c.token :] = torch.cat([7 * shares, shares], -1)
    heard = flow.sample(noise, (tokens, prompt), flow.no_past(4), 1)
    assert torch.allclose(heard[0], torch.cat([own[0, :, :50], torch.full_like(own[0, :, 50:], 7)], -1), atol=1e-3)
    assert torch.allclose(heard[1], (own[1] + 7) / 2, atol=1e-3)
    assert torch.allclose(heard[2:], own[2:], atol=1e-3)


def test_lengths_end_at_the_next_hit_and_at_the_end_of_a_clip():
    hits = torch.tensor([0, 1, 0, 0, 1, 0, 1, 0, 0, 0], dtype=torch.bool)
    clip = torch.tensor([0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    assert lengths_of(hits, clip).tolist() == [1, 3, 2, 1, 2, 1, 1, 3, 2, 1]


def heard_clips(levels):
    """One clip a row, a hit at its third point, of such loudness in dB."""
    loudness = torch.tensor(levels, dtype=torch.float32)
    hits = torch.zeros(loudness.shape, dtype=torch.bool)
    hits[:, 2] = True
    clip = torch.arange(len(levels))[:, None].expand_as(hits)
    tokens = torch.randn(hits.numel(), RecallConfig().token)
    return {"loudness": loudness.flatten(), "hits": hits.flatten(), "clip": clip.flatten(), "tokens": tokens, "latents": torch.randn(hits.numel(), 96)}


def test_only_clean_onsets_are_remembered():
    clear = [-70, -70, -20, -21, -25, -30, -35, -40]
    masked, again, short = [-25, -25, *clear[2:]], [*clear[:5], -21, *clear[6:]], list(clear)
    late = [-70, -70, -60, -20, *clear[4:]]
    heard = heard_clips([clear, masked, again, short, clear, late, clear])
    heard["hits"][3 * 8 + 5] = True
    starts, lengths = clean_starts(heard, least=5, points=6, rise=15, again=2)
    assert starts.tolist() == [2, 34] and lengths[starts].tolist() == [6, 6], "the last has no points behind it"
    recall = remember(Recall(RecallConfig(sounds=2, points=6)), heard, 1, least=5)
    assert sorted(recall.sounds.reshape(2, 6, 96)[:, 0, 0].tolist()) == pytest.approx(sorted(heard["latents"][[2, 34], 0].tolist()), abs=0.05)
    with pytest.raises(ValueError, match="2 clean onsets in these clips, 3 are wanted: make more clips"):
        remember(Recall(RecallConfig(sounds=3, points=6)), heard, 1, least=5)


def test_only_moments_of_sounds_that_go_on_are_remembered():
    heard = heard_clips([[-20] * 7 + [-60] + [-20] * 2] * 2)  # hits at the third points, one point too soft
    going_on = [0, 1, 6, 8, 9, 10, 11, 16, 18, 19]
    recall = remember_moments(Recall(RecallConfig(points=4, moments=10)), heard, 1)
    assert sorted(recall.moments[:, 0].tolist()) == pytest.approx(sorted(heard["latents"][going_on, RecallConfig.tones_from].tolist()), abs=0.05)
    with pytest.raises(ValueError, match="10 moments in these clips, 11 are wanted: make more clips"):
        remember_moments(Recall(RecallConfig(points=4, moments=11)), heard, 1)


def test_games_are_told_from_what_is_none():
    torch.manual_seed(4)
    width = RecallConfig().token
    scale = torch.linspace(0.01, 30, width)
    others, games = torch.randn(400, width) * scale + 3, torch.randn(100, width) * scale + 3
    games[:, :20] -= 2 * scale[:20]
    recall, lines = Recall(RecallConfig()), []
    learn_to_tell_games(recall, others[:200], games[:50], lines.append)
    with torch.no_grad():
        right = (recall.no_game(others[200:]) > 0).float().mean(), (recall.no_game(games[50:]) < 0).float().mean()
    assert min(right) > 0.8, lines


def test_asking_learns_what_tokens_tell_and_measures_in_it():
    torch.manual_seed(3)
    told = torch.randn(900, 2)
    tokens = torch.cat([told, torch.randn(900, RecallConfig().token - 2)], 1)
    answers = told @ torch.randn(2, 96)
    lines = []
    recall = learn_to_ask(Recall(RecallConfig(key=4)), tokens, answers, lines.append)
    assert float(lines[0].rsplit(" ", 1)[1]) < 0.3
    with torch.no_grad():
        asked = recall.ask(tokens[:200])
    wanted = (answers - answers.mean(0)) / answers.std(0)
    distance = lambda x: torch.cdist(x[:200], x[:200]).flatten()
    assert np.corrcoef(distance(asked), distance(wanted))[0, 1] > 0.9
    assert 0.6 < float(distance(asked).mean() / distance(wanted).mean()) < 1.2
