"""python make_recordings.py --out DIR/recordings --wheel arcade-3.3.3-py3-none-any.whl

Takes recorded effects out of Debian's sonic-pi-samples (CC0), openttd-opensfx (entries whose stored credit says CC0 or CC-BY),
gcompris-qt-data (files given as CC0, CC-BY or public domain) and freedoom (BSD-3-Clause), and out of the wheel of `arcade` (CC0; without
--wheel it is fetched as requirements-art.txt pins it); what is not installed is left out. Each is brought to 48 kHz mono, begins at its
onset, and ends after 3 s at most. Writes sounds and manifest into DIR/recordings, which FOLEYLAB_RECORDINGS then names
(foleylab/data/recordings.py), and prints how many there are of each kind.
"""
import argparse
import io
import re
import struct
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import av
import numpy as np

from foleylab.data import gcompris
from foleylab.data.freedoom import WADS, lumps
from foleylab.data.items import Item, write
from foleylab.data.sound import SAMPLE_RATE
from make_art import ROOT, fetched, licence_of

SONIC = Path("/usr/share/sonic-pi/samples")
SONIC_COPYRIGHT = Path("/usr/share/doc/sonic-pi-samples/copyright")
OPENSFX = Path("/usr/share/games/openttd/baseset/opensfx/opensfx.cat")
LONGEST_S, PEAK = 3.0, 0.8
# Kinds that may swell; all others begin with a blow.
GRADUAL = ("ambience", "animal", "applause", "bird", "engine", "gate", "growl", "horn", "hurt", "jet", "launch", "machine", "power-up", "rub", "saw", "scratch",
           "train", "water", "whoosh", "wind")
