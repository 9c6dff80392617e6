"""The issue's closing table, from the flat object of figures alone: each row's value, its bar, and whether it is met."""
from statistics import median

BARS = (("f1Trained", "chance-corrected F1 at 50 ms, trained families", ">=", 0.80), ("f1NeverTrained", "the same, never trained", ">=", 0.35),
        ("offsetMedianMs", "median offset, ms, either way", "<=", 10), ("offsetSpreadMs", "spread of the offset, ms", "<=", 20),
        ("gamesOverNoise", "envelope correlation on unseen games over the best noise's", ">=", 1.3),
        ("gamesBetter", "unseen games on which it is better than that noise", ">=", 5), ("gamesLagMs", "median lag on unseen games, ms, either way", "<=", 40),
        ("differenceEnvelopeLoss", "frame difference alone: loss of envelope correlation, %", ">=", 20),
        ("differenceAgreementLoss", "frame difference alone: loss of class agreement (kappa), %", ">=", 20),
        ("engineLoudnessR", "engine loudness envelope, r (median)", ">=", 0.7), ("enginePitch", "engine pitch within a semitone, share of the time", ">=", 0.7),
        ("silenceMedianDbfs", "silent scenes, median, dBFS", "<=", -60), ("silenceWorst20thDbfs", "silent scenes, worst twentieth, dBFS", "<=", -45),
        ("agreementOverOthers", "class agreement (kappa) over other clip, shuffled, sampler: smallest, standard errors", ">=", 3),
        ("klOverOthers", "KL under theirs: smallest, standard errors", ">=", 3),
        ("fadOverCodec", "FAD over the codec's own", "<=", 2), ("fadOverSampler", "FAD over the sampler's", "<=", 1),
        ("stepsF1Loss", "default steps against 25: loss of F1, %", "<=", 10), ("stepsFadLoss", "default steps against 25: more FAD, %", "<=", 25),
        ("driftLoudnessDb", "minute 10 against 1: loudness, dB, either way", "<=", 2), ("driftFad", "minute 10 against 1: FAD, %, either way", "<=", 20),
        ("driftClips", "clips of ten minutes", ">=", 20),
        ("chunkP95Ms", "chunk cost p95, ms", "<=", 10), ("chunkMeanMs", "chunk cost mean, ms", "<=", 6), ("bundlesMb", "bundles together, MB", "<=", 38))
OTHERS = ("anotherClipsSound", "shuffledVideo", "samplerAfterMotion")


def key_of(name):
    """A row's name as a key: "live, 2 steps" -> live2Steps."""
    words = "".join(c if c.isalnum() or c in " ." else " " for c in name.replace("'", "")).split()
    return words[0] + "".join(w.capitalize() for w in words[1:])


def row_of(bundle, steps):
    """The name of a system's row at so many steps."""
    return f"{bundle}, {steps} step{'s' * (steps > 1)}"


def closing(flat):
    """-> flat keys `closing.x`, `.bar`, `.met`; null and unmet where a figure is missing."""
    out, values = {}, figures(flat, key_of(row_of(flat["bundle"], flat["defaultSteps"])), key_of(row_of(flat["bundle"], 25)))
    for name, _, sign, bar in BARS:
        try:
            value = values[name]()
        except (KeyError, ZeroDivisionError, ValueError):
            value = None
        met = value is not None and (value >= bar if sign == ">=" else value <= bar)
        out |= {f"closing.{name}": None if value is None else round(float(value), 4), f"closing.{name}.bar": f"{sign} {bar:g}", f"closing.{name}.met": bool(met)}
    return out


def figures(flat, ours, at25):
    """`ours`, `at25`: keys of the rows at the default steps and at 25. -> name of each figure -> how its value is had."""
    own, other = lambda k: flat[f"{ours}.{k}"], lambda row, k: flat[f"{row}.{k}"]
    games = lambda k: [v for name, v in flat.items() if name.startswith("game.") and name.endswith(f".{k}")]
    agree = lambda row: (other(row, "mn04Kappa") + other(row, "yamnetKappa")) / 2
    smallest = lambda figure: min(flat[f"against.{o}.{judge}{figure}Z"] for o in OTHERS for judge in ("mn04", "yamnet"))
    return {"f1Trained": lambda: own("correctedAt50"), "f1NeverTrained": lambda: flat[f"unseen.{key_of(flat['bundle'])}.correctedAt50"],
            "offsetMedianMs": lambda: abs(own("offsetMedianMs")), "offsetSpreadMs": lambda: own("offsetSpreadMs"),
            "gamesOverNoise": lambda: flat["gamesMeanR"] / flat["gamesNoiseMeanR"], "gamesBetter": lambda: sum(a > b for a, b in zip(games("r"), games("best"), strict=True)) if games("r") else 1 / 0,
            "gamesLagMs": lambda: abs(median(games("lagMs"))) if games("lagMs") else 1 / 0,
            "differenceEnvelopeLoss": lambda: 100 * (1 - flat["gamesDifferenceMeanR"] / flat["gamesMeanR"]),
            "differenceAgreementLoss": lambda: 100 * (1 - agree("frameDifferenceAlone") / agree(ours)),
            "engineLoudnessR": lambda: flat["sustained.ours.engineLoudnessRMedian"], "enginePitch": lambda: flat["sustained.ours.enginePitchShare"],
            "silenceMedianDbfs": lambda: own("silenceMedianDbfs"), "silenceWorst20thDbfs": lambda: own("silenceP95Dbfs"),
            "agreementOverOthers": lambda: smallest("Kappa"), "klOverOthers": lambda: smallest("Kl"),
            "fadOverCodec": lambda: own("fad") / other("truthThroughTheCodec", "fad"), "fadOverSampler": lambda: own("fad") / other("samplerAfterMotion", "fad"),
            "stepsF1Loss": lambda: 100 * (1 - own("correctedAt50") / other(at25, "correctedAt50")), "stepsFadLoss": lambda: 100 * (own("fad") / other(at25, "fad") - 1),
            "driftLoudnessDb": lambda: abs(flat["drift.levelDb"]), "driftFad": lambda: 100 * abs(flat["drift.fadLast"] / flat["drift.fadFirst"] - 1), "driftClips": lambda: flat["drift.clips"],
            "chunkP95Ms": lambda: flat["chunkP95Ms"], "chunkMeanMs": lambda: flat["chunkMeanMs"], "bundlesMb": lambda: flat["bundlesMb"]}


def closing_table(flat):
    """Markdown lines of what `closing` found."""
    show = lambda v: "not measured" if v is None else f"{v:.3g}"
    sign = {">=": "≥", "<=": "≤"}
    lines = ["## Closing table", "", "| figure | value | bar | met |", "|---|---|---|---|"]
    return lines + [f"| {label} | {show(flat[f'closing.{name}'])} | {sign[way]} {bar:g} | {'yes' if flat[f'closing.{name}.met'] else 'no'} |" for name, label, way, bar in BARS] + [""]
