"""The decoder learns on while latents and tones stay what they are, from sound that is what the bundle will play; critics learn to tell true from made."""
import json
import sys

import numpy as np
import torch

import train_decoder
from foleylab.adversary import Adversary, critics_loss, decoders_losses
from foleylab.clips import KEYS, Clips
from foleylab.codec import Codec
from foleylab.training import load_average, save_weights

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
    counts = []
    for _ in range(3):
        monkeypatch.setattr(sys, "argv", ["train_decoder.py", "--clips", str(tmp_path), "--codec", str(path), "--out", str(tmp_path), "--minutes", "0.01", "--batch", "2", "--points", str(POINTS)])
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
        tone, noise = true(), made()
        (false, apart), (fine, near) = (decoders_losses(adversary(tone), adversary(x)) for x in (noise, true()))
    assert false > fine and apart > near > 0 and decoders_losses(adversary(tone), adversary(tone))[1] == 0
