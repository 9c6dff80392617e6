"""Causality, streamed equals whole, finite memory, cold start anywhere. Tolerance 1e-4 of the largest value, in float32."""
import numpy as np
import torch
from torch import nn

from foleylab.codec import Codec, CodecConfig
from foleylab.decode_graph import DecodeGraph
from foleylab.encoders import EncoderConfig, MotionEncoder, SemanticProjection, align_semantic
from foleylab.engine_pitch import CLASSES
from foleylab.flow import Flow, FlowConfig
from foleylab.layers import hold
from foleylab.mapper import Mapper, MapperConfig
from foleylab.measures import MEASURES
from foleylab.noise import latent_noise, philox
from foleylab.planes import PLANES

TOLERANCE = 1e-4
WIDTH = CodecConfig().latent_width


def close(a, b):
    return float((a - b).abs().max()) <= TOLERANCE * max(float(a.abs().max()), 1e-3)


@torch.no_grad()
def test_decoder_streamed_in_chunks_equals_whole_and_is_causal():
    decoder = Codec().eval().decoder
    latents, noise = torch.randn(1, 24, WIDTH), decoder.draw_noise(1, 24)
    whole, _ = decoder(latents, noise, decoder.initial_state())
    state, parts = decoder.initial_state(), []
    for k in range(0, 24, 3):
        pcm, state = decoder(latents[:, k : k + 3], noise[:, 8 * k : 8 * k + 24], state)
        parts.append(pcm)
    assert close(whole, torch.cat(parts, 1))
    latents[:, 12:] += 1
    changed, _ = decoder(latents, noise, decoder.initial_state())
    assert close(whole[:, : 12 * 1600], changed[:, : 12 * 1600])
    assert not close(whole[:, 12 * 1600 :], changed[:, 12 * 1600 :])


@torch.no_grad()
def test_decoder_as_a_graph_equals_the_decoder():
    codec = Codec().eval()
    graph, latents, gains = DecodeGraph(codec), torch.randn(1, 78, WIDTH), 0.5 * torch.randn(1, 78, 1)
    noise = graph.drawn[torch.arange(26) % graph.rows].flatten(0, 1)[None]
    factors = torch.exp(torch.nn.functional.interpolate(torch.cat([torch.zeros(1, 1), gains[0]]).T[None], 625, mode="linear", align_corners=True)[0, 0, 1:, None])
    for told, factor in ((0 * gains, 1.0), (gains, factors)):
        whole, _ = codec.decoder(latents, noise, codec.decoder.initial_state(), factor)
        state, parts = graph.initial_state(), []
        for k in range(0, 78, 3):
            pcm, *state = graph(torch.cat([latents, told], -1)[:, k : k + 3], *state)
            parts.append(pcm[0])
        assert close(whole, torch.cat(parts, 1))


def any_encoder():
    """With every part at work: what is begun at zero would hide its faults."""
    encoder = MotionEncoder(EncoderConfig()).eval()
    for leave in (encoder.shift.leave, encoder.trunk[0].leave, encoder.trunk[2].leave, encoder.gather[1]):
        nn.init.normal_(leave.weight, 0, 0.1)
    return encoder


@torch.no_grad()
def test_motion_encoder_streamed_equals_whole():
    encoder = any_encoder()
    frames = torch.randn(1, 24, PLANES, 64, 64)
    held = hold(frames, 30)
    state, parts = encoder.initial_state(), []
    for k in range(0, 54, 3):
        features, state = encoder(held[:, k : k + 3], state)
        parts.append(features)
    features, logits, measures = torch.cat(parts, 1)[:, 30:].split([encoder.c.motion_width, CLASSES, MEASURES], -1)
    assert close(encoder.whole(frames), features) and close(encoder.pitch_of_whole(frames), logits) and close(encoder.measures_of_whole(frames), measures)


@torch.no_grad()
def test_motion_encoder_forgets_its_initial_state_bit_for_bit():
    encoder = any_encoder()
    states = [encoder.initial_state(), [torch.randn_like(s) for s in encoder.initial_state()]]
    frames, memory = torch.randn(1, 36, PLANES, 64, 64), encoder.c.memory_points
    outs = [[], []]
    for k in range(0, 36, 3):
        for i in range(2):
            features, states[i] = encoder(frames[:, k : k + 3], states[i])
            outs[i].append(features)
    a, b = (torch.cat(o, 1) for o in outs)
    assert torch.equal(a[:, memory:], b[:, memory:])
    assert not torch.equal(a[:, : memory - 4], b[:, : memory - 4])


def stream(mapper, fused, state):
    parts = []
    for k in range(0, fused.shape[1], 3):
        tokens, *state = mapper.step(fused[:, k : k + 3], *state)
        parts.append(tokens)
    return torch.cat(parts, 1), state


@torch.no_grad()
def test_mapper_streamed_equals_whole_beyond_its_ring_and_is_causal():
    mapper = Mapper(MapperConfig()).eval()
    fused = torch.randn(1, 210, 256)
    tokens, _ = mapper.whole(fused)
    streamed, _ = stream(mapper, fused, mapper.initial_state())
    assert close(tokens, streamed)
    fused[:, 90:] += 1
    assert close(tokens[:, :90], mapper.whole(fused)[0][:, :90])


