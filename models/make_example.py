"""Draws the example clip that `npm start` scores: a ball, a hammer and fireworks of sparks, silent, 12 s.

    python models/make_example.py examples/media/workshop.mp4

Everything is drawn here from a fixed seed; no picture comes from elsewhere. Needs ffmpeg on the PATH.
"""

import subprocess
import sys

import cv2
import numpy as np

WIDTH, HEIGHT, RATE, SECONDS = 640, 360, 30, 12
FLOOR = 290


def backdrop(rng):
    """A plank wall over a stone floor, (H, W, 3) uint8 BGR."""
    out = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for x in range(0, WIDTH, 80):
        out[:FLOOR, x : x + 80] = np.array([58, 78, 104]) * rng.uniform(0.75, 1.1)
        out[:FLOOR, x : x + 3] *= 0.4
    grain = cv2.resize(rng.normal(0, 1, (HEIGHT // 60, WIDTH)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    out[:FLOOR] *= 1 + 0.07 * grain[:FLOOR, :, None]
    out[FLOOR:] = np.array([92, 92, 88])
    out[FLOOR:] *= 1 + 0.12 * cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT - FLOOR, WIDTH, 1)).astype(np.float32), (0, 0), 2)[..., None] * 3
    return np.clip(out, 0, 255).astype(np.uint8)


def ball_height(t):
    """Height of a ball dropped at 0 s that loses a third of its speed at each bounce; in pixels above the floor."""
    speed, start, gravity = 620.0, 0.0, 1500.0
    fall = (2 * 200 / gravity) ** 0.5
    if t < fall:
        return 200 - gravity * t * t / 2
    start = fall
    while speed > 60:
        flight = 2 * speed / gravity
        if t < start + flight:
            s = t - start
            return speed * s - gravity * s * s / 2
        start, speed = start + flight, speed * 0.68
    return 0.0


def draw_ball(out, t):
    x, y = int(80 + 105 * t), int(FLOOR - 26 - ball_height(t))
    cv2.ellipse(out, (x, FLOOR + 6), (26, 6), 0, 0, 360, (50, 50, 50), -1, cv2.LINE_AA)
    cv2.circle(out, (x, y), 26, (40, 70, 220), -1, cv2.LINE_AA)
    cv2.circle(out, (x - 8, y - 9), 7, (150, 170, 250), -1, cv2.LINE_AA)


def draw_hammer(out, t):
    """Swings every 0.7 s down on an anvil; the fourth swing stops short and makes no sound."""
    phase, swing = (t % 0.7) / 0.7, int(t // 0.7)
    down = np.interp(phase, [0, 0.45, 0.6, 1], [0, 0, 1, 0]) * (0.55 if swing == 3 else 1)
    cv2.fillPoly(out, [np.array([[330, FLOOR], [350, 230], [310, 215], [310, 200], [470, 200], [470, 215], [430, 230], [450, FLOOR]])], (70, 66, 62), cv2.LINE_AA)
    angle = np.deg2rad(115 - 77 * down)
    pivot = np.array([270.0, 252.0])
    head = pivot + 130 * np.array([np.cos(angle), -np.sin(angle)])
    cv2.line(out, pivot.astype(int).tolist(), head.astype(int).tolist(), (60, 110, 160), 12, cv2.LINE_AA)
    along, across = np.array([np.cos(angle), -np.sin(angle)]), np.array([np.sin(angle), np.cos(angle)])
    corners = [head + 30 * a * across + 16 * b * along for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
    cv2.fillPoly(out, [np.array(corners).astype(int)], (150, 150, 155), cv2.LINE_AA)


def draw_bursts(out, t, bursts):
    """Bursts of sparks with a flash, on the darkened wall."""
    out[:] = (out * 0.35).astype(np.uint8)
    for at, x, y, colour, sparks in bursts:
        age = t - at
        if age < 0 or age > 1.1:
            continue
        if age < 0.12:
            cv2.circle(out, (x, y), int(30 + 900 * age), tuple(int(c + (255 - c) * 0.7) for c in colour), -1, cv2.LINE_AA)
        for angle, speed in sparks:
            reach = speed * (1 - np.exp(-3 * age)) / 3
            px, py = int(x + reach * np.cos(angle)), int(y + reach * np.sin(angle) + 90 * age * age)
            cv2.circle(out, (px, py), 3, tuple(int(c * (1 - age / 1.1)) for c in colour), -1, cv2.LINE_AA)


def main():
    rng = np.random.default_rng(20261121)
    wall = backdrop(rng)
    bursts = [
        (0.4 + 0.8 * i, int(rng.integers(120, 520)), int(rng.integers(80, 190)), colour, [(rng.uniform(0, 2 * np.pi), rng.uniform(150, 520)) for _ in range(60)])
        for i, colour in enumerate([(80, 160, 255), (255, 160, 80), (120, 255, 140), (200, 120, 255)])
    ]
    encoder = subprocess.Popen(
        ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "-",
         "-c:v", "libx264", "-crf", "26", "-preset", "slow", "-pix_fmt", "yuv420p", "-bitexact", "-movflags", "+faststart", sys.argv[1]],
        stdin=subprocess.PIPE,
    )
    for i in range(RATE * SECONDS):
        t = i / RATE
        out = wall.copy()
        if t < 4.5:
            draw_ball(out, t)
        elif t < 8.5:
            draw_hammer(out, t - 4.5)
        else:
            draw_bursts(out, t - 8.5, bursts)
        out = np.clip(out.astype(np.float32) + rng.normal(0, 2.5, out.shape), 0, 255).astype(np.uint8)
        encoder.stdin.write(out.tobytes())
    encoder.stdin.close()
    sys.exit(encoder.wait())


if __name__ == "__main__":
    main()
