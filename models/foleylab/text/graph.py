"""The text encoder as an ONNX graph: `counts` (1, V) -> `similarity` (1, vocabulary)."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from foleylab.onnxfile import OPSET
from foleylab.text.encoder import ABSENT, TINY, TextConfig


def build_graph(tables, config=TextConfig()):  # noqa: B008
    """The arithmetic of `encoder.similarity`, in float32 over the words that occur: the `most_words` largest counts."""
    words, width = tables.table.shape
    vocabulary, most = tables.phrases_of.shape
    k = config.most_words
    constants = {
        "table": tables.table, "scale": tables.scale, "phrases": tables.phrases, "phrasesOf": tables.phrases_of.reshape(-1), "k": np.array([k]),
        "tiny": np.float32(TINY), "one": np.float32(1), "absent": np.float32(ABSENT), "half": np.float32(0.5),
        "column": np.array([k, 1]), "grouped": np.array([k, vocabulary, most]), "groupedWhole": np.array([1, vocabulary, most]),
    }
    nodes, last = [], iter(range(10_000))

    def add(op, *inputs, out=None, **attributes):
        out = out or f"{op.lower()}{next(last)}"
        nodes.append(helper.make_node(op, list(inputs), [out], **attributes))
        return out

    def unit(x):
        return add("Div", x, add("Max", add("ReduceL2", x, axes=[1], keepdims=1), "tiny"))

    nodes.append(helper.make_node("TopK", ["counts", "k"], ["values", "at"], axis=1))
    at = add("Reshape", "at", "k")
    values = add("Reshape", "values", "column")
    rows = add("Cast", add("Gather", "table", at, axis=0), to=TensorProto.FLOAT)  # (k, width)
    scale = add("Reshape", add("Cast", add("Gather", "scale", at, axis=0), to=TensorProto.FLOAT), "column")
    to = add("Transpose", add("Gather", add("Cast", "phrases", to=TensorProto.FLOAT), "phrasesOf", axis=0), perm=[1, 0])  # (width, vocabulary * most)
    mean = add("ReduceSum", add("Mul", rows, add("Mul", values, scale)), "first", keepdims=1)  # (1, width)
    constants["first"] = np.array([0])
    whole = add("ReduceMax", add("Reshape", add("MatMul", unit(mean), to), "groupedWhole"), axes=[2], keepdims=0)  # (1, vocabulary)
    single = add("ReduceMax", add("Reshape", add("MatMul", unit(rows), to), "grouped"), axes=[2], keepdims=0)  # (k, vocabulary)
    missing = add("Mul", add("Sub", "one", add("Min", values, "one")), "absent")
    single = add("ReduceMax", add("Sub", single, missing), axes=[0], keepdims=1)
    add("Mul", add("Add", whole, single), "half", out="similarity")
    graph = helper.make_graph(
        nodes, "text", [helper.make_tensor_value_info("counts", TensorProto.FLOAT, [1, words])],
        [helper.make_tensor_value_info("similarity", TensorProto.FLOAT, [1, vocabulary])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="livefoley")
    onnx.checker.check_model(model)
    assert width == tables.phrases.shape[1]
    return model
