"""The measures of the closing table at toy size: each tells a right sound from a wrong one."""
import json

import numpy as np
import pytest

from evaluate import judge_made_of
from foleylab.closing import BARS, closing, key_of
from foleylab.data.scene import FAMILIES, Scene, alone, make_clip
from foleylab.data.sound import MATERIALS, ModalVoice
from foleylab.difference import difference_alone
from foleylab.expected import Neutral, expect
from foleylab.material import accuracy, describe, fit_ear, lone_events
from foleylab.meaning import better_by, judge_clips
from foleylab.obedience import leaning, obey
from foleylab.onsets import average_precision, corrected, detect, score, settle, shifts_of, tally
from foleylab.paired import f1_change, kappa, kappa_change, mean_change
from foleylab.pitch import SEMITONE, same_pitch, track
from foleylab.report import add_to_report, require_report, write_report
from foleylab.sustained import follow_beds, loudness_r


def clicks(times, loud=0.5):
    out = np.zeros(240000, np.float32)
    for t in times:
        at = round(t * 48000)
        out[at : at + 2400] += loud * np.random.default_rng(1).standard_normal(2400).astype(np.float32) * np.exp(-np.arange(2400) / 400)
    return out


def tone(hz):
    """Eight harmonics of a pitch given per sample."""
    phase = 2 * np.pi * np.cumsum(hz) / 48000
    return (0.1 * sum(np.sin(k * phase) / k for k in range(1, 9))).astype(np.float32)


class Toy:
    """Clips from lists of sounds and events; a bed over the first second of those with `rain`."""

    def __init__(self, sounds, events, rain=False):
        self.sounds, self.listed, self.bed = sounds, events, np.zeros((150, len(FAMILIES)), np.float16)
        self.bed[:30, FAMILIES.index("rain")] = rain

    def __len__(self):
        return len(self.sounds)

    def row(self, key, i):
        return {"audio": self.sounds[i], "bed": self.bed}[key]

    def events(self):
        return self.listed


def event(t, visible=True, material=None):
    return {"time_s": t, "family": "impact", "material": material, "strength": 1.0, "visible": visible}


def test_a_neutral_moment_excuses_one_onset_and_hides_no_event():
    truth, neutral = np.array([1.0]), Neutral(np.array([2.0]), np.arange(150) < 15)
    count = lambda *times: settle(np.array(times), truth, 0.05, neutral)
    assert count(1.0, 2.01) == (1, 1) and count(1.0, 2.01, 2.03) == (1, 2)  # one moment, one onset
    assert count(1.0, 0.2, 0.3, 3.0) == (1, 2) and count(0.2) == (0, 0)  # in the span, out of it
    assert settle(np.array([0.2]), np.array([0.2]), 0.05, neutral) == (1, 1)  # an event in the span still counts
    ap = lambda *times: average_precision([(np.array(times), np.arange(len(times), 0, -1.0))], [truth], 0.05, [neutral])
    assert ap(2.0, 0.3, 1.0) == 1 and ap(3.0, 1.0) == 0.5 and ap(2.0, 2.02, 1.0) == 0.5


def test_truth_has_all_that_is_asked_and_what_ignores_the_picture_stays_at_chance():
    rng = np.random.default_rng(0)
    times = [np.sort(rng.uniform(0.1, 4.8, 6)) for _ in range(30)]
    times = [t[np.diff(t, prepend=0) > 0.09] for t in times]
    sounds = [clicks(t) for t in times]
    events = [[event(t, visible=k > 0) for k, t in enumerate(ts)] for ts in times]  # the first of each clip is out of view
    expected = expect(Toy(sounds, events), sounds, 0.3, 0.3)
    assert [len(e) for e in expected.events] == [len(t) - 1 for t in times] and all(abs(n.times - t[0]).min() < 0.02 for n, t in zip(expected.neutral, times, strict=True))
    found = [detect(s, 0.3)[0] for s in sounds]
    neutral = expected.neutral
    assert score(found, expected.events, neutral=neutral)["correctedAt50"] == 1 > score(found, expected.events)["correctedAt50"]
    assert abs(score(found[7:] + found[:7], expected.events, neutral=neutral)["correctedAt50"]) < 0.08
    beats = [np.arange(0.2, 4.9, 0.8)] * 30
    assert abs(score(beats, expected.events, neutral=neutral)["correctedAt50"]) < 0.08


def test_grains_of_rain_are_not_held_against_anyone():
    sound, rain = clicks([3.0]), clicks(np.arange(0.1, 0.95, 0.11), 0.4)
    expected = expect(Toy([sound + rain], [[event(3.0)]], rain=True), [sound + rain], 0.3, 0.3)
    other_drops = detect(sound + clicks(np.arange(0.16, 0.9, 0.13), 0.4), 0.3)[0]
    assert len(other_drops) > 4 and score([other_drops], expected.events, neutral=expected.neutral)["f1At50"] == 1


