"""Drawing at three times the size, and a track for sounds: all that the unseen scenes share."""
import cv2
import numpy as np

RATE, SIDE, FINE, FRAME_RATE, DURATION_S = 48_000, 128, 3, 30, 5.0
FRAMES = int(DURATION_S * FRAME_RATE)


class Canvas:
    """A picture in units of the final 128 x 128 pixels, drawn finer and averaged at the end."""

    def __init__(self, ground):
        """`ground`: a colour, or a picture of 384 x 384."""
        side = SIDE * FINE
        self.picture = np.full((side, side, 3), ground, np.uint8) if np.ndim(ground) == 1 else ground.copy()

    def polygon(self, points, colour):
        cv2.fillPoly(self.picture, [np.int32(np.asarray(points) * FINE)], colour, cv2.LINE_AA)

    def disc(self, x, y, radius, colour, thickness=-1):
        cv2.circle(self.picture, (int(x * FINE), int(y * FINE)), max(1, int(radius * FINE)), colour, thickness, cv2.LINE_AA)

    def line(self, a, b, colour, width=1.0):
        cv2.line(self.picture, tuple(int(v * FINE) for v in a), tuple(int(v * FINE) for v in b), colour, max(1, int(width * FINE)), cv2.LINE_AA)

    def glow(self, x, y, radius, colour, light):
        """Adds light that falls off as a Gaussian."""
        side = SIDE * FINE
        yy, xx = np.ogrid[:side, :side]
        weight = light * np.exp(-((xx / FINE - x) ** 2 + (yy / FINE - y) ** 2) / (2 * radius**2))
        self.picture = np.clip(self.picture + weight[..., None] * np.asarray(colour, np.float32), 0, 255).astype(np.uint8)

    def small(self):
        return cv2.resize(self.picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


class Track:
    """Mono sound of one clip with its events."""

    def __init__(self):
        self.audio, self.events = np.zeros(int(DURATION_S * RATE), np.float32), []

    def add(self, time_s, wave, event=None, strength=1.0):
        """`event` names what begins, if it counts as an onset."""
        at = round(time_s * RATE)
        if not 0 <= at < len(self.audio):
            return
        n = min(len(wave), len(self.audio) - at)
        self.audio[at : at + n] += wave[:n]
        if event:
            self.events.append((time_s, event, float(min(strength, 1))))

    def finished(self, rng):
        """At a random level, not over full scale."""
        return (self.audio * rng.uniform(0.25, 0.8) / max(1e-3, np.abs(self.audio).max())).astype(np.float32)


def one_pole(noise, hz):
    """Low-pass of the first order by convolution with its impulse response."""
    decay = np.exp(-2 * np.pi * hz / RATE)
    length = min(len(noise), int(6 / max(1e-6, 1 - decay)) + 1)
    return np.convolve(noise, (1 - decay) * decay ** np.arange(length))[: len(noise)]
