"""python make_captures.py --out DIR/clips --split train --seed 101 --agents 1

Plays Freedoom (foleylab/data/freedoom.py), or with --arcade nine shooters (foleylab/data/arcade.py), and cuts it into clips of 5 s in the form of
make_clips.py. Sounds have no family here: onsets are those that the detector hears, and `known` is 0, so that nothing is trained on families, beds and
words. The splits `tune` and `test` hold Freedoom's held-out levels, as splits of their own (`game-tune`, `game-test`); a manifest lists the takes.
Prints clips per core-second.
"""
import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from foleylab.data import arcade, freedoom
from foleylab.data.freedoom import agent_takes, demo_takes, split_of
from foleylab.data.scene import FAMILIES, VOCABULARY, Clip
from foleylab.onsets import detect
from foleylab.semantic import load_semantic
from make_clips import Shard, describe

POINTS, FRAMES = 150, 240_000
EARLY_S = 0.01  # by which the detector is early: its windows are 20 ms long
HEARD = 0.12  # rise of the log-mel spectrum from which a sound counts as begun
SKIP_S = 1  # of a take: the level appears
PACKAGES = ("freedoom1", "freedoom2", "freedm")


def takes_of(split, agents, duration_s):
    """All takes of a split, people's demos first."""
    takes = [t for wad in PACKAGES for t in demo_takes(wad)]
    takes += [t for wad in ("freedoom1", "freedoom2") for t in agent_takes(wad, duration_s, range(1, agents + 1))]
    return [t for t in takes if split_of(t) == split]


def arena_takes_of(split, seeds, duration_s):
    """Takes of a split in which four agents fight each other, on every level; some levels have no places for four."""
    takes = [t for wad in PACKAGES for t in agent_takes(wad, duration_s, seeds, agents=4)]
    return [t for t in takes if split_of(t) == split]


def arcade_takes(seeds, duration_s):
    """Each game once for each seed; all are for training, since other games are held out."""
    return [arcade.Take(game, seed, duration_s) for seed in seeds for game in arcade.GAMES]


def play(take):
    """-> pictures, sound of any take."""
    return (arcade if isinstance(take, arcade.Take) else freedoom).play(take)


def cut(pictures, sound):
    """-> clips of 5 s; what neither moves nor sounds is left out."""
    for first in range(SKIP_S * 30, min(len(pictures), len(sound) // 1600) - POINTS + 1, POINTS):
        frames, audio = pictures[first : first + POINTS], sound[first * 1600 : first * 1600 + FRAMES]
        if np.abs(np.diff(frames[::5].astype(np.int16), axis=0)).mean() > 1 or np.abs(audio).max() > 0.01:
            yield Clip(frames, audio)


def heard_onsets(audio):
    """(150, families) float16: where something begins; which family, nobody knows, so the first stands for all."""
    onset = np.zeros((POINTS, len(FAMILIES)), np.float16)
    for t, height in zip(*detect(audio, HEARD), strict=True):
        point = min(int((t + EARLY_S) * 30), POINTS - 1)
        onset[point, 0] = max(onset[point, 0], min(1.0, height / 0.4))
    return onset


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", choices=("train", "tune", "test"), required=True)
    parser.add_argument("--seed", type=int, default=101, help="number of the shard")
    parser.add_argument("--agents", type=int, default=1, help="runs of the agent on every level")
    parser.add_argument("--agent-seconds", type=float, default=42)
    parser.add_argument("--arena", type=int, nargs="+", metavar="SEED", help="instead: four agents against each other, on every level, once for each seed")
    parser.add_argument("--arcade", type=int, nargs="+", metavar="SEED", help="instead: nine shooters, once for each seed")
    parser.add_argument("--skip", type=int, default=0, help="takes that another run makes")
    parser.add_argument("--limit", type=int, default=100_000, help="takes at most")
    args = parser.parse_args()
    if args.arcade and args.split != "train":
        parser.error("--arcade makes clips to train on; other games are there to tune by and to test with")
    torch.set_num_threads(1)
    begin, net, taken = time.process_time(), load_semantic(), []
    shard = Shard(args.out, args.split if args.split == "train" else f"game-{args.split}", args.seed)
    if args.arcade:
        takes = arcade_takes(args.arcade, args.agent_seconds)
    else:
        takes = arena_takes_of(args.split, args.arena, args.agent_seconds) if args.arena else takes_of(args.split, args.agents, args.agent_seconds)
    for take in takes[args.skip :][: args.limit]:
        rng = np.random.default_rng([args.seed, len(taken)])
        try:
            pictures, sound = play(take)
        except RuntimeError as reason:
            print(f"left out: {reason}", flush=True)
            continue
        clips = list(cut(pictures, sound * rng.uniform(0.5, 1.2)))
        for clip in clips:
            unknown = np.zeros((POINTS, len(FAMILIES)), np.float16)
            shard.add(describe(clip, rng, net, heard_onsets(clip.audio), unknown, np.zeros(len(VOCABULARY), np.float16), known=0), [])
        taken.append(asdict(take) | {"clips": len(clips)})
        print(take.name, len(clips), flush=True)
    shard.finish()
    (args.out / f"{shard.name}-takes.json").write_text(json.dumps(taken, indent=1))
    print(f"{shard.count} clips, {shard.count / (time.process_time() - begin):.2f} clips per core-second (the engine's own apart)")


if __name__ == "__main__":
    main()