def test_paired_errors_are_small_for_the_same_clips_and_changes_have_their_sign():
    truth = [np.array([1.0, 2.5])] * 40
    right, half = [np.array([1.0, 2.5])] * 40, [np.array([1.0, 2.5]) if i % 2 else np.array([1.7]) for i in range(40)]
    base, other = (tally(f, truth, 0.05, shifts=shifts_of()) for f in (right, half))
    change, error = f1_change(other, base)
    assert change == pytest.approx(corrected(other)[2] - corrected(base)[2]) and change < -0.3 and 0.02 < error < 0.15 and f1_change(base, base) == (0, 0)
    change, error = mean_change(np.arange(100) + np.tile([0.9, 1.1], 50), np.arange(100))
    assert change == pytest.approx(1) and 0.005 < error < 0.02


def test_pitch_is_followed_within_a_semitone_and_octaves_are_told_apart():
    hz = 60 * np.exp(np.arange(240000) / 48000 / 3)
    got, clear = track(tone(hz))
    assert clear[1:-2].all() and np.abs(np.log(got / hz[1200::2400]) / np.log(SEMITONE))[1:-2].max() < 0.3
    share = lambda audio: tuple(v / 100 for v in same_pitch((got, clear), track(audio)))
    assert share(tone(hz * 1.03))[1] > 0.95 and share(tone(hz * 1.2))[1] == 0 and share(tone(hz * 2))[1:] == (0, pytest.approx(0.97, abs=0.04))
    assert not track(np.random.default_rng(0).standard_normal(48000) * 0.1)[1].any() and not track(np.zeros(48000))[1].any()


def test_loudness_and_pitch_of_beds_prefer_the_truth():
    speed = 0.3 + 0.25 * np.sin(np.arange(240000) / 48000 * 3)
    truth, flat = tone(40 + 100 * speed) * speed.astype(np.float32), tone(np.full(240000, 300.0))
    rows = follow_beds([truth], {"truth": [truth], "flat": [flat], "silence": [np.zeros_like(truth)]}, pitched=True)
    assert rows["truth"]["loudnessRMedian"] == pytest.approx(1) and rows["truth"]["pitchShare"] == 1 > 0.1 > rows["flat"]["pitchShare"]
    assert rows["silence"]["loudnessRMedian"] == 0 and loudness_r(flat, truth) is None


def struck(material, seed):
    rng = np.random.default_rng(seed)
    out = np.zeros(240000, np.float32)
    wave = ModalVoice(material, 1.0, rng).play(0.7, rng)
    out[48000 : 48000 + len(wave)] = wave
    return out


def test_materials_are_told_apart_by_sound_and_a_prompt_that_is_obeyed_moves_the_ear():
    sounds = [(m, struck(m, 10 * s + k)) for s in range(12) for k, m in enumerate(MATERIALS)]
    features, labels = np.stack([describe(x, 1.0) for _, x in sounds]), np.array([MATERIALS.index(m) for m, _ in sounds])
    ear = fit_ear(features[:48], labels[:48], MATERIALS)
    clips = Toy([x for _, x in sounds[48:]], [[event(1.0, material=m)] for m, _ in sounds[48:]])
    events = lone_events(clips, "material")
    share, error, right = accuracy(ear, clips.sounds, events)
    assert len(events) == 24 == len(right) and share > 0.7 and 0 < error < 0.15
    of_kind = {"material": (clips, {"truth": clips.sounds, "shuffled": clips.sounds[1:] + clips.sounds[:1]}), "surface": (Toy([], []), {"truth": []})}
    rows = judge_made_of({"material": ear}, of_kind)
    assert rows["truth"]["material"] == share > 2 * rows["shuffled"]["material"] and rows["chance"] == {"material": 1 / 6}
    assert describe(np.roll(clips.sounds[0], 1200), 1.0) == pytest.approx(describe(clips.sounds[0], 1.0), abs=6)  # a little late is the same material
    told = {w: [struck(w, k) for k in range(6)] for w in ("metal", "wood")}
    row = obey(told, [[1.0]] * 6, ear)["material classifier"]
    assert row["z"] > 3 and row["change"] > 0 and leaning(ear, told["metal"][0], [1.0]) > leaning(ear, told["wood"][0], [1.0])
    assert obey({w: told["metal"] for w in told}, [[1.0]] * 6, ear)["material classifier"]["change"] == 0


def test_frame_difference_keeps_motion_and_loses_the_picture():
    still = np.random.default_rng(0).integers(0, 255, (1, 128, 128, 3), np.uint8).repeat(4, 0)
    moved = still.copy()
    moved[2:, :20] = 255 - moved[2:, :20]
    seen = difference_alone(moved)
    assert seen.shape == moved.shape and seen.dtype == np.uint8 and not difference_alone(still).any()
    assert seen[2, :20].any() and not seen[2, 20:].any() and not seen[[0, 1, 3]].any() and (seen[..., 0] == seen[..., 2]).all()


def test_one_family_alone_and_silhouettes():
    clip = make_clip(np.random.default_rng(1), "tune", alone("engine"))
    assert not clip.events and {f for f, _, _ in clip.beds} == {"engine"}
    scene = Scene(np.random.default_rng(2), "tune", alone("impact", silhouette=True))
    picture, alpha = scene.actors[0].sprite
    assert len(scene.actors) == 1 and len(np.unique(picture)) == 1 and set(np.unique(alpha)) <= {0.0, 1.0} and {e.family for e in scene.events} == {"impact"}


