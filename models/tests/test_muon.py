"""Steps of matrices."""
from copy import deepcopy

import torch

from foleylab.muon import NARROWEST, Muon, is_matrix, orthogonal


def test_a_step_has_about_the_same_size_in_all_directions():
    torch.manual_seed(0)
    for shape in ((64, 300), (300, 64), (64, 64)):
        steep = torch.randn(shape) * torch.logspace(0, -2, shape[1])
        values = torch.linalg.svdvals(orthogonal(steep))
        assert values.max() < 1.3 and values.median() > 0.6
        assert (orthogonal(steep) * steep).sum() > 0.3 * steep.norm(), "it still points where it did"


def test_matrices_and_the_rest_both_learn_and_only_matrices_by_muon():
    torch.manual_seed(0)
    conv, narrow = torch.nn.Conv2d(8, NARROWEST, 3), torch.nn.Linear(NARROWEST, 3)
    assert [is_matrix(p) for p in (conv.weight, conv.bias, narrow.weight)] == [True, False, False]
    optimiser = Muon([*conv.parameters(), *narrow.parameters()], lr=3e-3, weight_decay=0.01)
    x, y = torch.randn(64, 8, 3, 3), torch.randn(64, 3)
    losses = []
    for _ in range(60):
        loss = (narrow(torch.relu(conv(x)).flatten(1)) - y).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
    assert [len(group["params"]) for group in optimiser.param_groups] == [1, 3]
    assert "exp_avg_sq" not in optimiser.state[conv.weight] and "exp_avg_sq" in optimiser.state[narrow.weight]


def test_its_state_goes_through_a_checkpoint():
    torch.manual_seed(0)
    first, second = (torch.nn.Linear(NARROWEST, NARROWEST) for _ in range(2))
    second.load_state_dict(first.state_dict())
    x = torch.randn(8, NARROWEST)

    def step(model, optimiser):
        optimiser.zero_grad()
        model(x).square().mean().backward()
        optimiser.step()

    a, b = Muon(first.parameters(), lr=1e-2), Muon(second.parameters(), lr=1e-2)
    step(first, a)
    second.load_state_dict(first.state_dict())
    b.load_state_dict(deepcopy(a.state_dict()))
    step(first, a)
    step(second, b)
    assert torch.equal(first.weight, second.weight)
