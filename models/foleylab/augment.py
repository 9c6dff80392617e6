"""Training clips in other clothes: what sounds stays, its colours, textures, light, size, place and camera change. The semantic features stay too."""
import numpy as np
import torch


def augment(pictures, rng, zooms=True):
    """uint8 (B, T, 64, 64, 3), each clip in its own way; `zooms`: not where size tells what is heard."""
    out = []
    for clip in pictures.numpy():
        if rng.random() < 0.5:
            clip = clip[:, :, ::-1]
        if rng.random() < 0.4:
            clip = clip[..., rng.permutation(3)]
        if rng.random() < 0.3:
            clip = np.roll(clip, tuple(rng.integers(-5, 6, 2)), (1, 2))
        if rng.random() < 0.3 and zooms:
            clip = zoom(clip, rng)
        if rng.random() < 0.2:
            clip = sway(clip, rng)
        if rng.random() < 0.25:
            clip = lay_over(clip, pictures[rng.integers(len(pictures)), rng.integers(pictures.shape[1])].numpy(), rng)
        if rng.random() < 0.4:
            clip = other_texture(clip, rng)
        out.append(light(clip, rng))
    return torch.from_numpy(np.stack(out))


def other_texture(pictures, rng, most=0.7):
    """Through a random filter over colours and near pixels, mixed with what it was by up to `most` (https://arxiv.org/abs/2007.13003):
    shapes stay, and when they move."""
    size = int(rng.choice([1, 3, 5]))
    kernel = torch.from_numpy(rng.normal(size=(3, 3, size, size)).astype(np.float32))
    x = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() - 127.5
    y = torch.nn.functional.conv2d(torch.nn.functional.pad(x, [size // 2] * 4, "replicate"), kernel)
    y = (y - y.mean()) * (x.std() / y.std().clamp_min(1e-3)) + x.mean()
    share = rng.uniform(0, most)
    return (share * x + (1 - share) * y + 127.5).clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def light(pictures, rng, tint=0.4, inverted=0.1):
    """Brighter or darker, of more or less contrast; some with other light for each colour, some as a negative."""
    count = 3 if rng.random() < tint else 1
    gain, offset, gamma = rng.uniform(0.6, 1.4, count), rng.uniform(-30, 30, count), np.exp(rng.uniform(-0.4, 0.4, count))
    levels = (255 * np.linspace(0, 1, 256)[:, None] ** gamma * gain + offset).clip(0, 255).round().astype(np.uint8)  # (256, 1 or 3)
    if rng.random() < inverted:
        levels = 255 - levels
    if count == 1:
        return np.frombuffer(pictures.tobytes().translate(levels.tobytes()), np.uint8).reshape(pictures.shape)  # half the time of levels[pictures]
    return np.stack([levels[:, c].take(pictures[..., c]) for c in range(3)], -1)


def sway(pictures, rng, most=5):
    """As from a camera that swings by up to so many pixels, up and down and sideways, silently; the border is repeated."""
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
    """uint8 (T, S, S, 3): 0.8 to 1.25 times as near, about a point near the middle; what lies outside repeats the border."""
    scale, (x, y) = np.exp(rng.uniform(-0.22, 0.22)), rng.uniform(-0.2, 0.2, 2)
    place = torch.tensor([[1 / scale, 0, x * abs(1 - 1 / scale)], [0, 1 / scale, y * abs(1 - 1 / scale)]], dtype=torch.float32)
    size = pictures.shape[1]
    grid = torch.nn.functional.affine_grid(place[None], [1, 1, size, size], align_corners=False)
    flat = torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2).reshape(1, -1, size, size)  # (T, S, S, 3) -> (1, 3 T, S, S)
    out = torch.nn.functional.grid_sample(flat, grid, padding_mode="border", align_corners=False)
    return out.reshape(-1, 3, size, size).permute(0, 2, 3, 1).round().to(torch.uint8).numpy()
