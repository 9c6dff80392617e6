"""Pictures drawn for games (CC0), as sprites and backgrounds.

`make_art.py` prepares a folder once; the environment variable FOLEYLAB_ART names it. Without it everything here is None, and scenes draw
shapes of their own. Train and tune share their items, test has others. Characters and enemies look to the right and stand on the lower
border; ships, cars and bullets point upwards.
"""
import cv2
import numpy as np

from foleylab.data import items
from foleylab.data.pictures import colour

VARIABLE = "FOLEYLAB_ART"
KINDS = ("character", "enemy", "tile", "coin", "ship", "rock", "bullet", "car", "background", "prop", "road", "animal")
HEIGHT, WIDTH = 128, 224  # of a background


def poses(rng, split, kind):
    """All pictures of one thing in one tint, {pose: (rgb, alpha)} as of `sprite` (characters: idle, walk0.., jump, fall, climb0..), or None."""
    group = items.choose(VARIABLE, rng, split, kind)
    if group is None:
        return None
    shift = int(rng.integers(180)) if rng.random() < 0.4 else int(rng.integers(-6, 7))
    scale = np.float32([1, rng.uniform(0.6, 1.15), rng.uniform(0.75, 1.1)])
    return {pose: (tint(picture[..., :3], shift, scale), picture[..., 3].astype(np.float32) / 255) for pose, picture in group.items()}


def sprite(rng, split, kind):
    """A picture of that kind: rgb (n, n, 3) uint8 and alpha (n, n) float32, n <= 64; for "background" (128, 224, 3) and None. None without art."""
    if kind == "background":
        return background(rng, split)
    found = poses(rng, split, kind)
    if found is None:
        return None
    names = sorted(n for n in found if not n.startswith(("climb", "dead"))) or sorted(found)
    return found[names[rng.integers(len(names))]]


def tint(rgb, shift, scale):
    """Turns the hue (in half degrees) and scales saturation and value."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + shift) % 180
    return cv2.cvtColor(np.clip(hsv * scale, 0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)


def background(rng, split):
    """A place: a photograph, or a level seen from the side, a wall, or streets from above, laid of tiles; (128, 224, 3) and None. None without art."""
    make = (photograph, side_view, wall, streets)
    for k in rng.permutation(len(make)):
        picture = make[k](rng, split)
        if picture is not None:
            return np.ascontiguousarray(picture), None
    return None


def photograph(rng, split):
    found = poses(rng, split, "background")
    if found is None:
        return None
    rgb = found[sorted(found)[rng.integers(len(found))]][0]
    return rgb[:, ::-1] if rng.random() < 0.5 else rgb


def lay(picture, tile, x, y, size):
    """Draws a sprite with its upper left corner at (x, y), cut at the border."""
    rgb, alpha = (cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA) for part in tile)
    a, b = max(0, -x), max(0, -y)
    region = picture[max(0, y) : y + size, max(0, x) : x + size]
    h, w = region.shape[:2]
    if h > 0 and w > 0:
        cover = alpha[b : b + h, a : a + w, None]
        region[:] = region * (1 - cover) + rgb[b : b + h, a : a + w] * cover


def side_view(rng, split):
    """Sky, ground and platforms of one sort of tile, and things that stand on them."""
    ground = poses(rng, split, "tile")
    if ground is None:
        return None
    top, under = ground.get("Mid", next(iter(ground.values()))), ground.get("Center", next(iter(ground.values())))
    low, high = (np.float32(colour(rng, split, (90, 255), (0, 160))) for _ in range(2))
    out = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    out[:] = (low + (high - low) * np.linspace(0, 1, HEIGHT)[:, None, None]).astype(np.uint8)
    size = int(rng.integers(12, 25))
    level = int(rng.integers(HEIGHT * 6 // 10, HEIGHT - 10))
    spots = [(x, level) for x in range(-int(rng.integers(size)), WIDTH, size)]
    for x, y in spots:
        for depth in range(0, HEIGHT - y, size):
            lay(out, under if depth else top, x, y + depth, size)
    for _ in range(rng.integers(0, 4)):
        x, y, n = int(rng.integers(WIDTH - 30)), int(rng.integers(20, level - 10)), int(rng.integers(2, 6))
        for k in range(n):
            lay(out, top, x + k * size, y, size)
            spots.append((x + k * size, y))
    for _ in range(rng.integers(0, 8)):
        prop = sprite(rng, split, "prop")
        if prop is not None:
            x, y = spots[rng.integers(len(spots))]
            lay(out, prop, x, y - size, size)
    return out


def wall(rng, split):
    """A wall of one sort of tile, in light or shadow."""
    ground = poses(rng, split, "tile")
    if ground is None:
        return None
    tile, size = ground.get("Center", next(iter(ground.values()))), int(rng.integers(14, 33))
    out = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    out[:] = tile[0].mean((0, 1))
    for y in range(0, HEIGHT, size):
        for x in range(0, WIDTH, size):
            lay(out, tile, x, y, size)
    return (out * np.float32(rng.uniform(0.35, 1))).astype(np.uint8)


def streets(rng, split):
    """Land from above with pieces of road."""
    tiles = poses(rng, split, "road")
    if tiles is None:
        return None
    plain = [tiles[n] for n in sorted(tiles) if n.isdigit()] or [next(iter(tiles.values()))]
    roads = [tiles[n] for n in sorted(tiles) if not n.isdigit()]
    out, size, share = np.zeros((HEIGHT, WIDTH, 3), np.uint8), int(rng.integers(24, 49)), rng.uniform(0, 0.7)
    for y in range(0, HEIGHT, size):
        for x in range(0, WIDTH, size):
            among = roads if roads and rng.random() < share else plain
            lay(out, among[rng.integers(len(among))], x, y, size)
    return out