@torch.no_grad()
def test_mapper_starts_cold_anywhere_and_ignores_what_is_not_valid():
    mapper = Mapper(MapperConfig()).eval()
    c = mapper.c
    fused = torch.randn(1, c.warm_up + 2 * c.chunk, 256)
    streamed, _ = stream(mapper, fused, mapper.initial_state())
    tokens, *state = mapper.warm(fused[:, : c.warm_up + c.chunk])
    assert close(streamed[:, : c.warm_up + c.chunk], tokens)
    after, _ = stream(mapper, fused[:, c.warm_up + c.chunk :], state)
    assert close(streamed[:, c.warm_up + c.chunk :], after)
    keys, values, valid = mapper.initial_state()
    dirty, _ = stream(mapper, fused, (torch.randn_like(keys), torch.randn_like(values), valid))
    assert close(streamed, dirty)
    cut = mapper.whole(fused, torch.tensor([12]))[0]
    assert close(cut[:, 12:], mapper.whole(fused[:, 12:])[0])


def sample(flow, noise, tokens, past=None, steps=2):
    return flow.sample(noise, (tokens, torch.zeros(len(tokens), flow.c.prompt)), past or flow.no_past(len(tokens)), steps)


@torch.no_grad()
def test_flow_carries_the_latent_before_into_a_chunk_until_something_begins():
    torch.manual_seed(0)
    flow, noise = Flow(FlowConfig()).eval(), torch.randn(3, 3, WIDTH)
    tokens = torch.zeros(3, 3, flow.c.token)  # loud enough for the gate; the second begins at its second point, the third at its first
    tokens[1, 1, -2] = tokens[2, 0, -2] = 0.9
    prefix, valid = torch.full((3, 1, WIDTH), 5.0), torch.ones(3, 1)
    alone, joined = sample(flow, noise, tokens, steps=1), sample(flow, noise, tokens, (prefix, valid), 1)
    assert torch.equal(alone, sample(flow, noise, tokens, (prefix, valid * 0), 1))
    moved = ((joined - alone).abs().amax(-1) > 1e-2).tolist()
    assert moved == [[True, True, False], [True, False, False], [False, False, False]]
    assert torch.all((joined[0, 0] - 5).abs().mean() < 0.7 * (alone[0, 0] - 5).abs().mean())
    prefix, valid = flow.remember(joined)
    assert torch.equal(prefix[:, 0], joined[:, -1]) and valid.tolist() == [[1], [1], [1]]


@torch.no_grad()
def test_flow_points_to_silence_where_the_mapper_says_silence():
    flow = Flow(FlowConfig()).eval()
    flow.silence.normal_()
    tokens = torch.randn(2, 3, flow.c.token)
    tokens[..., -2], tokens[0, :, -1], tokens[1, :, -1] = 0, flow.c.gate_from - 0.43, -0.3
    got = sample(flow, torch.randn(2, 3, WIDTH), tokens)
    assert (got[0] - flow.silence).abs().max() < 1e-3
    assert (got[1] - flow.silence).abs().max() > 0.1


@torch.no_grad()
def test_flow_decides_onsets_where_they_are_likeliest_in_their_chunk():
    flow = Flow(FlowConfig()).eval()
    tokens = torch.zeros(3, 3, flow.c.token)
    tokens[..., -2] = torch.tensor([[0.1, 0.8, 0.6], [0.2, 0.1, 0.3], [0.9, 0.1, 0.7]])
    assert torch.allclose(flow.decide(tokens)[..., 0], torch.tensor([[0.0, 1, 0], [0, 0, 0], [1, 0, 1]]), atol=1e-2)
    tokens[..., -1] = -1.1
    flow.silence.normal_()
    got = sample(flow, torch.randn(3, 3, WIDTH), tokens, steps=1)
    quiet = (got - flow.silence).abs().amax(-1) < 0.05
    assert quiet.tolist() == [[True, False, False], [True, True, True], [False, False, False]]


def test_noise_follows_random123_and_is_standard():
    zero = philox(np.zeros((1, 4), np.uint64), (0, 0))[0]
    assert [int(v) for v in zero] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    ones = philox(np.full((1, 4), 0xFFFFFFFF, np.uint64), (0xFFFFFFFF, 0xFFFFFFFF))[0]
    assert [int(v) for v in ones] == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    noise = latent_noise(5, range(3000))
    assert abs(noise.mean()) < 0.01 and abs(noise.std() - 1) < 0.01
    assert np.array_equal(noise[7:9], latent_noise(5, [7, 8]))


def test_each_point_sees_the_newest_semantic_picture_that_use_would_show_it():
    c = EncoderConfig(semantic_every=15, semantic_lag=0, semantic_stored=6)
    seen = align_semantic(torch.arange(25.0).reshape(1, 25, 1), 150, c)[0, :, 0] * c.semantic_stored
    points = torch.arange(150)
    shown = points // 15 * 15
    assert torch.all(seen <= shown) and torch.all(shown - seen < c.semantic_stored)
    late = align_semantic(torch.arange(25.0).reshape(1, 25, 1), 150, EncoderConfig(semantic_every=6, semantic_lag=6, semantic_stored=6))[0, :, 0]
    assert torch.equal(late, (points // 6 - 1).clamp(min=0).float())


@torch.no_grad()
def test_semantic_features_are_projected_whole_in_use_and_in_part_in_training():
    torch.manual_seed(5)
    project, (first, second) = SemanticProjection(EncoderConfig()).eval(), 6 * torch.rand(2, 1, 1280)
    far = project(first) - project(0 * first)
    assert torch.allclose(project(second + first) - project(second), far, atol=1e-4), "what a feature adds does not depend on how large the others are"
    assert torch.allclose(project(2 * first) - project(first), far, atol=1e-4)
    project.train()
    drawn = torch.stack([project(first) for _ in range(400)])
    assert drawn.std(0).min() > 0 and torch.allclose(drawn.mean(0), project.eval()(first), atol=0.25)
