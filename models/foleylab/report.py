"""The evaluation's table as Markdown and as one flat object."""
import json
from dataclasses import dataclass

import numpy as np

from foleylab.closing import closing, closing_table, key_of

FIGURES = "## Figures"
COLUMNS = (("F1 50 ms", "f1At50", 3), ("corrected", "correctedAt50", 3), ("before", "correctedAt50Before", 3), ("F1 100 ms", "f1At100", 3), ("corrected", "correctedAt100", 3),
           ("before", "correctedAt100Before", 3), ("AP 50 ms", "apAt50", 3),
           ("offset ms", "offsetMedianMs", 0), ("spread", "offsetSpreadMs", 0), ("silence dBFS", "silenceMedianDbfs", 0), ("worst 20th", "silenceP95Dbfs", 0),
           ("sustained r", "bedLoudnessR", 2), ("level dB", "levelDb", 1), ("onsets", "onsetsFound", 0))
MEANING = (("KL mn04", "mn04Kl", 3), ("±", "mn04KlSe", 3), ("agree", "mn04Agree", 2), ("kappa", "mn04Kappa", 2), ("KL YAMNet", "yamnetKl", 3), ("±", "yamnetKlSe", 3),
           ("agree", "yamnetAgree", 2), ("kappa", "yamnetKappa", 2),
           ("Fréchet mn04", "fad", 1), ("±", "fadSe", 1))
CHANGES = tuple(c for label, key, digits in (("corrected F1", "correctedAt50", 3), ("sustained r", "bedLoudnessR", 2), ("KL mn04", "mn04Kl", 3), ("kappa", "mn04Kappa", 2),
                                            ("KL YAMNet", "yamnetKl", 3), ("kappa", "yamnetKappa", 2))
                for c in ((label, key, digits), ("±", f"{key}Se", digits), ("standard errors", f"{key}Z", 1)))
SUSTAINED = (("engine r, median", "engineLoudnessRMedian", 2), ("mean", "engineLoudnessRMean", 2), ("pitch within a semitone", "enginePitchShare", 2), ("octaves off", "engineOctaveShare", 2),
             ("rolling r, median", "rollLoudnessRMedian", 2), ("mean", "rollLoudnessRMean", 2), ("rain r, median", "rainLoudnessRMedian", 2), ("mean", "rainLoudnessRMean", 2))
MADE_OF = (("material", "material", 2), ("±", "materialSe", 2), ("surface", "surface", 2), ("±", "surfaceSe", 2))
OBEDIENCE = (("told metal", "metalLean", 2), ("told wood", "woodLean", 2), ("change", "change", 3), ("±", "changeSe", 3), ("standard errors", "z", 1), ("clips", "clips", 0))
AGAINST = tuple((f"{label} {name}", f"{judge}{key}Z", 1) for judge, name in (("mn04", "mn04"), ("yamnet", "YAMNet")) for label, key in (("kappa", "Kappa"), ("agree", "Agree"), ("KL", "Kl")))

KINDS = {"games": "Games of which nothing was trained on, but for Freedoom's other levels", "levels": "Levels of Freedoom that were held out"}


@dataclass(frozen=True)
class Section:
    """A table of its own: words above it, prefix of its keys, row -> figures, columns."""

    text: str
    prefix: str
    rows: dict
    columns: tuple


