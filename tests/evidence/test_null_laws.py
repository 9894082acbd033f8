"""Laws that every null obeys: the seed fixes it, it changes nothing that it is given, and it is no richer than the reading."""

import re
from collections import Counter

import numpy as np
import pytest
import torch
from tests.evidence.instances import (
    NO_DATA,
    NULLS,
    READINGS,
    SUITED,
    UNSUITED,
    is_alignment,
    nudge,
    null_for,
    reading,
    same,
    weights,
)
from torch import nn

import symbolscope as sy
from symbolscope.alignment.refit import readout_parameters
from symbolscope.evidence.null import restart_seed
from symbolscope.evidence.nulls import RandomInit, registry
from symbolscope.evidence.redraw import redrawn
from symbolscope.variation import Variation

USUAL = {True: {"random-init", "random-core", "permuted-outputs"}, False: {"random-init", "permuted-outputs"}}
suited = pytest.mark.parametrize(("name", "of"), SUITED, ids=["-on-".join(pair) for pair in SUITED])


def test_every_null_is_among_the_instances():
    assert set(NULLS) == set(registry)
    for name, null in registry.items():
        made = NULLS[name]()
        assert type(made) is null
        assert (made.name, null.name) == (name, name)
        assert null.about


def refitted(one, variation):
    if is_alignment(one):
        return sy.Alignment.refit_many([one], [variation])[0][0]
    return one.refit(variation=variation)


def fingerprint(one):
    """Everything that a reading learned, as bytes."""
    if is_alignment(one):
        found = weights(one.featurizer) | {f"network {name}": w for name, w in weights(one.network).items()}
        found = {name: tensor.numpy().tobytes() for name, tensor in found.items()}
        return found | {"settings": sorted(one.settings.items()), "answers": one.pairs(n=30).source_tokens.tobytes()}
    arrays = {"masks": one.masks, "effects": one.effects, "values": one.values}
    return {name: array.tobytes() for name, array in arrays.items()} | {"kinds": one.kinds.tolist()}


def plain(variation):
    return (variation.answers, variation.features, variation.program, variation.variable, variation.seed)


@suited
def test_the_seed_fixes_the_control(name, of):
    one, null = reading(of), null_for(name, of)
    first, again, other = (null.variation(one, seed=seed) for seed in (5, 5, 6))
    assert plain(first) == plain(again)
    assert (first.network is None) == (again.network is None) == (other.network is None)
    if first.network is not None:
        assert first.network is not again.network
        assert same(weights(first.network), weights(again.network))
        assert not same(weights(first.network), weights(other.network))
    prints = [fingerprint(refitted(one, variation)) for variation in (first, again, other)]
    assert prints[0] == prints[1]
    assert prints[0] != prints[2]
    assert prints[0] != fingerprint(one)


def stood(one):
    """Whatever could have been disturbed: the reading, its network, and the random numbers that belong to everybody."""
    network = one.network
    state = {} if network is None else {
        "weights": {name: tensor.numpy().tobytes() for name, tensor in weights(network).items()},
        "modes": {name: module.training for name, module in network.named_modules()},
        "flags": {name: parameter.requires_grad for name, parameter in network.named_parameters()},
        "gradients": {
            name: None if parameter.grad is None else parameter.grad.numpy().tobytes()
            for name, parameter in network.named_parameters()
        },
    }  # fmt: skip
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - that it is left alone is what is tested
    chance = {"torch": torch.get_rng_state().tolist(), "numpy": (kind, keys.tolist(), rest)}
    return state | chance | {"fingerprint": fingerprint(one), "identity": id(network)}


@suited
def test_nothing_is_disturbed(name, of):
    one, null = reading(of), null_for(name, of)
    before = stood(one)
    variation = null.variation(one, seed=1)
    assert stood(one) == before
    refitted(one, variation)
    assert stood(one) == before


