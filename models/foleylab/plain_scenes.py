"""Plain scenes as a page might draw them on a canvas: flashes, a bouncing ball, hits, on plain ground; through VP8 at 320 x 180.

They share no code with the training scenes. Each maker takes a generator and a length and gives `draw(t)` and the event times.
"""
import io

import av
import cv2
import numpy as np

WIDTH, HEIGHT, RATE = 320, 180, 30


def spread_times(rng, length_s, least_s, most_s):
    """Random gaps between `least_s` and `most_s`, each time on a frame."""
    out, t = [], rng.uniform(0.5, 1.0)
    while t < length_s - 0.3:
        out.append(round(t * RATE) / RATE)
        t += rng.uniform(least_s, most_s)
    return np.array(out)


def since(times, t):
    """Seconds since the last of `times`, 9 before the first."""
    past = times[times <= t + 1e-6]
    return t - past[-1] if len(past) else 9.0


def blank(colour):
    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def flash(rng, length_s, frames=2, ground=(12, 12, 16), peak=255):
    """The whole picture turns white for some frames."""
    times = spread_times(rng, length_s, 0.5, 1.3)
    return (lambda t: blank((peak,) * 3 if since(times, t) < frames / RATE - 1e-3 else ground)), times


def fading_flash(rng, length_s):
    """The whole picture turns white and fades over 0.3 s."""
    times = spread_times(rng, length_s, 0.5, 1.3)
    return (lambda t: blank(tuple(int(v + (255 - v) * max(0.0, 1 - since(times, t) / 0.3)) for v in (12, 12, 16)))), times


def blast(rng, length_s, ground=(20, 24, 30)):
    """A fireball that appears at a random place, grows and fades."""
    times = spread_times(rng, length_s, 0.6, 1.4)
    where = rng.uniform((60, 50), (260, 130), (len(times) + 1, 2))
    size = rng.uniform(35, 60)

    def draw(t):
        picture, u = blank(ground), since(times, t) / 0.4
        if u < 1:
            x, y = where[np.searchsorted(times, t + 1e-6)]
            radius = size * (0.5 + 0.5 * min(1, 3 * u)) * (1 - 0.5 * u)
            cv2.circle(picture, (int(x), int(y)), int(radius), (255, 150, 40), -1, cv2.LINE_AA)
            cv2.circle(picture, (int(x), int(y)), max(1, int(radius * 0.6 * (1 - u))), (255, 240, 180), -1, cv2.LINE_AA)
        return picture

    return draw, times


def bouncing(rng, length_s, restitution=0.8, squash=True, ground=(24, 26, 34), ball=(240, 240, 240), floor=(90, 96, 110)):
    """A ball that falls and bounces with the same height loss as a real one, and is dropped again; it squashes at impact."""
    radius, level, g = rng.uniform(14, 22), 150, rng.uniform(500, 900)
    times, pieces, t = [], [], 0.0  # pieces: start, x, velocity x, height, velocity up
    x, drift = rng.uniform(60, 260), rng.uniform(-40, 40)
    while t < length_s:
        height, up, start = rng.uniform(70, 110), 0.0, t
        pieces.append((t, x, 0.0, height, 0.0))
        while t < length_s and (start == t or up > 110):
            fall = (up + np.sqrt(up * up + 2 * g * height)) / g
            t, up, height = t + fall, np.sqrt(up * up + 2 * g * height) * restitution, 0.0
            times.append(t)
            x = float(np.clip(x + (drift * fall if len(times) > 1 else 0), 30, 290))
            pieces.append((t, x, drift, 0.0, up))
        t += up / g  # and at its highest it is taken away
        x = rng.uniform(60, 260)
    times = np.array([v for v in times if v < length_s - 0.2])

    def draw(t):
        at, x0, vx, height, up = next(p for p in reversed(pieces) if p[0] <= t + 1e-9)
        s = t - at
        y = max(0.0, height + up * s - g * s * s / 2)
        picture = blank(ground)
        picture[level:] = floor
        flat = 0.35 * max(0.0, 1 - since(times, t) / 0.08) if squash else 0.0
        axes = (int(radius * (1 + flat)), int(radius * (1 - flat)))
        cv2.ellipse(picture, (int(np.clip(x0 + vx * s, 20, 300)), int(level - axes[1] - y)), axes, 0, 0, 360, ball, -1, cv2.LINE_AA)
        return picture

    return draw, times


def bouncing_with_flash(rng, length_s):
    """The same ball, and the ground lights up for 70 ms at each impact."""
    draw, times = bouncing(rng, length_s)

    def lit(t):
        picture = draw(t)
        if since(times, t) < 0.07:
            picture[150:] = (255, 240, 180)
        return picture

    return lit, times


