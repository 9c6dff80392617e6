"""python evaluate.py --bundle bundles/live --clips DIR/clips --samples ../../shared/samples --judges ../../shared/judges --codec DIR/codec/codec.pt --out evaluation

Streams an exported bundle of either mode through onnxruntime over the held-out test clips, the clips of one family alone (splits
engine-test, roll-test, rain-test, silhouette-test: make_clips.py --only) and the sample games, and writes one table
(evaluation/<bundle>.md) and one flat object (evaluation/<bundle>.json). Thresholds come from the tune split alone, the classifiers of
material and surface from true training sounds alone.
"""
import argparse
import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import torch

from foleylab.baselines import HOLDS, KINDS, MotionSampler, best_gap, describe_library, following_noise, metronome, picture_curves
from foleylab.borders import border_jumps
from foleylab.clips import Clips, spread
from foleylab.closing import row_of
from foleylab.codec import Codec
from foleylab.data.scene import VOCABULARY
from foleylab.difference import difference_alone
from foleylab.expected import expect, thresholds
from foleylab.footage import held_out_levels, judge_footage, sample_games
from foleylab.judges import load_judges
from foleylab.material import KINDS as TOLD
from foleylab.material import accuracy, lone_events, train_ear
from foleylab.meaning import better_by, judge_clips
from foleylab.obedience import WORDS, judge_names, obey
from foleylab.onsets import average_precision, flux, peaks, score, shifts_of, tally
from foleylab.paired import change, f1_change, sigmas
from foleylab.report import AGAINST, CHANGES, COLUMNS, MADE_OF, OBEDIENCE, SUSTAINED, Section, write_report
from foleylab.runners import open_runner, seam_steps
from foleylab.shelf import Shelf
from foleylab.spectral import draw_spectrograms
from foleylab.sustained import bed_correlations, follow_beds
from foleylab.training import load_average

ABLATIONS = {"without semantic features": ("semantic",), "without tokens": ("tokens",), "without summary": ("summary",),
             "without recalled sounds": ("recalled",), "without gain": ("gain",), "without history": ("prefix", "prefixValid")}
PROMPTED, DIFFERENCE = "with the true words as prompt", "frame difference alone"
OTHERS = ("another clip's sound", "shuffled video", "sampler after motion")
ALONE = ("engine", "roll", "rain")
COST_CLIPS = 40  # by which a chunk's cost is told


def level_dbfs(audio):
    return 10 * np.log10(float((np.asarray(audio, np.float64) ** 2).mean()) + 1e-12)


def judge_system(name, sounds, test, expected):
    """-> a row (onset scores, silence, sustained loudness, level against the truth's), and what paired changes are made of."""
    rises = [peaks(flux(a)) for a in sounds]
    at = lambda threshold: [times[heights > threshold] for times, heights in rises]
    found, neutral = at(expected.threshold), expected.neutral
    row = score(found, expected.events, neutral=neutral) | {f"apAt{ms}": average_precision(rises, expected.events, ms / 1000, neutral) for ms in (50, 100)}
    before = score(at(expected.threshold_before), expected.events_before)
    row |= {f"{k}Before": v for k, v in before.items() if k.startswith(("f1", "corrected"))}
    levels = [(level_dbfs(test.row("audio", i)), level_dbfs(sounds[i])) for i in range(len(test))]
    quiet, louder = [ours for t, ours in levels if t < -70], [ours - t for t, ours in levels if t > -60]
    row |= {"silenceMedianDbfs": float(np.median(quiet)), "silenceP95Dbfs": float(np.quantile(quiet, 0.95))} if quiet else {}
    beds = bed_correlations(test, sounds)
    row |= {"levelDb": float(np.median(louder)), "bedLoudnessR": float(np.mean(beds)) if beds else 0.0, "bedClips": len(beds), "onsetsFound": sum(map(len, found))}
    print(name, {k: round(v, 3) for k, v in row.items()}, flush=True)
    return row, {"tally": tally(found, expected.events, 0.05, neutral, shifts_of()), "bedLoudnessR": beds}


def between_bounds(audio, coded, ours, name="ours"):
    """System -> sounds: ours under its name, what bounds it from above, and what from below."""
    return {"truth": audio, "truth through the codec": coded, name: ours, "shuffled video": other_clips(ours)}


