"""python make_art.py --out DIR/art --wheel arcade-3.3.3-py3-none-any.whl

Takes pictures for games out of the wheel of `arcade` (its resources alone; without --wheel it is fetched as requirements-art.txt pins it),
only such as lie under a licence file that says CC0, and photographs of Debian's gcompris-qt-data that are public domain, CC0 or CC-BY, as
backgrounds and, cut out, as animals (foleylab/data/gcompris.py; none where that package is not installed). Writes pictures and manifest
into DIR/art, which FOLEYLAB_ART then names (foleylab/data/art.py), and prints how many there are of each kind.
"""
import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from foleylab.data.art import HEIGHT, WIDTH
from foleylab.data.gcompris import PACKAGE, clean_files, resource
from foleylab.data.items import Item, write

ROOT = "arcade/resources/assets"
SIDE = 64
# Which picture is what: kind, pattern of the path (group; the rest of the name is the pose), quarter turns to the left, mirrored.
RULES = (
    ("character", r"animated_characters/(\w+)/[a-zA-Z]+_(?P<pose>\w+)", 0, False),
    ("character", r"alien/(alienBlue)_(?P<pose>\w+)", 0, False),
    ("enemy", r"enemies/(bee|fly|ladybug|mouse|frog|worm|fish)(?P<pose>[A-Z]?\w*)", 0, True),
    ("enemy", r"enemies/(slimeBlock)(?P<pose>)", 0, False),
    ("enemy", r"enemies/(saw|slime)(?!Block)(?P<pose>\w*)", 0, False),
    ("coin", r"items/(coin)(?P<pose>Bronze|Gold|Silver)", 0, False),
    ("coin", r"items/(gem|gold|key|star)(?P<pose>\w*)", 0, False),
    ("ship", r"space_shooter/(playerShip\d)_(?P<pose>\w+)", 0, False),
    ("rock", r"space_shooter/(meteorGrey_(?:big|med|small)\d)(?P<pose>)", 0, False),
    ("rock", r"tiles/(rock)(?P<pose>)", 0, False),
    ("bullet", r"space_shooter/(laserRed)(?P<pose>\d+)", 0, False),
    ("bullet", r"space_shooter/(laserBlue)(?P<pose>\d+)", 1, False),
    ("bullet", r"pinball/(pool_cue_ball)(?P<pose>)", 0, False),
    ("bullet", r"tiles/(bomb)(?P<pose>)", 0, False),
    ("car", r"topdown_tanks/(tank)(?:Body)?_(?P<pose>(?:blue|dark|green|red|sand)(?:_outline)?)", 2, False),
    ("car", r"topdown_tanks/tankBody_(bigRed|darkLarge|huge)(?P<pose>\w*)", 2, False),
    ("tile", r"tiles/(dirt|grass|planet|sand|snow|stone)(?P<pose>|Mid|Left|Right|Center)", 0, False),
    ("tile", r"tiles/(brick(?:Brown|Grey|TextureWhite)|boxCrate)(?P<pose>\w*)", 0, False),
    ("road", r"topdown_tanks/(tileGrass|tileSand)_?(?P<pose>\w+)", 0, False),
    ("prop", r"tiles/(bush|cactus|grass_sprout|mushroom|plantPurple|sign|torch|snow_pile|spikes|lever|switch|door|ladder|lock)(?P<pose>\w*)", 0, False),
    ("prop", r"items/(flag)(?P<pose>\w*)", 0, False),
    ("prop", r"topdown_tanks/(tree)(?P<pose>\w*)", 0, False),
)
PHOTOGRAPHS = r"(?:explore_monuments/|categorization/resource/images/renewable/|clickgame/resource/sea\d).*\.webp"
# Photographs whose animal comes off its ground cleanly: file, species (its call), mirrored so that it looks to the right.
FARM, WORLD, ERASE = "explore_farm_animals/resource/animals/", "explore_world_animals/resource/animals/", "erase/resource/"
ANIMALS = (
    (FARM + "cat", "cat", True), (FARM + "chicken", "hen", False), (FARM + "cow", "cow", True), (FARM + "dog", "dog", False), (FARM + "duck", "duck", False),
    (FARM + "horse", "horse", False), (FARM + "owl", "owl", False), (FARM + "pig", "pig", True), (FARM + "sheep", "sheep", False), (WORLD + "bison", "cow", True),
    (WORLD + "polar_bear", "lion", False), (WORLD + "koala", "pig", False), (WORLD + "scarlet_macaw", "crow", True), (WORLD + "hedgehog", "pig", False),
    (WORLD + "panda", "lion", True), (ERASE + "kingfisher", "bird", False), (ERASE + "red_panda", "cat", False),
)


