"""The window head and bundle at toy size, on random weights: closed form, silence, windows cut from clips, export, stream."""
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch

import export_window
from foleylab import export
from foleylab.codec import Codec, CodecConfig
from foleylab.flow import Flow, FlowConfig
from foleylab.golden import golden_error, golden_inputs
from foleylab.recall import Recall, RecallConfig
from foleylab.semantic import load_semantic
from foleylab.swell import Swell, SwellConfig
from foleylab.window_flow import WindowFlow, WindowFlowConfig, Windows, gaussian_velocity, window_losses
from foleylab.window_graphs import spoilt_latents
from foleylab.window_stream import WindowBundle, WindowStreamer, join
from train_encoders import Encoders

MODELS = Path(__file__).parent.parent
TOY = WindowFlowConfig(width=16, trunk_dilations=(1,), head_dilations=(1,), condition=8)


def toy_windows(clips=3):
    families = TOY.tells // 2 - 1
    cache = {"fused": torch.randn(clips, 150, TOY.token), "still": torch.randn(clips, TOY.token), "latents": torch.randn(clips, 150, CodecConfig().latent_width),
             "onset": torch.rand(clips, 150, families) * (torch.rand(clips, 150, families) < 0.02), "bed": torch.rand(clips, 150, families),
             "loudness": -40 * torch.rand(clips, 150), "words": torch.ones(clips, TOY.prompt), "known": torch.ones(clips, 1)}
    return Windows({k: v.half() for k, v in cache.items()})


def test_gaussian_velocity_in_few_steps_equals_many():
    noise, mean, spread = torch.randn(4, 5, 2), torch.randn(4, 5, 2), torch.rand(4, 5, 2) + 0.1
    at = lambda value: torch.full((4, 1, 1), value)
    for steps in (1, 3):
        x = noise
        for k in range(steps):
            x = x + gaussian_velocity(x, at(k / steps), at(1 / steps), mean, spread) / steps
        assert torch.allclose(x, mean + spread * noise, atol=1e-5)
    x = noise
    for k in range(2000):
        x = x + gaussian_velocity(x, at(k / 2000), at(0.0), mean, spread) / 2000
    assert torch.allclose(x, mean + spread * noise, atol=1e-2)


def test_windows_before_their_clip_hold_the_first_picture_and_do_not_count():
    windows = toy_windows()
    batch = windows.batch(torch.tensor([1, 2]), torch.tensor([-90, 7]))
    assert batch["tokens"].shape == (2, 120, TOY.token)
    assert torch.equal(batch["tokens"][0, :90], windows.cache["still"][1].float().expand(90, -1))
    assert torch.equal(batch["tokens"][0, 90:], windows.cache["fused"][1, :30].float())
    assert torch.equal(batch["latents"][1], windows.cache["latents"][2, 7:127].float())
    assert batch["weight"][0, :90].sum() == 0 and batch["weight"][1].min() > 0


def test_training_overfits_and_the_trunk_ignores_the_flow_loss():
    windows, flow = toy_windows(1), WindowFlow(TOY)
    optimiser = torch.optim.Adam(flow.parameters(), 3e-3)
    first = None
    for _ in range(30):
        parts = window_losses(flow, windows.draw(4))
        loss = sum(parts.values())
        first = first or float(loss.detach())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.9 * first
    optimiser.zero_grad()
    parts = window_losses(flow, windows.draw(4))
    (parts["flow"] + parts["shortcut"]).backward()
    assert all(p.grad is None or not p.grad.any() for p in flow.trunk.parameters()) and flow.leave.weight.grad.any()


def test_silence_where_the_trunk_says_so():
    flow = WindowFlow(TOY).eval()
    flow.silence.normal_()
    with torch.no_grad():
        flow.trunk.tell.bias[-2:] = -5.0  # no onset, no loudness
        for steps in (1, 2, 4):
            got = flow.sample(torch.randn(1, 120, CodecConfig().latent_width), torch.randn(1, 120, TOY.token), torch.zeros(1, TOY.prompt), steps)
            assert torch.allclose(got, flow.silence.expand_as(got), atol=1e-2)


