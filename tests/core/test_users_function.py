"""Functions of the user that fail, and values that NumPy or Python would take for a number: each is refused, with its cause."""

import numpy as np
import pytest
import torch

import symbolscope as sy

NETWORK = torch.nn.Linear(3, 2)
SECOND = np.timedelta64(1, "s")
HUGE = 10**5000


def game(**given):
    return sy.Game(NETWORK, torch.ones(3), **given)


@pytest.mark.parametrize(
    ("score", "cause"),
    [
        (lambda: 1, TypeError),
        (lambda outputs, more: outputs[:, 0], TypeError),
        (lambda outputs: {}["margin"], KeyError),
        (lambda outputs: outputs[:, 7], IndexError),
        (lambda outputs: outputs @ torch.ones(5), RuntimeError),
        (lambda outputs: 1 / 0, ZeroDivisionError),
    ],
)
def test_a_score_function_that_fails_is_named_and_its_error_kept(score, cause):
    with pytest.raises(sy.SymbolscopeError, match=f"score function.*{cause.__name__}") as refusal:
        sy.explain(game(score=score))
    assert type(refusal.value.__cause__) is cause


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt, SystemExit])
def test_what_is_no_fault_of_a_function_comes_through(error):
    def score(outputs):
        raise error

    with pytest.raises(error):
        sy.explain(game(score=score))


def model():
    return sy.decompose([0.0, 0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: game(target=SECOND), "target"),
        (lambda: game(target=HUGE), "target"),
        (lambda: game(baseline=SECOND), "baseline"),
        (lambda: game().with_baseline(np.array([1, 2, 3], dtype="timedelta64[D]")), "baseline"),
        (lambda: sy.Game(NETWORK, [HUGE, 1, 2]), "too large"),
        (lambda: sy.transferability([model()], [model()], k=HUGE), "k plays no part"),
        (lambda: sy.explain_hierarchy(game(target=0), groups=torch.tensor(3)), "groups"),
        (lambda: sy.explain_hierarchy(game(target=0), groups=[[HUGE]]), "no player"),
        (lambda: sy.programs.CausalModel({}), "mechanisms"),
        (lambda: sy.networks.class_accuracy(torch.nn.Linear(7, 2), sy.tasks.TwoConjunctions()), "the network"),
    ],
)
def test_spans_of_time_and_numbers_without_an_end_are_refused_by_name(call, named):
    with pytest.raises(sy.SymbolscopeError, match=named):
        call()


@pytest.mark.parametrize("dtype", [">f4", ">f8", "<f8"])
def test_numbers_in_the_other_byte_order_are_the_same_numbers(dtype):
    row = np.array([3, -2, 5])
    found, known = (
        sy.explain(sy.Game(NETWORK, given, target=0)) for given in (row.astype(dtype), row.astype(np.float64))
    )
    np.testing.assert_allclose(found.predict_all(), known.predict_all(), rtol=1e-5)


def test_effects_in_the_order_of_their_columns_are_transformed_alike():
    effects = np.asfortranarray(np.random.default_rng(0).normal(size=(2, 8)))
    np.testing.assert_allclose(sy.inverse_or_mobius(effects), sy.inverse_or_mobius(effects.copy(order="C")))
    np.testing.assert_allclose(sy.or_mobius(sy.inverse_or_mobius(effects))[:, 1:], effects[:, 1:])
