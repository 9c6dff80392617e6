"""python evaluate.py --bundle bundles/live --clips DIR/clips --samples ../../shared/samples --judges ../../shared/judges --codec DIR/codec/codec.pt --out evaluation

Streams an exported bundle of either mode through onnxruntime over the held-out test clips and the sample games, and writes one
table (evaluation/<bundle>.md) and one flat object (evaluation/<bundle>.json). Thresholds come from the tune split alone.
"""
import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import torch

from foleylab.baselines import HOLDS, KINDS, MotionSampler, best_gap, following_noise, metronome, picture_curves
from foleylab.borders import border_jumps
from foleylab.clips import Clips
from foleylab.codec import Codec
from foleylab.envelope import follow
from foleylab.judges import judge_meaning, load_judges
from foleylab.onsets import audible, average_precision, f1, flux, peaks, score
from foleylab.report import write_report
from foleylab.runners import open_runner, seam_steps
from foleylab.spectral import draw_spectrograms
from foleylab.training import load_average

AUDIBLE_SHARE = 0.6  # an event counts as audible if its rise reaches this share of the detector's threshold
ABLATIONS = {"without semantic features": ("semantic",), "without tokens": ("tokens",), "without summary": ("summary",),
             "without history": ("prefix", "prefixValid")}


def tune_threshold(tune):
    """The detector's threshold with the best F1 of true sounds against events, on the tune split."""
    events = tune.events()
    rises = [flux(np.asarray(tune.row("audio", i), np.float32)) for i in range(len(tune))]
    found = [peaks(f) for f in rises]
    best = (0.0, 0.0)
    for threshold in np.linspace(0.02, 0.3, 15):
        truth = [audible(e, f, AUDIBLE_SHARE * threshold) for e, f in zip(events, rises, strict=True)]
        best = max(best, (f1([t[s > threshold] for t, s in found], truth, 0.05), threshold))
    return best[1]


def read_video(path, fps=30):
    """-> pictures on the 30 Hz grid (N, 128, 128, 3), newest not later; mono sound at 48 kHz."""
    with av.open(str(path)) as box:
        stream, pictures, times = box.streams.video[0], [], []
        for frame in box.decode(stream):
            pictures.append(cv2.resize(frame.to_ndarray(format="rgb24"), (128, 128), interpolation=cv2.INTER_AREA))
            times.append(float(frame.pts * stream.time_base))
    with av.open(str(path)) as box:
        resampler, parts = av.AudioResampler("flt", "mono", 48000), []
        for frame in box.decode(audio=0):
            parts += [f.to_ndarray()[0] for f in resampler.resample(frame)]
    at = np.searchsorted(np.array(times) - times[0], np.arange(int((times[-1] - times[0]) * fps)) / fps + 1e-4, "right") - 1
    return np.stack(pictures)[at], np.concatenate(parts)


def level_dbfs(audio):
    return 10 * np.log10(float((np.asarray(audio, np.float64) ** 2).mean()) + 1e-12)


def bed_correlation(test, sounds):
    """Loudness in dB at 30 Hz against the truth, over clips with sustained sound and no event: mean correlation where it varies."""
    out = []
    for i, e in enumerate(test.events()[: len(test)]):
        curve = 10 * np.log10(np.asarray(test.row("audio", i), np.float64).reshape(150, -1).__pow__(2).mean(1) + 1e-7)
        if not e and np.asarray(test.row("bed", i)).max() > 0.1 and curve.std() > 2:
            ours = 10 * np.log10(np.asarray(sounds[i], np.float64)[:240000].reshape(150, -1).__pow__(2).mean(1) + 1e-7)
            out.append(np.corrcoef(curve, ours)[0, 1] if ours.std() > 1e-6 else 0.0)
    return (float(np.mean(out)), len(out)) if out else (0.0, 0)


def judge_system(name, sounds, test, truth, threshold):
    """One row: onset scores, silence, sustained loudness, level against the truth's."""
    rises = [peaks(flux(a)) for a in sounds]
    found = [times[heights > threshold] for times, heights in rises]
    row = score(found, truth) | {f"apAt{ms}": average_precision(rises, truth, ms / 1000) for ms in (50, 100)}
    levels = [(level_dbfs(test.row("audio", i)), level_dbfs(sounds[i])) for i in range(len(test))]
    quiet, louder = [ours for t, ours in levels if t < -70], [ours - t for t, ours in levels if t > -60]
    row |= {"silenceMedianDbfs": float(np.median(quiet)), "silenceP95Dbfs": float(np.quantile(quiet, 0.95))} if quiet else {}
    row["levelDb"] = float(np.median(louder))
    row["bedLoudnessR"], row["bedClips"] = bed_correlation(test, sounds)
    row["onsetsFound"] = int(sum(map(len, found)))
    print(name, {k: round(v, 3) for k, v in row.items()}, flush=True)
    return row


