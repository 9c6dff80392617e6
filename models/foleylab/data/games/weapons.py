"""What is held in the hand before a first-person view: its sound, its rate, how it is drawn, kicks, flashes, swings and reloads."""
import numpy as np

from foleylab.data import sound
from foleylab.data.games.billboards import dim
from foleylab.data.pictures import colour

RATES = {"pistol": (0.25, 0.7), "shotgun": (0.7, 1.2), "machine": (0.1, 0.134), "laser": (0.14, 0.4), "launcher": (0.8, 1.4), "melee": (0.45, 0.8)}  # s from shot to shot


class Weapon:
    """`shots` are its times in s, on frames; the flash shows from the frame of the shot on."""

    def __init__(self, rng, split, kind):
        self.kind, self.gap = kind, rng.uniform(*RATES[kind])
        self.arcade = kind == "laser" or rng.random() < 0.06
        self.voice = self.make_voice(rng)
        self.family = "strike" if kind == "melee" else "arcade" if self.arcade else "shot"
        self.level = rng.uniform(0.45, 1.0) * {"shotgun": 1.1, "machine": 0.8}.get(kind, 1.0)
        self.metal, self.wood, self.hand = colour(rng, split, (50, 170), (0, 60)), colour(rng, split, (50, 200)), colour(rng, split, (120, 230), (30, 130))
        side = float(rng.choice([0, 0, 1, 1, 1, -1]))
        self.foot = np.array([64 + side * rng.uniform(18, 44), 134.0])
        self.muzzle = np.array([64 + side * rng.uniform(4, 22), rng.uniform(84, 104)])
        self.wide, self.thin = rng.uniform(9, 18), rng.uniform(2.5, 6)
        if kind in ("launcher", "shotgun"):
            self.wide, self.thin = self.wide * 1.3, self.thin * 1.7
        self.kick = rng.uniform(3, 14) * (1.4 if kind in ("shotgun", "launcher") else 0.6 if kind in ("machine", "laser") else 1)
        self.rest = rng.uniform(7, 16)  # 1/s
        hot = (255, 235, 150) if rng.random() < 0.7 else colour(rng, split, (220, 255), (30, 160))
        self.hot = colour(rng, split, (220, 255), (120, 255)) if kind == "laser" else hot
        self.flash_s, self.flash = float(rng.choice([0.034, 0.067, 0.067, 0.1])), rng.uniform(7, 24) * (1.3 if kind == "shotgun" else 1)
        self.rays, self.turn = int(rng.integers(0, 9)), rng.uniform(0, 3)
        self.light = rng.uniform(0.25, 0.9) if rng.random() < 0.6 else 0.0
        self.blade, self.sweep, self.swing_s = rng.uniform(45, 80), rng.uniform(0.8, 1.6), rng.uniform(0.2, 0.4)
        self.shots, self.reloads, self.visible = [], [], rng.random() < 0.92

    def make_voice(self, rng):
        if self.kind == "melee":
            return sound.ModalVoice(str(rng.choice(["rubber", "wood", "stone", "metal"])), rng.uniform(0.6, 1.6), rng)
        if self.arcade:
            return sound.ArcadeVoice("laser", rng)
        voice = sound.ShotVoice(rng)
        if self.kind == "shotgun":
            voice.tail_s, voice.body_hz = rng.uniform(0.18, 0.35), rng.uniform(70, 140)
        elif self.kind == "machine":
            voice.tail_s = rng.uniform(0.05, 0.12)
        elif self.kind == "launcher":
            voice.tail_s, voice.bright = rng.uniform(0.2, 0.4), rng.uniform(1500, 4000)
        return voice

    def since(self, t):
        """Time since the last shot, s; 9 before the first."""
        return min((t - s for s in self.shots if t + 1e-6 >= s), default=9.0)

    def dip(self, t):
        """How far down a reload holds the weapon, pixels."""
        return sum(34 * np.sin(np.pi * (t - a) / (b - a)) for a, b in self.reloads if a < t < b)

    def draw(self, view, t, sway):
        """`sway` (x, y) pixels."""
        if self.kind == "melee":
            self.draw_blade(view, t, sway)
            return
        since = self.since(t)
        back = self.kick * np.exp(-since * self.rest)
        foot, muzzle = self.foot + sway + (0, self.dip(t) + 0.8 * back), self.muzzle + sway + (0, self.dip(t) + 0.3 * back - 0.2 * self.kick * (since < 0.05))
        lit = 1.6 if since < self.flash_s and self.light else 1.0
        if since < self.flash_s:
            self.draw_flash(view, muzzle, 1 - 0.4 * since / self.flash_s)
        if not self.visible:
            return
        a, b = foot, muzzle
        view.polygon([(b[0] - self.thin, b[1]), (b[0] + self.thin, b[1]), (a[0] + self.wide, a[1]), (a[0] - self.wide, a[1])], dim(self.metal, 0.7 * lit))
        view.polygon([(b[0] - self.thin, b[1]), (b[0], b[1] - 2), (a[0] + self.wide * 0.1, a[1]), (a[0] - self.wide, a[1])], dim(self.metal, 1.1 * lit))
        middle = a + (b - a) * 0.35
        view.polygon([(middle[0] - self.wide * 0.8, middle[1]), (middle[0] + self.wide * 0.8, middle[1]), (a[0] + self.wide * 1.3, a[1]), (a[0] - self.wide * 1.3, a[1])], dim(self.wood, lit))
        view.circle(*(a + (b - a) * 0.3 + (self.wide * 0.7, 2)), self.wide * 0.55, dim(self.hand, lit))
        view.circle(*(b + (0, 1)), self.thin * 0.6, (15, 15, 15))
        if self.kind == "laser":
            view.line(*(a + (b - a) * 0.5), *(a + (b - a) * 0.9), self.hot, 2)

    def draw_flash(self, view, at, size):
        r = self.flash * size
        for k in range(self.rays):
            turn = self.turn + k * 6.283 / self.rays
            view.polygon([at + r * 1.5 * np.array([np.cos(turn), np.sin(turn)]), at + r * 0.35 * np.array([-np.sin(turn), np.cos(turn)]),
                          at - r * 0.35 * np.array([-np.sin(turn), np.cos(turn)])], dim(self.hot, 0.95))
        view.circle(*at, r * 0.8, self.hot)
        view.circle(*at, r * 0.45, (255, 255, 245))

    def draw_blade(self, view, t, sway):
        """The blow lands when it crosses the middle; the swing begins before the shot's time and ends after it."""
        near = min(((t - s) / self.swing_s for s in self.shots), key=abs, default=9.0)
        turn = -1.0 + (self.sweep * (near + 1) if -1 < near < 0 else self.sweep * (1 - near) ** 2 if 0 <= near < 1 else 0)
        x, y = np.array([self.foot[0] + 14, 128.0]) + sway
        tip = (x - self.blade * np.sin(0.9 + turn), y - self.blade * np.cos(0.5 * turn))
        view.line(x, y + 20, x + (tip[0] - x) * 0.4, y + (tip[1] - y) * 0.4, self.hand, self.wide * 0.7)
        view.line(x + (tip[0] - x) * 0.35, y + (tip[1] - y) * 0.35, *tip, self.metal, self.thin * 1.6)