def judge_unseen(runner, clips, threshold, codec, seed):
    """The scenes that are never trained on (make_unseen.py): ours, its bounds, and noise that follows the picture."""
    if not len(clips):
        return {}
    n, picture = len(clips), test_pictures(clips)
    audio = heard(clips)
    expected = expect(clips, audio, *threshold)
    ours, curves = [runner.sounds(picture(i), seed + i)[0] for i in range(n)], [picture_curves(picture(i)) for i in range(n)]
    systems = between_bounds(audio, [through(codec, a) for a in audio], ours, runner.name)
    systems |= {f"noise after {k}, hold {h:g}": [following_noise(c[k], h) for c in curves] for k in KINDS[:2] for h in HOLDS}
    return {name: judge_system(f"unseen {name}", sounds, clips, expected)[0] for name, sounds in systems.items()}


def render_alone(runner, folder, family, split, codec, seed):
    """Clips in which one family alone sounds -> clips, reader of their pictures, system -> sounds."""
    clips = Clips(folder, f"{family}-{split}")
    audio, picture = heard(clips), test_pictures(clips)
    ours = [runner.sounds(picture(i), seed + i)[0] for i in range(len(clips))]
    return clips, picture, between_bounds(audio, [through(codec, a) for a in audio], ours)


def judge_alone(runner, folder, split, codec, seed):
    """Clips in which one family alone sounds, and goes on -> system -> loudness and pitch against the truth."""
    rows = {}
    for family in ALONE:
        clips, picture, systems = render_alone(runner, folder, family, split, codec, seed)
        if not len(clips):
            continue
        systems["noise after motion, hold 0.85"] = [following_noise(picture_curves(picture(i))["motion"], 0.85) for i in range(len(clips))]
        for name, row in follow_beds(systems["truth"], systems, pitched=family == "engine").items():
            rows.setdefault(name, {}).update({f"{family}{k[0].upper()}{k[1:]}": v for k, v in row.items()})
    return rows


def judge_made_of(ears, sets):
    """Ears and (clips, system -> sounds) by kind -> system -> share of lone events whose material, or surface, is told right from the sound."""
    rows = {"chance": {k: 1 / len(ear.classes) for k, ear in ears.items()}}
    for kind, ear in ears.items():
        clips, systems = sets[kind]
        if events := lone_events(clips, kind):
            for name, sounds in systems.items():
                rows.setdefault(name, {}).update(dict(zip((kind, f"{kind}Se"), accuracy(ear, sounds, events)[:2], strict=True)))
    return rows


def judge_obedience(runner, clips, ear, judges, folder, seed):
    """Grey silhouettes told "metal" and "wood": how far each judge is moved."""
    if not len(clips) or not (ear or judges):
        return {}
    picture = test_pictures(clips)
    told = {w: [runner.sounds(picture(i), seed + i, prompt=[w])[0] for i in range(len(clips))] for w in WORDS}
    return obey(told, [[t for i, t, _ in lone_events(clips, "material") if i == k] for k in range(len(clips))], ear, judges, judge_names(folder) if judges else None)


def changes(kept, clips, base, names):
    """-> system -> change of each figure from `base`, paired over clips, its standard error, and their ratio."""
    rows = {}
    for name in names:
        found = {"correctedAt50": f1_change(kept[name]["tally"], kept[base]["tally"])}
        pairs = {"bedLoudnessR": (kept[name]["bedLoudnessR"], kept[base]["bedLoudnessR"])} | {k: (clips[name][k], clips[base][k]) for k in clips.get(name, ())}
        found |= {k: change(k, *pair) for k, pair in pairs.items() if len(pair[0]) > 1}
        rows[name] = {key: v for k, (by, error) in found.items() for key, v in ((k, by), (f"{k}Se", error), (f"{k}Z", sigmas(by, error)))}
    return rows


def heard(clips):
    """The true sounds."""
    return [np.asarray(clips.row("audio", i), np.float32) for i in range(len(clips))]


def other_clips(sounds, by=7):
    """Each clip gets another's."""
    return [sounds[(i + by) % len(sounds)] for i in range(len(sounds))]


@torch.no_grad()
def through(codec, sound):
    return codec.decode(codec.encode(torch.tensor(sound)[None]))[0].numpy()