def licence_of(archive, path):
    """CC0-1.0 if the nearest licence file above an item says so, else None. A readme counts where it speaks of a licence."""
    names = set(archive.namelist())
    for folder in PurePosixPath(path).parents:
        for name in sorted(n for n in names if PurePosixPath(n).parent == folder and re.search(r"licen[cs]e|copying|readme", PurePosixPath(n).name, re.I)):
            text = archive.read(name).decode("utf-8", "replace")
            if re.search(r"licen[cs]e", name, re.I) or re.search(r"licen[cs]e|public domain|CC0", text, re.I):
                free = re.search(r"\bCC0\b|Creative Commons Zero", text) and not re.search(r"CC[- ]BY|NonCommercial|ShareAlike", text, re.I)
                return "CC0-1.0" if free else None
        if str(folder) == ROOT:
            return None
    return None


def classify(path):
    """-> (kind, group, pose, turns, mirrored) of a picture, or None for one that is not wanted."""
    inner = path.removeprefix(f"{ROOT}/images/").removesuffix(".png")
    for kind, pattern, turns, mirrored in RULES:
        found = re.fullmatch(pattern, inner)
        if found:
            return kind, found[1], found["pose"].strip("_") or "plain", turns, mirrored
    return None


def box_of(pictures):
    """The part of pictures of one size that is not empty in all of them: rows and columns."""
    alpha = np.max([p[..., 3] for p in pictures], 0) > 8
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def fit(rgba, stand):
    """-> (n, n, 4) uint8, n <= 64, with an empty border; it stands on the lower one or hangs in the middle. Colours reach beyond the outline."""
    height, width = rgba.shape[:2]
    scale = min(1.0, (SIDE - 2) / max(height, width))
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    part = rgba.astype(np.float32) / 255
    part[..., :3] *= part[..., 3:]
    part = cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA)
    n = max(h, w) + 2
    out = np.zeros((n, n, 4), np.float32)
    y, x = n - 1 - h if stand else (n - h) // 2, (n - w) // 2
    out[y : y + h, x : x + w] = part
    wide = cv2.GaussianBlur(out, (0, 0), 2)
    mean = out[..., :3].sum((0, 1)) / max(out[..., 3].sum(), 1e-6)
    beyond = np.where(wide[..., 3:] > 1e-3, wide[..., :3] / np.maximum(wide[..., 3:], 1e-3), mean)
    out[..., :3] = np.where(out[..., 3:] > 0.02, out[..., :3] / np.maximum(out[..., 3:], 0.02), beyond)
    return (np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)