def hammer(rng, length_s):
    """A bar that swings down on a block and back."""
    times = spread_times(rng, length_s, 0.6, 1.3)

    def draw(t):
        picture = blank((40, 44, 52))
        cv2.rectangle(picture, (170, 125), (250, 180), (150, 110, 70), -1)
        until = min((h - t for h in times if h > t + 1e-6), default=9.0)
        swing = max(np.clip(1 - until / 0.15, 0, 1) ** 2, 1 - np.clip(since(times, t) / 0.25, 0, 1) ** 2 if len(times) else 0)
        angle = 1.1 * (1 - swing) + 0.05
        tip = (int(90 + 120 * np.cos(angle)), int(115 - 120 * np.sin(angle)))
        cv2.line(picture, (90, 115), tip, (200, 200, 210), 8, cv2.LINE_AA)
        cv2.circle(picture, tip, 16, (230, 230, 235), -1, cv2.LINE_AA)
        return picture

    return draw, times


def muzzle(rng, length_s):
    """A gun from above: a bright spot for 70 ms and a bullet that flies off."""
    times = spread_times(rng, length_s, 0.4, 1.2)

    def draw(t):
        picture, s = blank((34, 40, 30)), since(times, t)
        cv2.rectangle(picture, (150, 150), (170, 180), (140, 140, 150), -1)
        if s < 0.07:
            cv2.circle(picture, (160, 142), 22, (255, 240, 180), -1, cv2.LINE_AA)
        if s < 0.6:
            cv2.line(picture, (160, int(140 - 400 * s)), (160, int(125 - 400 * s)), (255, 220, 120), 4)
        return picture

    return draw, times


def pads(rng, length_s):
    """Four coloured pads; the one that is hit lights up and dips."""
    times = spread_times(rng, length_s, 0.3, 0.9)
    which = rng.integers(4, size=len(times) + 1)

    def draw(t):
        picture, s = blank((22, 22, 28)), since(times, t)
        for k, c in enumerate(((200, 60, 60), (60, 180, 80), (70, 90, 220), (210, 180, 60))):
            lit = np.exp(-s * 12) if which[np.searchsorted(times, t + 1e-6) - 1] == k and s < 9 else 0.0
            shade = tuple(int(v * 0.55 + (255 - v * 0.55) * lit) for v in c)
            cv2.ellipse(picture, (52 + 72 * k, int(120 + 6 * lit)), (32, 14), 0, 0, 360, shade, -1, cv2.LINE_AA)
        return picture

    return draw, times


def sliding(rng, length_s):
    """A ball that drifts and never hits anything: no events."""
    phase, rate = rng.uniform(0, 6), rng.uniform(0.5, 1.2)

    def draw(t):
        picture = blank((24, 26, 34))
        cv2.circle(picture, (int(160 + 100 * np.sin(rate * t + phase)), 90), 20, (240, 240, 240), -1, cv2.LINE_AA)
        return picture

    return draw, np.array([])


SCENES = {
    "flash": flash, "long flash": lambda rng, s: flash(rng, s, 6), "fading flash": fading_flash, "blast": blast,
    "bouncing ball": bouncing, "bouncing ball, no squash": lambda rng, s: bouncing(rng, s, squash=False),
    "bouncing ball, light ground": lambda rng, s: bouncing(rng, s, ground=(150, 190, 230), ball=(200, 40, 40), floor=(90, 140, 70)),
    "bouncing ball with light": bouncing_with_flash, "hammer": hammer, "muzzle": muzzle, "pads": pads, "drifting ball": sliding,
}


def through_vp8(pictures, bits_per_second=1_500_000):
    """As a browser's stream: encoded in real time and decoded."""
    store = io.BytesIO()
    with av.open(store, "w", format="webm") as box:
        options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "threads": "1"}
        stream = box.add_stream("libvpx", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", bits_per_second
        for picture in pictures:
            box.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        box.mux(stream.encode())
    store.seek(0)
    with av.open(store) as box:
        return [f.to_ndarray(format="rgb24") for f in box.decode(video=0)]


def render_scene(name, seed, length_s=10.0):
    """-> pictures (N, 128, 128, 3) uint8 and event times."""
    draw, times = SCENES[name](np.random.default_rng([len(name), *name.encode(), seed]), length_s)
    coded = through_vp8([draw(i / RATE) for i in range(int(length_s * RATE))])
    return np.stack([cv2.resize(p, (128, 128), interpolation=cv2.INTER_AREA) for p in coded]), times[times > 0.05]
