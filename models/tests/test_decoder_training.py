"""The decoder learns on while latents and tones stay what they are, from sound that is what the bundle will play; critics learn to tell true from made."""
import json
import sys

import numpy as np
import torch

import train_decoder
from cache_made import tokens_of
from foleylab.adversary import Adversary, critics_loss, falsehood, features_apart
from foleylab.clips import KEYS, Clips
from foleylab.codec import Codec
from foleylab.flow import Flow, FlowConfig
from foleylab.planes import PLANES
from foleylab.recall import Recall, RecallConfig
from foleylab.training import load_average, save_weights
from train_encoders import Encoders

POINTS = 12


def toy_clips(folder, codec, count=3, points=30):
    """Clips of noise that swells, with their latents."""
    sound = 0.2 * torch.randn(count, points * 1600) * torch.linspace(0, 1, points * 1600)
    with torch.no_grad():
        latents = codec.encode(sound)
    for key in (*KEYS, "latents"):
        np.save(folder / f"train-1-{key}.npy", {"audio": sound, "latents": latents}.get(key, torch.zeros(count, 1)).numpy())
    (folder / "train-1-events.json").write_text(json.dumps([[]] * count))
    return sound


def test_a_span_is_voiced_as_the_decoder_would_and_compared_with_its_own_sound(tmp_path):
    codec = Codec().eval()
    sound = toy_clips(tmp_path, codec)
    latents, audio = train_decoder.cut(Clips(tmp_path, "train"), np.random.default_rng(0), 2, POINTS)
    begin = train_decoder.WARM_UP * 1600 + codec.config.delay_frames
    torch.manual_seed(5)
    with torch.no_grad():
        played, _ = codec.decoder(latents, codec.decoder.draw_noise(2, POINTS), codec.decoder.initial_state(2))
        torch.manual_seed(5)
        first, second = train_decoder.voice(codec.decoder, latents, bf16=False)
    assert torch.allclose(first, played[:, begin:], atol=1e-6) and first.shape == audio.shape and not torch.equal(first, second)
    windows = sound.unfold(1, audio.shape[1], 1600).flatten(0, 1)
    assert all((windows == a).all(1).any() for a in audio)


def test_training_changes_what_frames_sound_like_alone_and_resumes(tmp_path, monkeypatch):
    codec = Codec().eval()
    toy_clips(tmp_path, codec)
    path = tmp_path / "codec.pt"
    save_weights(codec.state_dict(), path, 7)
    torch.save(torch.randn(3, 30, codec.config.latent_width).half(), tmp_path / "made.pt")
    counts = []
    for made in ([], ["--made", str(tmp_path / "made.pt")], ["--made", str(tmp_path / "made.pt")]):
        where = ["--clips", str(tmp_path), "--codec", str(path), "--out", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", ["train_decoder.py", *where, "--minutes", "0.01", "--batch", "2", "--points", str(POINTS), *made])
        train_decoder.main()
        counts.append([torch.load(tmp_path / f"{name}.pt", weights_only=True)["count"] for name in ("decoder", "adversary")])
    before, after = codec.state_dict(), load_average(Codec(), path).state_dict()
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    assert changed and {k.split(".")[1] for k in changed} <= {"stem", "slow", "split", "fast", "head"} and all(k.startswith("decoder.") for k in changed)
    assert all(a == b for a, b in counts) and counts[0] < counts[1] < counts[2]


def test_critics_learn_to_tell_tones_from_noise_and_the_decoder_hears_what_they_find():
    adversary = Adversary()
    optimiser = torch.optim.Adam(adversary.parameters(), 1e-3)
    time = torch.arange(12000) / 48000
    true = lambda: 0.2 * torch.sin(2 * np.pi * (300 + 500 * torch.rand(4, 1)) * time)
    made = lambda: 0.14 * torch.randn(4, 12000)
    losses = []
    for _ in range(30):
        loss = critics_loss(adversary(true()), adversary(made()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
    with torch.no_grad():
        tone, other, noise = (adversary(x) for x in (true(), true(), made()))
    assert falsehood(noise) > falsehood(tone) and features_apart(tone, noise) > features_apart(tone, other) > 0 == features_apart(tone, tone)


@torch.no_grad()
def test_made_latents_are_those_of_the_bundle_s_whole_rendering():
    encoders, flow, recall = Encoders().eval(), Flow(FlowConfig()).eval(), Recall(RecallConfig()).eval()
    planes, pooled = torch.randint(0, 255, (2, 12, PLANES, 64, 64), dtype=torch.uint8), torch.randn(2, 2, 1280)
    tokens = tokens_of(encoders, recall, planes, pooled)
    assert tokens.shape == (2, 12, FlowConfig().token + FlowConfig().recalled)
    own, plain = tokens[..., : FlowConfig().token], encoders(planes, pooled)[0]
    assert torch.equal(own[..., :-2], plain[..., :-2]) and torch.equal(own[..., -1:], plain[..., -1:])
    assert (own[..., -2] <= plain[..., -2]).all()  # soon after an onset another is less likely
    made = lambda k: flow.whole(torch.randn(2, 12, FlowConfig().latent_width)[:, k], tokens[:, k], 1)
    whole, begun, late = made(slice(None)), made(slice(6)), made(slice(3, None))
    assert torch.allclose(whole, made(slice(None)), atol=1e-5)  # with one step noise says nothing
    assert torch.allclose(whole[:, :6], begun, atol=1e-5)
    assert not torch.allclose(whole[:, 3:], late, atol=1e-3)  # the chunk before is carried over