def sample_games(folder):
    """Name, pictures, sound of every video of a folder."""
    for path in sorted(folder.glob("*.mp4")):
        yield path.stem, *read_video(path)


def held_out_levels(folder):
    """The same of the takes of held-out levels, from their clips put together again (make_captures.py)."""
    for path in sorted(folder.glob("game-test-*-takes.json")):
        shard, at = path.name.removesuffix("-takes.json"), 0
        pictures, audio = (np.load(folder / f"{shard}-{key}.npy", mmap_mode="r") for key in ("pictures", "audio"))
        for take in json.loads(path.read_text()):
            span = slice(at, at := at + take["clips"])
            if take["clips"] >= 4:
                name = f"{take['wad']} {take['episode']}.{take['map']} {take['demo'] or 'agent'} {take['view'] if take['demo'] else take['seed']}"
                yield name, np.concatenate(pictures[span]), np.concatenate(audio[span]).astype(np.float32)


def judge_footage(runner, footage, seed, out):
    """Envelope correlation on every piece: ours, and noise that follows the picture in all its variants."""
    rows = {}
    for name, pictures, audio in footage:
        sound = runner.sounds(pictures, seed)[0]
        n = min(len(audio), len(sound))
        r, lag, z = follow(audio[:n], sound[:n])
        noise = {f"noise after {k}, hold {h:g}": follow(audio[:n], following_noise(c, h)[:n])[0] for k, c in picture_curves(pictures).items() for h in HOLDS}
        rows[name] = {"r": r, "lagMs": lag, "z": z, "levelDbfs": level_dbfs(sound), "noise": noise}
        print(name, round(r, 3), round(max(noise.values()), 3), flush=True)
        strip = np.concatenate([pictures[i] for i in np.linspace(0, min(len(pictures), 600) - 1, 14).astype(int)], 1)
        draw_spectrograms([(f"{name} truth", audio[:960000]), ("ours", sound[:960000])], out / f"{name}.png", strip)
    return rows


def judge_unseen(runner, clips, threshold, codec, seed):
    """The scenes that are never trained on (make_unseen.py): ours, its bounds, and noise that follows the picture."""
    if not len(clips):
        return {}
    n, picture = len(clips), test_pictures(clips)
    audio = heard(clips)
    truth = true_times(clips, audio, threshold)
    ours, curves = [runner.sounds(picture(i), seed + i)[0] for i in range(n)], [picture_curves(picture(i)) for i in range(n)]
    systems = {"truth": audio, "truth through the codec": through(codec, audio), runner.name: ours, "shuffled video": [ours[(i + 7) % n] for i in range(n)]}
    systems |= {f"noise after {k}, hold {h:g}": [following_noise(c[k], h) for c in curves] for k in KINDS[:2] for h in HOLDS}
    return {name: judge_system(f"unseen {name}", sounds, clips, truth, threshold) for name, sounds in systems.items()}


def heard(clips):
    """The true sounds."""
    return [np.asarray(clips.row("audio", i), np.float32) for i in range(len(clips))]


def true_times(clips, sounds, threshold):
    """Of each clip the events that can be seen and heard."""
    return [audible(e, flux(a), AUDIBLE_SHARE * threshold) for e, a in zip(clips.events()[: len(sounds)], sounds, strict=True)]


def through(codec, audio):
    with torch.no_grad():
        return [codec.decode(codec.encode(torch.tensor(a)[None]))[0].numpy() for a in audio]


def baselines(test, tune, train, truth, tune_truth, threshold, picture):
    """-> name -> sounds."""
    n, curves = len(test), [picture_curves(picture(i)) for i in range(len(test))]
    out = {f"noise after {k}, hold {h:g}": [following_noise(c[k], h) for c in curves] for k in KINDS for h in HOLDS}
    out["metronome"] = [metronome(240000, best_gap(tune_truth))] * n
    few, look = range(min(40, len(tune))), test_pictures(tune)
    sampler = MotionSampler(train, test_pictures(train)).tune([picture_curves(look(i))["motion"] for i in few], tune_truth[: len(few)], threshold)
    return out | {"sampler after motion": [sampler.play(c["motion"]) for c in curves]}


def test_pictures(clips):
    """Reader of 128 x 128 pictures of the test split; for the other splits, which keep none, 64 x 64 doubled."""
    if "pictures" in clips.arrays:
        return lambda i: np.asarray(clips.row("pictures", i))
    return lambda i: np.asarray(clips.row("small", i)).repeat(2, 1).repeat(2, 2)


