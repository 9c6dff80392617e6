"""Variants of fusion and mapper: each is blind to what it is without, and a streamed autoregressive one is what it says."""
import pytest
import torch

from ablate_mapper import VARIANTS, Ablated, Told, shifted, streamed
from foleylab.semantic import FEATURES

POINTS = 30


def inputs():
    return torch.randn(2, POINTS, 256), torch.randn(2, 5, FEATURES)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_sees_what_it_is_with_and_nothing_that_it_is_without(variant):
    model = Ablated(variant).eval()
    motion, pooled = inputs()
    with torch.no_grad():
        said = model.fuse(motion, pooled)
        assert torch.equal(said, model.fuse(motion + 1, pooled)) == (variant == "without motion")
        assert torch.equal(said, model.fuse(motion, pooled + 1)) == (variant == "without semantic")


def test_the_sound_that_is_told_is_that_of_the_chunk_before():
    latents = torch.arange(12.0).reshape(1, 12, 1)
    assert shifted(latents)[0, :, :, 0].tolist() == [[0, 0, 0], [0, 1, 2], [3, 4, 5], [6, 7, 8]]


@torch.no_grad()
def test_streamed_it_hears_what_it_expected_itself():
    model = Ablated("autoregressive").eval()
    motion, pooled = inputs()
    batch = {"pictures": motion, "semantic": pooled}
    alone = streamed(model, batch)
    expected, told = torch.zeros(2, POINTS, model.mapper.c.latent_width), None
    for _ in range(POINTS // 3):  # what is expected of each chunk is settled after as many rounds as there are chunks
        heard = Told(model, expected)
        told = heard.mapper.whole(heard.fuse(motion, pooled))[0]
        expected = model.probes.latents(told)
    assert torch.allclose(alone, told[..., -2], atol=1e-4)
    model.told.weight.zero_()
    assert not torch.allclose(alone, streamed(model, batch), atol=1e-4)
