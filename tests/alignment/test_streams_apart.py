"""Training, validation and test pairs share nothing, whatever the seeds; of small tasks the share that is shared is told."""

import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.alignment.material import search_pairs
from symbolscope.core.random_streams import stream

SEEDS = range(31)
EQUALITY, COUNTING = sy.tasks.HierarchicalEquality(size=3), sy.tasks.MultiObject(max_count=20)
ARITHMETIC = sy.tasks.Arithmetic(max_operations=8)
COUNTER = sy.networks.GRU(COUNTING.vocabulary, width=4)


def of_a_search(program, task, variable, seed, n=60, network=COUNTER, shuffled=False):
    return search_pairs(
        network, program, task, variable, n_pairs=n, n_validation=n, counts=None, shuffled=shuffled, seed=seed
    )


def long_sources(pairs, least=15):
    """Source runs that are too long to come twice by chance: of 15 objects of three kinds there are 14 million."""
    return {
        tokens[: step + 1].tobytes()
        for tokens, step in zip(pairs.source_tokens, pairs.source_steps, strict=True)
        if step >= least
    }


def inputs(pairs):
    return set(pairs.interventions())


@pytest.mark.parametrize("shuffled", [False, True])
def test_pairs_of_a_continuous_task_are_apart_for_all_seeds(shuffled):
    """Numbers drawn from a normal distribution do not come twice, so that every pair in common is a stream in common."""
    program = sy.programs.BothEqualities()
    parts = [part for seed in SEEDS for part in of_a_search(program, EQUALITY, "left", seed, n=15, shuffled=shuffled)]
    parts += [sy.counterfactual_pairs(COUNTER, program, EQUALITY, variable="left", n=15, seed=seed) for seed in SEEDS]
    drawn = [inputs(pairs) for pairs in parts]
    assert len(set().union(*drawn)) == sum(map(len, drawn)) == 3 * 31 * 15


def test_long_source_trials_of_training_are_not_those_of_a_test():
    program = sy.programs.UpDown(COUNTING)
    searched = [set().union(*map(long_sources, of_a_search(program, COUNTING, "count", seed))) for seed in SEEDS]
    tested = [long_sources(sy.counterfactual_pairs(COUNTER, program, COUNTING, n=60, seed=seed)) for seed in SEEDS]
    assert min(map(len, searched)) > 20
    assert min(map(len, tested)) > 10
    for s, known in enumerate(searched):
        for t, fresh in enumerate(tested):
            assert not known & fresh, (s, t)
    for draws in (searched, tested):
        assert len(set().union(*draws)) == sum(map(len, draws))


def test_a_training_set_is_not_its_own_validation_set():
    program = sy.programs.RunningTotal(ARITHMETIC)
    for seed in SEEDS[::5]:
        training, validation = of_a_search(program, ARITHMETIC, program.names[0], seed, network=torch.nn.Linear(1, 1))
        long = long_sources(training, least=20)
        assert len(long) > 5
        assert not long & long_sources(validation, least=20)


def test_pairs_of_several_networks_are_apart():
    names = [f"{part} pairs of align_models" for part in ("training", "validation")]
    draws = [
        long_sources(
            sy.counterfactual_pairs(
                COUNTER, sy.programs.UpDown(COUNTING), COUNTING, n=20, seed=stream(seed, name, target)
            )
        )
        for name in names
        for seed in SEEDS[:8]
        for target in range(2)
    ]
    assert len(set().union(*draws)) == sum(map(len, draws)) > 100


def searched(task, program, network, seed):
    return sy.align(
        network, program, task, featurizer=sy.featurizers.Orthogonal(size=1), steps=2, n_pairs=2_000, n_validation=100,
        seed=seed, progress=False,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_iia_says_which_of_its_pairs_were_searched_with(seed):
    """The test with the seed of the search, and with the pairs of the search itself."""
    task = sy.tasks.MultiObject(max_count=9)
    program, network = sy.programs.UpDown(task), sy.networks.Toy1d(task)
    found = searched(task, program, network, seed)
    training, validation = search_pairs(
        network, program, task, "count", n_pairs=2_000, n_validation=100, counts=None, shuffled=False, seed=seed
    )
    assert found.iia(training).seen_share == found.iia(validation).seen_share == 1.0
    assert found.iia(training).unseen is None
    for other in (0, 1, 2):
        fresh = found.iia(n=300, seed=other)
        known = inputs(training) | inputs(validation)
        pairs = sy.counterfactual_pairs(network, program, task, n=300, seed=other)
        np.testing.assert_array_equal(fresh.seen, [one in known for one in pairs.interventions()])
        long = np.array([step >= 8 for step in pairs.source_steps])
        assert fresh.seen[long].mean() < 0.35  # single objects come again, sequences of them hardly do
        assert fresh.unseen.n == 300 - fresh.seen.sum()


def test_a_small_task_has_hardly_any_other_pairs_and_says_so():
    task = sy.tasks.SingleObject(max_count=3)
    found = searched(task, sy.programs.UpDown(task), sy.networks.Toy1d(task), 0).iia(n=200)
    assert found.seen_share > 0.9
    assert "searched with" in str(found)


def test_an_alignment_without_the_settings_of_its_search_does_not_know():
    from dataclasses import replace

    task = sy.tasks.SingleObject(max_count=3)
    found = replace(searched(task, sy.programs.UpDown(task), sy.networks.Toy1d(task), 0), settings={}).iia(n=50)
    assert found.seen is None
    assert np.isnan(found.seen_share)
    assert found.unseen is None
