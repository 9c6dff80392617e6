"""python evaluate_codec.py --codec DIR/codec/codec.pt --clips DIR/clips --out evaluation

The codec beside Opus (libopus, mono, 20 ms frames) on held-out sound: the test split's clips that sound. Writes evaluation/codec.md and
codec.json. Log-mel distance: root mean square over 80 bands of 2,048-sample frames every 10 ms where the truth is above -70 dB, in dB.
Attack contrast: power of the 20 ms after an event's start over the 20 ms before it; pre-echo: power of those 20 ms before, over the truth's,
where the truth is at least 20 dB softer there than after. Tone: how much of the power near the strongest partial of a steady tone (harmonic,
synthesised here) lies within 10 Hz of it.
"""
import argparse
import functools
import io
import json
import sys
from pathlib import Path

import av
import numpy as np
import torch

from foleylab.clips import Clips
from foleylab.codec import Codec, mel_matrix
from foleylab.training import load_average

RATES = (12, 24, 48)  # kbit/s
EDGE = 960  # 20 ms


def through_opus(audio, kilobits):
    """48 kHz mono -> the same after libopus, trimmed and aligned to the sample."""
    store = io.BytesIO()
    with av.open(store, "w", format="ogg") as box:
        stream = box.add_stream("libopus", rate=48000, layout="mono", options={"vbr": "on"})
        stream.bit_rate = kilobits * 1000
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio[None], np.float32), format="flt", layout="mono")
        frame.sample_rate = 48000
        for packet in (*stream.encode(frame), *stream.encode()):
            box.mux(packet)
    size = store.tell()
    store.seek(0)
    with av.open(store) as box:
        heard = np.concatenate([f.to_ndarray().reshape(-1) for f in box.decode(audio=0)]).astype(np.float32)
    return aligned(heard, audio), size


def aligned(heard, audio, reach=1500):
    """`heard` moved by the lag with the best correlation, as long as `audio`."""
    n = 1 << (len(audio) + 2 * reach).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, n) * np.conj(np.fft.rfft(audio, n)), n)
    lags = np.concatenate([product[-reach:], product[: reach + 1]])
    lag = int(np.argmax(lags)) - reach
    moved = heard[lag:] if lag >= 0 else np.pad(heard, (-lag, 0))
    return np.pad(moved, (0, max(0, len(audio) - len(moved))))[: len(audio)]


@functools.cache
def filters():
    return mel_matrix(1025, 80, 48000).numpy()


def log_mel(audio):
    """(N,) -> (frames, 80) in dB."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(audio, 1024), 2048)[::480] * np.hanning(2048).astype(np.float32)
    power = np.abs(np.fft.rfft(frames)) ** 2 / 600
    return 10 * np.log10(power @ filters() + 1e-7)


def distance(truth, heard):
    a, b = log_mel(truth), log_mel(heard)
    loud = a.max(1) > -70
    return float(np.sqrt(((a - b)[loud] ** 2).mean(1)).mean()) if loud.any() else None


def attacks(truth, heard, events):
    """-> contrasts in dB, and pre-echoes in dB over the truth where it is quiet before."""
    power = lambda x, a: 10 * np.log10(float((x[a : a + EDGE] ** 2).mean()) + 1e-9)
    contrast, echo = [], []
    for e in events:
        at = int(e["time_s"] * 48000)
        if at > 2 * EDGE and at + EDGE < len(truth) and power(truth, at) - power(truth, at - EDGE) > 20:
            contrast.append(power(heard, at) - power(heard, at - EDGE))
            echo.append(power(heard, at - EDGE) - power(truth, at - EDGE))
    return contrast, echo


def steady_tones(seed=7, count=24):
    """Pairs (sound of 1.6 s, Hz of its strongest partial): harmonic tones at random pitches, with a soft start."""
    rng, t = np.random.default_rng(seed), np.arange(76800) / 48000
    for _ in range(count):
        hz, partials = float(np.exp(rng.uniform(np.log(90), np.log(1800)))), int(rng.integers(1, 6))
        gains = 0.5 ** np.arange(partials)
        wave = sum(g * np.sin(2 * np.pi * hz * (k + 1) * t + rng.uniform(0, 6)) for k, g in enumerate(gains))
        yield (0.3 * wave / np.sqrt((gains**2).sum()) * np.clip(t / 0.05, 0, 1)).astype(np.float32), hz


def purity(heard, hz):
    """Share of the power within a third of an octave of `hz` that lies within 10 Hz of the strongest bin there, and that bin's offset in semitones."""
    power = np.abs(np.fft.rfft(heard[19200:67200] * np.hanning(48000))) ** 2  # bins of 1 Hz
    low, high = int(hz * 0.89), int(hz * 1.12)
    peak = low + int(power[low:high].argmax())
    return float(power[max(0, peak - 10) : peak + 11].sum() / power[min(low, peak - 10) : max(high, peak + 11)].sum()), 12 * abs(np.log2(peak / hz))


