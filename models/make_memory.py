"""python make_memory.py --tokens DIR/tokens --sounds DIR/memory --games DIR/games --encoders DIR/encoders/encoders.pt --out DIR/recall

The memory of sounds (foleylab/recall.py). What the tokens of an onset tell of the latents that follow is learned from the cached tokens
of many clips; the distance between two tokens is that between what they tell. Of the clips under --sounds, none of which is a game and
all of whose sounds we synthesise ourselves (made without recordings, with latents), some onsets are remembered with their tokens, and some
moments with theirs; of those under --engines, in which an engine alone is heard, its tones at each pitch. Beside those under --games, all of
which are games, they teach to tell the two apart. Such clips:

    env -u FOLEYLAB_RECORDINGS python make_clips.py --out DIR/memory --split train --seed 211 --clips 400 --games 0
    python make_clips.py --out DIR/games --split train --seed 212 --clips 200 --games 1
    python make_clips.py --out DIR/engines --split train --seed 8499 --clips 240 --only engine
    for part in memory games engines; do python cache_latents.py --clips DIR/$part --codec DIR/codec/codec.pt; done
"""
import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn

from foleylab.clips import Clips
from foleylab.engine_pitch import CLASSES
from foleylab.recall import Recall, RecallConfig
from foleylab.training import load_average, save_weights
from train_encoders import Encoders

TOLD_POINTS = 6  # the mean of so many latents is what a token tells
BATCH, STEPS, RATE = 256, 1500, 1e-3


def lengths_of(hits, clip):
    """Points (N,) of a row of clips -> how many follow each, itself counted, until the next hit or the clip's end."""
    ends = hits.clone()
    ends[1:] |= clip[1:] != clip[:-1]
    length, out = 0, torch.zeros(len(hits), dtype=torch.long)
    for p in range(len(hits) - 1, -1, -1):
        length += 1
        out[p] = length
        length = 0 if ends[p] else length
    return out


def told(latents, starts, lengths):
    """Mean latents (M, 96) of the first points of each sound."""
    return torch.stack([latents[s : s + min(TOLD_POINTS, n)].float().mean(0) for s, n in zip(starts.tolist(), lengths.tolist(), strict=True)])


