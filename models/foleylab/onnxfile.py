"""A module to an ONNX file: opset 17, static shapes, constants folded, weights as float16 in a file that graphs may share.

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


def round_weights(module):
    """Rounds all parameters and buffers to float16 values, in place, so that the file holds exactly what PyTorch computes with."""
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.dtype == torch.float32 and tensor.numel() >= SMALLEST_SHARED:
                tensor.copy_(tensor.half().float())
    return module


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


class WeightsFile:
    """Float16 tensors one after the other, equal ones stored once; written when all graphs that share it are done."""

    def __init__(self, name):
        self.name, self.parts, self.offsets, self.size = name, [], {}, 0

    def add(self, array):
        """-> (offset, length) in bytes, aligned to 64."""
        data = np.ascontiguousarray(array, np.float16).tobytes()
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
    """Moves large float32 initializers into `weights` as float16, each behind a cast."""
    casts, kept = [], []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or array.size < SMALLEST_SHARED:
            kept.append(tensor)
            continue
        if np.abs(array.astype(np.float16).astype(np.float32) - array).max() > 0:
            kept.append(tensor)  # a folded constant that float16 would change: stays exact, in the graph
            continue
        offset, length = weights.add(array)
        half = TensorProto(name=tensor.name + "_half", data_type=TensorProto.FLOAT16, dims=array.shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", weights.name), ("offset", str(offset)), ("length", str(length))):
            half.external_data.add(key=key, value=value)
        kept.append(half)
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model