# By ear and name: kind, then files; "source=file" puts takes of one source together.
SONIC_KINDS = """
drum-kick bd_808 bd_ada bd_boom bd_fat bd_gas bd_haus bd_klub bd_mehackit bd_pure bd_sone bd_tek bd_zome bd_zum drum_heavy_kick
drum-kick bass_drum=drum_bass_hard bass_drum=drum_bass_soft elec_hollow_kick elec_soft_kick
drum-snare snare=drum_snare_hard snare=drum_snare_soft elec_snare elec_lo_snare elec_mid_snare elec_hi_snare elec_filt_snare sn_dolf sn_dub sn_generic sn_zome
drum-hat hat=drum_cymbal_closed hat=drum_cymbal_pedal hat=drum_cymbal_open elec_cymbal
drum-cymbal cymbal=drum_cymbal_soft cymbal=drum_cymbal_hard splash=drum_splash_soft splash=drum_splash_hard
drum-tom hi=drum_tom_hi_hard hi=drum_tom_hi_soft mid=drum_tom_mid_hard mid=drum_tom_mid_soft lo=drum_tom_lo_hard lo=drum_tom_lo_soft elec_fuzz_tom
drum-hand dhec=tabla_dhec ghe=tabla_ghe1 ghe=tabla_ghe2 ghe=tabla_ghe3 ghe=tabla_ghe4 ghe=tabla_ghe5 ghe=tabla_ghe6 ghe=tabla_ghe7 ghe=tabla_ghe8
drum-hand ke=tabla_ke1 ke=tabla_ke2 ke=tabla_ke3 na=tabla_na na=tabla_na_o na=tabla_na_s re=tabla_re tas=tabla_tas1 tas=tabla_tas2 tas=tabla_tas3
drum-hand te=tabla_te1 te=tabla_te2 te=tabla_te_m te=tabla_te_ne tun=tabla_tun1 tun=tabla_tun2 tun=tabla_tun3
bell perc_bell perc_bell2 elec_bell elec_chime elec_triangle elec_ping drum_cowbell
door perc_door
hit impact=perc_impact1 impact=perc_impact2 elec_wood elec_bong
snap perc_snap perc_snap2
whoosh perc_swash perc_swoosh ambi_swoosh misc_cineboom
click elec_tick elec_pop elec_flip
blip elec_beep blip=elec_blip blip=elec_blip2 elec_blup elec_plip elec_twip
pluck elec_twang guit_e_fifths guit_e_slide guit_em9 guit_harmonics
till perc_till
bird crow=misc_crow
scratch vinyl_backspin vinyl_rewind vinyl_scratch
ambience ambi_drone ambi_glass_hum ambi_haunted_hum ambi_lunar_land ambi_sauna ambi_soft_buzz vinyl_hiss loop_3d_printer loop_industrial
"""
OPENSFX_KINDS = """
splat splatttt=2 splat=31 kick_1=32
horn whistle=3 steam=4 steam=5 ship=6 ferry=7 locomotive=10 car=35
bell crossing=14
till till=20
blip beep=21 morse=22
engine truck=25 truck=26 truck=60 truck=62 bus=27 bus=64 oldbus=28 oldbus=63 cessna=8 propeller=69
jet departs=9 departs=70 landing=59 angels=61
train metro=65 passby=71
machine elevator=11 sparks=12 steam=13 jackhammer=33 plastic=51 factory=44
saw sawmill=40 chainsaw=56 cutting=55
crash gun=15 dumpster=16 crash=17 crash=19 crash2=53 snap=58 tree=54
explosion explosion=18
skid wheels=23
applause applause=29
hammer smithy=39
wind wind=52 wind=57
bubble bubble=46 plop=47 slurp=49
shake shaker=41 shaker=45
animal sheep=36 cow=37 horse=38 lion=67 monkey=68
bird bird1=66 bird2=72
"""
ARCADE_KINDS = """
coin coin1 coin2 coin3 coin4 coin5
jump jump1 jump2 jump3 jump4 jump5 phaseJump1
fall fall1 fall2 fall3 fall4
hit hit1 hit2 hit3 hit4 hit5 rockHit2
hurt hurt1 hurt2 hurt3 hurt4 hurt5
explosion explosion1 explosion2
laser laser1 laser2 laser3 laser4 laser5
power-up upgrade1 upgrade2 upgrade3 upgrade4 upgrade5 secret2 secret4
lose error1 error2 error3 error4 error5 lose1 lose2 lose3 lose4 lose5 gameover1 gameover2 gameover3 gameover4 gameover5
"""
GCOMPRIS_KINDS = """
gate lock_gate=canal_lock/resource/door_open.wav lock_gate=canal_lock/resource/door_close.wav
hit lock=canal_lock/resource/lock.wav metal=scalesboard/resource/metal_hit.wav
water fill=canal_lock/resource/water_fill.wav
engine helicopter=guessnumber/resource/helicopter.wav
click card=memory/resource/card_flip.wav
money money1=money/resource/money1.wav money2=money/resource/money2.wav
rub eraser=redraw/resource/eraser.wav brush=redraw/resource/brush.wav slide=align4_2players/resource/slide.wav
step ice=reversecount/resource/icy_walk.wav
arrow arrow=target/resource/arrow.wav
"""
FREEDOOM_KINDS = """
shot pistol=DSPISTOL shotgun=DSSHOTGN super=DSDSHTGN
explosion rocket=DSRXPLOD barrel=DSBAREXP fireball=DSFIRXPL
launch rocket=DSRLAUNC fireball=DSFIRSHT bfg=DSBFG
laser plasma=DSPLASMA
door big=DSDOROPN big=DSDORCLS fast=DSBDOPN fast=DSBDCLS lift=DSPSTART lift=DSPSTOP
saw doomsaw=DSSAWUP doomsaw=DSSAWIDL doomsaw=DSSAWFUL doomsaw=DSSAWHIT
click switch=DSSWTCHN exit=DSSWTCHX cock=DSSGCOCK load=DSDBLOAD
hit punch=DSPUNCH claw=DSCLAW
splat slop=DSSLOP
step hoof=DSHOOF metal=DSMETAL
growl zombie=DSPOSIT1 zombie=DSPOSIT2 zombie=DSPOSIT3 imp=DSBGSIT1 imp=DSBGSIT2 demon=DSSGTSIT demon=DSSGTATK baron=DSBRSSIT caco=DSCACSIT knight=DSKNTSIT
hurt player=DSPLPAIN player=DSOOF player=DSPLDETH demon=DSDMPAIN zombie=DSPOPAIN zombie=DSPODTH1 zombie=DSPODTH2 zombie=DSPODTH3
power-up item=DSITEMUP weapon=DSWPNUP power=DSGETPOW respawn=DSITMBK teleport=DSTELEPT
"""


