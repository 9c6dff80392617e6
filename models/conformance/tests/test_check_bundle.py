"""The check accepts the bundles we ship and refuses each way to break one, naming the file and the field."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.check_bundle import BundleError, check_bundle, check_manifest
from conformance.make_bundles import make_causal, make_window

BUNDLES = Path(__file__).resolve().parents[2] / "bundles"
NAMES = ["conformance", "conformance-window"]
SHIPPED = [*NAMES, "text"]
MUTATIONS = json.loads((Path(__file__).resolve().parents[1] / "mutations.json").read_text())


def manifest_of(name: str) -> dict:
    return json.loads((BUNDLES / name / "bundle.json").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of both bundles that a test may break; the path of the causal one."""
    for name in NAMES:
        shutil.copytree(BUNDLES / name, tmp_path / name)
    return tmp_path / "conformance"


def rewrite(folder: Path, change: Callable[[dict], None]) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    change(manifest)
    (folder / "bundle.json").write_text(json.dumps(manifest))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        check_bundle(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", SHIPPED)
def test_the_bundles_are_as_the_contract_says(name: str) -> None:
    assert check_bundle(BUNDLES / name)["name"] == name


@pytest.mark.parametrize("make", [make_causal, make_window])
def test_the_bundles_are_written_the_same_byte_by_byte(make: Callable, tmp_path: Path) -> None:
    bundle = make()
    bundle.write(tmp_path)
    stored = BUNDLES / bundle.name
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted(f.name for f in stored.iterdir())
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (stored / file.name).read_bytes(), file.name


def test_the_bundles_are_small() -> None:
    assert sum(file.stat().st_size for name in NAMES for file in (BUNDLES / name).iterdir()) < 300_000


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["says"])
def test_a_broken_manifest_is_refused_by_its_field(mutation: dict) -> None:
    document = {"root": copy.deepcopy(manifest_of(mutation["bundle"]))}
    place, keys = document, ["root", *mutation["path"]]
    for key in keys[:-1]:
        place = place[key]
    if "remove" in mutation:
        del place[keys[-1]]
    else:
        place[keys[-1]] = mutation["value"]
    with pytest.raises(BundleError) as caught:
        check_manifest(json.dumps(document["root"]).encode(), mutation["bundle"])
    assert str(caught.value).startswith(f"Bundle '{mutation['bundle']}': bundle.json, {mutation['field']} must ")


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"schema": NaN}', "\ufeff{}", "[" * 100_000])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(BundleError, match="^Bundle 'x': bundle.json must be JSON: "):
        check_manifest(text.encode(), "x")


def test_an_infinity_is_refused() -> None:
    text = (BUNDLES / "conformance" / "bundle.json").read_text().replace('"timeShift": 1.5', '"timeShift": 1e999')
    with pytest.raises(BundleError, match="bundle.json, flow.timeShift must be finite"):
        check_manifest(text.encode(), "conformance")


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "map.onnx").unlink()
    assert refusal(folder) == "Bundle 'conformance': map.onnx must be a regular file, received nothing"


def test_a_link_is_refused(folder: Path) -> None:
    (folder / "map.onnx").rename(folder.parent / "map.onnx")
    (folder / "map.onnx").symlink_to(folder.parent / "map.onnx")
    assert refusal(folder) == "Bundle 'conformance': map.onnx must be a regular file, received a symbolic link"


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_byte_is_refused_where_it_lies_and_where_it_is_borrowed(folder: Path, name: str) -> None:
    content = bytearray((folder / "semantic.onnx").read_bytes())
    content[-1] ^= 1
    (folder / "semantic.onnx").write_bytes(content)
    message = refusal(folder.parent / name)
    assert message.startswith(f"Bundle '{name}': semantic.onnx must have what bundle.json, files['semantic.onnx'].sha256")


def test_a_truncated_file_is_refused(folder: Path) -> None:
    (folder / "fuse.onnx").write_bytes(b"x")
    assert "fuse.onnx must have what bundle.json, files['fuse.onnx'].bytes says, " in refusal(folder)


def test_a_stray_file_is_refused(folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    assert refusal(folder).startswith("Bundle 'conformance': notes.txt must be listed in bundle.json, files")


def test_a_borrowed_file_that_also_lies_here_is_refused(folder: Path) -> None:
    shutil.copy(folder / "semantic.onnx", folder.parent / "conformance-window")
    assert "semantic.onnx must lie only in the sibling bundle" in refusal(folder.parent / "conformance-window")


def test_a_bundle_without_a_card_is_refused(folder: Path) -> None:
    (folder / "README.md").unlink()
    assert "README.md must be there" in refusal(folder)


def replace_file(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    digest = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    rewrite(folder, lambda manifest: manifest["files"].update({file: digest}))


def test_a_graph_that_is_none_is_refused(folder: Path) -> None:
    replace_file(folder, "fuse.onnx", b"not a graph")
    assert "fuse.onnx must be an ONNX model" in refusal(folder)


def test_a_graph_that_holds_something_else_is_refused(folder: Path) -> None:
    replace_file(folder, "fuse.onnx", (folder / "map.onnx").read_bytes())
    assert "bundle.json, graphs.fuse." in refusal(folder)


def test_another_opset_is_refused(folder: Path) -> None:
    rewrite(folder, lambda manifest: manifest["graphs"]["fuse"].update(opset=16))
    assert "bundle.json, graphs.fuse.opset must be the opset of fuse.onnx, 17, received 16" in refusal(folder)


def test_weights_that_the_graph_does_not_name_are_refused(folder: Path) -> None:
    rewrite(folder, lambda manifest: manifest["graphs"]["fuse"].update(weights=["velocity.weights"]))
    assert "fuse.onnx must name every file of bundle.json, graphs.fuse.weights" in refusal(folder)


def test_weights_that_the_manifest_does_not_name_are_refused(folder: Path) -> None:
    rewrite(folder, lambda manifest: manifest["graphs"]["velocity"].pop("weights"))
    assert "velocity.onnx must name only the files of bundle.json, graphs.velocity.weights" in refusal(folder)


def test_another_golden_answer_is_refused(folder: Path) -> None:
    def change(manifest: dict) -> None:
        manifest["golden"]["graphs"]["map"]["tokens"]["probes"][3] += 0.01

    rewrite(folder, change)
    assert "map.onnx must give its golden answer for 'tokens': probes[3] must be within" in refusal(folder)


def test_a_word_too_few_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    shutil.copytree(BUNDLES / "text", folder)
    replace_file(folder, "words.txt", (folder / "words.txt").read_bytes().split(b"\n", 1)[1])
    assert "words.txt must hold the 15000 different words that bundle.json, text.words.count says" in refusal(folder)
