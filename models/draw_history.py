"""python draw_history.py --bundle live --out evaluation/history.png

The closing table's figures of every version of a bundle that was judged, as curves beside their bars: read from the history of evaluation/<bundle>.json in git,
the last judgement of each version. Prints them as a table too. What was measured otherwise then (clips, definitions) is said in LOG.md.
"""
import argparse
import json
import subprocess
from pathlib import Path

from foleylab.closing import BARS

HERE = Path(__file__).resolve().parent
DRAWN = ("f1Trained", "f1NeverTrained", "gamesOverNoise", "gamesBetter", "differenceEnvelopeLoss", "differenceAgreementLoss", "enginePitch", "engineLoudnessR",
         "agreementOverOthers", "klOverOthers", "fadOverCodec", "fadOverSampler")


def judged(path):
    """All committed states of a table of figures, oldest first, the one on disk last; -> version -> flat figures, the last of each."""
    git = lambda *words: subprocess.run(["git", "-C", str(path.parent), *words], capture_output=True, text=True, check=True).stdout
    rows = {}
    for commit in git("log", "--reverse", "--format=%H", "--", path.name).split():
        state = json.loads(git("show", f"{commit}:./{path.name}"))
        rows[state["version"]] = state
    now = json.loads(path.read_text())
    return rows | {now["version"]: now}


def figure_of(flat, name):
    """A closing figure, None where that version lacks it."""
    return flat.get(f"closing.{name}")


def draw(rows, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    labels = {name: (label, sign, bar) for name, label, sign, bar in BARS}
    figure, axes = plt.subplots(-(-len(DRAWN) // 4), 4, figsize=(18, 10))
    for axis, name in zip(axes.flat, DRAWN, strict=True):
        label, sign, bar = labels[name]
        known = [(v, figure_of(flat, name)) for v, flat in rows.items() if figure_of(flat, name) is not None]
        axis.axhline(bar, color="tab:red", linestyle="--", label=f"bar: {sign} {bar:g}")
        if known:
            axis.plot(*zip(*known, strict=True), marker="o", markersize=3)
        axis.set_title(label, fontsize=8)
        axis.tick_params(axis="x", rotation=70, labelsize=7)
        axis.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=70)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", default="live")
    parser.add_argument("--figures", type=Path, default=HERE / "evaluation")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    rows = judged(args.figures / f"{args.bundle}.json")
    print("\t".join(("version", "clips", *DRAWN)))
    for version, flat in rows.items():
        print("\t".join(str(v) for v in (version, flat["clips"], *(figure_of(flat, name) for name in DRAWN))))
    draw(rows, args.out)


if __name__ == "__main__":
    main()