def judge(heard_of, clips, events, tones):
    distances, contrast, echo, bits = [], [], [], 0
    for truth, e in zip(clips, events, strict=True):
        heard, size = heard_of(truth)
        bits += 8 * size
        distances.append(distance(truth, heard))
        c, p = attacks(truth, heard, e)
        contrast += c
        echo += p
    pure, off = np.array([purity(heard_of(x)[0], hz) for x, hz in tones]).T
    return {"kilobits": bits / (sum(map(len, clips)) / 48000) / 1000, "logMelDb": float(np.mean([d for d in distances if d is not None])), "attackContrastDb": float(np.mean(contrast)),
            "preEchoDb": float(np.mean(echo)), "tonePurity": float(pure.mean()), "toneInTune": float((off < 0.5).mean()), "attacks": len(contrast)}


COLUMNS = (("kbit/s", "kilobits", 0), ("log-mel dB", "logMelDb", 2), ("attack contrast dB", "attackContrastDb", 1), ("pre-echo dB", "preEchoDb", 1),
           ("tone within 10 Hz", "tonePurity", 2), ("in tune", "toneInTune", 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, default=60)
    args = parser.parse_args()
    torch.set_num_threads(1)
    codec, test = load_average(Codec(), args.codec), Clips(args.clips, args.split)
    sounds = [np.asarray(test.row("audio", i), np.float32) for i in range(min(len(test), args.limit))]
    kept = [i for i, x in enumerate(sounds) if np.abs(x).max() > 0.01]
    events, tones = test.events(), list(steady_tones())

    def ours(audio):
        with torch.no_grad():
            latents = codec.encode(torch.tensor(audio[: len(audio) // 1600 * 1600])[None])
            return codec.decode(latents)[0].numpy(), latents.numel() * 4  # as 32-bit numbers: it is a space to generate in, not made to be small

    systems = {"truth": lambda x: (x, 2 * len(x)), "livefoley": ours} | {f"Opus {k}": (lambda x, k=k: through_opus(x, k)) for k in RATES}
    rows = {name: judge(system, [sounds[i] for i in kept], [events[i] for i in kept], tones) for name, system in systems.items()}
    lines = [f"# The codec beside Opus: {len(kept)} clips of the {args.split} split, {rows['truth']['attacks']} attacks, {len(tones)} steady tones", "",
             "| system | " + " | ".join(c[0] for c in COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|",
             *(f"| {name} | " + " | ".join(f"{row[key]:.{digits}f}" for _, key, digits in COLUMNS) + " |" for name, row in rows.items())]
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "codec.md").write_text("\n".join(lines) + "\n")
    head = {"command": f"python {Path(sys.argv[0]).name} --split {args.split}", "split": args.split, "clips": len(kept)}
    flat = {f"{name}.{k}": round(v, 4) for name, row in rows.items() for k, v in row.items()}
    (args.out / "codec.json").write_text(json.dumps(head | flat, indent=1) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