def decode(data):
    """A picture file as RGBA uint8."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture.ndim == 2 or picture.shape[2] == 3:
        return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGBA if picture.ndim == 2 else cv2.COLOR_BGR2RGBA)
    return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)


def unpack(wheel):
    """-> items and their pictures out of a wheel of arcade; what has no CC0 licence file above it is refused."""
    items, pictures, groups, refused = [], {}, {}, []
    with zipfile.ZipFile(wheel) as archive:
        package = "PyPI {} {}".format(*Path(wheel).name.split("-")[:2])
        for path in sorted(archive.namelist()):
            what = classify(path) if path.startswith(f"{ROOT}/images/") and path.endswith(".png") else None
            if what is None:
                continue
            if licence_of(archive, path) is None:
                refused.append(path)
                continue
            kind, group, pose, turns, mirrored = what
            picture = np.rot90(decode(archive.read(path)), turns)
            name = f"{kind}/{group}/{pose}"
            items.append(Item(name, package, path, "Kenney (kenney.nl)", "CC0-1.0"))
            pictures[name] = picture[:, ::-1] if mirrored else picture
            groups.setdefault((kind, group, picture.shape), []).append(name)
    for (kind, _, _), names in groups.items():
        rows, columns = box_of([pictures[n] for n in names])
        for name in names:
            if kind in ("tile", "road"):
                pictures[name] = cv2.resize(pictures[name], (32, 32), interpolation=cv2.INTER_AREA)
            else:
                pictures[name] = fit(pictures[name][rows, columns], stand=kind in ("character", "enemy", "prop"))
    return items, pictures, refused


def photographs():
    """-> items and pictures (128, 224, 3) of the photographs in gcompris whose licence is clean; none where it is not installed."""
    items, pictures = [], {}
    for file in clean_files():
        if re.fullmatch(PHOTOGRAPHS, file.path) and (data := resource(file.path)) is not None:
            rgb = decode(data)[..., :3]
            height, width = rgb.shape[:2]
            scale = max(HEIGHT / height, WIDTH / width)
            rgb = cv2.resize(rgb, (max(WIDTH, round(width * scale)), max(HEIGHT, round(height * scale))), interpolation=cv2.INTER_AREA)
            y, x = (rgb.shape[0] - HEIGHT) // 2, (rgb.shape[1] - WIDTH) // 2
            name = f"background/{Path(file.path).stem}/plain"
            items.append(Item(name, PACKAGE, file.path, file.author, file.licence))
            pictures[name] = np.dstack([rgb[y : y + HEIGHT, x : x + WIDTH], np.full((HEIGHT, WIDTH), 255, np.uint8)])
    return items, pictures


def cut_out(rgb):
    """A photograph of one thing amid its ground -> RGBA of the thing alone (GrabCut: Rother, Kolmogorov, Blake 2004)."""
    scale = 320 / max(rgb.shape[:2])
    rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = rgb.shape[:2]
    mask, frame = np.zeros((height, width), np.uint8), (int(width * 0.06), int(height * 0.06), int(width * 0.88), int(height * 0.88))
    cv2.setRNGSeed(1)
    cv2.grabCut(np.ascontiguousarray(rgb[..., ::-1]), mask, frame, np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_RECT)
    inside = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(inside)
    inside = parts == 1 + np.argmax(sizes[1:, cv2.CC_STAT_AREA])
    return np.dstack([rgb, (cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.2) * 255).astype(np.uint8)])


def animals():
    """-> items and pictures of the animals cut out of gcompris's photographs; none where it is not installed."""
    items, pictures, files = [], {}, {file.path: file for file in clean_files()}
    for path, species, mirrored in ANIMALS:
        file = files.get(f"{path}.webp")
        data = resource(file.path) if file else None
        if data is not None:
            rgba = cut_out(decode(data)[..., :3])
            name = f"animal/{Path(path).name}/{species}"
            items.append(Item(name, PACKAGE, file.path, file.author, file.licence))
            pictures[name] = fit((rgba[:, ::-1] if mirrored else rgba)[box_of([rgba[:, ::-1] if mirrored else rgba])], stand=True)
    return items, pictures


def fetched(folder):
    """The wheel that requirements-art.txt pins, fetched into a folder."""
    requirements = Path(__file__).parent / "requirements-art.txt"
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:",
                    "-d", folder, "-r", str(requirements)], check=True)
    return next(Path(folder).glob("arcade-*.whl"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--wheel", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        items, pictures, refused = unpack(args.wheel or fetched(folder))
    for more, photos in (photographs(), animals()):
        items, pictures = items + more, pictures | photos
    write(args.out, items, pictures)
    print(dict(Counter(i.kind for i in items)), f"{len(refused)} refused")


if __name__ == "__main__":
    main()
