"""python train_follower.py --clips DIR/clips --out DIR/follower --minutes 2

Trains what follows the picture in games that nobody trained on (foleylab/follower.py): plain measures of pictures are asked for the band envelopes
of the true sound, their correlation is the loss. Half of each batch are captured games, if there are any.
"""
import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

from foleylab.clips import Clips
from foleylab.envelope import GAP_FRAMES, WINDOW_FRAMES, envelope
from foleylab.follower import Follower, FollowerConfig
from foleylab.measures import measures
from foleylab.training import Run, add_arguments

GRID_FRAMES, SMOOTHED = 1600, 50
NOISE, SPREAD = 0.1, 0.2  # of standardised measures: added; deviation of the logarithm of a factor
FAR, MEAN = 0.02, 0.02  # what the squared distance to the envelope, and the squared mean, count beside correlation


def examples(clips):
    """-> measures (N, T, MEASURES), envelopes (N, bands, frames), whether each is a captured game, of the clips in which something is heard."""
    measured, envelopes, captured = [], [], []
    for i in range(len(clips)):
        audio = np.asarray(clips.row("audio", i), np.float32)
        if np.abs(audio).max() < 1e-3:
            continue
        with torch.no_grad():
            pictures = torch.from_numpy(np.array(clips.row("small", i))).permute(0, 3, 1, 2).float()
            measured.append(measures(pictures, torch.cat([pictures[:1], pictures[:-1]])))
        envelopes.append(torch.from_numpy(envelope(audio, FollowerConfig.bands)).float())
        captured.append(not clips.row("known", i).all())
    return torch.stack(measured), torch.stack(envelopes), torch.tensor(captured)


def at_frames(deviations, frames):
    """(B, T, bands) at grid points -> (B, bands, frames) at the middles of the envelope's windows."""
    at = (torch.arange(frames) * GAP_FRAMES + WINDOW_FRAMES / 2) / GRID_FRAMES - 0.5
    first = at.floor().long().clamp(0, deviations.shape[1] - 2)
    share = (at - first).clamp(0, 1)[:, None]
    return (deviations[:, first] * (1 - share) + deviations[:, first + 1] * share).transpose(1, 2)


def loss_of(follower, measured, envelopes):
    """-> 1 - correlation and what keeps the scale, mean correlation."""
    x, _ = follower.standardise(measured, measured.new_zeros(len(measured), 1 + 2 * measured.shape[-1]))
    if follower.training:
        x = (x + NOISE * torch.randn_like(x[:, :1])) * torch.exp(SPREAD * torch.randn_like(x[:, :1]))
    deviations, _ = follower.learned(x, follower.initial_state(len(measured))[1])
    heard = at_frames(deviations, envelopes.shape[-1])
    heard = heard - nn.functional.avg_pool1d(nn.functional.pad(heard, (SMOOTHED // 2, SMOOTHED // 2 - 1), mode="replicate"), SMOOTHED, 1)
    product = (heard * envelopes).sum((1, 2))
    r = (product / torch.sqrt(heard.square().sum((1, 2)) * envelopes.square().sum((1, 2)) + 1e-9)).mean()
    return 1 - r + FAR * (heard - envelopes).square().mean() + MEAN * deviations.mean(1).square().mean(), r


def draw(captured, size, generator):
    """Rows of a batch: half of captured games and half of the rest, where there are both."""
    kinds = [k for k in (torch.nonzero(captured).flatten(), torch.nonzero(~captured).flatten()) if len(k)]
    return torch.cat([k[torch.randint(len(k), (size // len(kinds),), generator=generator)] for k in kinds])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 2)
    parser.set_defaults(batch=32, rate=2e-3, threads=1, device="cpu")
    parser.add_argument("--clips", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    measured, envelopes, captured = examples(Clips(args.clips, "train"))
    print(f"{len(measured)} clips in which something is heard, {int(captured.sum())} of them of captured games", flush=True)
    run, generator = Run(Follower(FollowerConfig()), FollowerConfig(), args, "follower"), torch.Generator().manual_seed(args.seed)
    for _ in run.steps():
        rows = draw(captured, args.batch, generator)
        loss, r = loss_of(run.model, measured[rows], envelopes[rows])
        run.step(loss, {"r": r.detach()})


if __name__ == "__main__":
    main()
