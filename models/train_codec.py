"""python train_codec.py --sounds DIR/sounds-1.npy --tune DIR/sounds-2.npy --out DIR/codec --minutes 20

Trains the codec on sound-only clips; resumes; writes codec.pt, codec.png (losses) and codec-clips.png (truth beside codec).
With --keep-decoder only the encoder learns, so that bundles that hold the decoder stay as they are.
"""
import argparse

import numpy as np
import torch

from foleylab.codec import Codec
from foleylab.spectral import draw_spectrograms, energy_distance
from foleylab.training import Run, add_arguments


def fit_statistics(codec, sounds, device):
    """Sets the decoder's mean and std so that latents become standard; the weights before it do not change."""
    decoder = codec.decoder
    with torch.no_grad():
        raw = codec.encoder(torch.tensor(sounds, dtype=torch.float32, device=device))
        decoder.mean.copy_(raw.mean((0, 1)))
        decoder.std.copy_(raw.std((0, 1)).clamp_min(0.05))


def as_rows(sounds, frames):
    """Longer rows as several of `frames`, so that sounds of all lengths make one array."""
    count = sounds.shape[1] // frames
    return sounds[:, : count * frames].reshape(-1, frames)


def cut(sounds, rng, batch, frames, step=200):
    """Random spans at random levels, (batch, frames)."""
    rows = rng.integers(len(sounds), size=batch)
    starts = rng.integers((sounds.shape[1] - frames) // step, size=batch) * step
    spans = np.stack([sounds[r, s : s + frames] for r, s in zip(rows, starts, strict=True)]).astype(np.float32)
    return spans * np.where(rng.random((batch, 1)) < 0.3, 10 ** rng.uniform(-1.2, 0.1, (batch, 1)), 1).astype(np.float32)


def training_loss(codec, audio, args):
    """Energy distance of two draws of the noise branch, and a leash on the latents."""
    with torch.autocast(args.device, torch.bfloat16, enabled=args.bf16):
        raw = codec.encoder(audio).float()
        latents = raw + torch.randn_like(raw) * args.jitter
        decoder = codec.decoder
        state = decoder.initial_state(len(audio))
        x, after = decoder.features((latents - decoder.mean) / decoder.std, state)
        spectrum, gain = decoder.spectra(x)
    d, n = codec.config.delay_frames, audio.shape[1] // codec.config.latent_frames
    draws = [decoder.synthesise(spectrum, gain, decoder.draw_noise(len(audio), n), state[len(after)])[0][:, d:] for _ in range(2)]
    score, apart = energy_distance(audio[:, :-d], *draws)
    leash = raw.square().mean()
    return score + 0.003 * leash, {"energy": score.detach(), "apart": apart.detach(), "latentRms": leash.detach().sqrt()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 20)
    parser.add_argument("--sounds", nargs="+", required=True)
    parser.add_argument("--tune", required=True)
    parser.add_argument("--jitter", type=float, default=0.15)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--keep-decoder", action="store_true", help="train the encoder alone")
    parser.add_argument("--fixed", action="store_true", help="overfit one batch, to look whether it can learn")
    args = parser.parse_args()
    loaded = [np.load(p, mmap_mode="r") for p in args.sounds]
    sounds = np.concatenate([as_rows(x, min(x.shape[1] for x in loaded)) for x in loaded])
    codec = Codec()
    codec.decoder.requires_grad_(not args.keep_decoder)
    run = Run(codec, codec.config, args, "codec")
    rng = np.random.default_rng([args.seed, run.count])
    audio = None
    for _ in run.steps():
        if audio is None or not args.fixed:
            audio = torch.tensor(cut(sounds, rng, args.batch, 36800), device=args.device)
        loss, parts = training_loss(codec, audio, args)
        run.step(loss, parts)
    codec.load_state_dict(run.average)
    if not args.keep_decoder:
        fit_statistics(codec, sounds[:200], args.device)
    for k, v in codec.state_dict().items():
        run.average[k] = v.clone()
    run.save()
    look(codec.cpu().eval(), audio[:4].cpu() if args.fixed else torch.tensor(np.load(args.tune)[:6].astype(np.float32)), args.out)


def look(codec, audio, out):
    """Truth beside codec as spectrograms, and the mean distance."""
    with torch.no_grad():
        decoded = codec.decode(codec.encode(audio))
        score, apart = energy_distance(audio, decoded, codec.decode(codec.encode(audio), seed=1))
    print(f"tune: energy distance {score:.3f}, draws apart {apart:.3f}")
    rows = [(f"{who} {i}", x.numpy()) for i in range(len(audio)) for who, x in (("truth", audio[i]), ("codec", decoded[i]))]
    draw_spectrograms(rows, out / "codec-clips.png")


if __name__ == "__main__":
    main()
