"""python models/conformance/check_bundle.py FOLDER...

Holds bundles against the contract, models/bundle.schema.json: the schema, its rules in words, every file's size and
checksum, each graph's inputs, outputs, opset and external data, and the golden run on the CPU. Says `ok` and what
was checked, or one sentence that names the file and the field, and exits with 1.

From Python: `check_bundle(folder)` returns the manifest or raises BundleError.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jsonschema
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, external_data_helper

from conformance.bundle_rules import find_rule_problems
from conformance.golden import compare_golden, golden_inputs
from conformance.manifest_problem import NOTHING, BundleError, ManifestProblem, field_path

SCHEMA_FILE = Path(__file__).resolve().parents[1] / "bundle.schema.json"
UNLISTED_FILES = {"bundle.json", "README.md"}


def check_bundle(folder: Path) -> dict[str, Any]:
    """Everything; returns the manifest.

    Raises BundleError about the first thing that is not as the contract says.
    """
    folder = folder.resolve()
    manifest = check_manifest(read_regular_file(folder, "bundle.json"), folder.name)
    contents = {file: _read_listed_file(folder, manifest, file) for file in manifest["files"]}
    _check_nothing_else(folder, manifest)
    for name, graph in manifest["graphs"].items():
        _check_graph(manifest, name, graph, contents)
    if "text" in manifest:
        _check_words(manifest, contents)
    return manifest


def check_manifest(content: bytes, folder_name: str) -> dict[str, Any]:
    """The text of a bundle.json alone."""
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"Bundle '{folder_name}': bundle.json must be JSON: {error}") from error
    for problem in _manifest_problems(document, folder_name):
        raise BundleError(problem.sentence(folder_name))
    return document


def read_regular_file(folder: Path, file: str) -> bytes:
    """The bytes of a file that is not a link."""
    path = folder / file
    if path.is_symlink() or not path.is_file():
        what = "a symbolic link" if path.is_symlink() else "something else" if path.exists() else "nothing"
        raise BundleError(f"Bundle '{folder.name}': {file} must be a regular file, received {what}")
    return path.read_bytes()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it has no number {name}")


def _manifest_problems(document: Any, folder_name: str):  # noqa: ANN202
    yield from _infinities(document)
    yield from map(_schema_problem, _validator().iter_errors(document))
    if document["name"] != folder_name:
        yield ManifestProblem("name", f"be the folder's name, '{folder_name}'", document["name"])
    yield from find_rule_problems(document)


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _infinities(value: Any, *keys: str | int):  # noqa: ANN202
    """1e999 reads as infinity, which the schema cannot refuse."""
    if isinstance(value, float) and not math.isfinite(value):
        yield ManifestProblem(field_path(*keys), "be finite", str(value))
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from _infinities(entry, *keys, key)


def _schema_problem(error: jsonschema.ValidationError) -> ManifestProblem:
    while error.context:
        error = error.context[0]
    keys = list(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        return ManifestProblem(field_path(*keys, error.instance), f"have a name that matches {error.validator_value}",
                               error.instance)
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return ManifestProblem(field_path(*keys, missing), "be there", NOTHING)
    if error.validator == "additionalProperties":
        extra = next(key for key in error.instance if key not in error.schema.get("properties", {}))
        return ManifestProblem(field_path(*keys, extra), "be absent, as the schema does not know it", error.instance[extra])
    if error.validator == "not":
        return ManifestProblem(field_path(*keys), "be absent here", error.instance)
    return ManifestProblem(field_path(*keys), f"satisfy {error.validator} {error.validator_value}", error.instance)


def _read_listed_file(folder: Path, manifest: dict[str, Any], file: str) -> bytes:
    entry = manifest["files"][file]
    place = folder.parent / entry["from"] if "from" in entry else folder
    content = read_regular_file(place, file)
    actual = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    for key, value in actual.items():
        if entry[key] != value:
            field = field_path("files", file, key)
            raise BundleError(f"Bundle '{folder.name}': {file} must have what bundle.json, {field} says, {entry[key]}, "
                              f"received {value}")
    return content


def _check_nothing_else(folder: Path, manifest: dict[str, Any]) -> None:
    if not (folder / "README.md").is_file():
        raise BundleError(f"Bundle '{folder.name}': README.md must be there, the model card, received nothing")
    for file in sorted(path.name for path in folder.iterdir()):
        entry = manifest["files"].get(file)
        if file in UNLISTED_FILES or (entry and "from" not in entry):
            continue
        reason = f"lie only in the sibling bundle '{entry['from']}'" if entry else "be listed in bundle.json, files"
        raise BundleError(f"Bundle '{folder.name}': {file} must {reason}, received a file in the folder")


def _check_graph(manifest: dict[str, Any], name: str, graph: dict[str, Any], contents: dict[str, bytes]) -> None:
    golden = manifest["golden"]
    variants = [((), graph, golden["tolerance"]["cpu"], golden["graphs"][name])]
    if "gpu" in graph:
        variants.append((("gpu",), graph["gpu"], golden["tolerance"]["webgpu"], golden.get("gpu", {}).get(name, golden["graphs"][name])))
    for keys, files, tolerance, answers in variants:
        at = f"Bundle '{manifest['name']}': {files['file']}"
        try:
            model = onnx.load_from_string(contents[files["file"]])
        except Exception as error:
            raise BundleError(f"{at} must be an ONNX model: {_one_line(error)}") from error
        opset = max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0)
        if opset != graph["opset"]:
            field = field_path("graphs", name, "opset")
            raise BundleError(f"Bundle '{manifest['name']}': bundle.json, {field} must be the opset of {files['file']}, "
                              f"{opset}, received {graph['opset']}")
        _bring_weights_in(model, at, field_path("graphs", name, *keys, "weights"), files.get("weights", []), contents)
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        except Exception as error:
            raise BundleError(f"{at} must load in ONNX Runtime: {_one_line(error)}") from error
        _check_signature(session, manifest["name"], name, graph, files["file"])
        _check_golden(session, at, graph, answers, tolerance)


def _check_words(manifest: dict[str, Any], contents: dict[str, bytes]) -> None:
    file, count = manifest["text"]["words"]["file"], manifest["text"]["words"]["count"]
    lines = contents[file].decode("utf-8", "replace").split("\n")
    if len(set(lines)) != count + 1 or len(lines) != count + 1 or lines[-1] != "":
        raise BundleError(f"Bundle '{manifest['name']}': {file} must hold the {count} different words that bundle.json, "
                          f"text.words.count says, one a line, received {len(lines) - 1} lines")


def _bring_weights_in(
    model: onnx.ModelProto, at: str, field: str, weights: list[str], contents: dict[str, bytes]
) -> None:
    used = set()
    for tensor in model.graph.initializer:
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        info = external_data_helper.ExternalDataInfo(tensor)
        if info.location not in weights:
            raise BundleError(f"{at} must name only the files of bundle.json, {field}, received {info.location}")
        used.add(info.location)
        content = contents[info.location]
        offset = info.offset or 0
        length = info.length or len(content) - offset
        if not 0 <= offset <= offset + length <= len(content):
            raise BundleError(f"{at} must point inside {info.location} for '{tensor.name}', received {offset} + {length}")
        tensor.raw_data = content[offset : offset + length]
        tensor.ClearField("external_data")
        tensor.data_location = TensorProto.DEFAULT
    if unused := set(weights) - used:
        raise BundleError(f"{at} must name every file of bundle.json, {field}, received none of {sorted(unused)}")


def _check_signature(
    session: onnxruntime.InferenceSession, bundle: str, name: str, graph: dict[str, Any], file: str
) -> None:
    for side, values in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
        found = {value.name: _written(value.type, value.shape) for value in values}
        declared = {key: _written(f"tensor({_type_name(t)})", t["shape"]) for key, t in graph[side].items()}
        for key in sorted(found.keys() | declared.keys()):
            if found.get(key) != declared.get(key):
                field = field_path("graphs", name, side, key)
                raise BundleError(f"Bundle '{bundle}': bundle.json, {field} must be what {file} holds, "
                                  f"{found.get(key, 'nothing')}, received {declared.get(key, 'nothing')}")


def _type_name(tensor: dict[str, Any]) -> str:
    return {"float32": "float"}[tensor["type"]]


def _written(kind: str, shape: list) -> str:
    return f"{kind} {list(shape)}"


def _check_golden(
    session: onnxruntime.InferenceSession, at: str, graph: dict[str, Any], answers: dict[str, Any], tolerance: float
) -> None:
    names = list(graph["outputs"])
    inputs = golden_inputs({name: tensor["shape"] for name, tensor in graph["inputs"].items()})
    outputs: dict[str, np.ndarray] = dict(zip(names, session.run(names, inputs)))
    for name in names:
        if problem := compare_golden(answers[name], outputs[name], tolerance):
            raise BundleError(f"{at} must give its golden answer for '{name}': {problem}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    for folder in map(Path, sys.argv[1:]):
        try:
            manifest = check_bundle(folder)
        except BundleError as error:
            print(error, file=sys.stderr)
            return 1
        size = sum(entry["bytes"] for entry in manifest["files"].values())
        print(f"ok: {manifest['name']} {manifest['version']}: {len(manifest['graphs'])} graphs, "
              f"{len(manifest['files'])} files, {size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
