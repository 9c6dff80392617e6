"""python train_flow.py --tokens DIR/tokens --codec DIR/codec/codec.pt --out DIR/flow --minutes 8

Trains the flow head on cached tokens; prompts are dropped four times of five; chunks with an onset count more.

Many streams go through the cache side by side, chunk after chunk. The history of each chunk is what the head itself made of the
chunk before, told its true onsets; so use and training agree, and the truth cannot be copied from the past.
"""
import argparse
from pathlib import Path

import torch

from foleylab.codec import Codec
from foleylab.flow import Flow, FlowConfig, flow_loss
from foleylab.mapper import MapperConfig
from foleylab.training import Run, add_arguments, load_average


def set_silence(flow, codec):
    """The latent of silence, from the middle of a silent second."""
    with torch.no_grad():
        flow.silence.copy_(codec.encode(torch.zeros(1, 48000))[0, 12:18].mean(0))


def blur(tokens, summary, hidden, drop=0.25, noise=0.3):
    """Tokens of training clips know these clips by heart: some of the hidden part and of the summary is dropped, and noise added."""
    known = torch.nn.functional.dropout(tokens[..., :hidden] + noise * torch.randn_like(tokens[..., :hidden]), drop)
    return torch.cat([known, tokens[..., hidden:]], -1), torch.nn.functional.dropout(summary + noise * torch.randn_like(summary), 2 * drop)


JOIN = 0.9 * torch.tensor([0.8, 0.55, 0.35])[:, None]  # how far the points of a chunk follow the history instead of the truth


class Streams:
    """Places in the cache, one a stream, that go on a chunk at a time; a stream without history begins at chunks marked `first`."""

    def __init__(self, flow, cache, count):
        self.flow, self.cache = flow, cache
        self.at = torch.randint(len(cache["latents"]), (count,))
        self.prefix, self.valid = flow.empty_prefix(count)
        self.error = torch.zeros(count, 1, flow.c.latent_width)  # of the newest latent made, from the truth

    def read(self, *keys):
        return (self.cache[k][self.at].float() for k in keys)

    def history(self, drop=0.15):
        """Prefix and what of it is there; some streams forget."""
        self.valid[self.cache["first"][self.at]] = 0
        return self.prefix, self.valid * (torch.rand(len(self.at), 1) > drop)

    def target(self, latents, onsets, valid):
        """The truth, joined to the history that is there, until something begins."""
        begun = torch.cumsum(onsets, 1).clamp(max=1)
        return latents + JOIN * (1 - begun) * valid[:, -1:, None] * self.error

    @torch.no_grad()
    def go_on(self, latents, tokens, summary, onsets):
        """Two steps from noise make the history of the next chunk."""
        prompt = torch.zeros(len(self.at), self.flow.c.prompt)
        made = self.flow.sample(torch.randn_like(latents), (tokens, summary, prompt, self.prefix, self.valid), 2, onsets)
        self.prefix, self.valid = self.flow.remember(self.prefix, self.valid, made)
        self.error = (made - latents)[:, -1:]
        self.at = (self.at + 1) % len(self.cache["latents"])


def sampled_error(flow, cache, steps, count=3000):
    """Mean squared error of sampled latents on cached chunks without history, onset chunks apart."""
    pick = {k: v[:count].float() for k, v in cache.items()}
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(pick["latents"].shape, generator=generator)
    with torch.no_grad():
        got = flow.sample(noise, (pick["tokens"], pick["summary"], torch.zeros_like(pick["words"]), *flow.empty_prefix(len(noise))), steps)
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
    args = parser.parse_args()
    cache, tune = (torch.load(args.tokens / f"{s}.pt", weights_only=True) for s in ("train", "tune"))
    flow = Flow(FlowConfig())
    set_silence(flow, load_average(Codec(), args.codec))
    run = Run(flow, flow.c, args, "flow")
    print(f"{len(cache['latents'])} chunks", flush=True)
    streams = Streams(flow, cache, args.batch)
    for _ in run.steps():
        latents, tokens, summary, words, hits, onset = streams.read("latents", "tokens", "summary", "words", "hits", "onset")
        tokens, summary = blur(tokens, summary, MapperConfig.hidden_token)
        shown = (torch.rand(args.batch, 1) < 0.2) * (torch.rand_like(words) < 0.7)
        weight = 1 + (args.onset_weight - 1) * onset[:, None]
        prefix, valid = streams.history()
        target = streams.target(latents, hits[..., None], valid)
        loss, start, later = flow_loss(flow, target, (tokens, summary, words * shown, prefix, valid), hits[..., None], weight / weight.mean())
        run.step(loss, {"start": start, "later": later})
        streams.go_on(latents, tokens, summary, hits[..., None])
    flow.load_state_dict(run.average)
    for steps in (1, 2, 4):
        print("tune:", sampled_error(flow.cpu(), tune, steps), flush=True)


if __name__ == "__main__":
    main()