def table(rows, columns):
    """Markdown lines; a figure that a row lacks is a dash."""
    show = lambda row, key, digits: "–" if row.get(key) is None else f"{row[key]:.{digits}f}"
    lines = ["| system | " + " | ".join(c[0] for c in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return lines + [f"| {name} | " + " | ".join(show(row, key, digits) for _, key, digits in columns) + " |" for name, row in rows.items()]


def write_report(folder, head, rows, more, footage, title, sections=()):
    """`head` and `more`: flat figures; `rows`: system -> figures; `footage`: "games" or "levels" -> clip -> figures. Writes <bundle>.json and .md."""
    flat = dict(head) | numbers("", rows)
    flat |= {k: round(float(v), 4) for k, v in more.items()}
    lines = ["Onsets: what is asked, and what counts neither for nor against, is said in `foleylab/expected.py`; \"before\": against the list of visible events alone.", "",
             *table(rows, COLUMNS), ""]
    judged = {name: row for name, row in rows.items() if "mn04Kl" in row}
    if judged:
        lines += ["By two judges of sound: KL of their scores from those of the true sound, share of clips with the same first class (beyond chance: Cohen's kappa), "
                  "Fréchet distance from the true sounds.", "",
                  *table(judged, MEANING), ""]
    lines += ["; ".join(f"{k} {v:.4g}" for k, v in more.items()), ""]
    for part in sections:
        if part.rows:
            lines += [part.text, "", *table(part.rows, part.columns), ""]
            flat |= numbers(f"{part.prefix}.", part.rows)
    for kind, clips in footage.items():
        if not clips:
            continue
        noise, best = best_noise(clips)
        mean = lambda key, clips=clips: float(np.mean([g[key] for g in clips.values()]))
        difference = all("differenceR" in g for g in clips.values())
        columns = (("envelope r", "r", 3), ("lag ms", "lagMs", 0), ("z", "z", 1), (noise, "best", 3), *([("frame difference alone", "differenceR", 3)] * difference))
        without = f"; frame difference alone {mean('differenceR'):.3f}" if difference else ""
        lines += [f"{KINDS[kind]}: correlation of the envelopes.", "", *table(clips, columns), "",
                  f"Mean {mean('r'):.3f}; {noise} {best:.3f}, the best of the variants on average{without}.", ""]
        for name, row in clips.items():
            flat |= {f"{kind[:-1]}.{name}.{k}": round(float(v), 4) for k, v in row.items() if not isinstance(v, dict)}
        flat |= {f"{kind}MeanR": round(mean("r"), 4), f"{kind}NoiseMeanR": round(best, 4), f"{kind}Noise": noise}
        flat |= {f"{kind}DifferenceMeanR": round(mean("differenceR"), 4)} if difference else {}
    save_report(folder, flat, title, lines)
    print("\n".join(lines))


def numbers(prefix, rows):
    """Rows of figures -> flat, rounded."""
    return {f"{prefix}{key_of(name)}.{k}": round(float(v), 4) for name, row in rows.items() for k, v in row.items()}


def save_report(folder, flat, title, lines):
    """Both files, with the closing table made from the flat figures."""
    folder.mkdir(parents=True, exist_ok=True)
    flat |= closing(flat)
    (folder / f"{flat['bundle']}.json").write_text(json.dumps(flat, indent=1) + "\n")
    (folder / f"{flat['bundle']}.md").write_text("\n".join([f"# {title}", "", *closing_table(flat), FIGURES, "", *lines]).rstrip() + "\n")


def require_report(folder, bundle):
    """Raises FileNotFoundError where there is no table that figures could be added to: for before what takes long."""
    if not (folder / f"{bundle}.json").exists():
        raise FileNotFoundError(f"{folder} holds no table of {bundle}, to which this would be added: evaluate.py --out {folder} writes it")


def add_to_report(folder, bundle, figures, line):
    """More flat figures, and a last line in place of an earlier one that began with the same two words; the closing table is made anew."""
    flat = json.loads((folder / f"{bundle}.json").read_text()) | figures
    title, lines = (folder / f"{bundle}.md").read_text().split("\n", 1)
    lines = lines.split(f"{FIGURES}\n", 1)[-1].strip().split("\n")
    start = " ".join(line.split()[:2])
    save_report(folder, flat, title.removeprefix("# "), [*[old for old in lines if not old.startswith(start)], "", line])


def best_noise(games):
    """The variant of noise with the best mean, and that mean; puts its figure into each row."""
    names = next(iter(games.values()))["noise"]
    means = {n: float(np.mean([g["noise"][n] for g in games.values()])) for n in names}
    best = max(means, key=means.get)
    for g in games.values():
        g["best"] = g["noise"][best]
    return best, means[best]
