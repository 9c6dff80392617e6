"""What encoders and flow head learn from: each loss sees what it is for, and nothing that use does not have."""
import torch

from foleylab.alignment import AlignmentConfig, MaskedAlignment
from foleylab.data.scene import FAMILIES, VOCABULARY
from foleylab.flow import Flow, FlowConfig
from foleylab.flow_losses import FlowLossConfig, FlowLosses
from foleylab.mapper import MapperConfig
from foleylab.window_flow import WindowFlow, WindowFlowConfig
from train_encoders import Encoders
from train_flow import FlowTraining, show_words
from widen_lab import spread, tell_places, widen_encoders, widen_flow, widen_window


@torch.no_grad()
def test_the_restorer_never_sees_the_latents_that_are_hidden():
    torch.manual_seed(0)
    alignment = MaskedAlignment().eval()
    latents, fused = torch.randn(2, 60, AlignmentConfig.latent_width), torch.randn(2, 60, 256)
    hidden = alignment.hide(2, 60, "cpu")
    assert 0.5 < hidden.float().mean() < 0.98
    other = torch.where(hidden[..., None], torch.randn_like(latents), latents)
    assert torch.equal(alignment.restored(latents, fused, hidden), alignment.restored(other, fused, hidden))
    assert not torch.equal(alignment.restored(latents, fused, hidden), alignment.restored(latents, fused + 1, hidden))


def test_alignment_learns_a_sound_that_the_pictures_tell():
    torch.manual_seed(0)
    alignment = MaskedAlignment(AlignmentConfig(latent_width=64, layers=1, width=64))
    optimiser = torch.optim.Adam(alignment.parameters(), 3e-3)
    told = torch.randn(4, 30, 64)
    errors = []
    for _ in range(120):
        loss = alignment(told, told.repeat(1, 1, 4), torch.ones(4, 30))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        errors.append(float(loss.detach()))
    assert errors[-1] < 0.5 * errors[0]


def flow_batch(n=6):
    c = FlowConfig()
    conditions = (torch.randn(n, 3, c.token), torch.zeros(n, c.prompt))
    return torch.randn(n, 3, c.latent_width), torch.randn(n, 3, 384), conditions, torch.zeros(n, 3, 1), torch.ones(n, 1)


def test_guidance_pushes_the_target_by_the_difference_that_the_conditions_make():
    torch.manual_seed(0)
    flow = Flow(FlowConfig())
    losses = FlowLosses(flow, FlowLossConfig(guidance=0.5))
    latents, _, conditions, onsets, _ = flow_batch()
    x, time = torch.randn_like(latents), torch.full((6,), 0.3)
    led = flow.data(x, time, conditions, onsets)
    free = flow.data(x, time, [torch.zeros_like(c) for c in conditions], onsets)
    assert torch.allclose(losses.pushed(x, time, conditions, onsets, latents), latents + 0.5 * (led - free), atol=1e-5)
    nothing = [torch.zeros_like(c) for c in conditions]
    assert torch.allclose(losses.pushed(x, time, nothing, onsets, latents), latents, atol=1e-6)


def test_the_guide_follows_the_average_and_is_no_part_of_the_checkpoint():
    training = FlowTraining(FlowLossConfig())
    assert not any("guide" in k for k in training.state_dict())
    average = {k: torch.full_like(v, 0.25) for k, v in training.state_dict().items()}
    training.losses.refresh(average, 3)
    assert not torch.equal(training.losses.guide[0].leave.weight, average["flow.leave.weight"])
    training.losses.refresh(average, 50)
    assert torch.equal(training.losses.guide[0].leave.weight, average["flow.leave.weight"])


def test_the_inner_layer_is_led_by_what_is_heard():
    torch.manual_seed(0)
    training = FlowTraining(FlowLossConfig(unconditioned=0))
    latents, heard, conditions, onsets, weight = flow_batch()
    loss, parts = training.losses(training.flow, latents, heard, conditions, onsets, weight)
    loss.backward()
    assert parts["heard"] > 0 and training.losses.listener[2].weight.grad.abs().sum() > 0
    training.losses.c = FlowLossConfig(alignment=0)
    assert "heard" not in training.losses(training.flow, latents, heard, conditions, onsets, weight)[1]


def test_words_are_shown_to_some_and_stand_alone_for_half_of_them():
    torch.manual_seed(0)
    hidden, families = 10, 4
    words, tokens = torch.ones(2000, 6), torch.ones(2000, 3, hidden + 2 * families + 2)
    prompt, told = show_words(words, tokens, hidden, families)
    shown, alone = prompt.amax(1) > 0, told[:, 0, 0] == 0
    assert 0.3 < shown.float().mean() < 0.5 and 0.4 < alone[shown].float().mean() < 0.6
    assert not alone[~shown].any() and torch.all(told[..., -2:] == 1)


