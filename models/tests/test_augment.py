"""Clips in other clothes: nothing but the clothes may change."""
import cv2
import numpy as np
import torch

from foleylab.augment import augment, lay_over, light, other_texture, sway, zoom
from foleylab.planes import join, part


def square(side=8, count=3):
    """A bright square in the middle of dark pictures."""
    pictures = np.zeros((count, 64, 64, 3), np.uint8)
    pictures[:, 32 - side // 2 : 32 + side // 2, 32 - side // 2 : 32 + side // 2] = 200
    return pictures


def planes(*clips):
    """Of each clip the colours, and its grey twice as fine."""
    return torch.from_numpy(np.stack([join(c, c.mean(-1).astype(np.uint8).repeat(2, 1).repeat(2, 2)) for c in clips]))


def test_zoom_keeps_the_middle_and_fills_the_border():
    pictures = square()
    out = zoom(pictures, np.random.default_rng(1))
    assert out.shape == pictures.shape and out.dtype == np.uint8 and 0 < out.sum() and abs(int(out.sum()) - int(pictures.sum())) > 1
    assert np.all(zoom(np.full((2, 64, 64, 3), 7, np.uint8), np.random.default_rng(2)) == 7)


def test_sway_moves_the_whole_picture_a_few_pixels_and_repeats_the_border():
    pictures = square(count=60)
    out = sway(pictures, np.random.default_rng(1))
    places = [np.argwhere(p[..., 0] == 200).mean(0) for p in out]
    assert np.all([(p == 200).sum() == (q == 200).sum() for p, q in zip(out, pictures, strict=True)])
    assert 0 < np.ptp(places, 0).max() and np.abs(np.array(places) - 31.5).max() <= 5
    assert np.abs(np.diff(places, axis=0)).max() <= 2
    assert np.all(sway(np.full((9, 64, 64, 3), 7, np.uint8), np.random.default_rng(2)) == 7)


def test_light_gives_equal_levels_equal_light_and_keeps_their_order_or_turns_it():
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8)[:, None] * 4, (2, 64, 64, 3))
    turned, tinted = 0, 0
    for seed in range(60):
        out = light(ramp, np.random.default_rng(seed)).astype(int)
        assert out.shape == ramp.shape and out.min() >= 0 and out.max() <= 255
        assert np.all(out == out[:1, :1])
        steps = np.diff(out[0, 0], axis=0)
        assert np.all(steps >= 0) or np.all(steps <= 0)
        turned, tinted = turned + bool(steps.min() < 0), tinted + bool(np.any(out[..., 0] != out[..., 1]))
    assert 0 < turned < 20 and 10 < tinted < 40


def test_another_texture_changes_near_what_moves_and_when_it_does():
    pictures = square(count=4)
    pictures[2:] = np.roll(pictures[2:], 12, 2)
    for seed in range(20):
        out = other_texture(pictures, np.random.default_rng(seed)).astype(int)
        assert out.shape == pictures.shape and np.all(out[0] == out[1]) and np.all(out[2] == out[3])
        changed, moved = np.any(out[1] != out[2], -1), np.any(pictures[1] != pictures[2], -1)
        near = cv2.dilate(moved.astype(np.uint8), np.ones((5, 5))) > 0
        assert changed.any() and not (changed & ~near).any()
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8)[:, None] * 4, (2, 64, 64, 3))
    assert len({other_texture(ramp, np.random.default_rng(seed)).tobytes() for seed in range(8)}) == 8


def test_a_still_laid_over_changes_what_stands_and_not_when_things_change():
    pictures = square(count=4)
    pictures[2:] = 0
    out = lay_over(pictures, np.full((64, 64, 3), 90, np.uint8), np.random.default_rng(1)).astype(int)
    assert np.all(out[0] == out[1]) and np.all(out[2] == out[3]) and out[3].min() > 0
    assert np.array_equal(out[1] != out[2], pictures[1] != pictures[2])


def test_a_seed_says_what_each_clip_wears():
    pictures = planes(square(), square(16))
    once, again = (augment(pictures, np.random.default_rng(3)) for _ in range(2))
    other = augment(pictures, np.random.default_rng(4))
    assert once.dtype == torch.uint8 and once.shape == pictures.shape
    assert torch.equal(once, again) and not torch.equal(once, other)


def test_colours_and_fine_grey_turn_and_shift_alike(monkeypatch):
    for how in ("lay_over", "other_texture", "light"):  # these leave everything at its place
        monkeypatch.setattr(f"foleylab.augment.{how}", lambda clip, *others: clip)
    shape = np.zeros((4, 64, 64, 3), np.uint8)
    shape[:, 14:30, 16:34] = 220
    dressed = [part(augment(planes(shape), np.random.default_rng(k))[0].numpy()) for k in range(30)]
    middle = lambda grey: np.argwhere(grey > 110).mean(0) / len(grey)
    places = np.array([[middle(colours[3, ..., 0]), middle(fine[3])] for colours, fine in dressed])
    assert np.ptp(places[:, 0], axis=0).min() > 0.1
    assert np.abs(places[:, 0] - places[:, 1]).max() < 0.02


def test_clips_whose_size_tells_something_are_not_zoomed(monkeypatch):
    zoomed = []
    monkeypatch.setattr("foleylab.augment.zoom", lambda clip, rng: zoomed.append(clip) or clip)
    pictures = planes(*[square()] * 30)
    augment(pictures, np.random.default_rng(5), zooms=False)
    assert not zoomed
    augment(pictures, np.random.default_rng(5))
    assert zoomed
