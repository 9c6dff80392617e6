"""Weights of a shipped bundle, back in PyTorch: where checkpoints are lost, training goes on from what git holds.

Names of tensors in a graph file say little. So the same graph is exported once more with random weights, which tells by their
values under which name, and turned which way, each parameter lies; then the bundle's values take their place.
"""
import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import nn

from foleylab.onnxfile import export_graph, round_weights


class RecoveryError(Exception):
    """A bundle that does not hold a module's weights."""


def plain_graph(bundle, name):
    """The file of a graph, or of its variant for GPUs, which has no integers but those that weights are stored in."""
    variant = bundle / f"{name}-gpu.onnx"
    return variant if variant.exists() else bundle / f"{name}.onnx"


def tensors_of(path):
    """Initializers of a graph file as float32 arrays, by the names they had before they were stored as float16, or as whole steps."""
    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT8)
    found = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in onnx.load(str(path)).graph.initializer if t.data_type in kinds}
    whole = {n.removesuffix("_q"): v * found[n.removesuffix("q") + "step_half"] for n, v in found.items() if n.endswith("_q")}
    return {n.removesuffix("_half"): v for n, v in found.items()} | whole


def scatter_values(module):
    """Random values everywhere, so that no two parameters look the same."""
    with torch.no_grad():
        for tensor in values_of(module).values():
            tensor.copy_(torch.randn_like(tensor) * 0.05 + 0.1)
    return round_weights(module)


def values_of(module):
    """Parameters and saved buffers by name, shared ones once."""
    seen, out = set(), {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        if tensor.dtype == torch.float32 and id(tensor) not in seen:
            seen.add(id(tensor))
            out[name] = tensor
    return out


def layouts(name, array, picked):
    """The ways in which an exporter lays a parameter out: as it is, transposed (a depthwise convolution over time too), or picked by an index.
    -> array, way to undo."""
    yield array, lambda stored: stored.reshape(array.shape)
    if array.ndim == 2:
        yield array.T, lambda stored: stored.reshape(array.shape[::-1]).T
    if array.ndim == 4 and array.shape[1:3] == (1, 1):
        yield array[:, 0, 0].T, lambda stored: stored.reshape(array.shape[3], array.shape[0]).T.reshape(array.shape)
    if name in picked:
        yield array[:, picked[name]], lambda stored: unpick(stored, array.shape, picked[name])


def unpick(stored, shape, index):
    """The array of which `stored` is [:, index]."""
    out = np.zeros(shape, np.float32)
    out[:, index] = stored.reshape(shape[0], *index.shape)
    return out


def places(graph, picked):
    """-> parameter name -> (name in the file, way to undo the layout). The graph's module has random values."""
    stored = {t.name: numpy_helper.to_array(t) for t in export_graph(graph).graph.initializer if t.data_type == TensorProto.FLOAT}
    by_value = {}
    for name, array in stored.items():
        by_value.setdefault(array.astype(np.float32).tobytes(), name)
    out = {}
    for name, tensor in values_of(graph.module).items():
        for array, undo in layouts(name, tensor.detach().numpy(), picked):
            if (found := by_value.get(np.ascontiguousarray(array).tobytes())) is not None:
                out[name] = (found, undo)
                break
    return out


def recover(graph, path, may_lack=(), picked=None):
    """Sets the parameters of `graph.module` from the graph file at `path`; -> names of those it does not hold.

    `picked` names parameters (H, D) that lie in the file as parameter[:, index], with their index.
    Raises RecoveryError if one is missing whose name does not begin with an entry of `may_lack`, or has another shape.
    """
    scatter_values(graph.module)
    where, stored = places(graph, picked or {}), tensors_of(path)
    missing = [n for n in values_of(graph.module) if n not in where or where[n][0] not in stored]
    if unexpected := [n for n in missing if not n.startswith(tuple(may_lack))]:
        raise RecoveryError(f"{path} does not hold {', '.join(unexpected[:5])}: another architecture, or another version of the exporter")
    with torch.no_grad():
        for name, tensor in values_of(graph.module).items():
            if name in missing:
                continue
            at, undo = where[name]
            try:
                tensor.copy_(torch.from_numpy(np.ascontiguousarray(undo(stored[at]))))
            except ValueError as reason:
                raise RecoveryError(f"{path}: {name} has shape {stored[at].shape}, expected was {tuple(tensor.shape)}") from reason
    return missing


def unfold_norms(fresh, folded, frames):
    """Batch norms that were folded away come back: with the statistics of `frames` (B, T, PLANES, 64, 64), and the same outputs.

    `folded` is a motion encoder after `fold_norms`, `fresh` one that still has its norms; `fresh` is changed.
    """
    fresh.load_state_dict({k: v for k, v in folded.state_dict().items() if not k.endswith("norm.shift")}, strict=False)
    apart = {fresh.colours.norm: folded.colours.norm, fresh.fine.norm: folded.fine.norm}
    with torch.no_grad():
        for norm in norms_of(fresh):
            as_identity(norm, apart[norm].shift.flatten() if norm in apart else torch.zeros_like(norm.bias))
    seen = {}
    hooks = [norm.register_forward_pre_hook(lambda m, x: seen.__setitem__(m, x[0])) for norm in norms_of(fresh)]
    with torch.no_grad():
        fresh.eval().whole(frames)
        for norm in norms_of(fresh):
            x = seen[norm]
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
            shift = norm.bias.clone()
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(var)
            norm.weight.copy_(torch.sqrt(var + norm.eps))
            norm.bias.copy_(mean + shift)
    for hook in hooks:
        hook.remove()
    return fresh


def norms_of(motion):
    return [m for m in motion.modules() if isinstance(m, nn.BatchNorm2d)]


def as_identity(norm, shift):
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
    norm.bias.copy_(shift)
