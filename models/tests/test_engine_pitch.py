"""The pitch of engines: where it is known, which class it is, what the loss asks for, what is chosen, and what the memory plays."""
import numpy as np
import pytest
import torch

from foleylab.data.scene import FAMILIES
from foleylab.data.sound import ENGINE_HZ, engine_bed
from foleylab.encoders import EncoderConfig, MotionEncoder
from foleylab.engine_pitch import CLASSES, ENGINE, LOWEST_HZ, UNKNOWN, choose, class_of, engine_alone, label, pitch_loss
from foleylab.planes import PLANES
from make_clips import clip_of, describe, labels
from make_memory import engine_tones
from train_pitch import cache, hide, read

BELL = FAMILIES.index("bell")


def curves(points=150):
    onset, bed = np.zeros((points, len(FAMILIES)), np.float32), np.zeros((points, len(FAMILIES)), np.float32)
    bed[:, ENGINE] = 0.5
    return onset, bed


def test_classes_are_half_semitones():
    assert class_of([LOWEST_HZ, 2 * LOWEST_HZ, 2 * LOWEST_HZ * 2 ** (1 / 24)]).tolist() == [0, 24, 25]
    assert class_of([LOWEST_HZ / 2, LOWEST_HZ * 2.0**4]).tolist() == [UNKNOWN, UNKNOWN]


def test_an_engine_is_alone_where_nothing_else_is_heard():
    onset, bed = curves()
    bed[100:, BELL], bed[:10, ENGINE], onset[40, BELL] = 0.3, 0, 0.5
    alone = engine_alone(onset, bed)
    assert np.flatnonzero(~alone).tolist() == [*range(10), *range(39, 64), *range(100, 150)]
    assert not engine_alone(onset[:, :ENGINE], bed[:, :ENGINE]).any(), "a shard made before there were engines"


def test_a_label_is_the_pitch_that_is_heard():
    speed = np.repeat([0.2, 0.8], 600).astype(np.float32)  # 240 Hz
    audio = engine_bed(speed, np.random.default_rng(1), size=0.8, rise=2.0)
    onset, bed = curves()
    found = label(audio, onset, bed)
    for span, s in ((slice(10, 65), 0.2), (slice(85, 140), 0.8)):
        true = class_of(ENGINE_HZ / 0.8 * (1 + 2 * s))
        known = found[span][found[span] != UNKNOWN]
        assert len(known) > 40 and np.mean(np.abs(known - true) <= 1) > 0.9
    bed[:, BELL] = 1
    assert np.all(label(audio, onset, bed) == UNKNOWN)


def test_the_loss_is_least_at_the_true_class_and_asks_nothing_where_it_is_unknown():
    at = lambda k: 6.0 * torch.nn.functional.one_hot(torch.tensor(k), CLASSES).float()
    classes = torch.tensor([[30.0, UNKNOWN]])
    losses = [float(pitch_loss(torch.stack([at(k), at(5)])[None], classes)) for k in (30, 31, 33, 50)]
    assert losses == sorted(losses) and losses[3] > losses[0] + 2
    logits = torch.randn(1, 2, CLASSES, requires_grad=True)
    pitch_loss(logits, classes).backward()
    assert logits.grad[0, 0].abs().sum() > 0 and logits.grad[0, 1].abs().sum() == 0
    assert float(pitch_loss(logits.detach(), torch.full((1, 2), float(UNKNOWN)))) == 0


def test_the_class_is_chosen_about_which_the_pitch_most_likely_lies():
    likely = torch.full((1, 1, CLASSES), 1e-6)
    likely[0, 0, [10, 39, 40, 41, 42, 43]] = torch.tensor([0.3, 0.14, 0.14, 0.14, 0.14, 0.14])
    chosen = choose(likely.log(), 2000.0)
    assert chosen.argmax() == 41 and chosen.max() > 0.9, "no single class is as likely as the tenth, but these five are"


def test_tones_of_an_engine_are_true_ones_and_rare_pitches_borrow():
    tones, pitch = torch.randn(60, 32), torch.full((60,), float(UNKNOWN))
    pitch[:20], pitch[20:25], pitch[30:50] = 12, 40, 60
    table = engine_tones(tones, pitch)
    assert table.shape == (CLASSES, 32)
    assert (tones[:20] == table[12]).all(1).any() and (tones[30:50] == table[60]).all(1).any()
    assert torch.equal(table[40], table[60]) and torch.equal(table[0], table[12]) and torch.equal(table[35], table[12])
    with pytest.raises(ValueError, match="no pitch of an engine is known at 30 points"):
        engine_tones(tones, pitch, least=30)


class Shards:
    """Two clips whose road runs and two that stand still, in one shard; the last has no pitch."""

    shards, index = ["engine-train-1"], [(0, i) for i in range(5)]

    def __init__(self):
        road = torch.randint(0, 256, (5, 1, PLANES, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
        self.planes = torch.cat([torch.roll(road, t, 4) for t in range(12)], 1)
        self.planes[2:] = road[2:]
        self.pitch = torch.tensor([30.0, 30, 50, 50, UNKNOWN])[:, None].expand(-1, 12)

    def row(self, key, i):
        return getattr(self, key)[i].numpy()

    def batch(self, rows, keys):
        return {k: getattr(self, k)[list(rows)] for k in keys}


def test_the_reader_learns_from_what_is_cached_what_the_encoder_then_tells(tmp_path):
    torch.manual_seed(0)
    motion, clips = MotionEncoder(EncoderConfig()).eval(), Shards()
    plain, clothed = cache(motion, clips, tmp_path, 2, 0)
    again, _ = cache(motion, clips, tmp_path, 2, 1)
    assert len(plain["pitch"]) == 4, "the clip without a pitch is left out"
    assert np.array_equal(plain["seen"], again["seen"]) and not np.array_equal(plain["seen"], clothed["seen"])
    other, _ = cache(MotionEncoder(EncoderConfig()).eval(), clips, tmp_path, 2, 0)
    assert not np.array_equal(plain["seen"], other["seen"]), "what another encoder saw is not taken for its own"
    rows = {k: np.array(v) for k, v in plain.items()}
    optimiser = torch.optim.Adam(motion.pitch.parameters(), 3e-3)
    for _ in range(40):
        loss = pitch_loss(*read(motion.pitch, rows))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 2
    with torch.no_grad():
        told = motion.pitch_of_whole(motion.c.standardise(clips.planes[:4].float()))
        assert torch.allclose(told, read(motion.pitch, rows)[0], atol=0.3)
    assert told.argmax(-1)[:, -1].tolist() == pytest.approx([30, 30, 50, 50], abs=1)


def test_of_what_is_hidden_nothing_is_left_and_the_rest_makes_up_for_it():
    torch.manual_seed(0)
    x = hide(torch.ones(3, 5, 400), 0.25)
    assert torch.equal(x, x[:, :1].expand_as(x)) and x.unique().tolist() == pytest.approx([0, 4 / 3])
    assert abs(float(x.mean()) - 1) < 0.1 and torch.equal(hide(x, 0.0), x)


def test_a_clip_of_an_engine_is_labelled_with_its_pitch():
    rng = np.random.default_rng([1, 5, 0])
    clip = clip_of("engine", rng, "tune")
    row = describe(clip, rng, lambda x: torch.zeros(len(x), 1280), *labels(clip, len(clip.frames)), known=1)
    assert row["pitch"].dtype == np.int8 and row["pitch"].shape == (150,) and (row["pitch"] != UNKNOWN).sum() > 30