def test_families_that_are_appended_change_nothing_that_was_learned():
    torch.manual_seed(0)
    few, words, c = len(FAMILIES) - 3, len(VOCABULARY) - 3, MapperConfig()
    gone = [k for k in range(2 * len(FAMILIES) + 2) if k not in tell_places(few)]
    encoders, flow, window = Encoders().state_dict(), Flow(FlowConfig()).state_dict(), WindowFlow(WindowFlowConfig()).state_dict()
    narrow = lambda x, dim, places: x.index_select(dim, torch.tensor(places))
    tell = tell_places(few)
    old = encoders | {f"mapper.to_aux.{k}": narrow(encoders[f"mapper.to_aux.{k}"], 0, tell) for k in ("weight", "bias")}
    token = [*range(c.hidden_token), *(c.hidden_token + p for p in tell)]
    old["probes.latents.0.weight"] = narrow(old["probes.latents.0.weight"], 1, token)
    old["probes.words.weight"] = narrow(narrow(old["probes.words.weight"], 1, token), 0, range(words))
    old["probes.words.bias"] = old["probes.words.bias"][:words]
    wide = widen_encoders(old)
    Encoders().load_state_dict(wide)
    assert torch.equal(wide["mapper.to_aux.weight"][tell], encoders["mapper.to_aux.weight"][tell])
    assert torch.all(wide["mapper.to_aux.weight"][gone] == 0) and torch.all(wide["mapper.to_aux.bias"][gone] < -3)
    point = FlowConfig.latent_width + c.token + 1
    places = [k * point + p for k in range(3) for p in [*range(FlowConfig.latent_width + c.hidden_token), *(FlowConfig.latent_width + c.hidden_token + p for p in tell), point - 1]]
    old = flow | {"enter.weight": narrow(flow["enter.weight"], 1, places), "embed.0.weight": flow["embed.0.weight"][:, : 13 + words]}
    wide = widen_flow(old)
    Flow(FlowConfig()).load_state_dict(wide)
    assert torch.equal(wide["enter.weight"][:, places], flow["enter.weight"][:, places])
    w = WindowFlowConfig()
    mix = [*range(w.width), *(w.width + p for p in tell), w.width + w.tells]
    old = window | {"trunk.tell.weight": window["trunk.tell.weight"][tell], "trunk.tell.bias": window["trunk.tell.bias"][tell],
                    "trunk.mix.weight": window["trunk.mix.weight"][:, mix], "trunk.wish.weight": window["trunk.wish.weight"][:, :words]}
    wide = widen_window(old)
    WindowFlow(w).load_state_dict(wide)
    assert torch.equal(wide["trunk.mix.weight"][:, mix], window["trunk.mix.weight"][:, mix])
    assert spread(torch.ones(2), 0, [0, 2], 3).tolist() == [1, 0, 1]


def test_latents_that_are_appended_change_nothing_that_was_learned():
    torch.manual_seed(0)
    few, f, w = 64, FlowConfig(), WindowFlowConfig()
    narrow = lambda x, dim, places: x.index_select(dim, torch.tensor(places))
    full = {"encoders": Encoders().state_dict(), "flow": Flow(f).state_dict(), "window": WindowFlow(w).state_dict()}
    e, flow, window = full.values()
    rows = [k * f.latent_width + p for k in range(3) for p in range(few)]
    point = f.latent_width + f.token + 1
    old = {
        "encoders": e | {f"{n}.{p}": e[f"{n}.{p}"][:few] for n in ("probes.latents.2", "alignment.leave.1") for p in ("weight", "bias")}
        | {"alignment.sound.weight": e["alignment.sound.weight"][:, :few]},
        "flow": flow | {"leave.weight": flow["leave.weight"][rows], "leave.bias": flow["leave.bias"][rows], "silence": flow["silence"][:few],
                        "enter.weight": narrow(flow["enter.weight"], 1, [k * point + p for k in range(3) for p in range(point) if not few <= p < f.latent_width])},
        "window": window | {f"{n}.{p}": window[f"{n}.{p}"][:few] for n in ("trunk.to_mean", "trunk.to_spread", "leave") for p in ("weight", "bias")}
        | {"silence": window["silence"][:few],
           "enter.weight": narrow(window["enter.weight"], 1, [*range(few), *range(w.latent_width, w.latent_width + few), *range(2 * w.latent_width, 2 * w.latent_width + w.width)])},
    }
    models = {"encoders": (Encoders(), widen_encoders), "flow": (Flow(f), widen_flow), "window": (WindowFlow(w), widen_window)}
    for name, (model, widen) in models.items():
        wide = widen(old[name])
        model.load_state_dict(wide)
        for key, value in old[name].items():
            if wide[key].shape != value.shape:  # what was there is there still, and all else is 0
                kept = wide[key] != 0
                assert torch.equal(wide[key][kept], full[name][key][kept]) and int(kept.sum()) == int((value != 0).sum()), key