def baselines(test, tune, train, tune_truth, threshold, picture, shelf):
    """-> name -> sounds."""
    n, curves, noises = len(test), [picture_curves(picture(i)) for i in range(len(test))], [(k, h) for k in KINDS for h in HOLDS]
    made = shelf.each(n, lambda i: [following_noise(curves[i][k], h) for k, h in noises])
    out = {f"noise after {k}, hold {h:g}": sounds for (k, h), sounds in zip(noises, made, strict=True)}
    out["metronome"] = [metronome(240000, best_gap(tune_truth))] * n
    few, look = range(min(40, len(tune))), test_pictures(tune)
    sampler = MotionSampler(train, test_pictures(train)).tune([picture_curves(look(i))["motion"] for i in few], tune_truth[: len(few)], threshold)
    return out | {"sampler after motion": shelf.each(n, lambda i: [sampler.play(curves[i]["motion"])])[0]}


def test_pictures(clips):
    """Reader of 128 x 128 pictures of the test split; for the other splits, which keep none, 64 x 64 doubled."""
    if "pictures" in clips.arrays:
        return lambda i: np.asarray(clips.row("pictures", i))
    return lambda i: np.asarray(clips.row("small", i)).repeat(2, 1).repeat(2, 2)


def ablated(runner, test, picture, seed, shelf):
    """-> name -> sounds at the default steps: inputs set to zero, frame difference for pictures, and the true words shown as a prompt."""
    graphs, n = runner.manifest["graphs"], len(test)
    there = {"semantic", *graphs["flow"]["inputs"]} | ({"recalled", "gain"} if any("playing" in g["inputs"] for g in graphs.values()) else set())
    cases = {name: {"zero": zero} for name, zero in ABLATIONS.items() if zero[0] in there}
    words = lambda i: [w for w, v in zip(VOCABULARY, test.row("words", i), strict=True) if v > 0]

    def render(i):
        shown = picture(i)
        sounds = [runner.sounds(shown, seed + i, **options)[0] for options in cases.values()]
        return [*sounds, runner.sounds(difference_alone(shown), seed + i)[0], runner.sounds(shown, seed + i, prompt=words(i))[0]]

    return dict(zip((*cases, DIFFERENCE, PROMPTED), shelf.each(n, render), strict=True))


def bundles_mb(folder):
    """Of all bundles beside each other, files that are equal counted once."""
    files = {hashlib.sha256(data := p.read_bytes()).digest(): len(data) for p in folder.rglob("*") if p.is_file()}
    return sum(files.values()) / 1e6


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--judges", type=Path, help="folder of the classifiers of sound")
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, help="folder for spectrogram PNGs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", default="test", help="tune: for choices while working; test: looked at last")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4, 25])
    parser.add_argument("--quick", action="store_true", help="no baselines but shuffled video, no ablations")
    return parser.parse_args()


