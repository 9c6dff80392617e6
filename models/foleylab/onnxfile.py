"""A module to an ONNX file: opset 17, static shapes, constants folded, weights as float16 in a file that graphs may share, or as
int8 with a step per output channel where they hold nothing else.

The runtime folds the casts to float32 when it loads, so all arithmetic is float32; a test compares.
"""
import hashlib
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
FORBIDDEN = {"Shape", "Range", "Loop", "If", "NonZero", "Scan", "ConstantOfShape", "Where", "Equal", "Not", "Greater", "Less"}
SMALLEST_SHARED = 128  # elements; smaller constants stay in the graph
LARGEST_WEIGHT = 63  # of weights of 7 bits


def round_weights(module):
    """Rounds all parameters and buffers to float16 values, in place, so that the file holds exactly what PyTorch computes with."""
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.dtype == torch.float32 and tensor.numel() >= SMALLEST_SHARED:
                tensor.copy_(tensor.half().float())
    return module


def round_steps(rows):
    """Rows (N, K) -> whole multiples of a step per row, at most 63 of them; the steps have few digits, so that float16 holds every product."""
    top = np.maximum(np.abs(rows).max(1), 1e-4) / LARGEST_WEIGHT
    grain = 2.0 ** (np.floor(np.log2(top)) - 4)
    steps = np.ceil(top / grain) * grain
    return (np.round(rows / steps[:, None]) * steps[:, None]).astype(np.float32)


def weight_steps(rows):
    """-> the steps (N,) if all rows (N, K) hold whole multiples of at most 63 of a step of few digits, else None."""
    top, found = np.abs(rows).max(1).astype(np.float64), np.zeros(len(rows))
    for count in range(LARGEST_WEIGHT, LARGEST_WEIGHT // 2, -1):
        steps = np.where(top > 0, top, 1.0) / count
        grain = 2.0 ** (np.floor(np.log2(steps)) - 4)
        fits = (found == 0) & (steps / grain == np.round(steps / grain)) & (rows / steps[:, None] == np.round(rows / steps[:, None])).all(1)
        found[fits] = steps[fits]
    return found.astype(np.float32) if found.all() else None


def export_graph(graph):
    """-> onnx model with float32 weights inside, folded."""
    example = tuple(torch.zeros(shape) for shape in graph.inputs.values())
    with tempfile.TemporaryDirectory() as folder:
        raw, folded = Path(folder) / "raw.onnx", Path(folder) / "folded.onnx"
        with torch.no_grad():
            torch.onnx.export(graph.module.eval(), example, str(raw), dynamo=False, opset_version=OPSET, do_constant_folding=True,
                              input_names=list(graph.inputs), output_names=list(graph.outputs))
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(folded)
        options.log_severity_level = 3
        onnxruntime.InferenceSession(str(raw), options, providers=["CPUExecutionProvider"])
        model = onnx.load(str(folded))
    lift_constants(model)
    keep_inputs(model, graph)
    shorten_names(model, {*graph.inputs, *graph.outputs})
    bad = {n.op_type for n in model.graph.node} & FORBIDDEN
    if bad or any(n.domain not in ("", "ai.onnx") for n in model.graph.node):
        raise ValueError(f"operators a GPU may not place: {bad or {n.domain for n in model.graph.node}}")
    return model


def lift_constants(model):
    """Constant nodes become initializers."""
    for node in [n for n in model.graph.node if n.op_type == "Constant"]:
        tensor = node.attribute[0].t
        tensor.name = node.output[0]
        model.graph.initializer.append(tensor)
        model.graph.node.remove(node)


def keep_inputs(model, graph):
    """An input that the arithmetic does not need must still be there."""
    have = {i.name for i in model.graph.input}
    for name, shape in graph.inputs.items():
        if name not in have:
            model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))


def shorten_names(model, kept):
    """What nodes make is numbered, but for the names in `kept`: PyTorch's names take a third of a graph of many nodes. Parameters keep theirs (foleylab/recover.py)."""
    short = {name: name for name in ("", *kept, *(t.name for t in model.graph.initializer))}
    of = lambda name: short.setdefault(name, f"t{len(short)}")
    for node in model.graph.node:
        node.name = node.doc_string = ""
        node.input[:], node.output[:] = [of(n) for n in node.input], [of(n) for n in node.output]
    del model.graph.value_info[:]


class WeightsFile:
    """Tensors one after the other, equal ones stored once; written when all graphs that share it are done."""

    def __init__(self, name):
        self.name, self.parts, self.offsets, self.size = name, [], {}, 0

    def add(self, array, kind=np.float16):
        """-> (offset, length) in bytes, aligned to 64."""
        data = np.ascontiguousarray(array, kind).tobytes()
        key = hashlib.sha256(data).digest()
        if key not in self.offsets:
            pad = -self.size % 64
            self.parts += [b"\0" * pad, data]
            self.offsets[key] = (self.size + pad, len(data))
            self.size += pad + len(data)
        return self.offsets[key]

    def write(self, folder):
        (folder / self.name).write_bytes(b"".join(self.parts))


def share_weights(model, weights):
    """Moves large initializers into `weights`: float32 as float16 behind a cast, tables and convolutions of few steps as int8, integers as they are.

    Tables of both 0 and 1 and nothing else stay: they are the graph's form, which differs from graph to graph."""
    undo, kept = [], []
    for tensor in model.graph.initializer:
        array, name = numpy_helper.to_array(tensor), tensor.name
        is_form = tensor.data_type == TensorProto.FLOAT and np.array_equal(np.unique(array), (0, 1))
        if array.size < SMALLEST_SHARED or is_form or tensor.data_type not in (TensorProto.FLOAT, TensorProto.INT8):
            kept.append(tensor)
        elif tensor.data_type == TensorProto.INT8:
            kept.append(stored(name, array, weights, TensorProto.INT8))
        elif array.ndim in (2, 4) and (steps := weight_steps(array.reshape(len(array), -1))) is not None:
            steps = steps.reshape(-1, *[1] * (array.ndim - 1))
            kept += [stored(name + "_q", np.round(array / steps), weights, TensorProto.INT8), stored(name + "_step_half", steps, weights, TensorProto.FLOAT16)]
            undo += [helper.make_node("Cast", [name + f"_{part}"], [name + f"_{to}"], to=TensorProto.FLOAT) for part, to in (("q", "float"), ("step_half", "step"))]
            undo.append(helper.make_node("Mul", [name + "_float", name + "_step"], [name]))
        elif np.abs(array.astype(np.float16).astype(np.float32) - array).max() > 0:
            kept.append(tensor)  # a folded constant that float16 would change: stays exact, in the graph
        else:
            kept.append(stored(name + "_half", array, weights, TensorProto.FLOAT16))
            undo.append(helper.make_node("Cast", [name + "_half"], [name], to=TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = [*undo, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def stored(name, array, weights, kind):
    """The tensor whose values lie in `weights`."""
    offset, length = weights.add(array) if kind == TensorProto.FLOAT16 else weights.add(array, np.int8)
    tensor = TensorProto(name=name, data_type=kind, dims=array.shape, data_location=TensorProto.EXTERNAL)
    for key, value in (("location", weights.name), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    return tensor