def test_the_halo_holds_all_that_a_fresh_decoder_spoils():
    codec = Codec().eval()
    spoilt = spoilt_latents(codec, torch.randn(1, 40, CodecConfig().latent_width), 10, tolerance=1e-5)
    fade = -(-export_window.FADE_FRAMES // codec.config.latent_frames)
    assert 0 < spoilt and spoilt + fade <= export_window.HALO


def test_join_replaces_the_overlap():
    t = np.arange(3000, dtype=np.float32)
    same = join(np.sin(t[:2000] / 50), np.sin(t[1500:] / 50), 500)
    assert np.abs(same - np.sin(t / 50)).max() < 1e-5
    noise = np.random.default_rng(0).standard_normal((2, 2000)).astype(np.float32)
    assert 0.8 < join(noise[0], noise[1], 1000)[1000:2000].std() < 1.2


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """A live bundle of random weights and a window bundle beside it."""
    torch.manual_seed(3)
    folder, video = tmp_path_factory.mktemp("bundles"), np.random.default_rng(2).integers(0, 256, (33, 128, 128, 3), np.uint8)
    fresh = lambda: (torch.manual_seed(5), {"encoders": Encoders().eval(), "codec": Codec().eval()})[1]
    parts = {"semantic_net": load_semantic(), "flow": Flow(FlowConfig()).eval(), "recall": Recall(RecallConfig()).eval(), "swell": Swell(SwellConfig()).eval()}
    export.write_bundle(folder / "live", fresh() | parts, "0.0.1", "random", 1, video, [video])
    report = export_window.write_window_bundle(folder / "foley-flow", folder / "live", fresh() | {"flow": WindowFlow(WindowFlowConfig()).eval()}, "0.0.1", 2, video)
    assert report["stream"]["whole"] < export.STREAM_TOLERANCE
    with pytest.raises(export.ParityError, match="other weights"):
        torch.manual_seed(6)
        other = {"encoders": Encoders().eval(), "codec": Codec().eval(), "flow": WindowFlow(WindowFlowConfig()).eval()}
        export_window.write_window_bundle(folder / "wrong", folder / "live", other, "0.0.1", 2, video)
    assert not (folder / "wrong").exists()
    return folder


def agree(bundle, device="cpu"):
    jsonschema.validate(bundle.manifest, json.loads((MODELS / "bundle.schema.json").read_text()))
    golden = bundle.manifest["golden"]
    for name, answers in {**golden["graphs"], **(golden["gpu"] if device != "cpu" else {})}.items():
        out = bundle.run(name, golden_inputs({k: v["shape"] for k, v in bundle.manifest["graphs"][name]["inputs"].items()}))
        for output, answer in answers.items():
            assert golden_error(out[output], answer) <= golden["tolerance"][device], (name, output)


def test_exported_window_bundle_keeps_the_contract(bundles):
    bundle, plain = WindowBundle(bundles / "foley-flow"), WindowBundle(bundles / "foley-flow", gpu=True)
    agree(bundle)
    agree(plain, "webgpu")
    assert plain.file("semantic") == "semantic-gpu.onnx" and bundle.file("semantic") == "semantic.onnx"
    stored = [f for f, e in bundle.manifest["files"].items() if "from" not in e]
    assert sum(bundle.manifest["files"][f]["bytes"] for f in stored) < 6e6
    assert sorted(stored) == sorted(p.name for p in bundle.folder.iterdir() if p.name not in ("bundle.json", "README.md"))


def test_window_stream_repeats_and_later_pictures_change_nothing_before(bundles):
    video = np.random.default_rng(4).integers(0, 256, (96, 128, 128, 3), np.uint8)
    bundle = WindowBundle(bundles / "foley-flow")
    sound = WindowStreamer(bundle, seed=1).render(video)
    assert sound.shape == (96 * 1600,) and np.isfinite(sound).all()
    final = 60 * 1600 - 300 - export_window.FADE_FRAMES
    assert np.array_equal(sound[:final], WindowStreamer(bundle, seed=1).render(video[:60])[:final])


@pytest.mark.skipif(not (MODELS / "bundles/foley-flow/bundle.json").exists(), reason="no trained bundle yet")
def test_shipped_window_bundle_keeps_the_contract():
    agree(WindowBundle(MODELS / "bundles/foley-flow"))
