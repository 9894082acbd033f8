"""A network of AND units against the transform that finds its interactions from outside."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import symbolscope as sy
from symbolscope.networks.harsanyi import Harsanyi

few = settings(max_examples=40)


def sample_of(n, seed, *, positive=False):
    """Values of both signs, about one in four absent; or all present and positive."""
    generator = np.random.default_rng(seed)
    values = generator.uniform(0.3, 2.0, size=n)
    if not positive:
        values *= generator.choice([-1.0, 0.0, 1.0, 1.0], size=n)
    return torch.from_numpy(values)


def table(sets, effects, n):
    """Dividends [2^n] in the order of all_masks."""
    out = np.zeros(1 << n)
    np.add.at(out, sets @ (1 << np.arange(n)), effects)
    return out


@st.composite
def sizes(draw):
    n = draw(st.integers(1, 8))
    n_children = draw(st.integers(1, min(3, n)))
    widths = tuple(draw(st.lists(st.integers(n_children, 8), min_size=1, max_size=3)))
    n_outputs, seed = draw(st.integers(1, 3)), draw(st.integers(0, 1000))
    return {"n_inputs": n, "widths": widths, "n_children": n_children, "n_outputs": n_outputs, "seed": seed}


@few
@given(size=sizes(), seed=st.integers(0, 1000), positive=st.booleans())
def test_known_dividends_are_those_of_the_transform(size, seed, positive):
    network = Harsanyi(**size).double()
    n = network.n_inputs
    sample = sample_of(n, seed, positive=positive)
    sets, effects = network.interactions(sample)
    intercept = network.intercept.detach().numpy()
    for column in range(effects.shape[1]):
        game = sy.Game(network, sample, score="output", target=column)
        measured = sy.mobius(sy.evaluate(game, sy.all_masks(n)))
        expected = table(sets, effects[:, column], n)
        expected[0] = intercept[column]
        np.testing.assert_allclose(measured, expected, atol=1e-9)


@few
@given(size=sizes(), seed=st.integers(0, 1000), data=st.data())
def test_a_masked_input_kills_the_units_that_look_at_it_and_no_other(size, seed, data):
    network = Harsanyi(**size).double()
    n = network.n_inputs
    mask = torch.tensor(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    x = sample_of(n, seed, positive=True)[None]
    network.eval()
    whole, masked = network.activations(x)[0], network.activations(x * mask)[0]
    inside = ~(network.receptive_fields & ~mask).any(dim=1)
    assert (whole > 0).all()  # a new network fires everywhere on positive inputs
    assert (masked[~inside] == 0).all()
    torch.testing.assert_close(masked[inside], whole[inside], rtol=1e-12, atol=0)


def test_fields_are_the_unions_of_the_children_s():
    network = Harsanyi(7, widths=(5, 6, 4), n_children=2, seed=3)
    before = [{i} for i in range(7)]
    expected = []
    for layer in network.layers:
        assert all(len(set(row)) == 2 for row in layer.child_index.tolist())
        before = [set().union(*(before[child] for child in row)) for row in layer.child_index.tolist()]
        expected += before
    assert [set(np.flatnonzero(field)) for field in network.receptive_fields.numpy()] == expected


@pytest.mark.parametrize("seed", range(4))
def test_an_explanation_recovers_sets_and_effects(seed):
    network = Harsanyi(7, widths=(6, 6), seed=seed).double()
    sample = sample_of(7, seed, positive=True)
    sets, effects = network.interactions(sample)
    model = sy.explain(sy.Game(network, sample, score="output"), kinds="and")
    assert model.intercept == pytest.approx(network.intercept.item(), abs=1e-9)
    found = {tuple(mask): effect for mask, effect in zip(model.masks.tolist(), model.effects, strict=True)}
    known = {tuple(mask): effect for mask, effect in zip(sets.tolist(), effects[:, 0], strict=True)}
    assert len(known) > 6
    assert found == pytest.approx(known, abs=1e-6)


def test_effects_come_strongest_first_and_none_is_zero():
    sets, effects = Harsanyi(6, n_outputs=2, seed=5).interactions(sample_of(6, 1))
    strength = np.abs(effects).max(axis=1)
    assert (np.diff(strength) <= 0).all()
    assert (strength > 0).all()
    assert len(np.unique(sets, axis=0)) == len(sets)
    assert sets.any(axis=1).all()
    assert sets.dtype == np.bool_
    assert effects.dtype == np.float64


def test_units_with_one_field_are_one_interaction():
    network = Harsanyi(2, widths=(3,), n_children=2, seed=0).double()
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    sets, effects = network.interactions(x)
    assert sets.tolist() == [[True, True]]
    z = network.eval().activations(x[None])[0]
    assert effects[0, 0] == pytest.approx((z @ network.readout)[0].item(), abs=1e-12)


def test_an_absent_sample_has_no_interactions():
    network = Harsanyi(4, n_outputs=2)
    sets, effects = network.interactions(np.zeros(4))
    assert sets.shape == (0, 4)
    assert effects.shape == (0, 2)
    torch.testing.assert_close(network.eval()(torch.zeros(1, 4))[0], network.intercept)


def test_training_reaches_every_weight():
    network = Harsanyi(6, n_outputs=2, seed=1).train()
    network(torch.rand(32, 6, generator=torch.Generator().manual_seed(0)) + 0.2).square().sum().backward()
    named = dict(network.named_parameters())
    assert len(named) == 6  # weights and biases of two layers, readout, intercept
    for name, parameter in named.items():
        assert parameter.grad is not None, name
        # A unit of the last layer reaches the output by itself, one of the first by its own readout at least.
        assert (parameter.grad != 0).all(), name


def test_a_shallow_indicator_lets_gradients_through_to_children():
    """At gamma |z| far from saturation the output of training mode is smaller, and as dead where an input is absent."""
    network = Harsanyi(5, widths=(10,), gamma=0.5, seed=2).double()
    x = torch.tensor([[1.0, 1.0, 0.0, 1.0, 1.0]], dtype=torch.float64, requires_grad=True)
    trained, hard = network.train().activations(x)[0], network.eval().activations(x)[0]
    seen = ~network.receptive_fields[:, 2]
    assert (trained[~seen] == 0).all()
    assert (hard[~seen] == 0).all()
    assert seen.any()
    assert not seen.all()
    assert (trained[seen] < hard[seen]).all()
    value = (x.detach()[0, network.layers[0].child_index] * network.layers[0].weight).sum(-1) + network.layers[0].bias
    torch.testing.assert_close(trained[seen], (value * np.tanh(0.5) ** 2)[seen], rtol=1e-12, atol=0)
    trained.sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_a_few_steps_of_training_keep_the_ground_truth():
    network = Harsanyi(5, widths=(6, 6), seed=4).double()
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(64, 5, generator=generator, dtype=torch.float64) + 0.1
    wanted = (x[:, :1] * x[:, 1:2]) - x[:, 4:]
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (network.train()(x) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]
    sets, effects = network.interactions(x[0])
    measured = sy.mobius(sy.evaluate(sy.Game(network, x[0], score="output"), sy.all_masks(5)))
    np.testing.assert_allclose(measured[1:], table(sets, effects[:, 0], 5)[1:], atol=1e-9)


def test_it_is_in_evaluation_mode_only_while_interactions_are_read():
    network = Harsanyi(4, gamma=0.1).train()
    sets, effects = network.interactions(np.ones(4))
    assert network.training
    assert network.layers[0].training
    again = network.eval().interactions(np.ones(4))
    np.testing.assert_array_equal(sets, again[0])
    np.testing.assert_array_equal(effects, again[1])


def test_the_seed_decides_and_the_global_random_state_stays():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    one, same, other = Harsanyi(6, seed=3), Harsanyi(6, seed=3), Harsanyi(6, seed=4)
    assert torch.equal(torch.get_rng_state(), before)
    for name, value in one.state_dict().items():
        assert torch.equal(value, same.state_dict()[name])
    assert not torch.equal(one.readout, other.readout)
    assert not torch.equal(one.layers[0].child_index, other.layers[0].child_index)
    assert (one.readout > 0).sum() == (one.readout < 0).sum() == 16


def test_a_state_dict_carries_everything():
    one, other = Harsanyi(6, seed=3), Harsanyi(6, seed=4)
    other.load_state_dict(one.state_dict())
    x = torch.rand(8, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(one.eval()(x), other.eval()(x))
    np.testing.assert_array_equal(one.interactions(x[0])[0], other.interactions(x[0])[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_inputs": 0}, "n_inputs must be at least 1; got 0"),
        ({"n_inputs": 4, "n_children": 0}, "n_children must be at least 1; got 0"),
        ({"n_inputs": 4, "n_outputs": 0}, "n_outputs must be at least 1; got 0"),
        ({"n_inputs": 4, "widths": ()}, r"at least one layer .* got \(\)"),
        ({"n_inputs": 4, "widths": (3, 0)}, r"at least one unit.* got \(3, 0\)"),
        ({"n_inputs": 1}, "layer 0 has n_children=2 .* there are 1 inputs; give n_children=1"),
        ({"n_inputs": 4, "widths": (2, 5), "n_children": 3}, "layer 1 has n_children=3 .* 2 units in layer 0"),
        ({"n_inputs": 4, "gamma": 0.0}, "gamma must be a finite number above 0.* got 0.0"),
        ({"n_inputs": 4, "gamma": float("inf")}, "gamma must be .* got inf"),
    ],
)
def test_sizes_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        Harsanyi(**arguments)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.ones(2, 3), r"x must be \[b, 4\], one column per input; got \[2, 3\]"),
        (torch.ones(4), r"got \[4\]; a single input needs a first axis: x\[None\]"),
        (
            torch.ones(2, 4, dtype=torch.int64),
            r"x must be torch.float32 .* got torch.int64. Type x.to\(torch.float32\)$",
        ),
        (torch.ones(2, 4, dtype=torch.float64), r"got torch.float64. Type x.to\(torch.float32\) or network.double\(\)"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        Harsanyi(4)(x)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (np.ones(3), r"sample must be \[4\] finite numbers.* got shape \[3\]"),
        (torch.ones(1, 4), r"got shape \[1, 4\]"),
        ([1.0, float("nan"), 1.0, 1.0], "got one that is not finite"),
    ],
)
def test_samples_that_do_not_fit_are_refused(sample, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        Harsanyi(4).interactions(sample)
