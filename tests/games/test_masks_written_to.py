"""A user's callable may do what it likes with the arrays it is given: ours, and the caller's, stay as they are."""

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.games.executors import Local

N = 5
MASKS = sy.all_masks(N)


def right(masks):
    """3 AND(1, 2) - 2 OR(0, 3), written out."""
    return np.array([3.0 * (m[1] and m[2]) - 2.0 * (m[0] or m[3]) for m in masks.tolist()])


def cleared(masks):
    values = right(masks)
    masks[:] = False
    return values


def forced_in(masks):
    kept = masks.copy()
    masks[:, 0] = True
    return right(kept)


def inverted(masks):
    values = right(masks)
    np.logical_not(masks, out=masks)
    return values


def sorted_in_place(masks):
    values = right(masks)
    masks.sort(axis=1)
    return values


def filled_by_torch(masks):
    values = right(masks)
    torch.from_numpy(masks).fill_(value=True)
    return values


def resized(masks):
    values = right(masks)
    masks.resize((len(masks) + 1, N), refcheck=False)
    return values


def shuffled_rows(masks):
    values = right(masks)
    np.random.default_rng(0).shuffle(masks)
    return values


class OneBuffer:
    """Returns the same memory at each call."""

    def __init__(self):
        self.memory = np.zeros(1 << N)

    def __call__(self, masks):
        values = self.memory[: len(masks)]
        values[:] = right(masks)
        return values


def buffer_of_torch():
    memory = torch.zeros(1 << N, dtype=torch.float64)

    def function(masks):
        memory[: len(masks)] = torch.from_numpy(right(masks))
        return memory[: len(masks)]

    return function


WRITING = [cleared, forced_in, inverted, sorted_in_place, filled_by_torch, resized, shuffled_rows]


@pytest.mark.parametrize("function", WRITING, ids=lambda f: f.__name__)
@pytest.mark.parametrize("executor", [None, Local()], ids=["here", "local"])
def test_a_function_that_writes_into_its_masks_gets_right_values_and_leaves_the_callers(function, executor):
    given = MASKS.copy()
    values = sy.evaluate(sy.Game.from_function(function, N), given, executor=executor, batch_size=7, progress=False)
    np.testing.assert_array_equal(values, right(MASKS))
    np.testing.assert_array_equal(given, MASKS)
    np.testing.assert_array_equal(sy.Game.from_function(function, N)(given), right(MASKS))
    np.testing.assert_array_equal(given, MASKS)


@pytest.mark.parametrize("function", WRITING[:3], ids=lambda f: f.__name__)
@pytest.mark.parametrize("method", ["exact", "sparse", "queries"])
def test_every_method_finds_what_is_there(function, method):
    model = sy.explain(
        sy.Game.from_function(function, N), method=method, max_calls=None if method == "exact" else 32, progress=False
    )
    np.testing.assert_allclose(model.predict(MASKS), right(MASKS), atol=1e-6)


@pytest.mark.parametrize("make", [OneBuffer, buffer_of_torch])
def test_what_a_function_returns_may_be_written_again(make):
    values = sy.evaluate(sy.Game.from_function(make(), N), MASKS, batch_size=3, progress=False)
    np.testing.assert_array_equal(values, right(MASKS))


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_an_imaginary_part_is_refused_and_not_lost(dtype):
    game = sy.Game.from_function(lambda masks: masks[:, 0].astype(dtype) * 1j, N)
    with pytest.raises(sy.SymbolscopeError, match="imaginary"):
        game(MASKS)
    with pytest.raises(sy.SymbolscopeError, match="imaginary"):
        sy.Game.from_function(lambda masks: torch.zeros(len(masks), dtype=torch.complex64), N)(MASKS)


def test_a_score_function_may_write_into_the_outputs():
    generator = torch.Generator().manual_seed(0)
    network = nn.Linear(N, 2)
    with torch.no_grad():
        network.weight.copy_(torch.randn(2, N, generator=generator))

    def score(outputs):
        values = outputs[:, 1].clone()
        outputs.zero_()
        return values

    game = sy.Game(network, torch.ones(N), baseline="zero", score=score)
    expected = MASKS @ network.weight[1].double().detach().numpy() + network.bias[1].item()
    np.testing.assert_allclose(sy.evaluate(game, MASKS, progress=False), expected, atol=1e-5)


class WritesIntoItsInput(nn.Module):
    """An affine map after a change of its input in place, which is written into the rows that it was given."""

    def __init__(self, change):
        super().__init__()
        self.change, self.linear = change, nn.Linear(N, 2)
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))

    def forward(self, rows):
        changed = self.change(rows)
        outputs = self.linear(changed)
        rows.fill_(torch.nan)
        return outputs


CHANGES = {
    "relu": lambda rows: nn.functional.relu(rows, inplace=True),
    "doubled": lambda rows: rows.mul_(2.0),
    "clamped": lambda rows: rows.clamp_(-0.5, 0.5),
    "noted": lambda rows: rows.index_fill_(1, torch.tensor([0]), 3.0),
    "sum over columns": lambda rows: rows.cumsum_(dim=1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("training", [False, True])
def test_a_network_that_writes_into_its_input_leaves_ours(change, training):
    network = WritesIntoItsInput(change).train(training)
    sample, baseline = torch.tensor([1.0, -2.0, 3.0, -0.25, 0.5]), torch.tensor([0.5, 0.25, -1.0, 2.0, -0.75])
    game = sy.Game(network, sample, baseline=baseline, target=1, score="logit")
    expected = []
    for mask in MASKS.tolist():
        row = torch.stack([sample[i] if mask[i] else baseline[i] for i in range(N)])[None]
        expected.append(float(network.linear(change(row.clone()))[0, 1].detach()))
    found = sy.evaluate(game, MASKS, progress=False)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert sample.tolist() == [1.0, -2.0, 3.0, -0.25, 0.5]
    assert baseline.tolist() == [0.5, 0.25, -1.0, 2.0, -0.75]
