"""The platformer and the puzzles: they draw at all times, sound when it is seen, and follow their seed."""
import numpy as np
import pytest

from foleylab.data.games.crates import Crates
from foleylab.data.games.platformer import Platformer
from foleylab.data.games.puzzle import PUZZLES, Puzzle
from foleylab.data.pictures import View
from foleylab.data.scene import ClipConfig, Scene
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE

CONFIG = ClipConfig(duration_s=3.0)
MAKES = [Platformer, *(lambda scene, rng, make=make: Puzzle(scene, rng, make) for make in dict.fromkeys(PUZZLES))]
NAMES = ["Platformer", *(make.__name__ for make in dict.fromkeys(PUZZLES))]


def cast(make, seed, split="train"):
    """-> scene with this one actor, and its pictures."""
    rng = np.random.default_rng([seed, 8])
    scene = Scene(rng, split, CONFIG, silent=True)
    scene.actors = [make(scene, rng)]
    frames = []
    for i in range(int(CONFIG.duration_s * 30)):
        picture = np.zeros((128, 128, 3), np.uint8)
        scene.actors[0].draw(View(picture, scene.camera.at(i / 30)), i / 30)
        frames.append(picture)
    return scene, np.stack(frames)


@pytest.fixture(scope="module", params=zip(NAMES, MAKES, strict=True), ids=NAMES)
def played(request):
    name, make = request.param
    return name, make, [cast(make, seed, "test" if seed == 2 else "train") for seed in range(3)]


def test_every_game_moves_and_sounds_in_view(played):
    _, _, casts = played
    events = [e for scene, _ in casts for e in scene.events]
    assert len(events) >= 6 and np.mean([e.visible for e in events]) > 0.8
    for scene, frames in casts:
        assert (np.abs(np.diff(frames.astype(int), axis=0)).max((1, 2, 3)) > 20).mean() > 0.05
        assert all(0 <= e.time_s < CONFIG.duration_s for e in scene.events) and np.isfinite(scene.track).all()
        for e in scene.events:
            at = int(e.time_s * SAMPLE_RATE)
            assert np.abs(scene.track[at : at + 2400]).max() > 1e-4 or at > len(scene.track) - 480


def test_pictures_change_when_something_sounds(played):
    _, _, casts = played
    changed = []
    for scene, frames in casts:
        for e in scene.events:
            i = int(np.ceil(e.time_s * 30 - 0.35))
            if 1 <= i < len(frames) - 1 and e.visible:
                changed.append(np.abs(frames[i - 1 : i + 1].astype(int) - frames[i : i + 2]).max() > 12)
    assert np.mean(changed) > 0.9


def test_a_seed_makes_the_same_game(played):
    _, make, casts = played
    again, frames = cast(make, 0)
    assert np.array_equal(frames, casts[0][1]) and np.array_equal(again.track, casts[0][0].track) and again.events == casts[0][0].events
    assert not np.array_equal(casts[0][1], casts[1][1])


def test_landings_sound_when_the_feet_come_down():
    found = 0
    for seed in range(5, 9):
        rng = np.random.default_rng(seed)
        game = Platformer(Scene(rng, "train", CONFIG, silent=True), rng)
        height = lambda t: game.path[int(np.clip(t * CURVE_RATE, 0, game.n - 1)), 1]
        for t, name, *_ in game.happenings:
            if name == "land" and 0.1 < t < 2.8:
                found += 1
                assert height(t - 1 / 30) < height(t) + 0.1  # it comes from above,
                around = game.path[int((t - 0.1) * CURVE_RATE) : int((t + 1 / 30) * CURVE_RATE), 1]
                assert around.max() - height(t + 1 / CURVE_RATE) < 2.0  # and is as low as it gets
    assert found > 5


def test_what_is_taken_vanishes_with_its_sound():
    found = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        scene = Scene(rng, "train", CONFIG, silent=True)
        game = Platformer(scene, rng)
        for thing in game.level.things:
            if thing.taken_s < CONFIG.duration_s - 0.1:
                found += 1
                assert any(0 <= e.time_s - thing.taken_s <= 0.011 for e in scene.events)
    assert found > 2


def test_harder_hits_are_louder():
    speeds, strengths = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        game = Puzzle(Scene(rng, "train", CONFIG, silent=True), rng, Crates).game
        heard = {t: strength for t, _, strength, _, _ in game.happenings}
        for t, _, _, speed, _, _ in game.contacts:
            if t in heard:
                speeds.append(speed / np.sqrt(game.space.gravity[1]))
                strengths.append(heard[t])
    assert len(speeds) > 10 and np.corrcoef(speeds, strengths)[0, 1] > 0.6
