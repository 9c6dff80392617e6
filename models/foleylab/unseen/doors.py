"""A door in a wall: it swings or slides, its handle turns with a click, and it falls shut with a bang, or is stopped before."""
import numpy as np

from foleylab.unseen.canvas import FRAME_RATE, FRAMES, RATE, SIDE, Canvas, Track, one_pole


def bang(rng, heavy, strength):
    """A pulse that runs to and fro in a box: comb filters of a few lengths, ever duller."""
    n = int(0.7 * RATE)
    out = np.zeros(n)
    pulse = one_pole(rng.standard_normal(int(0.012 * RATE)), 500 + 5000 * strength * (1 - 0.6 * heavy))
    for path_s in rng.uniform(0.0035, 0.018, 5) * (1 + heavy):
        loss, at, part = rng.uniform(0.55, 0.75), 0, pulse * strength
        while at < n and np.abs(part).max() > 1e-3:
            k = min(len(part), n - at)
            out[at : at + k] += part[:k]
            part, at = one_pole(part * loss, 3500 - 2000 * heavy), at + int(path_s * RATE)
    return out


def click(rng):
    """Two ticks of a latch."""
    out = np.zeros(int(0.06 * RATE))
    for at, loud in ((0, 1.0), (rng.integers(600, 1600), 0.6)):
        tick = rng.standard_normal(300) * np.exp(-np.arange(300) / rng.uniform(25, 60))
        out[at : at + 300] += loud * (tick - np.roll(tick, 1))
    return 0.25 * out


def creak(rng, speed):
    """Stick and slip of a hinge: pulses whose rate follows the speed (one value a picture)."""
    rate = np.repeat(np.abs(speed), RATE // FRAME_RATE)
    phase = np.cumsum(rate * rng.uniform(60, 140)) / RATE
    pulses = (np.diff(np.floor(phase), prepend=0) > 0) * (rate > 0.05)
    ring = np.exp(-np.arange(900) / 120) * np.sin(2 * np.pi * rng.uniform(500, 1400) * np.arange(900) / RATE)
    return 0.12 * np.convolve(pulses * rng.uniform(0.5, 1, len(pulses)), ring)[: len(pulses)]


def make_doors(rng):
    """-> pictures (150, 128, 128, 3), sound (240000,), events (time, name, strength)."""
    track, heavy = Track(), rng.random()
    opening = np.zeros(FRAMES)  # 0 shut, 1 open
    turned = np.zeros(FRAMES)
    frame, has_hinge = int(rng.integers(3, 20)), rng.random() < 0.5
    while frame < FRAMES - 30:
        turned[frame : frame + 5] = 1
        track.add(frame / FRAME_RATE, click(rng), "latch", 0.5)
        frame += int(rng.integers(4, 8))
        out, back = int(rng.integers(10, 26)), int(rng.integers(6, 22))
        swing = np.concatenate([np.sin(np.linspace(0, np.pi / 2, out)), np.ones(int(rng.integers(2, 14))), np.linspace(1, 0, back) ** rng.uniform(0.5, 0.8)])
        is_caught = rng.random() < 0.2  # somebody holds it: no bang
        if is_caught:
            swing = np.maximum(swing, np.where(np.arange(len(swing)) > out, 0.12, 0))
        span = slice(frame, min(FRAMES, frame + len(swing)))
        opening[span] = swing[: span.stop - frame]
        shut = frame + len(swing) - 1
        if not is_caught and shut < FRAMES:
            strength = min(1.0, 9 / back)
            track.add(shut / FRAME_RATE, bang(rng, heavy, strength), "slam", strength)
        frame = shut + int(rng.integers(8, 40))
        if is_caught:
            opening[span.stop : min(FRAMES, frame)] = 0.12
    if has_hinge:
        track.audio += creak(rng, np.gradient(opening) * FRAME_RATE)
    slides, left, top = rng.random() < 0.35, rng.uniform(20, 60), rng.uniform(8, 40)
    wide, high = rng.uniform(32, 50), rng.uniform(62, 84)
    wall, leaf, behind = (tuple(int(v) for v in rng.integers(a, b, 3)) for a, b in ((60, 220), (40, 200), (0, 70)))
    tilt = rng.normal(0, 0.02)
    frames = np.stack([draw_door(wall, leaf, behind, (left, top, wide, high), opening[i], turned[i], slides, tilt) for i in range(FRAMES)])
    return frames, track.finished(rng), track.events


def draw_door(wall, leaf, behind, place, opening, turned, slides, tilt):
    """Wall, doorway and leaf in perspective."""
    left, top, wide, high = place
    canvas = Canvas(wall)
    lean = lambda points: [(x + tilt * (y - 64), y) for x, y in points]
    canvas.polygon(lean([(-20, top + high), (SIDE + 20, top + high), (SIDE + 20, SIDE), (-20, SIDE)]), tuple(v // 2 for v in wall))
    canvas.polygon(lean([(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)]), behind)
    if slides:
        shift = opening * wide * 0.9
        corners = [(left - shift, top), (left + wide - shift, top), (left + wide - shift, top + high), (left - shift, top + high)]
    else:
        angle = opening * 1.35
        far, grow = left + wide * np.cos(angle), 1 + 0.25 * np.sin(angle)
        middle = top + high / 2
        corners = [(left, top), (far, middle - high / 2 * grow), (far, middle + high / 2 * grow), (left, top + high)]
    shade = 1 - 0.35 * opening * (not slides)
    canvas.polygon(lean(corners), tuple(int(v * shade) for v in leaf))
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    for share in (0.15, 0.57):
        inner = [(ax + 0.2 * (bx - ax), ay + share * (dy - ay)), (ax + 0.8 * (bx - ax), by + share * (cy - by)),
                 (ax + 0.8 * (bx - ax), by + (share + 0.3) * (cy - by)), (ax + 0.2 * (bx - ax), ay + (share + 0.3) * (dy - ay))]
        canvas.polygon(lean(inner), tuple(int(v * shade * 0.8) for v in leaf))
    knob = ax + 0.88 * (bx - ax), (ay + dy) / 2
    canvas.line(knob, (knob[0] - 5, knob[1] + 4 * turned), (230, 220, 120), 1.6)
    return canvas.small()


