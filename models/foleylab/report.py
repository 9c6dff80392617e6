"""The evaluation's table as Markdown and as one flat object."""
import json

import numpy as np

COLUMNS = (("F1 50 ms", "f1At50", 3), ("corrected", "correctedAt50", 3), ("F1 100 ms", "f1At100", 3), ("corrected", "correctedAt100", 3), ("AP 50 ms", "apAt50", 3),
           ("offset ms", "offsetMedianMs", 0), ("spread", "offsetSpreadMs", 0), ("silence dBFS", "silenceMedianDbfs", 0), ("worst 20th", "silenceP95Dbfs", 0),
           ("sustained r", "bedLoudnessR", 2), ("level dB", "levelDb", 1), ("onsets", "onsetsFound", 0))
MEANING = (("KL mn04", "mn04Kl", 3), ("±", "mn04KlSe", 3), ("agree", "mn04Agree", 2), ("KL YAMNet", "yamnetKl", 3), ("±", "yamnetKlSe", 3), ("agree", "yamnetAgree", 2),
           ("Fréchet mn04", "fad", 1), ("±", "fadSe", 1))


KINDS = {"games": "Games of which nothing was trained on, but for Freedoom's other levels", "levels": "Levels of Freedoom that were held out"}


def key_of(name):
    words = "".join(c if c.isalnum() or c in " ." else " " for c in name.replace("'", "")).split()
    return words[0] + "".join(w.capitalize() for w in words[1:])


def table(rows, columns):
    """Markdown lines; a figure that a row lacks is a dash."""
    show = lambda row, key, digits: "–" if row.get(key) is None else f"{row[key]:.{digits}f}"
    lines = ["| system | " + " | ".join(c[0] for c in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return lines + [f"| {name} | " + " | ".join(show(row, key, digits) for _, key, digits in columns) + " |" for name, row in rows.items()]


def write_report(folder, head, rows, more, footage, title, unseen):
    """`head` and `more`: flat figures; `rows`, `unseen`: system -> figures; `footage`: "games" or "levels" -> clip -> figures. Writes <bundle>.json and .md."""
    flat = dict(head)
    for name, row in rows.items():
        flat |= {f"{key_of(name)}.{k}": round(float(v), 4) for k, v in row.items()}
    flat |= {k: round(float(v), 4) for k, v in more.items()}
    lines = [f"# {title}", "", *table(rows, COLUMNS), ""]
    judged = {name: row for name, row in rows.items() if "mn04Kl" in row}
    if judged:
        lines += ["By two judges of sound: KL of their scores from those of the true sound, share of clips with the same first class, Fréchet distance from the true sounds.", "",
                  *table(judged, MEANING), ""]
    lines += ["; ".join(f"{k} {v:.4g}" for k, v in more.items()), ""]
    if unseen:
        lines += ["Never trained on: doors, fireworks, pinball.", "", *table(unseen, COLUMNS), ""]
        for name, row in unseen.items():
            flat |= {f"unseen.{key_of(name)}.{k}": round(float(v), 4) for k, v in row.items()}
    for kind, clips in footage.items():
        if not clips:
            continue
        noise, best = best_noise(clips)
        mean = float(np.mean([g["r"] for g in clips.values()]))
        lines += [f"{KINDS[kind]}: correlation of the envelopes.", "",
                  *table(clips, (("envelope r", "r", 3), ("lag ms", "lagMs", 0), ("z", "z", 1), (noise, "best", 3))), "",
                  f"Mean {mean:.3f}; {noise} {best:.3f}, the best of the variants on average.", ""]
        for name, row in clips.items():
            flat |= {f"{kind[:-1]}.{name}.{k}": round(float(v), 4) for k, v in row.items() if not isinstance(v, dict)}
        flat |= {f"{kind}MeanR": round(mean, 4), f"{kind}NoiseMeanR": round(best, 4), f"{kind}Noise": noise}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{head['bundle']}.json").write_text(json.dumps(flat, indent=1) + "\n")
    (folder / f"{head['bundle']}.md").write_text("\n".join(lines).rstrip() + "\n")
    print("\n".join(lines))


def best_noise(games):
    """The variant of noise with the best mean, and that mean; puts its figure into each row."""
    names = next(iter(games.values()))["noise"]
    means = {n: float(np.mean([g["noise"][n] for g in games.values()])) for n in names}
    best = max(means, key=means.get)
    for g in games.values():
        g["best"] = g["noise"][best]
    return best, means[best]
