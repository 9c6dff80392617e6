"""python train_decoder.py --clips DIR/clips --codec DIR/codec/codec.pt --out DIR/decoder --made DIR/made.pt --minutes 50 --bf16

Trains the codec's decoder on, on the sound of scenes and with its tones. From true latents it learns by the energy distance and against critics
(foleylab/adversary.py); from those that `live` makes itself (--made, cache_made.py), of which nobody knows what they should sound like, against the critics alone. Its
encoders stay as they are, and so do the latents, the heads that tell them, and the memory. Resumes (decoder.pt, adversary.pt), and writes the codec with its
decoder back to codec.pt.
"""
import argparse
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from foleylab.adversary import Adversary, critics_loss, falsehood, features_apart
from foleylab.clips import Clips
from foleylab.codec import Codec, CodecConfig
from foleylab.spectral import energy_distance
from foleylab.training import Run, add_arguments, load_average, save_weights

WARM_UP = 6  # latents at the beginning of a span whose sound is not compared
CRITICS_RATE = 4e-4


def loosen(decoder):
    """Lets what turns latents of the frames into spectra learn; the tones stay as they are."""
    decoder.requires_grad_(False)
    for part in (decoder.stem, decoder.slow, decoder.split, decoder.fast, decoder.head):
        part.requires_grad_(True)


def voice(decoder, latents, bf16, draws=2):
    """Latents (B, T, 96) -> so many draws of their sound (B, N), without the warm-up. What the oscillators sing, and leave, is taken as given."""
    frames, tones = latents.split([decoder.c.frame_width, decoder.c.tones.width], -1)
    state = decoder.initial_state(len(latents))
    with torch.autocast(latents.device.type, torch.bfloat16, enabled=bf16):
        x, after = decoder.features(frames, state)
    spectrum, gain = decoder.spectra(x.float())
    tail, *singing = state[len(after) :]
    with torch.no_grad():
        waves, left, _ = decoder.sing(tones, decoder.power(spectrum, gain), singing)
    spectrum, gain = spectrum * torch.cat([left, left], -1), gain * left
    begin = WARM_UP * decoder.c.latent_frames + decoder.c.delay_frames
    return [decoder.synthesise(spectrum, gain, decoder.draw_noise(len(latents), latents.shape[1]), tail, waves)[0][:, begin:] for _ in range(draws)]


def spans(whole, rng, points):
    """Where a span of each row (B, T, ...) begins, and these spans (B, points, ...)."""
    starts = rng.integers(whole.shape[1] - points + 1, size=len(whole))
    return starts, torch.stack([row[s : s + points] for row, s in zip(whole, starts, strict=True)])


def cut(clips, rng, batch, points):
    """Random spans of clips -> latents (B, points, 96), and the sound that `voice` is to make of them."""
    whole, frames = clips.batch(rng.integers(len(clips), size=batch).tolist(), ("latents", "audio")), CodecConfig.latent_frames
    starts, latents = spans(whole["latents"], rng, points)
    heard = [row[(s + WARM_UP) * frames : (s + points) * frames - CodecConfig().delay_frames] for row, s in zip(whole["audio"], starts, strict=True)]
    return latents, torch.stack(heard)


def judge(adversary, audio, bf16):
    with torch.autocast(audio.device.type, torch.bfloat16, enabled=bf16):
        return adversary(audio)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 50)
    parser.set_defaults(batch=8, rate=3e-4, threads=1, device="cpu")
    parser.add_argument("--clips", type=Path, required=True, help="clips with latents (cache_latents.py)")
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--made", type=Path, help="latents that the head makes (cache_made.py)")
    parser.add_argument("--points", type=int, default=36, help="latents of a training row")
    parser.add_argument("--adversary", type=float, default=0.1, help="weight of what the critics find")
    parser.add_argument("--features", type=float, default=4.0, help="weight of the distance in the critics' layers")
    parser.add_argument("--made-weight", type=float, default=0.05, help="weight of what the critics find in the sound of --made")
    parser.add_argument("--bf16", action="store_true")
    args = parser.parse_args()
    codec, clips = load_average(Codec(), args.codec), Clips(args.clips, "train")
    made = torch.load(args.made, mmap=True, weights_only=True) if args.made else None
    decoder = codec.decoder
    loosen(decoder)
    run = Run(decoder, codec.config, args, "decoder")
    adversary = Adversary()
    critics = Run(adversary, None, SimpleNamespace(**{**vars(args), "rate": CRITICS_RATE, "muon": False}), "adversary")
    rng = np.random.default_rng([args.seed, run.count])
    for _ in run.steps():
        latents, audio = (x.to(args.device) for x in cut(clips, rng, args.batch, args.points))
        draws, own = voice(decoder, latents, args.bf16), None
        fake = draws[0]
        if made is not None:
            told = spans(made[rng.integers(len(made), size=args.batch)].float(), rng, args.points)[1].to(args.device)
            own = voice(decoder, told, args.bf16, 1)[0]
            fake = torch.cat([draws[0][::2], own[::2]])
        critics.step(loss := critics_loss(judge(adversary, audio, args.bf16), judge(adversary, fake.detach(), args.bf16)), {"critics": loss.detach()})
        adversary.requires_grad_(False)
        energy, apart = energy_distance(audio, *draws)
        true, heard = judge(adversary, audio, args.bf16), judge(adversary, draws[0], args.bf16)
        parts = {"energy": energy, "found": args.adversary * falsehood(heard), "features": args.features * features_apart(true, heard)}
        if own is not None:
            parts["made"] = args.made_weight * falsehood(judge(adversary, own, args.bf16))
        run.step(sum(parts.values()), {"apart": apart.detach(), **{k: v.detach() for k, v in parts.items()}})
        adversary.requires_grad_(True)
    critics.save()
    decoder.load_state_dict(run.average)
    saved = torch.load(args.codec, map_location="cpu", weights_only=True)
    save_weights(codec.cpu().state_dict(), args.codec, saved["count"], saved["history"])


if __name__ == "__main__":
    main()
