"""Games in simple 3-D: pictures follow the walk and the rolling, flashes show with their shots, sounds stand where they are seen."""
from functools import cache
from itertools import islice

import numpy as np
import pytest

from foleylab.data.games.first_person import FirstPersonGame, ThirdPersonGame
from foleylab.data.games.marble import MarbleGame
from foleylab.data.games.raycast import World
from foleylab.data.pictures import View
from foleylab.data.scene import FAMILIES, ClipConfig, Scene
from foleylab.data.sound import CURVE_RATE

CONFIG = ClipConfig(duration_s=2.5)
GAMES = (FirstPersonGame, ThirdPersonGame, MarbleGame)


class Empty(Scene):
    def cast(self, rng, config):
        return []


def play(make, seed, split="train"):
    rng = np.random.default_rng(seed)
    scene = Empty(rng, split, CONFIG, silent=False)
    scene.events.clear(), scene.beds.clear(), scene.track.fill(0)
    scene.hidden = False
    return scene, make(scene, rng)


def picture(game, t):
    out = np.zeros((128, 128, 3), np.uint8)
    game.draw(View(out, (0.0, 0.0, 1.0)), t)
    return out


@cache
def walks(seed):
    return play(FirstPersonGame, [5, seed])


def find(wanted):
    """Two first-person games of which `wanted(game, scene)` holds."""
    found = list(islice(((g, s) for s, g in map(walks, range(80)) if wanted(g, s)), 2))
    assert len(found) == 2
    return found


@pytest.mark.parametrize("make", GAMES)
@pytest.mark.parametrize("split", ["train", "test"])
def test_games_draw_and_their_events_are_known_sounds(make, split):
    for seed in range(4):
        scene, game = play(make, [1, seed], split)
        shown = [picture(game, t) for t in (0.0, 0.7, 2.49)]
        assert all(0 <= e.time_s < CONFIG.duration_s and e.family in FAMILIES and e.strength > 0 for e in scene.events)
        assert all(f in FAMILIES and 0 <= c.min() and c.max() <= 1 and len(c) == 601 for f, _, c in scene.beds)
        assert np.isfinite(scene.track).all() and shown[0].std() > 1


@pytest.mark.parametrize("make", GAMES)
def test_a_seed_makes_the_same_game_and_another_seed_another(make):
    (a, one), (b, two), (_, other) = play(make, 3), play(make, 3), play(make, 4)
    assert np.array_equal(a.track, b.track) and a.events == b.events
    assert np.array_equal(picture(one, 1.3), picture(two, 1.3)) and not np.array_equal(picture(one, 1.3), picture(other, 1.3))


def test_walking_moves_the_whole_picture():
    for game, _ in find(lambda g, s: g.mode == "walk" and g.speed[200:260].min() > 0.5 and not g.air.any()):
        assert (picture(game, 0.85) != picture(game, 1.05)).any(2).mean() > 0.25


def test_looking_about_and_gliding_are_silent():
    for game, scene in find(lambda g, s: g.mode != "walk" and not (g.weapon or g.foes or g.blasts or g.items or g.gates)):
        assert not scene.events and not scene.track.any()
        assert (picture(game, 0.2) != picture(game, 1.2)).any(2).mean() > 0.2


def test_a_step_sounds_when_the_eye_is_lowest():
    for game, scene in find(lambda g, s: g.mode == "walk" and g.bobs and any(e.family == "footstep" for e in s.events) and not g.air.any()):
        for e in scene.events:
            if e.family == "footstep":
                phase = game.phase[round(e.time_s * CURVE_RATE)] % 1
                assert min(phase, 1 - phase) < 0.05


