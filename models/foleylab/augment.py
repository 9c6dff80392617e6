"""Training clips in other clothes: what sounds stays, its colours, textures, light, size, place and camera change. The semantic features stay too."""
import numpy as np
import torch

from foleylab.planes import SIZE, join, part


def augment(planes, rng, zooms=True):
    """uint8 (B, T, PLANES, 64, 64), each clip in its own way; `zooms`: not where size tells what is heard."""
    clips = [part(clip) for clip in planes.numpy()]
    return torch.from_numpy(np.stack([join(*dress(clip, clips[rng.integers(len(clips))], rng, zooms)) for clip in clips]))


def dress(clip, other, rng, zooms):
    """A clip, colours (T, 64, 64, 3) and grey (T, 128, 128), in other clothes, both in the same; perhaps under a still of the other clip."""
    clip, still = [x.reshape(*x.shape[:3], -1) for x in clip], int(rng.integers(len(other[0])))

    def change(how, *arguments):
        seed = int(rng.integers(2**63))
        return [how(x, *(a[k] for a in arguments), np.random.default_rng(seed)) for k, x in enumerate(clip)]

    if rng.random() < 0.5:
        clip = [x[:, :, ::-1] for x in clip]
    if rng.random() < 0.4:
        clip[0] = clip[0][..., rng.permutation(3)]
    if rng.random() < 0.3:
        aside = rng.integers(-5, 6, 2)
        clip = [np.roll(x, tuple(aside * (x.shape[1] // SIZE)), (1, 2)) for x in clip]
    if rng.random() < 0.3 and zooms:
        clip = change(zoom)
    if rng.random() < 0.2:
        clip = change(sway)
    if rng.random() < 0.25:
        clip = change(lay_over, [x[still].reshape(y.shape[1:]) for x, y in zip(other, clip, strict=True)])
    if rng.random() < 0.4:
        clip = change(other_texture)
    colours, fine = change(light)
    return colours, fine[..., 0]


def other_texture(pictures, rng, most=0.7):
    """Through a random filter over colours and near pixels, mixed with what it was by up to `most` (https://arxiv.org/abs/2007.13003):
    shapes stay, and when they move. What has no colours has its own filter."""
    size, share, colours = int(rng.choice([1, 3, 5])), rng.uniform(0, most), pictures.shape[-1]
    kernel = torch.from_numpy(rng.normal(size=(colours, colours, size, size)).astype(np.float32))
    x = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() - 127.5
    y = torch.nn.functional.conv2d(torch.nn.functional.pad(x, [size // 2] * 4, "replicate"), kernel)
    y = (y - y.mean()) * (x.std() / y.std().clamp_min(1e-3)) + x.mean()
    return (share * x + (1 - share) * y + 127.5).clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def light(pictures, rng, tint=0.4, inverted=0.1):
    """Brighter or darker, of more or less contrast; some with other light for each colour, some as a negative. What has no colours is lit as red is."""
    count = 3 if rng.random() < tint else 1
    gain, offset, gamma = rng.uniform(0.6, 1.4, count), rng.uniform(-30, 30, count), np.exp(rng.uniform(-0.4, 0.4, count))
    levels = (255 * np.linspace(0, 1, 256)[:, None] ** gamma * gain + offset).clip(0, 255).round().astype(np.uint8)  # (256, 1 or 3)
    if rng.random() < inverted:
        levels = 255 - levels
    if count == 1 or pictures.shape[-1] == 1:
        levels = np.ascontiguousarray(levels[:, 0])
        return np.frombuffer(pictures.tobytes().translate(levels.tobytes()), np.uint8).reshape(pictures.shape)  # half the time of levels[pictures]
    return np.stack([levels[:, c].take(pictures[..., c]) for c in range(3)], -1)


def sway(pictures, rng, most=5):
    """As from a camera that swings by up to so many pixels of 64, up and down and sideways, silently; the border is repeated."""
    most = most * (pictures.shape[1] // SIZE)
    seconds = np.arange(len(pictures)) / 30
    swing = lambda: rng.uniform(0, most) * np.sin(2 * np.pi * (rng.uniform(0.2, 1) * seconds + rng.random()))
    ys, xs = (np.round(most + swing()).astype(int) for _ in range(2))
    wide, (h, w) = np.pad(pictures, ((0, 0), (most, most), (most, most), (0, 0)), "edge"), pictures.shape[1:3]
    return np.stack([p[y : y + h, x : x + w] for p, y, x in zip(wide, ys, xs, strict=True)])


def lay_over(pictures, still, rng, most=0.5):
    """Mixed with a picture of another clip that stands still: what is to be seen there tells less, what changes tells as much."""
    share = int(256 * rng.uniform(0, most))
    return ((pictures.astype(np.uint16) * (256 - share) + still.astype(np.uint16) * share) >> 8).astype(np.uint8)


def zoom(pictures, rng):
    """uint8 (T, S, S, C): 0.8 to 1.25 times as near, about a point near the middle; what lies outside repeats the border."""
    scale, (x, y) = np.exp(rng.uniform(-0.22, 0.22)), rng.uniform(-0.2, 0.2, 2)
    place = torch.tensor([[1 / scale, 0, x * abs(1 - 1 / scale)], [0, 1 / scale, y * abs(1 - 1 / scale)]], dtype=torch.float32)
    size = pictures.shape[1]
    grid = torch.nn.functional.affine_grid(place[None], [1, 1, size, size], align_corners=False)
    flat = torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2).reshape(1, -1, size, size)  # (T, S, S, C) -> (1, C T, S, S)
    out = torch.nn.functional.grid_sample(flat, grid, padding_mode="border", align_corners=False)
    return out.reshape(len(pictures), -1, size, size).permute(0, 2, 3, 1).round().to(torch.uint8).numpy()
