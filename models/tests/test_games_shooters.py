"""Shooters and races: every seed plays, shows what it sounds, and the engine turns as fast as the road passes."""
import numpy as np
import pytest

from foleylab.data.games.racing import Racing, RoadAhead
from foleylab.data.games.side_shooter import SideShooter
from foleylab.data.games.top_down_shooter import TopDownShooter
from foleylab.data.pictures import View
from foleylab.data.scene import FAMILIES, ClipConfig, Scene

GAMES = (TopDownShooter, SideShooter, Racing)
CONFIG = ClipConfig(duration_s=2.0, silent_share=1.0, distractor_share=0, off_screen_share=0)


def play(game, seed, split="train"):
    rng = np.random.default_rng([5, seed])
    scene = Scene(rng, split, CONFIG, silent=True)
    scene.actors = []
    return scene, game(scene, rng)


def picture(scene, actor, t):
    out = np.zeros((128, 128, 3), np.uint8)
    actor.draw(View(out, scene.camera.at(t)), t)
    return out


@pytest.mark.parametrize("game", GAMES)
def test_seeds_play_and_show_what_they_sound(game):
    seen = []
    for seed in range(4):
        scene, actor = play(game, seed, "test" if seed % 3 == 2 else "train")
        pictures = [picture(scene, actor, t).astype(int) for t in (0, 0.5, 1.23, 1.999)]
        assert any(np.abs(a - b).mean() > 0.3 for a, b in zip(pictures, pictures[1:], strict=False))
        assert all(0 <= e.time_s < 2.0 and e.family in FAMILIES and 0 < e.strength <= 1 for e in scene.events)
        assert all(family in FAMILIES and len(curve) >= 2.0 * 240 and curve.min() >= 0 and curve.max() <= 1.0001 for family, _, curve in scene.beds)
        assert scene.events or scene.beds
        seen += [e.visible for e in scene.events]
    assert sum(seen) >= 0.9 * len(seen) and (game is Racing or len(seen) > 25)


@pytest.mark.parametrize("game", GAMES)
def test_a_seed_is_a_game(game):
    (a, x), (b, y), (c, z) = (play(game, seed) for seed in (3, 3, 4))
    assert a.events == b.events and np.array_equal(a.track, b.track) and not np.array_equal(a.track, c.track)
    assert all(np.array_equal(picture(a, x, t), picture(b, y, t)) for t in (0.3, 1.9)) and not np.array_equal(picture(a, x, 1.0), picture(c, z, 1.0))


@pytest.mark.parametrize("game", (TopDownShooter, SideShooter))
def test_blasts_change_the_picture_in_their_frame(game):
    """The step of brightness into the frame of an explosion is larger than steps between frames are."""
    jumps, others = [], []
    for seed in range(4):
        scene, actor = play(game, seed)
        pictures = [picture(scene, actor, (k + 0.01) / 30).astype(np.int16) for k in range(60)]
        steps = np.array([0] + [np.clip(b - a, 0, None).mean() for a, b in zip(pictures, pictures[1:], strict=False)])
        frames = {int(e.time_s * 30 + 1e-6) for e in scene.events if e.family == "explosion" and e.visible and e.strength > 0.3}
        jumps += [steps[f] for f in frames]
        others += [steps[k] for k in range(1, 60) if not any(e.time_s * 30 - 1.5 < k < e.time_s * 30 + 3 for e in scene.events)]
    assert len(jumps) > 3 and np.median(jumps) > 2 * np.median(others)


def test_louder_blasts_are_larger_or_nearer():
    scene, actor = play(TopDownShooter, 1)
    before = len(scene.events)
    x, y = actor.player.x, actor.player.y
    for radius, dx in ((8, 0), (24, 0), (24, 90)):
        actor.boom(20, x + dx * (1 if x < 64 else -1), y, radius)
    small, large, far = (e.strength for e in scene.events[before:])
    assert large > 1.5 * small and far < 0.8 * large


def test_the_engine_follows_the_road():
    fits = []
    for seed in range(7):
        scene, actor = play(Racing, seed)
        race = actor.race
        family, _, curve = scene.beds[0]
        assert family == "engine"
        if isinstance(race, RoadAhead):
            moved = np.gradient(race.place)
        else:
            moved = np.linalg.norm(np.gradient(race.states[:, 0, :2], axis=0), axis=1)
        if race.speed.std() > 0.08:
            fits.append(np.corrcoef(moved, curve[: len(moved)])[0, 1])
            assert np.corrcoef(moved[5:-5], race.speed[5:-5])[0, 1] > 0.95
    assert len(fits) > 2 and np.median(fits) > 0.75


def test_stripes_move_only_when_the_speed_is_not_zero():
    for seed in range(12):
        scene, actor = play(Racing, seed)
        if not isinstance(actor.race, RoadAhead):
            continue
        race = actor.race
        race.across[:], race.cars, race.own.blit = 0, [], lambda *a, **k: None
        for speed, moves in ((0.0, False), (0.5, True)):
            race.speed[:] = speed
            race.place = np.arange(race.n) * speed * race.top_speed / 240
            road = [np.zeros((128, 128, 3), np.uint8) for _ in range(2)]
            for out, i in zip(road, (240, 256), strict=True):
                race.paint(out, i)
            assert np.array_equal(*road) != moves
        return


def test_crashes_ring_and_skids_smoke():
    bangs, skids = 0, 0
    for seed in range(10):
        scene, actor = play(Racing, seed)
        bangs += sum(e.family == "impact" and e.material == "metal" for e in scene.events)
        for family, material, curve in scene.beds:
            if (family, material) == ("roll", "rubber"):
                skids += 1
                f = min(int(curve.argmax() / 8), actor.race.reel.frames - 2)
                assert any(kind == "disc" for kind, *_ in actor.race.reel.marks[f][1])
    assert bangs > 0 and skids > 1
