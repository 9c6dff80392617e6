"""The sounds of one game: each happening's voice, chosen once, in one manner (old consoles, real things, muffled)."""
from foleylab.data import sound
from foleylab.data.sound import MATERIALS, SURFACES

RECIPES = {  # happening: (old console, real things); a recipe is (maker, detail, level)
    "step": (("arcade", "hit", 0.16), ("foot", None, 0.4)),
    "jump": (("arcade", "jump", 0.8), ("foot", None, 0.5)),
    "land": (("arcade", "hit", 0.5), ("foot", None, 1.0)),
    "coin": (("arcade", "coin", 0.9), ("bell", None, 0.8)),
    "stomp": (("arcade", "hit", 1.0), ("modal", "rubber", 1.0)),
    "bump": (("arcade", "hit", 0.8), ("modal", None, 0.8)),
    "break": (("arcade", "hit", 1.2), ("modal", "stone", 1.1)),
    "power": (("arcade", "power", 0.9), ("arcade", "power", 0.8)),
    "hurt": (("arcade", "laser", 0.9), ("modal", "rubber", 1.0)),
    "fall": (("arcade", "laser", 1.0), ("arcade", "laser", 0.8)),
    "click": (("arcade", "hit", 0.35), ("click", None, 1.0)),
    "turn": (("arcade", "jump", 0.5), ("click", None, 0.8)),
    "pop": (("arcade", "power", 0.8), ("bell", None, 0.8)),
    "thud": (("arcade", "hit", 0.6), ("modal", None, 0.8)),
    "slam": (("arcade", "hit", 1.1), ("modal", None, 1.1)),
    "burst": (("arcade", "power", 1.0), ("blast", None, 0.7)),
    "wrong": (("arcade", "hit", 0.7), ("modal", "wood", 0.7)),
    "win": (("arcade", "power", 1.0), ("bell", None, 1.0)),
}
MAKERS = {"arcade": "arcade", "foot": "footstep", "modal": "impact", "bell": "key", "click": "typing", "blast": "explosion"}


class Kit:
    """`emit(scene, t, name, strength, where)` writes a happening; `material` is what most things are made of."""

    def __init__(self, rng, names):
        self.rng = rng
        self.manner = int(rng.random() < 0.5)
        self.muffle = rng.uniform(900, 3500) if rng.random() < 0.2 else None
        self.material, self.surface = str(rng.choice(MATERIALS)), str(rng.choice(SURFACES))
        self.pitch = rng.choice([0, 2, 4, 7, 9])
        self.voices = {}
        for name in names:
            maker, detail, level = RECIPES[name][self.manner if rng.random() < 0.85 else 1 - self.manner]
            self.voices[name] = (*self.make(maker, detail, rng), MAKERS[maker], level * rng.uniform(0.75, 1.15))

    def make(self, maker, detail, rng):
        """-> (voice, material)."""
        if maker == "arcade":
            return sound.ArcadeVoice(detail, rng), None
        if maker == "foot":
            return sound.FootstepVoice(self.surface, rng), self.surface
        if maker == "modal":
            return sound.ModalVoice(detail or self.material, rng.uniform(0.4, 1.6), rng), detail or self.material
        if maker == "bell":
            return sound.KeyVoice(440 * 2 ** (self.pitch / 12 + rng.integers(0, 2)), str(rng.choice(["bell", "string"])), rng.uniform(0.15, 0.5)), None
        if maker == "click":
            return sound.ClickVoice(rng), None
        return sound.ExplosionVoice(rng.uniform(0.1, 0.5), rng), None

    def emit(self, scene, t, name, strength, where):
        if t < 0:
            return
        voice, material, family, level = self.voices[name]
        strength = float(min(max(strength * level, 0.02), 1.2))
        wave = voice.play(strength, self.rng)
        if self.muffle:
            wave = sound.lowpass(wave, self.muffle)
        scene.emit(t, wave, family, material, strength, where)