def table(text):
    """(kind, group, file) of each entry of a table above."""
    for line in text.strip().splitlines():
        kind, *entries = line.split()
        for entry in entries:
            group, _, file = entry.partition("=")
            yield kind, group, file or group


def item(source, kind, group, file, package, path, author, licence):
    name = re.sub(r"\W+", "-", Path(file).stem).lower()
    return Item(f"{kind}/{group if source == 'sonic' else f'{source}-{group}'}/{name}", package, path, author, licence)


def sonic():
    """(item, file content) of sonic-pi-samples: what its copyright file, or else the README beside the samples (authors by link), gives as CC0."""
    said = {}
    if SONIC_COPYRIGHT.exists() and (SONIC / "README.md").exists():
        readme = (SONIC / "README.md").read_text(encoding="utf-8")
        if re.search(r"All samples in this directory .*?Creative Commons 0 License", readme, re.S):
            said = {re.sub(r"_(\d)$", r"\1", name): (author, "CC0-1.0") for name, author in re.findall(r"`:(\w+)` *- https?://\S+?/people/([^/\s]+)/", readme)}
        for names, author, licence in gcompris.paragraphs(SONIC_COPYRIGHT.read_text(encoding="utf-8")):
            said.update({Path(name).stem: (author, licence.replace("CC0", "CC0-1.0") if licence == "CC0" else licence) for name in names if name.endswith(".flac")})
    for kind, group, file in table(SONIC_KINDS):
        author, licence = said.get(file) or said.get(file.replace("3d_printer", "3dprinter")) or ("", "")
        path = SONIC / f"{file}.flac"
        if licence == "CC0-1.0" and path.exists():
            yield item("sonic", kind, group, file, "Debian sonic-pi-samples", str(path), author, licence), path.read_bytes()


def credits(entry):
    """-> (credit, licence) out of the text that OpenSFX stores with an entry; the licence is None where it is neither CC0 nor CC-BY."""
    text, _, licence = entry.partition("License:")
    author = re.sub(r"\s+", " ", text.strip()).rstrip(". ").replace('"', "'")
    if re.search("Share ?Alike|-SA", entry, re.I):
        return author, None
    if "Creative Commons Zero" in licence:
        return author, "CC0-1.0"
    return author, "CC-BY-3.0" if "Creative Commons Attribution 3.0" in licence else None


def opensfx(path=OPENSFX):
    """(item, file content) of OpenSFX. An entry is a length byte, a credit of that length and a RIFF file; offset and size stand in a table of 8 bytes each."""
    raw = path.read_bytes() if path.exists() else b""
    for kind, group, index in table(OPENSFX_KINDS) if raw else ():
        offset, size = struct.unpack_from("<II", raw, 8 * int(index))
        offset &= 0x7FFFFFFF
        text = raw[offset + 1 : offset + 1 + raw[offset]].rstrip(b"\0").decode("utf-8", "replace")
        author, licence = credits(text)
        if licence:
            start = offset + 1 + raw[offset]
            yield item("opensfx", kind, group, f"{group}-{index}", "Debian openttd-opensfx", f"opensfx.cat entry {index}", author, licence), raw[start : start + size]


