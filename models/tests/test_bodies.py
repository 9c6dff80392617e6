"""Rooms of rigid bodies: they follow their seed and the laws of motion, and sound where and when something touches."""
from types import SimpleNamespace

import numpy as np
import pytest

from foleylab.data.bodies.motion import STEP_HZ, simulate
from foleylab.data.bodies.room import Bodies
from foleylab.data.bodies.solids import CORNERS, order, pixels, project
from foleylab.data.bodies.stages import BOUNCE, Solid, about
from foleylab.data.cast import draw_cast
from foleylab.data.pictures import SIZE, View
from foleylab.data.scene import ClipConfig, Scene
from foleylab.data.sound import CURVE_RATE, SAMPLE_RATE

CONFIG = ClipConfig(duration_s=2.5, silent_share=0, off_screen_share=0)
WAYS = ("drop", "table", "dominoes", "ramp", "hammer", "stack", "pins")


def stage(*solids, gravity=9.81, duration_s=2.0):
    return SimpleNamespace(solids=list(solids), gravity=gravity, floor_friction=0.3, duration_s=duration_s)


def play(way, seed):
    rng = np.random.default_rng([seed, 21])
    scene = Scene(rng, "test" if seed % 2 else "train", CONFIG, silent=True)
    scene.actors = [Bodies(scene, rng, way)]
    return scene, scene.actors[0]


def picture(scene, room, t):
    out = np.full((SIZE, SIZE, 3), 90, np.uint8)
    room.draw(View(out, scene.camera.at(t)), t)
    return out


def level(track, start_s, stop_s):
    """Mean loudness between two times."""
    return np.sqrt((track[int(start_s * SAMPLE_RATE) : int(stop_s * SAMPLE_RATE)] ** 2).mean())


@pytest.fixture(scope="module")
def rooms():
    return [play(way, seed) for seed, way in enumerate(WAYS)]


def test_a_dropped_ball_hits_when_and_as_fast_as_it_must():
    for material in ("rubber", "wood", "stone"):
        hits = simulate(stage(Solid("ball", (0.1,) * 3, (0, 0, 1.1), material))).hits
        speed = np.sqrt(2 * 9.81 * 1.0)
        assert abs(hits[0].time_s - speed / 9.81) < 2 / STEP_HZ and abs(hits[0].speed_m_s / speed - 1) < 0.03
        assert abs(hits[1].speed_m_s / speed - BOUNCE[material]) < 0.12
        assert all(h.one == 0 and h.other is None for h in hits)


def test_a_box_sounds_when_a_corner_comes_down_and_the_floor_is_there():
    motion = simulate(stage(Solid("box", (0.2, 0.1, 0.15), (0, 0, 0.8), "wood", turn=about((1, 2, 0.5), 0.9), spin=(3, -2, 1))))
    lowest = lambda i: ((CORNERS * (0.2, 0.1, 0.15)) @ motion.turns[i, 0].T + motion.places[i, 0])[:, 2].min()
    assert len(motion.hits) >= 3
    assert all(abs(lowest(int(h.time_s * CURVE_RATE))) < 0.02 and abs(h.point[2]) < 0.02 for h in motion.hits)
    first = int(motion.hits[0].time_s * CURVE_RATE)
    assert min(lowest(i) for i in range(first - 1)) > 0  # nothing is touched before the first hit


def test_what_rolls_is_heard_as_long_as_it_touches():
    ball = Solid("ball", (0.1,) * 3, (0, 0, 0.1), "metal", velocity=(1.5, 0, 0), spin=(0, 15, 0), release_s=0.5)
    travel = simulate(stage(ball)).travel[:, 0]
    assert travel[: int(0.45 * CURVE_RATE)].max() < 0.02 and travel[int(0.7 * CURVE_RATE)] > 1.0
    assert simulate(stage(Solid("ball", (0.1,) * 3, (0, 0, 5.0), "metal"), duration_s=0.8)).travel.max() == 0  # still in the air


