"""Licensed art and recordings: what has no clean licence is refused, splits share nothing, without a folder there is nothing; animals call when they move."""
import io
import struct
import zipfile
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from scipy.io import wavfile

import make_art
import make_recordings
from foleylab.data import animals, art, gcompris, items, recordings
from foleylab.data.items import Item
from foleylab.data.pictures import View

CC0 = "Everything in this package is licensed CC0 (see below).\nLicense (Creative Commons Zero, CC0)"
SOME = "abcdefghijkl"


def png(value):
    picture = np.zeros((100, 80, 4), np.uint8)
    picture[20:90, 10:50] = 200, 40, value, 255
    return cv2.imencode(".png", picture)[1].tobytes()


def wav(hz, begin_s=0.2, rate=44100):
    t = np.arange(rate // 2) / rate
    data = io.BytesIO()
    wavfile.write(data, rate, (20000 * np.sin(2 * np.pi * hz * t) * np.exp(-8 * (t - begin_s)) * (t >= begin_s)).clip(-32000, 32000).astype(np.int16))
    return data.getvalue()


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "arcade-0.0.1-py3-none-any.whl"
    root = make_art.ROOT
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{root}/images/enemies/License.txt", CC0)
        archive.writestr(f"{root}/images/enemies/frog.png", png(10))
        archive.writestr(f"{root}/images/enemies/frog_move.png", png(20))
        archive.writestr(f"{root}/images/items/star.png", png(30))  # no licence at all
        archive.writestr(f"{root}/images/pinball/public-license.txt", "LICENSE: You may use these assets. Creative Commons Attribution (CC-BY 4.0), not CC0")
        archive.writestr(f"{root}/images/pinball/pool_cue_ball.png", png(40))
        archive.writestr(f"{root}/sounds/License.txt", CC0)
        archive.writestr(f"{root}/sounds/coin1.wav", wav(900))
    return path


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Toy folders of art and recordings: twelve things of each of some kinds, whose brightness or pitch tells which they are."""
    entry = lambda name: Item(name, "toy", name, "nobody", "CC0-1.0")
    names = [f"{kind}/{g}/Mid" for kind in ("enemy", "tile", "prop", "road", "background") for g in SOME] + [f"animal/{g}/sheep" for g in SOME]
    pictures = {}
    for name in names:
        n, value = (20, 20) if "background" not in name else (128, 224), 40 + 15 * SOME.index(name.split("/")[1])
        pictures[name] = np.dstack([np.full((*n, 3), value, np.uint8), np.full(n, 255, np.uint8)])
    items.write(tmp_path / "art", [entry(n) for n in names], pictures)
    tone = lambda k: (0.8 * np.sin(2 * np.pi * 200 * (k + 1) * np.arange(9600) / 48000)).astype(np.float16)
    sounds = {f"{kind}/{g}/x": tone(k) for kind in ("door", "animal") for k, g in enumerate(SOME)} | {"bell/one/x": tone(3)}
    items.write(tmp_path / "sounds", [entry(n) for n in sounds], sounds)
    monkeypatch.setenv(art.VARIABLE, str(tmp_path / "art"))
    monkeypatch.setenv(recordings.VARIABLE, str(tmp_path / "sounds"))


def test_make_art_takes_what_is_cc0_and_refuses_what_has_no_such_licence(wheel):
    found, pictures, refused = make_art.unpack(wheel)
    assert [i.item for i in found] == ["enemy/frog/plain", "enemy/frog/move"] and all(i.licence == "CC0-1.0" and i.author and i.path for i in found)
    assert len(refused) == 2 and all("star" in r or "pool" in r for r in refused)
    picture = pictures["enemy/frog/plain"]
    assert picture.shape[0] == picture.shape[1] <= 64 and picture[-2, :, 3].max() > 200 and picture[-1, :, 3].max() == 0
    assert abs(int(picture[0, 0, 0]) - 10) < 12  # the colour goes on beyond the outline


def test_make_recordings_cuts_to_the_onset_and_keeps_the_ledger(wheel, tmp_path):
    (entry, content), = make_recordings.arcade(wheel)
    wave = make_recordings.prepare(make_recordings.decode(content), entry.kind)
    assert wave.dtype == np.float16 and abs(np.abs(wave.astype(np.float32)).max() - 0.8) < 0.01
    assert np.abs(wave[:240].astype(np.float32)).max() > 0.3 and 0.25 < len(wave) / 48000 <= 0.31
    items.write(tmp_path / "out", [entry], {entry.item: wave})
    assert items.manifest(tmp_path / "out") == [entry] and entry.licence == "CC0-1.0"
    assert make_recordings.prepare(np.zeros(4800, np.float32)) is None


def test_opensfx_gives_no_entry_that_is_share_alike(tmp_path, monkeypatch):
    texts = ["'A'. By X. License: Creative Commons Zero 1.0.", "'B'. By Y. License: Creative Commons Attribution 3.0 Unported.",
             "'C'. By Z. License: Creative Commons Attribution-ShareAlike 3.0 Unported.", "'D'. By W. License: all rights reserved."]
    body, table, at = b"", b"", 8 * len(texts)
    for text in texts:
        sound, name = wav(500), text.encode() + b"\0"
        table += struct.pack("<II", at + len(body), len(sound))
        body += bytes([len(name)]) + name + sound
    (tmp_path / "toy.cat").write_bytes(table + body)
    monkeypatch.setattr(make_recordings, "OPENSFX_KINDS", "\nhorn a=0 b=1 c=2 d=3\n")
    found = list(make_recordings.opensfx(tmp_path / "toy.cat"))
    assert [(i.group, i.licence) for i, _ in found] == [("opensfx-a", "CC0-1.0"), ("opensfx-b", "CC-BY-3.0")]
    assert found[1][0].author == "'B'. By Y" and found[0][1].startswith(b"RIFF")


def test_gcompris_licences_are_read_file_by_file():
    text = "Copyright: A\nLicense: CC-BY-SA 4.0\nFiles:\na.svg\nb.svg\n\nCopyright: B\nSource: s\nLicense: Public Domain\nFiles: c.webp\n\nFiles: d.wav\nCopyright: C\nLicense: CC-BY-3.0 and CC0-1.0"
    found = {name: clean for names, _, licence in gcompris.paragraphs(text) for name, clean in ((n, gcompris.clean(licence)) for n in names)}
    assert found == {"a.svg": False, "b.svg": False, "c.webp": True, "d.wav": True}
    assert not any(gcompris.clean(licence) for licence in ("GPL-3", "CC-BY-NC-3.0", "CC-BY-SA-3.0", "CC0-1.0 and GPL-3", ""))


def test_splits_never_share_an_item_and_each_has_some(folders):
    assert not items.held_out(["a", "b"]) and 1 <= len(items.held_out(["a", "b", "c"])) <= 1
    for folder, kinds in ((art.VARIABLE, ("enemy", "tile", "animal")), (recordings.VARIABLE, ("door",))):
        for kind in kinds:
            seen = {split: {v.tobytes() for i in range(80) for v in items.choose(folder, np.random.default_rng(i), split, kind).values()} for split in ("train", "tune", "test")}
            assert seen["train"] == seen["tune"] and not seen["train"] & seen["test"] and seen["test"] and len(seen["train"] | seen["test"]) == len(SOME)


def test_sprites_and_backgrounds_have_their_form(folders):
    rgb, alpha = art.sprite(np.random.default_rng(1), "train", "enemy")
    assert rgb.shape == (20, 20, 3) and rgb.dtype == np.uint8 and alpha.shape == (20, 20) and alpha.dtype == np.float32 and alpha.max() == 1
    for i in range(12):
        for split in ("train", "test"):
            rgb, alpha = art.sprite(np.random.default_rng([2, i]), split, "background")
            assert rgb.shape == (128, 224, 3) and rgb.dtype == np.uint8 and alpha is None
    assert art.sprite(np.random.default_rng(1), "train", "ship") is None
    assert set(art.poses(np.random.default_rng(1), "test", "tile")) == {"Mid"}


def test_recordings_vary_and_follow_the_strength(folders):
    waves = [recordings.play(np.random.default_rng(i), "train", "door", 0.5) for i in range(6)]
    assert len({len(w) for w in waves}) > 2 and all(w.dtype == np.float32 and abs(np.abs(w).max() - 0.4) < 0.01 for w in waves)
    assert recordings.play(np.random.default_rng(0), "train", "bell", 1.0) is not None and recordings.play(np.random.default_rng(0), "test", "bell", 1.0) is None
    assert recordings.kinds("train") == ["animal", "bell", "door"] and recordings.kinds("test") == ["animal", "door"]
    group = sorted(set(SOME) - items.held_out(SOME))[0]
    assert recordings.take(np.random.default_rng(0), "train", f"door/{group}") is not None and recordings.take(np.random.default_rng(0), "test", f"door/{group}") is None


def test_without_folders_there_is_nothing(monkeypatch):
    monkeypatch.delenv(art.VARIABLE, raising=False)
    monkeypatch.delenv(recordings.VARIABLE, raising=False)
    rng = np.random.default_rng(0)
    assert all(art.sprite(rng, "train", kind) is None for kind in art.KINDS) and art.poses(rng, "test", "tile") is None
    assert recordings.play(rng, "train", "door", 1.0) is None and recordings.kinds("train") == []


def stage(seed, split):
    events = []
    scene = SimpleNamespace(split=split, duration_s=3.0, events=events, emit=lambda *event: events.append(event), bed=None)
    return animals.Animal(scene, np.random.default_rng([3, seed])), events


def seen(animal, t):
    picture = np.full((128, 128, 3), 90, np.uint8)
    animal.draw(View(picture, (0.0, 0.0, 1.0)), t)
    return picture.astype(int)


@pytest.mark.parametrize("installed", [False, True])
def test_an_animal_changes_in_the_frame_in_which_it_calls(installed, request, monkeypatch):
    if installed:
        request.getfixturevalue("folders")
    else:
        monkeypatch.delenv(art.VARIABLE, raising=False)
        monkeypatch.delenv(recordings.VARIABLE, raising=False)
    calls, clear = 0, 0
    for seed in range(5):
        animal, events = stage(seed, "test" if seed % 2 else "train")
        for time_s, wave, family, material, strength, _ in events:
            frame = round(np.floor(time_s * 30 + 1e-3))
            assert family == animals.FAMILY and material is None and 0 < strength <= 1 and 0 <= time_s - frame / 30 < 0.0101 and np.isfinite(wave).all()
            assert np.abs(wave[:1440]).max() > 0.05 * np.abs(wave).max() and np.abs(wave).max() <= 1
            if frame > 1:
                calls += 1
                change = [np.abs(seen(animal, (frame + d) / 30) - seen(animal, (frame + d - 1) / 30)).sum() for d in (-1, 0)]
                clear += change[1] > 1.3 * change[0] + 300
    assert calls >= 5 and clear > 0.7 * calls