def main():
    args = arguments()
    torch.set_num_threads(1)
    test, tune, train, runner = Clips(args.clips, args.split), Clips(args.clips, "tune"), Clips(args.clips, "train"), open_runner(args.bundle)
    library = {} if args.quick else {"samplerLibrary": describe_library(train)}
    test.index = test.index[: args.limit]
    tune_audio, audio, n, picture = heard(tune), heard(test), len(test), test_pictures(test)
    threshold = thresholds(tune, tune_audio)
    expected, codec, shelf = expect(test, audio, *threshold), load_average(Codec(), args.codec), Shelf()
    cost = runner.usual_cost([picture(i) for i in spread(n, COST_CLIPS)], args.seed) | {"machineLoad": os.getloadavg()[0]}
    coded = shelf.each(n, lambda i: [through(codec, audio[i])])[0]
    steps = sorted({*args.steps, runner.default})
    rendered = dict(zip(steps, shelf.each(n, lambda i: runner.sounds(picture(i), args.seed + i, steps)), strict=True))
    base, ours = row_of(runner.name, runner.default), rendered[runner.default]
    systems = {"truth": audio, "truth through the codec": coded, **{row_of(runner.name, k): v for k, v in rendered.items()}, "shuffled video": other_clips(ours)}
    changed = {}
    if not args.quick:
        systems |= {"another clip's sound": other_clips(audio), "silence": [np.zeros_like(audio[0])] * n}
        systems |= baselines(test, tune, train, expect(tune, tune_audio, *threshold).events, threshold[0], picture, shelf)
        changed = ablated(runner, test, picture, args.seed, shelf)
        systems |= changed
    judged = dict(zip(systems, shelf.pool.map(lambda name: judge_system(name, systems[name], test, expected), systems), strict=True))
    rows, kept = ({name: pair[k] for name, pair in judged.items()} for k in (0, 1))
    pictures = args.pictures or args.out
    pictures.mkdir(parents=True, exist_ok=True)
    m, events = runner.manifest, sum(map(len, expected.events))
    head = {"bundle": m["name"], "version": m["version"], "bundleSha256": hashlib.sha256((args.bundle / "bundle.json").read_bytes()).hexdigest(),
            "command": f"python {Path(sys.argv[0]).name} --bundle {args.bundle.name} --split {args.split} --seed {args.seed}{' --quick' * args.quick}",
            "split": args.split, "clips": n, "seed": args.seed, "seeds": f"{args.seed} to {args.seed + n - 1}, one a clip", "events": events,
            "detectorThreshold": round(threshold[0], 4), "detectorThresholdBefore": round(threshold[1], 4), "defaultSteps": runner.default, **library}
    title = f"{m['name']} {m['version']}: {n} clips of the {args.split} split, {events} audible visible events, default steps {runner.default}"
    jumps = {f"{k}JumpDb{of}": v for of, sounds in (("", ours), ("Truth", coded)) for k, v in border_jumps(sounds, expected.events, runner.hop_frames).items()}
    more = cost | seam_steps(runner, ours) | jumps | {"bundlesMb": bundles_mb(args.bundle.parent)}
    parts, footage, clips = {}, {}, {}

    def report(**found):
        """Writes what is known by now; judges and games take their time."""
        parts.update(found)
        write_report(args.out, head, rows, more, footage, title, [p for p in parts.values() if p.rows])

    ears = {k: ear for k in TOLD if (ear := train_ear(train, k))}
    made_of = dict.fromkeys(TOLD, (test, between_bounds(audio, coded, ours) | changed))
    impacts, seen, struck = render_alone(runner, args.clips, "impact", args.split, codec, args.seed)
    if len(impacts):  # the test clips have too few lone ones
        made_of["material"] = impacts, struck | ({} if args.quick else ablated(runner, impacts, seen, args.seed, shelf))
    report(unseen=Section("Never trained on: doors, fireworks, pinball.", "unseen", judge_unseen(runner, Clips(args.clips, "unseen-test"), threshold, codec, args.seed), COLUMNS),
           alone=Section("Clips in which one family alone sounds: loudness in dB at 30 Hz, correlation with the truth's; pitch (YIN, frames of 50 ms in which the truth's is clear).", "sustained",
                         judge_alone(runner, args.clips, args.split, codec, args.seed), SUSTAINED),
           made_of=Section("Share of lone events whose material (impacts, in clips of impacts alone) or surface (footsteps) a small classifier of true sounds tells right.",
                           "madeOf", judge_made_of(ears, made_of), MADE_OF))
    footage["games"] = judge_footage(runner, sample_games(args.samples), args.seed, pictures, difference=True) if args.samples else {}
    footage["levels"] = judge_footage(runner, held_out_levels(args.clips), args.seed, pictures)
    report()
    judges = load_judges(args.judges) if args.judges else {}
    if judges:
        keep = {k: v for k, v in systems.items() if not k.startswith("noise after") or k == "noise after brightening, hold 0.85"}
        figures, clips = judge_clips(judges, keep, [i for i in range(n) if level_dbfs(audio[i]) > -60])
        for k, row in figures.items():
            rows[k] |= row
    silhouettes = Clips(args.clips, f"silhouette-{args.split}")
    report(obedience=Section("Grey silhouettes told \"metal\" and told \"wood\": log odds of metal over wood, by judge, and their paired change.", "obedience",
                             judge_obedience(runner, silhouettes, ears.get("material"), judges, args.judges, args.seed), OBEDIENCE),
           changes=Section(f"Change from {base}, paired over clips (bootstrap, 200 draws), and in standard errors.", "change", changes(kept, clips, base, changed), CHANGES),
           against=Section(f"By how many standard errors (paired) {base} is better than", "against", better_by(clips, base, OTHERS) if clips else {}, AGAINST))
    draw_clips(test, picture, {"truth": audio, "truth through codec": coded, "ours": ours, "shuffled": systems["shuffled video"]}, pictures)


def draw_clips(test, picture, tracks, folder):
    """Spectrograms of every fourth clip under a film strip."""
    events = test.events()
    for i in range(0, min(len(test), 48), 4):
        strip = np.concatenate([picture(i)[k] for k in range(0, 150, 11)], 1)
        title = ",".join(sorted({e["family"] for e in events[i]}))
        draw_spectrograms([(f"clip {i} {name} {title}", sounds[i]) for name, sounds in tracks.items()], folder / f"clip-{i:02d}.png", strip)


if __name__ == "__main__":
    main()