def arcade(wheel):
    """(item, file content) of the sounds of arcade."""
    package = "PyPI {} {}".format(*Path(wheel).name.split("-")[:2])
    with zipfile.ZipFile(wheel) as archive:
        for kind, group, file in table(ARCADE_KINDS):
            path = f"{ROOT}/sounds/{file}.wav"
            if path in archive.namelist() and licence_of(archive, path):
                yield item("arcade", kind, group, file, package, path, "Kenney (kenney.nl)", "CC0-1.0"), archive.read(path)


def gcompris_sounds():
    """(item, file content) of gcompris."""
    files = {file.path: file for file in gcompris.clean_files()}
    for kind, group, path in table(GCOMPRIS_KINDS):
        content = gcompris.resource(path) if path in files else None
        if content is not None:
            yield item("gcompris", kind, group, path, gcompris.PACKAGE, path, files[path].author, files[path].licence), content


def freedoom():
    """(item, wave file) of Freedoom: a lump is format 3, rate, count, then 8-bit samples with 16 of padding at each end."""
    found = lumps("freedoom2") if (WADS / "freedoom2.wad").exists() else {}
    for kind, group, name in table(FREEDOOM_KINDS):
        lump = found.get(name, b"")
        if len(lump) > 64 and struct.unpack_from("<H", lump)[0] == 3:
            rate, count = struct.unpack_from("<HI", lump, 2)
            samples = lump[24 : 8 + count - 16]
            header = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVEfmt ", 16, 1, 1, rate, rate, 1, 8, b"data", len(samples))
            yield item("freedoom", kind, group, name, "Debian freedoom", f"freedoom2.wad {name}", "contributors to the Freedoom project", "BSD-3-Clause"), header + samples


def decode(content):
    """Any sound file -> mono (n,) float32 at 48 kHz."""
    resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE)
    with av.open(io.BytesIO(content)) as box:
        frames = [f for frame in box.decode(audio=0) for f in resampler.resample(frame)] + resampler.resample(None)
    return np.concatenate([f.to_ndarray().reshape(-1) for f in frames])


def prepare(wave, kind=""):
    """Cuts what is before the onset and behind the sound, 3 s at most, and brings the peak to 0.8; None if it is silent."""
    wave = wave - wave.mean()
    loud = np.abs(wave)
    if not len(wave) or loud.max() < 1e-3:
        return None
    first = int(np.argmax(loud > (0.08 if kind in GRADUAL else 0.2) * loud[: SAMPLE_RATE].max()))
    quiet = loud[max(0, first - SAMPLE_RATE // 200) : first + 1] < 0.02 * loud.max()  # the attack itself may take 5 ms
    first -= int(np.argmax(quiet[::-1])) if quiet.any() else SAMPLE_RATE // 2000
    first = max(0, first)
    wave = wave[first : first + int(LONGEST_S * SAMPLE_RATE)].copy()
    last = np.flatnonzero(np.abs(wave) > 0.002 * np.abs(wave).max())[-1] + 1
    cut, wave = last < len(wave) or first + last < len(loud), wave[:last]
    wave[:24] *= np.linspace(0, 1, 24)[: len(wave)]
    if cut:
        fade = min(len(wave) // 4, SAMPLE_RATE // 10)
        wave[len(wave) - fade :] *= np.linspace(1, 0, fade)
    return (wave * (PEAK / np.abs(wave).max())).astype(np.float16)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--wheel", type=Path)
    args = parser.parse_args()
    items, waves = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for entry, content in (*sonic(), *opensfx(), *gcompris_sounds(), *freedoom(), *arcade(args.wheel or fetched(folder))):
            wave = prepare(decode(content), entry.kind)
            if wave is not None:
                items.append(entry)
                waves[entry.item] = wave
    write(args.out, items, waves)
    print(dict(Counter(i.kind for i in items)), dict(Counter(i.package for i in items)), dict(Counter(i.licence for i in items)))


if __name__ == "__main__":
    main()
