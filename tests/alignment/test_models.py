"""One variable carried between networks, whatever their scales, widths and coordinates."""

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.alignment.similarity import linear_cka, representational_similarity
from symbolscope.core.random_streams import stream
from symbolscope.featurizers import PCA, Boundless, Identity, Linear

TASK = sy.tasks.MultiObject(max_count=5)
UP_DOWN = sy.programs.UpDown(TASK)
SKEW = torch.tensor([[1.0, 0.0, 0.8], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def carried(networks, **settings):
    small = {
        "featurizer": Linear(size=1), "steps": 250, "batch": 64, "rate": 0.05, "n_pairs": 500, "n_validation": 200,
        "progress": False,
    }  # fmt: skip
    return sy.align_models(networks, settings.pop("program", UP_DOWN), settings.pop("task", TASK), **(small | settings))


@pytest.mark.parametrize(
    "other",
    [sy.networks.Toy1d(TASK, scale=2.0, width=5), sy.networks.Skewed(sy.networks.Toy1d(TASK), SKEW)],
    ids=["another scale and width", "other coordinates"],
)
def test_a_count_is_carried_both_ways(other):
    networks = sy.networks.Toy1d(TASK), other
    found = carried(networks, steps=500, restarts=2)
    assert found.validation_iia.shape == (2, 2)
    assert len(found.restart_iia) == 2
    assert found.validation_iia.mean() == max(found.restart_iia)
    assert found.between > 0.97
    assert found.within > 0.97
    assert found.between == min(found.validation_iia[0, 1], found.validation_iia[1, 0])
    assert found.within == min(found.validation_iia[0, 0], found.validation_iia[1, 1])
    for source in (0, 1):
        iia = found.iia(source, 1 - source, n=300)
        assert iia.value > 0.95
        assert iia.floor < 0.5
        assert iia.ceiling == 1.0
    assert [one.width for one in found.featurizers] == [3, other.state_size]
    # All of a hand-built state is affine in all of another of the same program.
    assert found.stitching.min() > 0.99


def test_three_networks_and_a_printout():
    networks = [sy.networks.Toy1d(TASK, scale=scale) for scale in (1.0, 0.5, 3.0)]
    found = carried(networks, steps=3, n_pairs=60, n_validation=60)
    lines = str(found).splitlines()
    assert lines[0] == "count carried between 3 networks (rows: source, columns: target)"
    assert lines[3] == " ".join(f"{value:.3f}" for value in found.validation_iia[2]) + "   from Toy1d 2"
    assert found.cka.shape == found.similarity.shape == (3, 3)


def test_a_variable_means_the_same_only_where_both_have_it():
    """Raw coordinates: between networks of one scale the count fits, between different scales it does not."""
    same, other = sy.networks.Toy1d(TASK), sy.networks.Toy1d(TASK, scale=3.0)
    found = carried([same, sy.networks.Toy1d(TASK), other], featurizer=Identity(size=1))
    assert found.validation_iia[:2, :2].min() == 1.0
    assert found.within == 1.0
    assert found.validation_iia[0, 2] < 0.7
    assert found.validation_iia[2, 0] < 0.7


def test_what_is_measured_again_is_what_was_kept():
    found = carried([sy.networks.Toy1d(TASK), sy.networks.Toy1d(TASK, scale=2.0)], steps=40)
    for source in (0, 1):
        for target in (0, 1):
            pairs = sy.counterfactual_pairs(
                found.networks[target], UP_DOWN, TASK, n=200, seed=stream(0, "validation pairs of align_models", target)
            )
            assert found.iia(source, target, pairs=pairs).value == found.validation_iia[source, target]


def test_correlational_baselines_are_those_of_the_states():
    first, second = sy.networks.Toy1d(TASK), sy.networks.Toy1d(TASK, scale=2.0)
    found = carried([first, second], featurizer=PCA(size=1), n_validation=100)
    own = stream(0, "validation pairs of align_models", 0)
    pairs = sy.counterfactual_pairs(first, UP_DOWN, TASK, n=100, seed=own)
    tokens, rows = torch.from_numpy(pairs.source_tokens), np.arange(100)
    states = [one.states(tokens)[rows, pairs.source_steps].double().numpy() for one in (first, second)]
    assert found.cka[0, 1] == pytest.approx(linear_cka(*states))
    assert found.similarity[0, 1] == pytest.approx(representational_similarity(*states))
    np.testing.assert_allclose(np.diag(found.cka), 1.0)
    np.testing.assert_allclose(found.cka, found.cka.T)
    np.testing.assert_allclose(found.similarity, found.similarity.T)


def test_seeds_reproduce():
    networks = [sy.networks.Toy1d(TASK), sy.networks.Toy1d(TASK, scale=2.0)]
    settings = {"steps": 6, "n_pairs": 80, "n_validation": 40}
    first, second, other = (carried(networks, seed=seed, **settings) for seed in (0, 0, 1))
    assert (first.validation_iia == second.validation_iia).all()
    assert torch.equal(first.featurizers[1].u, second.featurizers[1].u)
    assert not torch.equal(first.featurizers[1].u, other.featurizers[1].u)


@pytest.mark.parametrize("number", [1, 2], ids=["two networks", "one network twice"])
def test_networks_are_handed_back_as_they_were(number):
    gates = sy.networks.GRU(TASK.vocabulary, width=4, dropout=0.5)
    gates.train()
    gates.embedding.weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in gates.state_dict().items()}
    networks = [gates, sy.networks.Toy1d(TASK)] if number == 1 else [gates, gates]
    settings = {"steps": 2, "n_pairs": 20, "n_validation": 20}
    carried(networks, force=True, **settings).iia(0, 1, n=10)
    with pytest.raises(sy.SymbolscopeError, match="it has not learned the task"):
        carried(networks, **settings)
    assert all(module.training for module in gates.modules())
    assert [p.requires_grad for p in gates.parameters()] == [False] + [True] * (len(list(gates.parameters())) - 1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in gates.state_dict().items())
    assert all(parameter.grad is None for parameter in gates.parameters())


def test_sites_are_found_or_given():
    networks = [sy.networks.GRU(TASK.vocabulary, width=4), sy.networks.Transformer(TASK.vocabulary, width=6)]
    settings = {"steps": 2, "n_pairs": 20, "n_validation": 20, "force": True}
    found = carried(networks, **settings)
    assert found.sites == (sy.sites.find_site(networks[0]), sy.sites.Output("blocks.0"))
    given = carried(networks, sites=[None, sy.sites.Output("blocks.1")], **settings)
    assert given.sites == (sy.sites.find_site(networks[0]), sy.sites.Output("blocks.1"))


TWO = (sy.networks.Toy1d(TASK), sy.networks.Toy1d(TASK, width=4))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"variable": "cuont"}, "UpDown has no variable 'cuont'; did you mean 'count'"),
        ({"featurizer": Linear(size=(1, 1))}, r"carries one variable: give size=2, not \(1, 1\)"),
        ({"featurizer": Linear(size=4)}, r"more features than the states have coordinates \(3\); give size=3 or less"),
        ({"featurizer": None}, r"Linear\(size=8\) has more features .* give size=3 or less"),
        (
            {"featurizer": Boundless(size=2)},
            r"Boundless learns its own size, and all networks need one; give Linear\(size=2\)",
        ),
        ({"sites": [None]}, r"sites must be one per network \(2\), None to find it; got 1"),
        ({"sites": []}, r"sites must be one per network \(2\)"),
        ({"steps": 0}, "steps must be at least 1; got 0"),
        ({"batch": 0}, "batch must be at least 1; got 0"),
        ({"n_pairs": 0}, "n_pairs must be at least 1; got 0"),
        ({"n_validation": -1}, "n_validation must be at least 1; got -1"),
        ({"rate": -0.1}, "rate must be positive; got -0.1"),
        (
            {"program": sy.programs.UpDown(sy.tasks.SingleObject(max_count=5))},
            r"the program is for SingleObject.*UpDown\(task\)",
        ),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
)
def test_refusals(settings, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        carried(TWO, **settings)


def test_networks_that_cannot_take_part():
    with pytest.raises(sy.SymbolscopeError, match="align_models needs at least two networks; got 1"):
        carried(TWO[:1])
    strange = sy.networks.GRU(sy.tasks.SingleObject().vocabulary, width=4)
    with pytest.raises(sy.SymbolscopeError, match=r"the network's vocabulary .* is not the task's"):
        carried([TWO[0], strange])
    nowhere = nn.Sequential(nn.Embedding(len(TASK.vocabulary), 4), nn.Linear(4, len(TASK.vocabulary)))
    with pytest.raises(sy.SymbolscopeError, match="Sequential has no recurrent state to be found; choose a site"):
        carried([TWO[0], nowhere])


def test_training_is_not_begun_with_a_network_that_has_not_learned(monkeypatch):
    def train(*arguments, **settings):
        raise AssertionError("training has begun")

    monkeypatch.setattr("symbolscope.alignment.models._train", train)
    with pytest.raises(sy.SymbolscopeError, match="below 99%: it has not learned the task"):
        carried([TWO[0], sy.networks.GRU(TASK.vocabulary, width=4)])


def test_stitching_fails_where_the_giver_does_not_carry_what_is_needed():
    """A network that keeps only the last token says nothing of the count; its own answers are no better."""

    class Forgetful(sy.networks.Toy1d):
        def resume(self, states, tokens, lengths=None):
            return super().resume(states, tokens, lengths) * torch.tensor([0.0, 1.0, 1.0])

    found = carried([sy.networks.Toy1d(TASK), Forgetful(TASK)], steps=2, n_pairs=200, force=True)
    assert found.stitching[0, 0] == 1.0
    assert found.stitching[1, 0] < 0.5
    assert found.stitching[1, 1] < 0.5