def ablated(runner, test, picture, seed):
    """-> name -> sounds at the default steps: inputs set to zero, and the true words shown as a prompt."""
    inputs, n = runner.manifest["graphs"]["flow"]["inputs"], len(test)
    cases = {name: {"zero": zero} for name, zero in ABLATIONS.items() if zero == ("semantic",) or zero[0] in inputs}
    out = {name: [runner.sounds(picture(i), seed + i, **options)[0] for i in range(n)] for name, options in cases.items()}
    words = [[w for w, v in zip(runner.manifest["prompt"]["vocabulary"], test.row("words", i), strict=True) if v > 0] for i in range(n)]
    return out | {"with the true words as prompt": [runner.sounds(picture(i), seed + i, prompt=words[i])[0] for i in range(n)]}


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
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--quick", action="store_true", help="no baselines but shuffled video, no ablations")
    return parser.parse_args()


def main():
    args = arguments()
    torch.set_num_threads(1)
    test, tune, runner = Clips(args.clips, args.split), Clips(args.clips, "tune"), open_runner(args.bundle)
    test.index = test.index[: args.limit]
    threshold, n, picture = tune_threshold(tune), len(test), test_pictures(test)
    audio = heard(test)
    truth, other, codec = true_times(test, audio, threshold), np.roll(np.arange(n), 7), load_average(Codec(), args.codec)
    coded = through(codec, audio)
    name, steps = runner.name, sorted({*args.steps, runner.default})
    ours = dict(zip(steps, zip(*(runner.sounds(picture(i), args.seed + i, steps) for i in range(n)), strict=True), strict=True))
    systems = {"truth": audio, "truth through the codec": coded, **{f"{name}, {k} step{'s' * (k > 1)}": list(v) for k, v in ours.items()},
               "shuffled video": [ours[runner.default][j] for j in other]}
    cost = runner.cost(runner.default) | {"machineLoad": os.getloadavg()[0]}
    if not args.quick:
        systems |= {"another clip's sound": [audio[j] for j in other], "silence": [np.zeros_like(a) for a in audio]}
        systems |= baselines(test, tune, Clips(args.clips, "train"), truth, true_times(tune, heard(tune), threshold), threshold, picture)
        systems |= ablated(runner, test, picture, args.seed)
    rows = {name: judge_system(name, sounds, test, truth, threshold) for name, sounds in systems.items()}
    pictures = args.pictures or args.out
    pictures.mkdir(parents=True, exist_ok=True)
    m, events = runner.manifest, sum(map(len, truth))
    head = {"bundle": m["name"], "version": m["version"], "bundleSha256": hashlib.sha256((args.bundle / "bundle.json").read_bytes()).hexdigest(),
            "command": f"python {Path(sys.argv[0]).name} --bundle {args.bundle.name} --split {args.split} --seed {args.seed}",
            "split": args.split, "clips": n, "events": events, "detectorThreshold": round(float(threshold), 4), "defaultSteps": runner.default}
    title = f"{m['name']} {m['version']}: {n} clips of the {args.split} split, {events} audible visible events, default steps {runner.default}"
    jumps = {f"{k}JumpDb{of}": v for of, sounds in (("", ours[runner.default]), ("Truth", coded)) for k, v in border_jumps(sounds, truth, runner.hop_frames).items()}
    footage, unseen = {}, judge_unseen(runner, Clips(args.clips, "unseen-test"), threshold, codec, args.seed)
    report = lambda: write_report(args.out, head, rows, cost | seam_steps(runner, ours[runner.default]) | jumps, footage, title, unseen)
    report()  # what is known already; judges and games take their time
    footage["games"] = judge_footage(runner, sample_games(args.samples), args.seed, pictures) if args.samples else {}
    footage["levels"] = judge_footage(runner, held_out_levels(args.clips), args.seed, pictures)
    report()
    if args.judges and (judges := load_judges(args.judges)):
        judged = {k: v for k, v in systems.items() if not k.startswith("noise after") or k == "noise after brightening, hold 0.85"}
        for k, figures in judge_meaning(judges, judged, [i for i in range(n) if level_dbfs(audio[i]) > -60]).items():
            rows[k] |= figures
        report()
    draw_clips(test, picture, {"truth": audio, "truth through codec": coded, "ours": ours[runner.default], "shuffled": systems["shuffled video"]}, pictures)


def draw_clips(test, picture, tracks, folder):
    """Spectrograms of every fourth clip under a film strip."""
    events = test.events()
    for i in range(0, min(len(test), 48), 4):
        strip = np.concatenate([picture(i)[k] for k in range(0, 150, 11)], 1)
        title = ",".join(sorted({e["family"] for e in events[i]}))
        draw_spectrograms([(f"clip {i} {name} {title}", sounds[i]) for name, sounds in tracks.items()], folder / f"clip-{i:02d}.png", strip)


if __name__ == "__main__":
    main()