def test_the_flash_is_seen_in_the_frame_of_the_shot_and_not_before():
    for game, scene in find(lambda g, s: g.weapon is not None and g.weapon.kind != "melee" and any(0.1 < t < 2.3 for t in g.weapon.shots)):
        shots = game.weapon.shots
        for t in [t for k, t in enumerate(shots) if 0.1 < t < 2.3 and (k == 0 or t - shots[k - 1] > 0.25)][:2]:
            assert any(0 <= e.time_s - t < 0.011 for e in scene.events)
            with_flash, before = picture(game, t), picture(game, t - 1 / 30)
            game.weapon.shots = [s for s in shots if s != t]
            lights, game.lights = game.lights, [x for x in game.lights if x[0] != t]
            without, same = picture(game, t), picture(game, t - 1 / 30)
            game.weapon.shots, game.lights = shots, lights
            brighter = with_flash.astype(int).sum(2) - without.astype(int).sum(2)
            assert (brighter > 60).sum() > 30 and np.abs(before.astype(int) - same).max(2)[16:100].sum() == 0


def test_doors_grind_while_they_move():
    for game, scene in find(lambda g, s: any(t < 1.5 for t in g.opened)):
        (curve,) = [c for f, _, c in scene.beds if f == "roll"]
        start = min(game.opened)
        inside, outside = int((start + game.opening_s / 2) * CURVE_RATE), int((start - 0.03) * CURVE_RATE)
        assert curve[inside] > 0.3 and curve[max(outside, 0)] == 0
        game.open_at(start + game.opening_s / 2)
        assert 0.4 < game.world.door_open.max() <= 1


def test_the_rolling_follows_the_speed_that_is_drawn():
    rolling = 0
    for seed in range(6):
        scene, game = play(MarbleGame, [2, seed])
        (curve,) = [c for f, _, c in scene.beds if f == "roll"]
        speed = np.hypot(*np.diff(game.path[:, :2], axis=0).T) * CURVE_RATE
        ground = (game.path[1:, 2] == 0) & (game.path[:-1, 2] == 0) & (curve[1:] > 0.05) & (speed < game.top * 1.2)
        rolling += ground.any()
        assert not ground.any() or np.abs(curve[1:] * game.top - speed)[ground].mean() < 0.15 * game.top
        assert (curve[game.path[:, 2] > 0] == 0).all()
    assert rolling >= 4


def test_a_ball_that_meets_a_wall_sounds_at_the_contact():
    bumps = 0
    for seed in range(6):
        scene, game = play(MarbleGame, [2, seed])
        for t, _, place in game.bumps if game.rails else ():
            ends = game.edges()[0]
            a, way = ends[:, 0], ends[:, 1] - ends[:, 0]
            u = np.clip(((place - a) * way).sum(1) / (way**2).sum(1), 0, 1)[:, None]
            assert np.hypot(*(a + u * way - place).T).min() < game.radius + 0.08
            bumps += any(e.family == "impact" and abs(e.time_s - t) < 1e-6 for e in scene.events)
    assert bumps > 2


def test_the_ray_caster_finds_walls_at_their_distance():
    grid = np.ones((9, 9), np.uint8)
    grid[1:8, 1:8] = 0
    flat = np.full((64, 64, 3), 90, np.uint8)
    world = World(grid, [flat], flat, flat, None, 0.0, (0, 0, 0), 1.0, 1.0)
    _, depth = world.render(2.5, 4.5, 0.5, 0.0, 0.0, 0.6, 128)
    assert np.allclose(depth[60:68], 5.5, atol=1e-6) and not world.opaque((2.5, 4.5), (7.5, 4.5)) and world.opaque((2.5, 4.5), (8.5, 4.5))


def test_of_walks_in_third_person_each_shows_its_hero_and_of_the_others_few():
    seen = {make: [g.third for _, g in (play(make, [8, seed]) for seed in range(40)) if g.mode == "walk"] for make in (FirstPersonGame, ThirdPersonGame)}
    assert all(seen[ThirdPersonGame]) and 0 < sum(seen[FirstPersonGame]) < len(seen[FirstPersonGame]) / 2