def learn_to_ask(recall, tokens, answers, log=print):
    """Trains `recall.ask` and leaves its answers in a space where distances are those of expected latents, in their deviations."""
    c = recall.c
    tell = nn.Linear(c.key, c.latent_width)
    kept = torch.arange(len(tokens)) % 10 > 0
    answers = (answers - answers[kept].mean(0)) / answers[kept].std(0)
    optimiser = torch.optim.AdamW([*recall.ask.parameters(), *tell.parameters()], RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0.01, STEPS)
    rows = torch.nonzero(kept)[:, 0]
    for _ in range(STEPS):
        i = rows[torch.randint(len(rows), (BATCH,))]
        loss = (tell(recall.ask(tokens[i] + 0.1 * torch.randn_like(tokens[i]))) - answers[i]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        rest = (tell(recall.ask(tokens[~kept])) - answers[~kept]).square().mean()
        log(f"{len(rows)} onsets; unexplained of others' mean latents: {float(rest):.3f}")
        turn = torch.linalg.qr(tell.weight).R  # |R k| = |tell.weight k|
        last = recall.ask[-1]
        last.weight.copy_(turn @ last.weight)
        last.bias.copy_(turn @ last.bias)
    return recall.eval()


def learn_to_tell_games(recall, others, games, log=print):
    """Tokens (M, token) of onsets in what is no game, and in games -> trains `recall.no_game`, either as likely as the other."""
    tokens, truth = torch.cat([others, games]), torch.cat([torch.ones(len(others)), torch.zeros(len(games))])
    mean, deviation = tokens.mean(0), tokens.std(0) + 1e-3
    tokens, weight = (tokens - mean) / deviation, torch.where(truth > 0, len(games), len(others)) / len(tokens)
    reader = nn.Linear(tokens.shape[1], 1)
    optimiser = torch.optim.AdamW(reader.parameters(), 3 * RATE, weight_decay=0.1)
    for _ in range(STEPS):
        i = torch.randint(len(tokens), (BATCH,))
        loss = nn.functional.binary_cross_entropy_with_logits(reader(tokens[i])[:, 0], truth[i], weight[i])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        right = ((reader(tokens)[:, 0] > 0) == (truth > 0)).float()
        log(f"told to be no game: {float(right[truth > 0].mean()):.3f}, to be one: {float(right[truth == 0].mean()):.3f}")
        recall.no_game.weight.copy_(reader.weight / deviation)
        recall.no_game.bias.copy_(reader.bias - reader.weight @ (mean / deviation))


def hear(clips, encoders):
    """Tokens (N, token) of all points, latents, hits, and the clip of each."""
    out = {"tokens": [], "latents": [], "loudness": [], "hits": [], "clip": []}
    for at in range(0, len(clips), 10):
        rows = range(at, min(at + 10, len(clips)))
        batch = clips.batch(rows, ("planes", "semantic", "onset", "latents", "loudness"))
        with torch.no_grad():
            tokens = encoders(batch["planes"], batch["semantic"])[0]
        out["tokens"].append(tokens.flatten(0, 1))
        out["latents"].append(batch["latents"].flatten(0, 1))
        out["loudness"].append(batch["loudness"].flatten())
        out["hits"].append((batch["onset"].amax(-1) > 0.03).flatten())
        out["clip"].append(torch.tensor(rows).repeat_interleave(tokens.shape[1]))
    return {k: torch.cat(v) for k, v in out.items()}


def clean_starts(heard, least, points, rise, again):
    """Indices of onsets that nothing follows for `least` points, at once `rise` dB louder than the two points before, and whose sound does not rise by
    more than `again` dB from a point to the next once it has begun, while it is remembered (`points`)."""
    lengths, loudness = lengths_of(heard["hits"], heard["clip"]), heard["loudness"]
    starts = torch.nonzero(heard["hits"] & (lengths >= least))[:, 0]
    starts = starts[(starts >= 2) & (starts < len(loudness) - points)]
    seen = loudness[starts[:, None] + torch.arange(-2, points)]  # (M, 2 + points)
    risen = seen[:, 2] - seen[:, :2].amax(1)
    inside = torch.arange(3, points + 2) - 1 < lengths[starts, None]
    later = ((seen[:, 4:] - seen[:, 3:-1]) * inside[:, 1:]).amax(1)
    return starts[(risen >= rise) & (later <= again)], lengths


def draw(found, count, what, seed):
    """`count` of the indices found."""
    if len(found) < count:
        raise ValueError(f"{len(found)} {what} in these clips, {count} are wanted: make more clips")
    return found[torch.from_numpy(np.random.default_rng(seed).permutation(len(found))[:count])]


def remember(recall, heard, seed, least=10, rise=15.0, again=2.0):
    """Fills the memory with clean onsets drawn from `heard`."""
    c = recall.c
    starts, lengths = clean_starts(heard, least, c.points, rise, again)
    chosen = draw(starts, c.sounds, "clean onsets", seed)
    with torch.no_grad():
        keys = recall.ask(heard["tokens"][chosen])
    latents = torch.stack([heard["latents"][s : s + c.points] for s in chosen.tolist()])
    print(f"{c.sounds} of {len(starts)} clean onsets")
    return recall.remember(keys, latents, lengths[chosen])


def remember_moments(recall, heard, seed, least=-55.0):
    """Fills the memory of moments with points drawn from `heard` that are `least` dB loud, and before which nothing has begun for as long as a sound is remembered."""
    c = recall.c
    recent = nn.functional.max_pool1d(nn.functional.pad(heard["hits"].float()[None, None], (c.points - 1, 0)), c.points, 1)[0, 0] > 0
    chosen = draw(torch.nonzero(~recent & (heard["loudness"] > least))[:, 0], c.moments, "moments", seed)
    with torch.no_grad():
        return recall.remember_moments(recall.ask(heard["tokens"][chosen]), heard["latents"][chosen])


def engine_tones(tones, pitch, least=10):
    """Tones (M, 32) of points at which an engine has these pitches (M,), UNKNOWN where it has none -> for each class (CLASSES, 32) those nearest to their mean,
    which is itself no tone. A class of which fewer than `least` points are known has the next one's."""
    found = {}
    for k in range(CLASSES):
        of_this = tones[pitch == k]
        if len(of_this) >= least:
            found[k] = of_this[(of_this - of_this.mean(0)).square().sum(1).argmin()]
    if not found:
        raise ValueError(f"no pitch of an engine is known at {least} points of these clips: make more clips")
    return torch.stack([found[min(found, key=lambda other: abs(other - k))] for k in range(CLASSES)])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=Path, required=True, help="folder of cache_tokens.py")
    parser.add_argument("--sounds", type=Path, required=True, help="clips without recordings and games, with latents")
    parser.add_argument("--games", type=Path, required=True, help="clips of games, with latents")
    parser.add_argument("--engines", type=Path, required=True, help="clips of engines alone, with latents")
    parser.add_argument("--encoders", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7, help="which onsets are drawn; chosen on the tune split")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    cached = torch.load(args.tokens / "train.pt", mmap=True)
    tokens, latents, hits = (cached[k].flatten(0, 1) for k in ("tokens", "latents", "hits"))
    lengths = lengths_of(hits, cached["clip"].repeat_interleave(3))
    starts = torch.nonzero(hits & (lengths >= 3))[:, 0]
    recall = learn_to_ask(Recall(RecallConfig()), tokens[starts].float(), told(latents, starts, lengths[starts]))
    encoders = load_average(Encoders(), args.encoders)
    sounds, games = (hear(Clips(folder, "train"), encoders) for folder in (args.sounds, args.games))
    learn_to_tell_games(recall, *(heard["tokens"][heard["hits"]] for heard in (sounds, games)))
    remember_moments(remember(recall, sounds, args.seed), sounds, args.seed)
    clips = Clips(args.engines, "engine-train")
    engines = clips.batch(range(len(clips)), ("latents", "pitch"))
    recall.remember_engines(engine_tones(engines["latents"].flatten(0, 1)[:, recall.c.tones_from :], engines["pitch"].flatten()))
    save_weights(recall.state_dict(), args.out / "recall.pt", STEPS)


if __name__ == "__main__":
    main()