def test_judges_clip_by_clip_say_by_how_much_ours_is_better():
    class Ear:
        def hear(self, audio):
            return np.exp(audio[:5]) / np.exp(audio[:5]).sum(), audio.reshape(-1, 5)

    rng = np.random.default_rng(0)
    truth = [rng.standard_normal(20) for _ in range(40)]
    systems = {"truth": truth, "ours": [t + 0.3 * rng.standard_normal(20) for t in truth], "other": truth[1:] + truth[:1]}
    rows, clips = judge_clips({"mn04": Ear()}, systems, range(40))
    assert rows["truth"]["mn04Agree"] == 1 and rows["truth"]["fad"] < 1e-6 and len(clips["ours"]["mn04Kl"]) == 40
    found = better_by(clips, "ours", ("other", "absent"))
    assert list(found) == ["other"] and all(found["other"][f"mn04{k}Z"] > 3 for k in ("Kl", "Agree", "Kappa"))


def test_who_always_says_the_commonest_class_agrees_by_chance_alone():
    truth = np.array([0] * 30 + [1] * 10)
    always, right, half = np.zeros(40, int), truth.copy(), np.where(np.arange(40) % 2, truth, 1 - truth)
    kappas = [kappa(np.stack([truth, told])) for told in (always, right, half, always[::-1])]
    assert kappas == [0, 1, pytest.approx(0), 0] and (truth == always).mean() == 0.75
    assert kappa(np.zeros((2, 5))) == 0
    assert kappa(np.array([[0, 0, 1, 1], [0, 0, 1, 0]])) == pytest.approx(0.5)  # observed 3/4, by chance 1/2
    by, error = kappa_change(np.stack([truth, right]), np.stack([truth, always]))
    assert by == 1 and error == 0


def test_closing_has_a_key_for_every_row_and_says_what_is_met(tmp_path):
    flat = {"bundle": "foley-flow", "defaultSteps": 2, "foleyFlow2Steps.correctedAt50": 0.81, "foleyFlow25Steps.correctedAt50": 0.8, "unseen.foleyFlow.correctedAt50": 0.3,
            "foleyFlow2Steps.offsetMedianMs": -12.0, "gamesMeanR": 0.3, "gamesNoiseMeanR": 0.2, "gamesDifferenceMeanR": 0.27, "chunkP95Ms": 9.0}
    flat |= {f"{row}.{judge}Kappa": v for row, v in (("foleyFlow2Steps", 0.3), ("frameDifferenceAlone", 0.15)) for judge in ("mn04", "yamnet")}
    flat |= {f"game.{n}.{k}": v for n, r in (("a", 0.2), ("b", 0.4)) for k, v in (("r", r), ("best", 0.3), ("lagMs", -20.0))}
    got = closing(flat)
    assert len(got) == 3 * len(BARS) and all(f"closing.{n}.{k}" in got for n, *_ in BARS for k in ("bar", "met"))
    value = lambda n: (got[f"closing.{n}"], got[f"closing.{n}.met"])
    assert value("f1Trained") == (0.81, True) and value("f1NeverTrained") == (0.3, False) and value("offsetMedianMs") == (12, False) and value("gamesOverNoise") == (1.5, True)
    assert value("gamesBetter") == (1, False) and value("gamesLagMs") == (20, True) and value("differenceEnvelopeLoss") == (10, False) and value("stepsF1Loss")[1]
    assert value("differenceAgreementLoss") == (50, True)
    assert value("fadOverCodec") == (None, False) and got["closing.chunkP95Ms.bar"] == "<= 10" and key_of("foley-flow, 2 steps") == "foleyFlow2Steps"


def test_drift_comes_into_the_closing_table_afterwards(tmp_path):
    row = {"correctedAt50": 0.9}
    with pytest.raises(FileNotFoundError, match="holds no table of toy.*evaluate.py"):
        require_report(tmp_path, "toy")
    write_report(tmp_path, {"bundle": "toy", "defaultSteps": 2}, {"toy, 2 steps": row}, {"chunkP95Ms": 3.0}, {}, "toy")
    require_report(tmp_path, "toy")
    page = (tmp_path / "toy.md").read_text()
    assert page.startswith("# toy\n\n## Closing table\n") and "| not measured | ≤ 2 | no |" in page and "| 0.9 | ≥ 0.8 | yes |" in page
    for clips in (3, 20):
        add_to_report(tmp_path, "toy", {"drift.levelDb": -0.5, "drift.fadFirst": 6.0, "drift.fadLast": 6.3, "drift.clips": clips}, f"Minute 10 of {clips} clips.")
    flat, page = json.loads((tmp_path / "toy.json").read_text()), (tmp_path / "toy.md").read_text()
    assert flat["closing.driftFad"] == 5 and flat["closing.driftFad.met"] and flat["closing.driftClips.met"] and page.count("## Closing table") == 1
    assert page.count("Minute 10") == 1 and page.endswith("Minute 10 of 20 clips.\n") and "| toy, 2 steps |" in page
