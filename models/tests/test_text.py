"""Free text to prompt words: reading words, the graph against numpy, what it understands, the bundle and the golden file that the engine shares."""
import json
from pathlib import Path

import jsonschema
import numpy as np
import onnxruntime
import pytest

import export_text
from foleylab.data.scene import VOCABULARY
from foleylab.golden import golden_inputs
from foleylab.text.anchors import ANCHORS
from foleylab.text.encoder import TextConfig, build_tables, counts_of, similarity
from foleylab.text.graph import build_graph
from foleylab.text.phrases import TEST, TUNE, read_phrases
from foleylab.text.score import score
from foleylab.text.words import rows_of, stems_of, words_of

MODELS = Path(__file__).parent.parent
FOLDER = MODELS / "bundles" / "text"
TOY = {"rain": "rain, drops", "metal": "metal, steel door"}
TOY_CONFIG = TextConfig(words=40, frequent=8, candidates=60, components=1, most_words=16)


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(4)
    names = ["the", "rain", "drop", "metal", "steel", "door", "on", "whirring", *(f"{a}{b}x" for a in "bcdfghjklm" for b in "aeiou")]
    return build_tables(names, rng.standard_normal((len(names), 100)).astype(np.float32), TOY, TextConfig(**{**TOY_CONFIG.__dict__, "candidates": len(names)}))


@pytest.fixture(scope="module")
def bundle():
    manifest = json.loads((FOLDER / "bundle.json").read_text())
    words = (FOLDER / "words.txt").read_text().splitlines()
    session = onnxruntime.InferenceSession(str(FOLDER / "encode.onnx"), providers=["CPUExecutionProvider"])

    def run(text):
        rows, unknown = rows_of(text, table)
        counts = np.zeros((1, len(words)), np.float32)
        np.add.at(counts[0], rows, 1)
        return rows, unknown, session.run(None, {"counts": counts})[0]

    table = {w: i for i, w in enumerate(words)}
    return manifest, run


def test_words_are_read_with_plain_stems():
    assert words_of("A Steel-door SLAMS, -twice- (42x)!") == ["a", "steel-door", "slams", "twice", "x"]
    assert stems_of("slamming") == ["slamming", "slamm", "slamme", "slam"]
    assert stems_of("berries")[1] == "berry" and "is" not in stems_of("iss") and stems_of("as") == ["as"]
    table = {"door": 0, "slam": 1, "hope": 2}
    assert rows_of("doors slammed; steel-door hoping, door", table) == ([0, 1, 0, 2, 0], [])
    assert rows_of("zebra-fish door", table) == ([0], ["zebra-fish"])


def test_tables_hold_what_the_phrases_say(tables):
    assert len(tables.words) == len(set(tables.words)) == 40 and tables.table.dtype == np.int8
    assert {"rain", "drop", "metal", "steel", "door", "whirr", "a", "t"} <= set(tables.words)
    assert np.abs(tables.table).max(1)[tables.words.index("rain")] in (126, 127) and not tables.table[tables.words.index("a")].any()


def test_graph_does_what_numpy_does(tables):
    session = onnxruntime.InferenceSession(build_graph(tables, TOY_CONFIG).SerializeToString(), providers=["CPUExecutionProvider"])
    texts = ["rain", "the metal doors, and rain rain rain", "", "nothing that it knows"]
    inputs = [counts_of(t, tables) for t in texts] + [golden_inputs({"counts": [1, 40]})["counts"]]
    for counts in inputs:
        np.testing.assert_allclose(session.run(None, {"counts": counts})[0], similarity(counts, tables, TOY_CONFIG), atol=1e-5)
    assert int(similarity(inputs[0], tables, TOY_CONFIG).argmax()) == 0 and similarity(inputs[0], tables, TOY_CONFIG).max() > 0.9
    assert (similarity(inputs[2], tables, TOY_CONFIG) < 0).all()


def test_export_refuses_a_graph_that_differs(tables, tmp_path, monkeypatch):
    monkeypatch.setattr(export_text, "similarity", lambda *given: similarity(*given) + 1e-3)
    with pytest.raises(export_text.ParityError):
        export_text.write_text_bundle(tmp_path / "text", tables, "0.0.1", tmp_path / "golden.json", TOY_CONFIG)
    assert not list(tmp_path.iterdir())


def test_every_word_of_the_lab_has_its_phrases():
    live = json.loads((MODELS / "bundles/live/bundle.json").read_text())["prompt"]["vocabulary"]
    assert {*VOCABULARY, *live} <= set(ANCHORS)


def test_splits_share_no_phrase():
    tune, test = ({p for p, _, _ in read_phrases(text)} for text in (TUNE, TEST))
    assert len(tune) == len(test) == 44 and not tune & test


def test_shipped_bundle_keeps_the_contract_and_its_figures(bundle):
    manifest, run = bundle
    jsonschema.validate(manifest, json.loads((MODELS / "bundle.schema.json").read_text()))
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000
    assert manifest["text"]["vocabulary"] == list(ANCHORS)
    phrases = read_phrases(TEST)
    similar = np.concatenate([run(p)[2] for p, _, _ in phrases])
    ramp = manifest["text"]["ramp"]
    got = score(similar, phrases, manifest["text"]["vocabulary"], (ramp["from"] + ramp["to"]) / 2)
    assert got.top1 > 0.94 and got.precision > 0.84 and got.recall > 0.82
    assert f"| test | {got.top1:.2f} | {got.precision:.2f} | {got.recall:.2f} |" in (FOLDER / "README.md").read_text()


def test_golden_file_is_what_the_bundle_gives(bundle):
    manifest, run = bundle
    ramp = manifest["text"]["ramp"]
    for line in json.loads((MODELS / "tests/text_golden.json").read_text()):
        rows, unknown, similar = run(line["text"])
        prompt = export_text.prompt_of(similar, (ramp["from"], ramp["to"]))[0]
        assert (rows, unknown) == (line["rows"], line["unknown"])
        want = [line["prompt"].get(word, 0) for word in manifest["text"]["vocabulary"]]
        np.testing.assert_allclose(prompt, want, atol=1e-3)
