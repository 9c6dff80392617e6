"""Files of Debian's gcompris-qt-data whose own licence is CC0, CC-BY or public domain.

Two places speak of licences, file by file: the README beside the files, and the package's copyright file (format 1.0). A file counts as
clean if the README names it under a clean licence, or, where no README names it, the copyright file does; what either calls otherwise by
name is refused. The files lie in Qt resource files (`qres`: a tree of nodes, names, and data that may be packed with zlib).
"""
import re
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

PACKAGE = "Debian gcompris-qt-data"
COPYRIGHT = Path("/usr/share/doc/gcompris-qt-data/copyright")
RESOURCES = Path("/usr/share/gcompris-qt/rcc")
CLEAN = r"(?:CC0-1\.0|CC-BY-\d\.\d|public-domain)"
NODE, FOLDER, PACKED = 22, 2, 1  # bytes of a node, its flags


@dataclass(frozen=True)
class CleanFile:
    path: str  # in the package: activity/resource/...
    author: str
    licence: str


def paragraphs(text):
    """(file names, author, licence) of each paragraph that names files; the same form in a README and in a copyright file."""
    for part in re.split(r"\n\s*\n", text):
        fields = {key: value.split("\n") for key, value in re.findall(r"^([A-Z]\w*):[ \t]*(.*(?:\n(?![A-Z]\w*:).*)*)", part, re.M)}
        if "Files" in fields and "License" in fields:
            licence = fields["License"][0].strip().replace("CC-BY ", "CC-BY-").replace("CC0 ", "CC0-")
            licence = "public-domain" if licence.lower().startswith("public domain") else licence
            yield " ".join(fields["Files"]).split(), ", ".join(v.strip() for v in fields.get("Copyright", []) if v.strip()), licence


def clean(licence):
    """Whether each part of a licence is free of conditions but for credit."""
    return bool(re.fullmatch(f"{CLEAN}(?: and {CLEAN})*", licence))


def clean_files(folder=RESOURCES, copyright_file=COPYRIGHT):
    """The clean files of the package, none where it is not installed."""
    said = {}
    for file in sorted(folder.glob("*.rcc")):
        for path, content in packed(file).items():
            if PurePosixPath(path).name == "README":
                for names, author, licence in paragraphs(content.decode("utf-8", "replace")):
                    said.update({f"{file.stem}/{PurePosixPath(path).parent}/{name}": (author, licence) for name in names})
    if copyright_file.exists():
        for names, author, licence in paragraphs(copyright_file.read_text(encoding="utf-8")):
            for name in names:
                path = name.removeprefix("src/activities/").replace("-2players", "_2players")
                if "*" not in path and (path not in said or clean(said[path][1])):
                    said[path] = said[path] if path in said and clean(licence) else (author, licence)
    return [CleanFile(path, author, licence) for path, (author, licence) in sorted(said.items()) if clean(licence)]


def resource(path, folder=RESOURCES):
    """The content of a file, or None if the package lacks it."""
    activity, inner = path.split("/", 1)
    return packed(folder / f"{activity}.rcc").get(inner)


@lru_cache(maxsize=3)
def packed(file):
    """Path in the activity -> content, of one Qt resource file (version 2 or 3)."""
    if not file.exists():
        return {}
    raw = file.read_bytes()
    magic, version, tree, data, names = struct.unpack_from(">4s4I", raw)
    if magic != b"qres" or version < 2:
        raise ValueError(f"Cannot read {file.name}: not a Qt resource file of version 2 or 3")
    out = {}

    def walk(index, above):
        name_at, flags = struct.unpack_from(">IH", raw, tree + index * NODE)
        length = struct.unpack_from(">H", raw, names + name_at)[0]
        path = (*above, raw[names + name_at + 6 : names + name_at + 6 + 2 * length].decode("utf-16-be")) if index else above
        if flags & FOLDER:
            count, first = struct.unpack_from(">II", raw, tree + index * NODE + 6)
            for k in range(first, first + count):
                walk(k, path)
        elif flags & ~PACKED == 0:  # other ways of packing are not read
            at = data + struct.unpack_from(">I", raw, tree + index * NODE + 10)[0]
            content = raw[at + 4 : at + 4 + struct.unpack_from(">I", raw, at)[0]]
            where = "/".join(path)
            out[where[max(where.find("resource/"), 0) :]] = zlib.decompress(content[4:]) if flags & PACKED else content

    walk(0, ())
    return out
