"""Hand-built networks: the search finds what was built in, at its true size and not below."""

import numpy as np
import pytest
import torch

import symbolscope as sy

TASK = sy.tasks.MultiObject(max_count=10)
UP_DOWN, UP_UP = sy.programs.UpDown(TASK), sy.programs.UpUp(TASK)
SKEW = torch.tensor([[1.0, 0.0, 1.5], [0.0, 1.0, 0.0], [0.5, 0.0, 1.0]])


def best_iia(network, program, variable, featurizer, *, restarts=1):
    alignment = sy.align(
        network,
        program,
        TASK,
        variable=variable,
        featurizer=featurizer,
        rate=0.02,
        n_pairs=4_000,
        n_validation=4_000,  # it stops once all of these follow: of fewer, none may lie where two answers are nearly tied
        restarts=restarts,
        progress=False,
    )
    return alignment.iia(n=1_000)


@pytest.mark.parametrize(
    ("network", "program", "variable", "size"),
    [
        (sy.networks.Toy1d(TASK), UP_DOWN, "count", 1),
        (sy.networks.Toy2d(TASK), UP_UP, "demo_count", 1),
        (sy.networks.Toy2d(TASK), UP_UP, "response_count", 1),
        (sy.networks.ToyRotation(TASK), UP_DOWN, "count", 2),
        (sy.networks.ToyOrthogonal(TASK), UP_DOWN, "count", 6),
    ],
    ids=["1d", "2d demo", "2d response", "rotation", "orthogonal"],
)
def test_found_at_the_true_size(network, program, variable, size):
    iia = best_iia(network, program, variable, sy.featurizers.Orthogonal(size=size), restarts=2)
    assert iia.value == 1.0
    assert iia.floor < 0.3
    assert iia.ceiling == 1.0


@pytest.mark.parametrize(
    ("network", "size"),
    [(sy.networks.ToyRotation(TASK), 1), (sy.networks.ToyOrthogonal(TASK), 5)],
    ids=["rotation", "orthogonal"],
)
def test_one_size_smaller_is_not_enough(network, size):
    assert best_iia(network, UP_DOWN, "count", sy.featurizers.Orthogonal(size=size), restarts=2).value < 0.9


def test_only_an_oblique_swap_finds_a_skewed_count():
    network = sy.networks.Skewed(sy.networks.Toy1d(TASK), SKEW)
    assert best_iia(network, UP_DOWN, "count", sy.featurizers.Orthogonal(size=1), restarts=2).value < 0.85
    assert best_iia(network, UP_DOWN, "count", sy.featurizers.Linear(size=1), restarts=2).value >= 0.99


def exact_swap(network, directions):
    """A swap of the span of given directions, by explicit projection, with no training."""
    Q = torch.linalg.qr(directions)[0]
    return lambda target, source: target + (source - target) @ Q @ Q.T


@pytest.mark.parametrize(
    ("network", "program", "variable", "columns", "fewer"),
    [
        (sy.networks.Toy1d(TASK), UP_DOWN, "count", [0], None),
        (sy.networks.Toy1d(TASK), UP_DOWN, "phase", [2], None),
        (sy.networks.Toy2d(TASK), UP_UP, "demo_count", [0], None),
        (sy.networks.Toy2d(TASK), UP_UP, "response_count", [1], None),
        (sy.networks.ToyRotation(TASK), UP_DOWN, "count", [0, 1], [0]),
        (sy.networks.ToyOrthogonal(TASK), UP_DOWN, "count", [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4]),
    ],
)
def test_the_built_in_subspace_is_exact(network, program, variable, columns, fewer):
    from symbolscope.alignment.measure import measure

    eye = torch.eye(network.state_size)
    pairs = sy.counterfactual_pairs(network, program, TASK, variable=variable, n=2_000, seed=3)
    site = sy.sites.find_site(network)
    assert measure(network, site, pairs, exact_swap(network, eye[:, columns])).value == 1.0
    if fewer is not None:
        assert measure(network, site, pairs, exact_swap(network, eye[:, fewer])).value < 0.9


def test_skewing_changes_no_behaviour():
    network = sy.networks.Skewed(sy.networks.Toy1d(TASK), SKEW)
    tokens = torch.from_numpy(TASK.sample(50, seed=0).tokens)
    np.testing.assert_allclose(network(tokens), sy.networks.Toy1d(TASK)(tokens), atol=1e-3)
