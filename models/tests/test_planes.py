"""Planes of pictures: stored and streamed are the same."""
import numpy as np
import pytest
import torch

from foleylab.clips import Clips
from foleylab.planes import PLANES, grey, join, part, planes_of, shrink

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 128, 128, 3), dtype=np.uint8)


def test_what_is_stored_is_what_is_streamed_but_for_the_rounding():
    streamed = planes_of(torch.from_numpy(PICTURES).float().permute(0, 3, 1, 2))
    stored = join(shrink(PICTURES), grey(PICTURES))
    assert streamed.shape == (5, PLANES, 64, 64) and stored.dtype == np.uint8
    assert np.abs(streamed.numpy() - stored).max() <= 0.5 + 1e-4


def test_parts_of_planes_are_what_they_were_joined_of():
    small, fine = shrink(PICTURES), grey(PICTURES)
    again = part(join(small, fine))
    assert np.array_equal(again[0], small) and np.array_equal(again[1], fine)


def shard(folder, left_out=()):
    rows = {"small": shrink(PICTURES), "fine": grey(PICTURES), "pictures": PICTURES, "semantic": np.arange(1.0)[:, None], "audio": np.zeros(10), "onset": np.zeros((5, 2)),
            "bed": np.zeros((5, 2)), "words": np.zeros(3), "loudness": np.arange(5.0), "known": np.ones(1)}
    for key, row in rows.items():
        if key not in left_out:
            np.save(folder / f"test-1-{key}.npy", row[None])
    (folder / "test-1-events.json").write_text("[[]]")
    return Clips(folder, "test")


@pytest.mark.parametrize("left_out", [(), ("fine",)])
def test_clips_hand_out_planes_of_a_span_though_the_fine_grey_was_not_stored(tmp_path, left_out):
    batch = shard(tmp_path, left_out).batch([0, 0], ("planes", "loudness"), [slice(0, 2), slice(3, 5)])
    assert batch["planes"].dtype == torch.uint8
    assert np.array_equal(batch["planes"][1].numpy(), join(shrink(PICTURES), grey(PICTURES))[3:])
    assert batch["loudness"].tolist() == [[0, 1], [3, 4]]


def test_clips_without_fine_grey_and_pictures_say_what_they_lack(tmp_path):
    with pytest.raises(KeyError, match="test-1.*neither.*fine.*pictures"):
        shard(tmp_path, ("fine", "pictures")).batch([0], ("planes",))