def test_things_at_rest_are_silent_and_what_overlaps_is_refused():
    for seed in range(3):
        scene, room = play("rest", seed)
        assert not scene.events and not scene.beds and not scene.track.any() and not room.hits
    assert simulate(stage(Solid("box", (0.1,) * 3, (0, 0, 0.1), "wood"), Solid("box", (0.1,) * 3, (0.05, 0, 0.1), "wood"))) is None


def test_events_are_contacts_that_begin_and_sound_rises_there(rooms):
    heard = 0
    for scene, room in rooms:
        assert 0 < len(scene.events) < 60 and np.isfinite(scene.track).all()
        begun = {(round(h.time_s, 4), room.solids[h.one].material) for h in room.motion.hits}
        for e in scene.events:
            assert e.family == "impact" and 0 < e.strength <= 1 and (round(e.time_s, 4), e.material) in begun
            if e.time_s < CONFIG.duration_s - 0.05:
                heard += level(scene.track, e.time_s, e.time_s + 0.03) > 1.1 * level(scene.track, e.time_s - 0.02, e.time_s)
    assert heard > 0.9 * sum(e.time_s < CONFIG.duration_s - 0.05 for scene, _ in rooms for e in scene.events)


def test_nothing_sounds_before_the_first_contact(rooms):
    for scene, _ in rooms:
        begin = min([e.time_s for e in scene.events] + [np.argmax(curve > 0) / CURVE_RATE for _, _, curve in scene.beds])
        assert not scene.track[: int((begin - 1 / CURVE_RATE) * SAMPLE_RATE)].any()


def test_a_visible_event_has_its_body_in_the_picture(rooms):
    inside, shown = [], []
    for scene, room in rooms:
        for e, (hit, _) in zip(scene.events, room.hits, strict=True):
            if e.visible:
                i = int(e.time_s * CURVE_RATE)
                seen = pixels(View(None, scene.camera.at(e.time_s)), project(room.lens.frame(e.time_s)[0], room.motion.places[i, [hit.one]].astype(float))[0])
                inside.append((seen > 0).all() and (seen < SIZE).all())
                shape, whole = room.shapes[hit.one], picture(scene, room, e.time_s)
                room.shapes[hit.one] = SimpleNamespace(draw=lambda *_: None)
                shown.append((picture(scene, room, e.time_s) != whole).any(2).sum() > 10)
                room.shapes[hit.one] = shape
    assert len(inside) > 20 and all(inside) and np.mean(shown) > 0.9


def test_a_seed_makes_the_same_room_and_its_drawing_has_no_memory(rooms):
    again, room = play(WAYS[2], 2)
    scene, first = rooms[2]
    assert np.array_equal(again.track, scene.track) and again.events == scene.events
    late = picture(again, room, 2.0)
    picture(scene, first, 0.5)
    assert np.array_equal(late, picture(scene, first, 2.0)) and not np.array_equal(late, picture(scene, first, 0.5))


def test_the_nearer_of_two_is_drawn_later():
    halves, eye = np.array([(0.1, 0.1, 0.1), (2.0, 0.1, 0.5)]), np.array([1.8, -3.0, 0.5])
    for y in (-0.4, 0.4):  # a small box before and behind the end of a long wall, where middles would mislead
        places, turns = np.array([(1.5, y, 0.1), (0.0, 0.0, 0.5)]), np.stack([np.eye(3)] * 2)
        corners = CORNERS * halves[:, None] + places[:, None]
        assert order(halves, corners, places, turns, eye) == ([1, 0] if y < 0 else [0, 1])


def test_rooms_are_cast_and_leave_other_scenes_as_they_were():
    with_rooms, without = ClipConfig(), ClipConfig(bodies_share=0)
    found = 0
    for seed in range(400):
        a, b = np.random.default_rng(seed), np.random.default_rng(seed)
        one, other = draw_cast(a, with_rooms), draw_cast(b, without)
        found += one == [Bodies]
        assert one == [Bodies] or (one == other and a.random() == b.random())
    assert 10 < found < 50
