"""python train_flow.py --tokens DIR/tokens --codec DIR/codec/codec.pt --out DIR/flow --minutes 8

Trains the flow head on cached tokens, with the losses of flow_losses.py; chunks with an onset count more. Two chunks of five are shown words
of what sounds there, and half of these have to make do with the words and the tokens' open part.

Chunks are drawn at random: what the head made of the chunk before is no input of it (foleylab/flow.py says why).
"""
import argparse
from pathlib import Path

import torch
from torch import nn

from foleylab.codec import Codec
from foleylab.data.scene import FAMILIES
from foleylab.flow import Flow, FlowConfig
from foleylab.flow_losses import FlowLossConfig, FlowLosses
from foleylab.mapper import MapperConfig
from foleylab.training import Run, add_arguments, load_average, save_weights


def set_silence(flow, codec):
    """The latent of silence, from the middle of a silent second."""
    with torch.no_grad():
        flow.silence.copy_(codec.encode(torch.zeros(1, 48000))[0, 12:18].mean(0))


def blur(tokens, hidden, drop=0.25, noise=0.3):
    """Tokens of training clips know these clips by heart: some of the hidden part is dropped, and noise added."""
    known = nn.functional.dropout(tokens[..., :hidden] + noise * torch.randn_like(tokens[..., :hidden]), drop)
    return torch.cat([known, tokens[..., hidden:]], -1)


def show_words(words, tokens, hidden, families, share=0.4):
    """-> prompts, tokens: some of the true words, and where words are shown half of the chunks lose the hidden part and the families of what sounds."""
    n = len(words)
    shown = (torch.rand(n, 1) < share).float()
    alone = (shown[:, :, None] * (torch.rand(n, 1, 1) < 0.5)).float()  # (B, 1, 1)
    open_part = tokens[..., hidden:]
    told = torch.cat([open_part[..., : 2 * families] * (1 - alone), open_part[..., 2 * families :]], -1)
    return words * shown * (torch.rand_like(words) < 0.7), torch.cat([tokens[..., :hidden] * (1 - alone), told], -1)


class FlowTraining(nn.Module):
    """The head and what it learns from, in one checkpoint; the head's own file is written at the end."""

    def __init__(self, config):
        super().__init__()
        self.flow = Flow(FlowConfig())
        self.losses = FlowLosses(self.flow, config)


def draw(cache, count):
    """So many chunks of the cache, as float."""
    at = torch.randint(len(cache["latents"]), (count,))
    return {k: v[at].float() for k, v in cache.items()}


def sampled_error(flow, cache, steps, count=3000):
    """Mean squared error of sampled latents on cached chunks by themselves, onset chunks apart."""
    pick = {k: v[:count].float() for k, v in cache.items()}
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(pick["latents"].shape, generator=generator)
    with torch.no_grad():
        got = flow.sample(noise, (pick["tokens"], torch.zeros_like(pick["words"])), flow.no_past(len(noise)), steps)
    error = (got - pick["latents"]).square().mean((1, 2))
    hit = pick["onset"] > 0
    return {f"mse{steps}": round(float(error.mean()), 3), f"mse{steps} onsets": round(float(error[hit].mean()), 3),
            f"std{steps}": round(float(got.std()), 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, 8)
    parser.set_defaults(batch=384, device="cpu")
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--onset-weight", type=float, default=3.0)
    parser.add_argument("--guidance", type=float, default=FlowLossConfig.guidance)
    parser.add_argument("--alignment", type=float, default=FlowLossConfig.alignment)
    args = parser.parse_args()
    cache, tune = (torch.load(args.tokens / f"{s}.pt", weights_only=True) for s in ("train", "tune"))
    model, last = FlowTraining(FlowLossConfig(guidance=args.guidance, alignment=args.alignment)), args.out / "flow.pt"
    flow, hidden = model.flow, MapperConfig.hidden_token
    if last.exists():
        load_average(flow, last).train()
    set_silence(flow, load_average(Codec(), args.codec))
    run = Run(model, flow.c, args, "flow-training")
    print(f"{len(cache['latents'])} chunks", flush=True)
    for count in run.steps():
        model.losses.refresh(run.average, count)
        chunks = draw(cache, args.batch)
        prompt, tokens = show_words(chunks["words"], blur(chunks["tokens"], hidden), hidden, len(FAMILIES))
        weight = 1 + (args.onset_weight - 1) * chunks["onset"][:, None]
        loss, parts = model.losses(flow, chunks["latents"], chunks["heard"], (tokens, prompt), chunks["hits"][..., None], weight / weight.mean())
        run.step(loss, parts)
    model.load_state_dict(run.average)
    save_weights(flow.state_dict(), last, run.count, run.history)
    for steps in (1, 2, 4):
        print("tune:", sampled_error(flow.cpu(), tune, steps), flush=True)


if __name__ == "__main__":
    main()
