"""The rules between fields that models/bundle.schema.json describes in words.

The same rules as src/runtime/bundle-rules.ts, bundle-roles.ts and bundle-signature-rules.ts, written a second time
so that the lab finds out before the engine does; mutations.json holds the two against each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.manifest_problem import NOTHING, ManifestProblem, field_path

MAX_ELEMENTS = 2**24

Manifest = dict[str, Any]
Problems = Iterator[ManifestProblem]
Shapes = dict[str, list[int]]


def find_rule_problems(manifest: Manifest) -> Problems:
    """The problems of a manifest that fits the schema, the most basic first; only the first can be relied on."""
    is_text = manifest["system"] == "text"
    if is_text:
        yield from _text_problems(manifest)
    else:
        yield from _time_problems(manifest)
        yield from _encoder_problems(manifest)
        yield from _flow_problems(manifest)
    yield from _file_problems(manifest)
    for name, graph in manifest["graphs"].items():
        yield from _graph_problems(name, graph)
    yield from _golden_problems(manifest)
    if not is_text:
        yield from _kind_problems(manifest)
    roles = [_text_role(manifest)] if is_text else roles_of(manifest)
    for role in roles:
        yield from _role_problems(manifest, role)
    if not is_text:
        yield from _condition_problems(manifest)
        yield from _unrolled_problems(manifest)
        yield from _warm_up_problems(manifest)
    for name in manifest["graphs"]:
        if all(role.graph != name for role in roles):
            yield ManifestProblem(field_path("graphs", name), "be named by a part of the system", name)


def _time_problems(manifest: Manifest) -> Problems:
    hop, anchor, decoder = manifest["hopPoints"], manifest["anchor"], manifest["decoder"]
    hop_frames = hop * manifest["gridFrames"]
    every, warm_up, fade = anchor["everyPoints"], anchor["warmUpPoints"], anchor["crossfadeFrames"]
    halo = decoder["haloPoints"]
    yield from _multiple("anchor.everyPoints", every, ("hopPoints", hop))
    yield from _multiple("anchor.warmUpPoints", warm_up, ("hopPoints", hop))
    yield from _at_most("anchor.warmUpPoints", warm_up, ("anchor.everyPoints", every))
    if manifest["mode"] == "causal":
        room = ("hopPoints * gridFrames - decoder.delayFrames", hop_frames - decoder["delayFrames"])
        yield from _at_most("anchor.crossfadeFrames", fade, room)
        if halo != 0:
            yield ManifestProblem("decoder.haloPoints", "be 0 in causal mode", halo)
        return
    window = manifest["windowPoints"]
    before = ("windowPoints - hopPoints", window - hop)
    yield from _multiple("windowPoints", window, ("hopPoints", hop))
    if warm_up < before[1]:
        yield ManifestProblem("anchor.warmUpPoints", f"be at least {before[0]} ({before[1]})", warm_up)
    yield from _at_most("anchor.crossfadeFrames", fade, ("hopPoints * gridFrames", hop_frames))
    yield from _at_most("decoder.haloPoints", halo, before)
    if halo * manifest["gridFrames"] < fade:
        requirement = f"be at least anchor.crossfadeFrames / gridFrames ({fade} / {manifest['gridFrames']})"
        yield ManifestProblem("decoder.haloPoints", requirement, halo)


def _encoder_problems(manifest: Manifest) -> Problems:
    hop, encoders = manifest["hopPoints"], manifest["encoders"]
    names = [encoder["name"] for encoder in encoders]
    for index, encoder in enumerate(encoders):
        at = ("encoders", index)
        every, lag, memory = encoder["everyPoints"], encoder["lagPoints"], encoder["memoryPoints"]
        if names.index(encoder["name"]) != index:
            requirement = "differ from the names of the other encoders"
            yield ManifestProblem(field_path(*at, "name"), requirement, encoder["name"])
        for side in ("width", "height"):
            if manifest["picture"][side] % encoder["size"][side] != 0:
                requirement = f"divide picture.{side} ({manifest['picture'][side]})"
                yield ManifestProblem(field_path(*at, "size", side), requirement, encoder["size"][side])
        if 0 in encoder["std"]:
            yield ManifestProblem(field_path(*at, "std", encoder["std"].index(0)), "not be zero", 0)
        if hop % every != 0 and every % hop != 0:
            requirement = f"divide or be a multiple of hopPoints ({hop})"
            yield ManifestProblem(field_path(*at, "everyPoints"), requirement, every)
        bound = (field_path(*at, "everyPoints"), every)
        yield from _multiple("anchor.everyPoints", manifest["anchor"]["everyPoints"], bound)
        yield from _multiple(field_path(*at, "lagPoints"), lag, bound)
        if every == 1 and lag != 0:
            yield ManifestProblem(field_path(*at, "lagPoints"), "be 0 where everyPoints is 1", lag)
        graph = manifest["graphs"].get(encoder["graph"])
        if memory != 0 and graph is not None and not graph.get("state"):
            requirement = f"be 0, as graphs.{encoder['graph']} has no state"
            yield ManifestProblem(field_path(*at, "memoryPoints"), requirement, memory)


def _flow_problems(manifest: Manifest) -> Problems:
    flow, prompt = manifest["flow"], manifest.get("prompt")
    most = ("flow.steps.max", flow["steps"]["max"])
    yield from _at_most("flow.steps.default", flow["steps"]["default"], most)
    for steps in flow.get("unrolled", {}):
        yield from _at_most(field_path("flow", "unrolled", steps), int(steps), most)
    if flow["guidance"]["kind"] == "cfg" and "scale" not in flow["guidance"]:
        yield ManifestProblem("flow.guidance.scale", "be there, as the kind is cfg", NOTHING)
    if manifest["mode"] == "window" and flow["prefixLatents"] != 0:
        yield ManifestProblem("flow.prefixLatents", "be 0 in window mode", flow["prefixLatents"])
    if prompt and prompt["width"] != len(prompt["vocabulary"]):
        requirement = f"be the vocabulary's length, {len(prompt['vocabulary'])}"
        yield ManifestProblem("prompt.width", requirement, prompt["width"])


def _text_problems(manifest: Manifest) -> Problems:
    ramp = manifest["text"]["ramp"]
    if not ramp["to"] > ramp["from"]:
        yield ManifestProblem("text.ramp.to", f"be above text.ramp.from ({ramp['from']})", ramp["to"])


def _file_problems(manifest: Manifest) -> Problems:
    named = set()
    if "text" in manifest:
        file = manifest["text"]["words"]["file"]
        if file not in manifest["files"]:
            yield ManifestProblem("text.words.file", "be listed in files", file)
        named.add(file)
    for name, graph in manifest["graphs"].items():
        for keys, files in ((("graphs", name), graph), (("graphs", name, "gpu"), graph.get("gpu", {}))):
            mentions = [((*keys, "file"), files["file"])] if files else []
            mentions += [((*keys, "weights", i), file) for i, file in enumerate(files.get("weights", []))]
            for path, file in mentions:
                if file not in manifest["files"]:
                    yield ManifestProblem(field_path(*path), "be listed in files", file)
                named.add(file)
    for file, entry in manifest["files"].items():
        path = field_path("files", file)
        if file not in named:
            yield ManifestProblem(path, "be named by a graph", entry)
        if file in ("bundle.json", "README.md"):
            yield ManifestProblem(path, "not be the manifest or the card", entry)
        if entry.get("from") == manifest["name"]:
            yield ManifestProblem(f"{path}.from", "name another bundle", entry["from"])


def _graph_problems(name: str, graph: Manifest) -> Problems:
    for side in ("inputs", "outputs"):
        for tensor, described in graph[side].items():
            if math.prod(described["shape"]) > MAX_ELEMENTS:
                path = field_path("graphs", name, side, tensor, "shape")
                yield ManifestProblem(path, f"have at most {MAX_ELEMENTS} elements", described["shape"])
    taken: set[tuple[str, str]] = set()
    for index, pair in enumerate(graph.get("state", [])):
        at = ("graphs", name, "state", index)
        source, target = graph["outputs"].get(pair["output"]), graph["inputs"].get(pair["input"])
        if target is None:
            yield ManifestProblem(field_path(*at, "input"), "be an input of the graph", pair["input"])
        elif source is None:
            yield ManifestProblem(field_path(*at, "output"), "be an output of the graph", pair["output"])
        elif source != target:
            path = field_path("graphs", name, "outputs", pair["output"], "shape")
            yield ManifestProblem(path, f"have the shape of its input, {target['shape']}", source["shape"])
        for key in ("input", "output"):
            if (key, pair[key]) in taken:
                yield ManifestProblem(field_path(*at, key), "be in one pair only", pair[key])
            taken.add((key, pair[key]))


def _golden_problems(manifest: Manifest) -> Problems:
    answers = manifest["golden"]["graphs"]
    yield from _same_keys(("golden", "graphs"), answers, manifest["graphs"])
    for name, graph in manifest["graphs"].items():
        yield from _same_keys(("golden", "graphs", name), answers.get(name, {}), graph["outputs"])
    for name, answer in manifest["golden"].get("gpu", {}).items():
        graph = manifest["graphs"].get(name, {})
        if "gpu" in graph:
            yield from _same_keys(("golden", "gpu", name), answer, graph["outputs"])
        else:
            requirement = "be absent, as no graph of that name has a variant for GPUs"
            yield ManifestProblem(field_path("golden", "gpu", name), requirement, answer)


def _same_keys(keys: tuple[str, ...], received: dict, required: dict) -> Problems:
    for key in required:
        if key not in received:
            yield ManifestProblem(field_path(*keys, key), "be there", NOTHING)
    for key, value in received.items():
        if key not in required:
            yield ManifestProblem(field_path(*keys, key), "be absent, as there is nothing of that name", value)


def _multiple(field: str, received: int, bound: tuple[str, int]) -> Problems:
    if received % bound[1] != 0:
        yield ManifestProblem(field, f"be a multiple of {bound[0]} ({bound[1]})", received)


def _at_most(field: str, received: int, bound: tuple[str, int]) -> Problems:
    if received > bound[1]:
        yield ManifestProblem(field, f"be at most {bound[0]} ({bound[1]})", received)


def _kind_problems(manifest: Manifest) -> Problems:
    """Which fields go with which kind of fusion and mapper."""
    encoders, fusion, mapper = manifest["encoders"], manifest["fusion"], manifest["mapper"]
    kind, width = mapper["kind"], encoders[0]["featureWidth"]
    if fusion["kind"] == "project":
        yield from _present("fusion.graph", fusion, "project")
    else:
        for index, encoder in enumerate(encoders):
            if encoder["featureWidth"] != width:
                requirement = f"be that of encoders[0] ({width}), as fusion.kind is {fusion['kind']}"
                path = field_path("encoders", index, "featureWidth")
                yield ManifestProblem(path, requirement, encoder["featureWidth"])
    if "graph" not in fusion and fusion["width"] != width:
        requirement = f"be the encoders' featureWidth ({width}), as there is no fusion.graph"
        yield ManifestProblem("fusion.width", requirement, fusion["width"])
    if kind == "none":
        yield from _absent("mapper.graph", mapper, kind)
        yield from _absent("mapper.summaryWidth", mapper, kind)
        if mapper["tokenWidth"] != fusion["width"]:
            requirement = f"be fusion.width ({fusion['width']}), as mapper.kind is none"
            yield ManifestProblem("mapper.tokenWidth", requirement, mapper["tokenWidth"])
    else:
        yield from _present("mapper.graph", mapper, kind)
    if kind == "diffusion":
        yield from _present("mapper.steps", mapper, kind)
        yield from _absent("mapper.summaryWidth", mapper, kind)
    else:
        yield from _absent("mapper.steps", mapper, kind)
    if kind == "autoregressive" and manifest["mode"] == "window":
        yield ManifestProblem("mapper.kind", "not be autoregressive in window mode", kind)
    if kind == "autoregressive" and manifest["anchor"]["warmUpPoints"] > 0:
        yield from _present("mapper.warmUpGraph", mapper, kind)
    else:
        yield from _absent("mapper.warmUpGraph", mapper, "without warm-up" if kind == "autoregressive" else kind)


def _present(field: str, part: Manifest, kind: str) -> Problems:
    if field.split(".")[-1] not in part:
        yield ManifestProblem(field, f"be there, as the kind is {kind}", NOTHING)


def _absent(field: str, part: Manifest, kind: str) -> Problems:
    if (key := field.split(".")[-1]) in part:
        yield ManifestProblem(field, f"be absent, as the kind is {kind}", part[key])


@dataclass(frozen=True)
class Role:
    """A part of the system that a graph plays: what it must take and give beside its state."""

    field: str
    graph: str
    inputs: Shapes
    outputs: Shapes
    optional: tuple[str, ...] = ()
    state: str = "none"  # none, any, some


def roles_of(manifest: Manifest) -> list[Role]:
    """All parts of the system that graphs play, in the order of the data."""
    return [
        *_encoder_roles(manifest), *_fusion_roles(manifest), *_mapper_roles(manifest), *_flow_roles(manifest),
        _decoder_role(manifest),
    ]


def _points(manifest: Manifest) -> int:
    """Grid points that the flow generates at once."""
    return manifest.get("windowPoints", manifest["hopPoints"])


def _vectors_per_point(manifest: Manifest) -> int:
    return len(manifest["encoders"]) if manifest["fusion"]["kind"] == "cat-time" else 1


def _encoder_roles(manifest: Manifest) -> Iterator[Role]:
    hop = manifest["hopPoints"]
    for index, encoder in enumerate(manifest["encoders"]):
        picture = [3, encoder["size"]["height"], encoder["size"]["width"]]
        width = encoder["featureWidth"]
        every_point = encoder["everyPoints"] == 1
        yield Role(
            field_path("encoders", index, "graph"),
            encoder["graph"],
            {"frames": [1, hop, *picture]} if every_point else {"picture": [1, *picture]},
            {"features": [1, hop, width] if every_point else [1, width]},
            state="any",
        )


def _fusion_roles(manifest: Manifest) -> Iterator[Role]:
    fusion = manifest["fusion"]
    if "graph" not in fusion:
        return
    widths = [encoder["featureWidth"] for encoder in manifest["encoders"]]
    width = sum(widths) if fusion["kind"] == "project" else widths[0]
    vectors = _vectors_per_point(manifest) * manifest["hopPoints"]
    yield Role("fusion.graph", fusion["graph"], {"features": [1, vectors, width]},
               {"fused": [1, vectors, fusion["width"]]})


def _mapper_roles(manifest: Manifest) -> Iterator[Role]:
    mapper, warm_up = manifest["mapper"], manifest["anchor"]["warmUpPoints"]
    for key, points in (("graph", _points(manifest)), ("warmUpGraph", warm_up + manifest["hopPoints"])):
        if key not in mapper:
            continue
        tokens = [1, points, mapper["tokenWidth"]]
        inputs = {"fused": [1, _vectors_per_point(manifest) * points, manifest["fusion"]["width"]]}
        outputs = {"tokens": tokens}
        if mapper["kind"] == "diffusion":
            inputs, outputs = {"x": tokens, "time": [1], **inputs}, {"velocity": tokens}
        elif "summaryWidth" in mapper:
            outputs["summary"] = [1, mapper["summaryWidth"]]
        state = "some" if mapper["kind"] == "autoregressive" else "none"
        yield Role(field_path("mapper", key), mapper[key], inputs, outputs, state=state)


def _flow_roles(manifest: Manifest) -> Iterator[Role]:
    flow = manifest["flow"]
    latents = [1, _points(manifest), flow["latentWidth"]]
    conditions = _condition_shapes(manifest)
    yield Role("flow.graph", flow["graph"], {"x": latents, "time": [1], "stepSize": [1], **conditions},
               {"velocity": latents}, ("stepSize", *conditions))
    for steps, graph in flow.get("unrolled", {}).items():
        yield Role(field_path("flow", "unrolled", steps), graph, {"noise": latents, **conditions},
                   {"latents": latents}, tuple(conditions))


def _condition_shapes(manifest: Manifest) -> Shapes:
    """What the flow may be conditioned on in this bundle."""
    flow, mapper, prefix = manifest["flow"], manifest["mapper"], manifest["flow"]["prefixLatents"]
    tokens = _points(manifest) * (_vectors_per_point(manifest) if mapper["kind"] == "none" else 1)
    shapes = {"tokens": [1, tokens, mapper["tokenWidth"]]}
    if "summaryWidth" in mapper:
        shapes["summary"] = [1, mapper["summaryWidth"]]
    if "prompt" in manifest:
        shapes["prompt"] = [1, manifest["prompt"]["width"]]
    if prefix > 0:
        shapes |= {"prefix": [1, prefix, flow["latentWidth"]], "prefixValid": [1, prefix]}
    return shapes


def _decoder_role(manifest: Manifest) -> Role:
    decoder = manifest["decoder"]
    points = decoder["haloPoints"] + manifest["hopPoints"]
    return Role("decoder.graph", decoder["graph"], {"latents": [1, points, manifest["flow"]["latentWidth"]]},
                {"pcm": [1, manifest["channels"], points * manifest["gridFrames"]]}, state="any")


def _text_role(manifest: Manifest) -> Role:
    text = manifest["text"]
    return Role("text.graph", text["graph"], {"counts": [1, text["words"]["count"]]},
                {"similarity": [1, len(text["vocabulary"])]})


def _role_problems(manifest: Manifest, role: Role) -> Problems:
    graph = manifest["graphs"].get(role.graph)
    if graph is None:
        yield ManifestProblem(role.field, "name one of graphs", role.graph)
        return
    pairs = graph.get("state", [])
    for side, wanted, key in (("inputs", role.inputs, "input"), ("outputs", role.outputs, "output")):
        tensors, state = graph[side], {pair[key] for pair in pairs}
        for name, shape in wanted.items():
            path = field_path("graphs", role.graph, side, name)
            if name not in tensors or name in state:
                if name not in role.optional:
                    yield ManifestProblem(path, f"be there and no state, for {role.field}", NOTHING)
            elif tensors[name]["shape"] != shape:
                yield ManifestProblem(f"{path}.shape", f"be {shape} for {role.field}", tensors[name]["shape"])
        for name in tensors:
            if name not in wanted and name not in state:
                path = field_path("graphs", role.graph, side, name)
                yield ManifestProblem(path, f"be absent or state, for {role.field}", tensors[name])
    path = field_path("graphs", role.graph, "state")
    if role.state == "none" and pairs:
        yield ManifestProblem(path, f"be absent for {role.field}", pairs)
    if role.state == "some" and not pairs:
        yield ManifestProblem(path, f"have a pair for {role.field}", graph.get("state", NOTHING))


def _condition_problems(manifest: Manifest) -> Problems:
    """What the flow is conditioned on agrees with what the manifest says of conditions."""
    flow, mapper = manifest["flow"], manifest["mapper"]
    graph = manifest["graphs"].get(flow["graph"])
    if graph is None:
        return
    inputs, reason = graph["inputs"], "as the flow has no such input"
    if "prompt" in manifest and "prompt" not in inputs:
        yield ManifestProblem("prompt", f"be absent, {reason}", manifest["prompt"])
    if flow["prefixLatents"] > 0 and "prefix" not in inputs:
        yield ManifestProblem("flow.prefixLatents", f"be 0, {reason}", flow["prefixLatents"])
    if "summaryWidth" in mapper and "summary" not in inputs:
        yield ManifestProblem("mapper.summaryWidth", f"be absent, {reason}", mapper["summaryWidth"])
    if flow["guidance"]["kind"] == "cfg" and not {"tokens", "summary", "prompt"} & inputs.keys():
        requirement = "not be cfg, as the flow takes neither tokens nor summary nor prompt"
        yield ManifestProblem("flow.guidance.kind", requirement, "cfg")


def _unrolled_problems(manifest: Manifest) -> Problems:
    """An unrolled graph takes the same conditions as the single step."""
    single = manifest["graphs"].get(manifest["flow"]["graph"], {}).get("inputs", {})
    for name in manifest["flow"].get("unrolled", {}).values():
        inputs = manifest["graphs"].get(name, {}).get("inputs", {})
        for condition in _condition_shapes(manifest):
            if (condition in single) != (condition in inputs):
                path = field_path("graphs", name, "inputs", condition)
                requirement = "be there if and only if flow.graph has it"
                yield ManifestProblem(path, requirement, inputs.get(condition, NOTHING))


def _warm_up_problems(manifest: Manifest) -> Problems:
    """The warm-up leaves the state that the single hop continues."""
    mapper, graphs = manifest["mapper"], manifest["graphs"]
    if mapper.get("warmUpGraph") not in graphs or mapper.get("graph") not in graphs:
        return

    def state_of(graph: Manifest) -> list:
        pairs = graph.get("state", [])
        return sorted((p["input"], p["output"], p["initial"], graph["inputs"].get(p["input"])["shape"]) for p in pairs)

    warm_up = graphs[mapper["warmUpGraph"]]
    if state_of(warm_up) != state_of(graphs[mapper["graph"]]):
        path = field_path("graphs", mapper["warmUpGraph"], "state")
        requirement = "equal that of mapper.graph, names, shapes and initial values"
        yield ManifestProblem(path, requirement, warm_up.get("state", NOTHING))
