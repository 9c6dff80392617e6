"""Runs an exported window bundle hop by hop through onnxruntime, as the engine does: the reference for evaluation and parity."""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, external_data_helper

from foleylab.noise import latent_noise
from foleylab.stream import Bundle, Streamer

EQUAL_GAIN_FROM = 2**0.5 - 1  # correlation of the overlap from which the engine fades with equal gain


class WindowBundle(Bundle):
    """A bundle that may take files from its siblings."""

    def place(self, file):
        """The folder in which a listed file lies."""
        sibling = self.manifest["files"].get(file, {}).get("from")
        return self.folder.parent / sibling if sibling else self.folder

    def session(self, name):
        if name not in self.sessions:
            file = self.file(name)
            model = onnx.load(str(self.place(file) / file), load_external_data=False)
            for tensor in model.graph.initializer:
                if tensor.data_location == TensorProto.EXTERNAL:
                    location = external_data_helper.ExternalDataInfo(tensor).location
                    external_data_helper.load_external_data_for_tensor(tensor, str(self.place(location)))
                    tensor.ClearField("external_data")
                    tensor.data_location = TensorProto.DEFAULT
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self.threads
            options.log_severity_level = 3
            self.sessions[name] = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return self.sessions[name]


class WindowStreamer(Streamer):
    """`render(pictures)` -> sound from position 0 on; every hop generates the window that ends with it, from fresh state."""

    def latents(self, fused, hop):
        """The window that ends with hop `hop`; `fused` begins warmUpPoints before the media."""
        m = self.bundle.manifest
        points, end = m["windowPoints"], (hop + 1) * self.hop
        at = m["anchor"]["warmUpPoints"] + end - points
        x = window_noise(self.seed, end - points, points, m["flow"]["latentWidth"])[None]
        conditions = self.conditions({"tokens": np.ascontiguousarray(fused[:, at : at + points])})
        if self.unrolled:
            return self.bundle.run(m["flow"]["unrolled"][str(self.steps)], {"noise": x, **conditions})["latents"]
        for k in range(self.steps):
            clock = {"time": np.array([k / self.steps], np.float32), "stepSize": np.array([1 / self.steps], np.float32)}
            x = x + np.float32(1 / self.steps) * self.bundle.run("flow", {"x": x, **clock, **conditions})["velocity"]
        return x

    def segment(self, latents):
        """The end of a window, decoded from fresh state: pcm (gridFrames * (haloPoints + hopPoints),)."""
        end = latents[:, -self.bundle.manifest["decoder"]["haloPoints"] - self.hop :]
        return self.bundle.run("decode", {"latents": np.ascontiguousarray(end)}, self.bundle.initial("decode"))["pcm"][0, 0]

    def render(self, pictures, fused=None):
        """uint8 (N, 128, 128, 3) at grid points -> float32 (N * gridFrames,); the last picture is held to the end of its hop.

        `fused` may hand in `features` of the pictures made longer by `hold`, computed before.
        """
        m, n = self.bundle.manifest, len(pictures)
        held = hold(pictures, self.hop)
        fused = self.features(held) if fused is None else fused
        fade, hop_frames = m["anchor"]["crossfadeFrames"], self.hop * m["gridFrames"]
        early, out = m["decoder"]["delayFrames"] + fade, None
        for hop in range(len(held) // self.hop):
            heard = self.segment(self.latents(fused, hop))[-hop_frames - fade :]
            out = heard if out is None else join(out, heard, fade)
        return out[early : early + n * m["gridFrames"]]


def hold(pictures, hop):
    """To whole hops, and one more: sound is final a little after its hop."""
    return np.concatenate([pictures, pictures[-1:].repeat(hop - len(pictures) % hop if len(pictures) % hop else hop, 0)])


def window_noise(seed, first, points, width):
    """Position-keyed noise; positions before the media are negative, in two's complement."""
    return latent_noise(seed, np.arange(first, first + points).astype(np.uint64), width)


def join(older, newer, fade):
    """`newer` replaces the last `fade` samples of `older`, crossfaded by the law that fits their correlation."""
    a, b = older[-fade:], newer[:fade]
    power = float(np.sqrt((a.astype(np.float64) ** 2).sum() * (b.astype(np.float64) ** 2).sum()))
    angle = ((np.arange(fade) + 0.5) / fade * (np.pi / 2)).astype(np.float32)
    rise, fall = np.sin(angle), np.cos(angle)
    if power < 1e-12 or float((a.astype(np.float64) * b).sum()) / power >= EQUAL_GAIN_FROM:
        rise, fall = rise**2, fall**2
    return np.concatenate([older[:-fade], a * fall + b * rise, newer[fade:]])
