"""A few lines over onnx.helper that let a graph be written as expressions.

All tensors are float32 with static shapes and batch 1; integers occur only as constant shapes and slice
bounds, so that every node has a kernel on a GPU. Weights may lie in a file that several graphs share.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


@dataclass
class WeightsFile:
    """External data: arrays one after the other, each stored once under its name."""

    name: str
    content: bytearray = field(default_factory=bytearray)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, key: str, data: bytes) -> tuple[int, int]:
        if key not in self.places:
            self.places[key] = (len(self.content), len(data))
            self.content += data
        offset, length = self.places[key]
        if self.content[offset : offset + length] != data:
            raise ValueError(f"{self.name}: {key} is stored with other values")
        return offset, length


class Net:
    """One graph under construction; every method but `input` and `output` adds a node and returns its value."""

    def __init__(self, name: str, weights: WeightsFile | None = None) -> None:
        self.name = name
        self.weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self.state: list[dict] = []

    def input(self, name: str, shape: list[int]) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, name: str, value: str, shape: list[int]) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"{name}_out"))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def next_state(self, name: str, value: str, shape: list[int], initial: float = 0.0) -> None:
        """The value becomes the input `name` of the next call."""
        self.output(f"{name}Next", value, shape)
        self.state.append({"input": name, "output": f"{name}Next", "initial": initial})

    def constant(self, name: str, array: np.ndarray, *, external: bool = False) -> str:
        if name not in self._initializers:
            tensor = numpy_helper.from_array(np.asarray(array, np.float32), name)
            if external:
                if self.weights is None:
                    raise ValueError(f"{self.name}: no weights file for {name}")
                offset, length = self.weights.add(name, tensor.raw_data)
                tensor.ClearField("raw_data")
                tensor.data_location = TensorProto.EXTERNAL
                for key, value in (("location", self.weights.name), ("offset", offset), ("length", length)):
                    tensor.external_data.add(key=key, value=str(value))
            self._initializers[name] = tensor
        return name

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def reshape(self, value: str, shape: list[int]) -> str:
        return self.op("Reshape", value, self._integers(shape), allowzero=0)

    def slice(self, value: str, axis: int, start: int, end: int) -> str:
        bounds = [self._integers([bound]) for bound in (start, end, axis)]
        return self.op("Slice", value, *bounds)

    def pad_end(self, value: str, amounts: list[int]) -> str:
        """Zeros after the end of each axis."""
        return self.op("Pad", value, self._integers([0] * len(amounts) + amounts))

    def concat(self, axis: int, *values: str) -> str:
        return self.op("Concat", *values, axis=axis)

    def scale(self, value: str, factor: float) -> str:
        return self.op("Mul", value, self.constant(f"scalar_{factor!r}", np.float32([factor])))

    def _integers(self, values: list[int]) -> str:
        name = "ints_" + "_".join(str(v) for v in values)
        if name not in self._initializers:
            self._initializers[name] = numpy_helper.from_array(np.asarray(values, np.int64), name)
        return name

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(
            self._nodes, self.name, self._inputs, self._outputs, list(self._initializers.values())
        )
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="livefoley-conformance",
        )