@suited
def test_a_control_is_no_richer_than_the_reading(name, of):
    one, null = reading(of), null_for(name, of)
    again = refitted(one, null.variation(one, seed=2))
    if is_alignment(one):
        assert again.complexity <= one.complexity
        assert again.featurizer.sizes == one.featurizer.sizes
        assert again.featurizer.width == one.featurizer.width
        wanted = sy.featurizers.RandomUnits if name == "random-subset" else type(one.featurizer)
        assert type(again.featurizer) is wanted
        assert (again.variables, again.site, again.task) == (one.variables, one.site, one.task)
        assert len(again.restarts) == 1
        return
    assert again.player_names == one.player_names
    assert again.settings["kinds"] == one.settings["kinds"]
    if name == "random-subset":
        assert Counter(zip(again.kinds, again.orders, strict=True)) == Counter(zip(one.kinds, one.orders, strict=True))
    else:
        # All outputs are reproduced; the score counts no more terms than the reading takes.
        assert again.largest_error <= again.tolerance + 1e-9
    score = sy.assess(one, nulls=(null,), restarts=1, seed=3).null_scores[name][0]
    drawn = refitted(one, null.variation(one, seed=restart_seed(3, 0)))
    assert score == pytest.approx(max(0.0, drawn.restrict(one.complexity).fitted_r2(1 << one.n_players)), abs=1e-9)
    assert score >= drawn.restrict(one.complexity).fidelity.r2 - 1e-9  # with effects at their best


@pytest.mark.parametrize("name", NULLS)
@pytest.mark.parametrize("of", READINGS)
def test_what_does_not_suit_says_why(name, of):
    one, null = reading(of), NULLS[name]()
    why = null.unsuited(one)
    assert why == (UNSUITED | NO_DATA).get((name, of))
    if why is None:
        assert isinstance(null.variation(one, seed=0), Variation)
        return
    for given in (null, name):
        with pytest.raises(sy.SymbolscopeError, match=re.escape(f"the null {name!r} cannot be run: {why}")):
            sy.assess(one, nulls=(given,))


@pytest.mark.parametrize("of", ["explained", "decomposed", "toy"])
def test_the_usual_nulls_are_run_or_listed_as_skipped(of):
    one = reading(of)
    report = sy.assess(one, n=30, restarts=1)
    usual = USUAL[is_alignment(one)]
    reasons = {name: why for name in usual if (why := NULLS[name]().unsuited(one)) is not None}
    assert report.skipped == reasons
    assert set(report.null_scores) == usual - set(reasons)
    assert all(f"not run: {why}" in repr(report) for why in reasons.values())


@pytest.mark.parametrize("of", ["gru", "mlp"])
def test_a_random_core_has_a_trained_readout_and_nothing_else(of):
    one = reading(of)
    network = null_for("random-core", of).variation(one, seed=4).network
    core, readout = redrawn(one.network, seed=4), readout_parameters(one, one.network)
    trained = {name for name, value in weights(network).items() if not torch.equal(value, weights(core)[name])}
    assert trained
    assert trained <= set(readout)
    assert set(readout) < {name for name, _ in one.network.named_parameters()}


@pytest.mark.parametrize("of", ["gru", "mlp"])
def test_shuffled_labels_train_all_that_can_be(of):
    one = reading(of)
    network = null_for("shuffled-labels", of).variation(one, seed=4).network
    fresh = weights(redrawn(one.network, seed=4))
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter, fresh[name]) == (not parameter.requires_grad)


@pytest.mark.parametrize("name", ["random-core", "shuffled-labels"])
def test_a_function_of_the_user_trains_a_fresh_network(name):
    one = reading("explained")
    calls = []

    def train(network, seed):
        calls.append((network, seed, weights(network)))
        nudge(network, seed)

    null = registry[name](train)
    report = sy.assess(one, nulls=(null,), restarts=2, seed=8)
    assert len(report.null_scores[name]) == 2
    assert [seed for _, seed, _ in calls] == [restart_seed(8, 0), restart_seed(8, 1)]
    for network, seed, begun in calls:
        assert type(network) is type(one.network)
        assert network is not one.network
        assert same(begun, weights(redrawn(one.network, seed=seed)))
        assert not same(begun, weights(network))
    # An alignment is trained by the function too, where one is given.
    calls.clear()
    null.variation(reading("gru"), seed=3)
    assert [seed for _, seed, _ in calls] == [3]


def test_a_null_of_ones_own_is_run_by_its_name(monkeypatch):
    class Silent(RandomInit):
        name, about = "silent", "a network that says nothing"

        def variation(self, reading, *, seed):
            network = redrawn(reading.network, seed=seed)
            with torch.no_grad():
                for parameter in network.parameters():
                    parameter.zero_()
            return Variation(network=network, seed=seed)

    monkeypatch.setitem(registry, "silent", Silent)
    report = sy.assess(reading("explained"), nulls=("silent",))
    assert report.null_scores == {"silent": (1.0, 1.0)}  # a constant is reproduced by no term at all
    assert "0 for a network that says nothing" in report.sentence
    assert isinstance(reading("explained").network, nn.Module)
