"""What judges of sound make of systems, clip by clip: agreement with the truth's first class, KL of the scores; Fréchet distance over all.

Agreement counts by Cohen's kappa. mn04 names one class ("Music") for three quarters of the true sounds, so that the plain share of clips is highest for
who sounds like that always: a metronome's was 0.83, the truth's through the codec 0.80 (models/LOG.md).
"""
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from foleylab.judges import divergence, frechet_row
from foleylab.paired import change, kappa, sigmas


def judge_clips(judges, systems, loud):
    """`systems`: name -> sounds, the first of which is the truth; `loud`: clips with an audible truth.

    -> name -> figures (kappa, means and standard errors over clips, Fréchet distance by the first judge); name -> figure -> value of each loud clip,
    and for kappa its classes, the truth's and the system's (2, clips).
    """
    with ThreadPoolExecutor(len(judges)) as threads:  # one for each judge: some cannot hear two sounds at once
        listen = lambda sounds: dict(zip(judges, threads.map(lambda judge: [judge.hear(s) for s in sounds], judges.values()), strict=True))
        heard = {name: listen(sounds) for name, sounds in systems.items()}
    true, rows, clips, first = heard[next(iter(systems))], {}, {}, next(iter(judges))
    for name in systems:
        clips[name] = {}
        for judge, got in heard[name].items():
            pairs = [(true[judge][i][0], got[i][0]) for i in loud]
            clips[name][f"{judge}Kl"] = np.array([divergence(t, g) for t, g in pairs])
            classes = clips[name][f"{judge}Kappa"] = np.array([[t.argmax() for t, _ in pairs], [g.argmax() for _, g in pairs]])
            clips[name][f"{judge}Agree"] = (classes[0] == classes[1]).astype(float)
        rows[name] = {k: kappa(v) if k.endswith("Kappa") else float(v.mean()) for k, v in clips[name].items()}
        rows[name] |= {f"{j}KlSe": float(clips[name][f"{j}Kl"].std() / np.sqrt(len(loud))) for j in judges}
        rows[name] |= frechet_row([g[1] for g in heard[name][first]], [t[1] for t in true[first]])
    return rows, clips


def better_by(clips, ours, others):
    """Paired over clips: by how many standard errors ours agrees more, and has less KL, than each other system."""
    sign = lambda figure: -1 if figure.endswith("Kl") else 1
    return {name: {f"{k}Z": sign(k) * sigmas(*change(k, clips[ours][k], clips[name][k])) for k in clips[ours]} for name in others if name in clips}
