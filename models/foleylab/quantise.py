"""Graphs for the CPU: large matrices and the semantic encoder's convolutions in 8-bit integers with fixed scales.

Everything is static: an activation's scale comes from clips of the train split, never from the values at hand, so what is computed
together does not matter. Weights have 7 bits and a scale per output channel: products of 8-bit activations with 8-bit weights would
saturate in the pairwise sums of CPUs without VNNI, which would answer differently. The matrices stay float16 in their file, and the
runtime folds them into integers when it loads. GPUs take the graphs as they were.
"""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from foleylab.onnxfile import LARGEST_WEIGHT, weight_steps

SMALLEST = 8192  # elements of a matrix that is worth it
COVERED = 0.9999  # share of an activation's values inside its range


def rows_first(array, axis):
    """-> (channels, rest)."""
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)


def is_large(node, kind, constants):
    """A product of `kind`: a matrix (Gemm) of many constants, or a convolution (Conv) with weights in whole steps."""
    if node.op_type != kind or node.input[1] not in constants:
        return False
    weight = constants[node.input[1]]
    return weight.size >= SMALLEST if kind == "Gemm" else weight_steps(rows_first(weight, 0)) is not None


def constants_of(model):
    return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}


def quantised_tensors(model, kind):
    """Names of the activations that get 8 bits: what enters the products; with convolutions also what leaves them and their sums."""
    constants, nodes = constants_of(model), model.graph.node
    large = [n for n in nodes if is_large(n, kind, constants)]
    names = [n.input[0] for n in large]
    if kind == "Conv":
        clipped = {n.input[0]: n.output[0] for n in nodes if n.op_type == "Clip"}
        names += [clipped.get(n.output[0], n.output[0]) for n in large] + [n.output[0] for n in nodes if n.op_type == "Add"]
    return list(dict.fromkeys(names))


def measure_ranges(model, kind, calls, whole=()):
    """-> name -> (low, high) of the activations that cover nearly all values over `calls` (inputs by name), and all those over `whole`."""
    names, inputs = quantised_tensors(model, kind), {i.name for i in model.graph.input}
    inner, values, all_of = [n for n in names if n not in inputs], {n: [] for n in names}, {n: [] for n in names}
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    have = {o.name for o in model.graph.output}
    probe.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in inner if n not in have)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(probe.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for kept, given in ((values, calls), (all_of, whole)):
        for call in given:
            seen = call | dict(zip(inner, session.run(inner, call), strict=True))
            for n in names:
                kept[n].append(seen[n].ravel())
    return {n: cover([v[:: max(1, v.size // 20000)] for v in values[n]], all_of[n]) for n in names}


def cover(nearly, whole):
    """-> (low, high)."""
    low, high = np.quantile(np.concatenate(nearly), ((1 - COVERED) / 2, (1 + COVERED) / 2))
    return min([low, *(v.min() for v in whole)]), max([high, *(v.max() for v in whole)])


def quantise(model, kind, ranges):
    """-> a copy of `model` (float32 weights inside) with its products of `kind` in the runtime's QDQ form; `ranges` as measured."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return Quantiser(copy, ranges).rewrite(kind)


class Quantiser:
    """Rewrites `model` in place."""

    def __init__(self, model, ranges):
        self.model, self.ranges, self.constants = model, ranges, constants_of(model)
        self.nodes, self.eight_bit = [], {}  # tensor -> what stands for it after 8 bits, and the scale's name

    def constant(self, name, array):
        if name not in self.constants:
            self.constants[name] = np.asarray(array)
            self.model.graph.initializer.append(numpy_helper.from_array(self.constants[name], name))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def activation(self, name):
        """-> names of the tensor after 8 bits and of its scale."""
        if name not in self.eight_bit:
            low, high = min(self.ranges[name][0], 0.0), max(self.ranges[name][1], 0.0)
            scale = np.float32(max(high - low, 1e-6) / 255)
            at = [self.constant(name + "_scale", scale), self.constant(name + "_zero", np.uint8(np.clip(np.round(-low / scale), 0, 255)))]
            self.node("QuantizeLinear", [name, *at], name + "_q")
            self.eight_bit[name] = self.node("DequantizeLinear", [name + "_q", *at], name + "_dq"), at[0]
        return self.eight_bit[name]

    def weight(self, name, axis):
        """-> names of a weight after 7 bits and of its scales, one for each index of `axis`; integers where the weight holds such."""
        if name not in self.eight_bit:
            array = self.constants[name]
            rows, exact = rows_first(array, axis), weight_steps(rows_first(array, axis))
            steps = np.maximum(np.abs(rows).max(1) / LARGEST_WEIGHT, 1e-6).astype(np.float16).astype(np.float32) if exact is None else exact
            scale, zero = self.constant(name + "_scale", steps), self.constant(f"zeros{len(steps)}", np.zeros(len(steps), np.int8))
            if exact is None:
                whole = self.node("QuantizeLinear", [name, scale, zero], name + "_q", axis=axis)
            else:
                shape = [-1 if a == axis else 1 for a in range(array.ndim)]
                whole = self.constant(name + "_q", np.round(array / steps.reshape(shape)).astype(np.int8))
            self.eight_bit[name] = self.node("DequantizeLinear", [whole, scale, zero], name + "_dq", axis=axis), scale
        return self.eight_bit[name]

    def bias(self, name, activation, weight, at):
        """Integers of 32 bits in steps of the product, computed by the graph when it loads."""
        step = self.node("Mul", [activation, weight], at + "_step")
        self.node("Div", [name, step], at + "_ratio")
        self.node("Round", [at + "_ratio"], at + "_whole")
        self.node("Cast", [at + "_whole"], at + "_int", to=TensorProto.INT32)
        return self.node("DequantizeLinear", [at + "_int", step], at + "_dq", axis=0)

    def rewrite(self, kind):
        graph, names, constants = self.model.graph, set(quantised_tensors(self.model, kind)), dict(self.constants)
        for node in list(graph.node):
            if is_large(node, kind, constants):
                turned = any(a.name == "transB" and a.i for a in node.attribute)
                x, scale = self.activation(node.input[0])
                w, steps = self.weight(node.input[1], 0 if turned or node.op_type == "Conv" else 1)
                bias = list(node.input[2:])
                is_constant = bias and bias[0] in constants
                del node.input[:]
                node.input.extend([x, w, *([self.bias(bias[0], scale, steps, node.output[0] + "_bias")] if is_constant else [])])
                if bias and not is_constant:  # a sum that came to be the third input of a matrix product
                    whole, node.output[0] = node.output[0], node.output[0] + "_product"
                    self.nodes.append(node)
                    node = helper.make_node("Add", [whole + "_product", bias[0]], [whole], name=whole)
            elif kind == "Conv":
                taken = [self.activation(n)[0] if n in names else n for n in node.input]
                del node.input[:]
                node.input.extend(taken)
            self.nodes.append(node)
        del graph.node[:]
        graph.node.extend(self.nodes)
        used = {n for node in graph.node for n in node.input}
        kept = [t for t in graph.initializer if t.name in used]
        del graph.initializer[:]
        graph.initializer.extend(kept)
        return self.model
