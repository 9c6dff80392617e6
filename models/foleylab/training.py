"""What every training script shares: the clock, checkpoints, the log of losses, the curve as PNG."""
import json
import time
from dataclasses import asdict, is_dataclass
from pathlib import Path

import torch

from foleylab.muon import Muon


def add_arguments(parser, minutes=10):
    """--out, --minutes, --batch, --rate, --seed, --threads, --device."""
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint and the log")
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--muon", action="store_true", help="matrices are stepped by Muon instead of AdamW")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")


class Run:
    """One slice of training: `for step in run.steps(): ...; run.step(loss, parts)`.

    The learning rate warms up over 50 steps and falls as a half cosine over this slice's minutes. The checkpoint holds the
    weights, an average of them, the optimiser (may be lost) and the count of steps.
    """

    def __init__(self, model, config, args, name):
        torch.manual_seed(args.seed)
        torch.set_num_threads(args.threads)
        torch.set_flush_denormal(True)
        self.model, self.args, self.name = model.to(args.device), args, name
        self.config = asdict(config) if is_dataclass(config) else config
        args.out.mkdir(parents=True, exist_ok=True)
        self.path = args.out / f"{name}.pt"
        trainable = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = (Muon if args.muon else torch.optim.AdamW)(trainable, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.count, self.history, self.sums, self.sum_count = 0, [], {}, 0
        self.average = {}
        if self.path.exists():
            self.load()
        if not self.average:
            self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.begin = self.last_log = self.last_save = time.time()

    def load(self):
        """Resumes; without an optimiser state it starts that afresh."""
        saved = torch.load(self.path, map_location=self.args.device, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.average, self.count, self.history = saved["average"], saved["count"], saved["history"]
        try:
            self.optimiser.load_state_dict(saved["optimiser"])
        except (KeyError, ValueError) as reason:
            print(f"optimiser state lost ({reason}); starting it afresh")

    def save(self):
        """Writes the checkpoint by rename, so that a killed run leaves the last whole one."""
        saved = {"model": self.model.state_dict(), "average": self.average, "count": self.count, "history": self.history,
                 "optimiser": self.optimiser.state_dict(), "config": self.config}
        torch.save(saved, self.path.with_suffix(".tmp"))
        self.path.with_suffix(".tmp").rename(self.path)
        self.last_save = time.time()
        draw_curve(self.history, self.path.with_suffix(".png"), self.name)

    def steps(self):
        """Counts steps until the minutes are over; then saves."""
        slice_count = 0
        while (spent := time.time() - self.begin) < self.args.minutes * 60:
            done = spent / (self.args.minutes * 60)
            rate = self.args.rate * min(1, (slice_count + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + torch.cos(torch.tensor(done * 3.14159)).item()))
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            yield self.count
            slice_count += 1
        self.save()

    def step(self, loss, parts):
        """One update from `loss`; `parts` are logged as means."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if torch.isfinite(norm):
            self.optimiser.step()
        self.count += 1
        decay = min(0.998, (1 + self.count) / (10 + self.count))
        with torch.no_grad():
            for k, v in self.model.state_dict().items():
                if v.dtype.is_floating_point:
                    self.average[k].lerp_(v, 1 - decay)
        self.log({"loss": float(loss.detach()), **{k: float(v) for k, v in parts.items()}})

    def log(self, parts):
        for k, v in parts.items():
            self.sums[k] = self.sums.get(k, 0) + v
        self.sum_count += 1
        now = time.time()
        if now - self.last_log > 20:
            means = {k: round(v / self.sum_count, 4) for k, v in self.sums.items()}
            per_minute = self.sum_count / (now - self.last_log) * 60
            self.history.append({"count": self.count, "perMinute": round(per_minute, 1), **means})
            print(json.dumps(self.history[-1]), flush=True)
            self.sums, self.sum_count, self.last_log = {}, 0, now
        if now - self.last_save > 120:
            self.save()


def save_weights(state, path, count, history=()):
    """A checkpoint of these weights (a state dictionary) without optimiser, as if after `count` steps."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"model": state, "average": state, "count": count, "history": list(history)}, path)


def load_average(model, path, lacking=()):
    """The averaged weights of a checkpoint, for use; names that begin with an entry of `lacking` may be missing, and keep what they have."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    kept = {k: v for k, v in model.state_dict().items() if k.startswith(tuple(lacking))} if lacking else {}
    model.load_state_dict(kept | saved["average"])
    return model.eval()


def draw_curve(history, path, title):
    """Loss curves as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    if len(history) < 2:
        return
    keys = [k for k in history[-1] if k not in ("count", "perMinute")]
    figure, axes = plt.subplots(1, len(keys), figsize=(3.2 * len(keys), 2.6))
    for axis, key in zip(axes if len(keys) > 1 else [axes], keys, strict=True):
        rows = [(h["count"], h[key]) for h in history if key in h]
        axis.plot(*zip(*rows, strict=True))
        axis.set_title(f"{title} {key}", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=70)
    plt.close(figure)
