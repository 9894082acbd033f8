"""What every registered featurizer must satisfy, whatever its features are."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save
from tests.featurizers.instances import (
    KINDS,
    MAKE,
    ONE_TO_ONE,
    RANDOM,
    SEVERAL,
    TRAINED,
    UNTYPED,
    draw_instance,
    examples,
)

from symbolscope.featurizers import from_configuration, registry

few = settings(max_examples=40)


def test_every_registered_featurizer_is_tested_here():
    assert set(registry) == set(KINDS)
    assert all(name == cls.__name__ for name, cls in registry.items())


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_inverse_restores_the_state(kind, data):
    instance = draw_instance(data, kind)
    featurizer, states, _ = instance
    features, error = featurizer(states)
    assert instance.same(featurizer.inverse(features, error), states)
    if kind != "Boundless" or not featurizer.training:
        assert features.shape == (*states.shape[:-1], featurizer.size)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_swapping_a_state_with_itself_changes_nothing(kind, data):
    instance = draw_instance(data, kind)
    featurizer, states, _ = instance
    assert instance.same(featurizer.swap(states, states), states)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_a_cheaper_swap_is_the_swap_by_features(kind, data):
    instance = draw_instance(data, kind)
    featurizer, target, source = instance
    if kind == "Boundless" and featurizer.training:  # a soft mask has no separate features: see test_boundless
        featurizer.eval()
    features, _ = featurizer(source)
    _, error = featurizer(target)
    assert instance.same(featurizer.swap(target, source), featurizer.inverse(features, error))


@pytest.mark.parametrize("kind", ONE_TO_ONE)
@few
@given(data=st.data())
def test_swapping_all_of_the_state_gives_the_source(kind, data):
    instance = draw_instance(data, kind, full=True, evaluating=True)
    featurizer, target, source = instance
    assert featurizer.size == featurizer.width
    assert instance.same(featurizer.swap(target, source), source)


@pytest.mark.parametrize("kind", ONE_TO_ONE)
@few
@given(data=st.data())
def test_swapping_twice_is_swapping_once(kind, data):
    instance = draw_instance(data, kind, evaluating=True)
    featurizer, target, source = instance
    once = featurizer.swap(target, source)
    # An ill-conditioned featurizer passes through large numbers, whose rounding stays.
    through = once, *featurizer(once)
    assert instance.same(featurizer.swap(once, source), once, *through)
    assert instance.same(featurizer.swap(once, target), target, *through)


@pytest.mark.parametrize("kind", [kind for kind in SEVERAL if kind in ONE_TO_ONE])
@few
@given(data=st.data())
def test_the_blocks_in_any_order_compose_to_the_whole(kind, data):
    instance = draw_instance(data, kind, several=True)
    featurizer, target, source = instance
    mixed, through = target, []
    for block in data.draw(st.permutations(range(len(featurizer.sizes)))):
        mixed = featurizer.swap(mixed, source, block=block)
        # An ill-conditioned featurizer passes through large numbers, whose rounding stays.
        through += [mixed, *featurizer(mixed)]
    assert instance.same(mixed, featurizer.swap(target, source), *through)
    # What the blocks leave is the complement: with it too, nothing of the target remains.
    assert instance.same(featurizer.swap(source, mixed), source, *through)


@pytest.mark.parametrize("kind", [kind for kind in SEVERAL if kind in ONE_TO_ONE])
@few
@given(data=st.data())
def test_a_block_leaves_the_other_features_and_the_error_alone(kind, data):
    instance = draw_instance(data, kind, several=True)
    featurizer, target, source = instance
    block = data.draw(st.integers(0, len(featurizer.sizes) - 1))
    begin, end = sum(featurizer.sizes[:block]), sum(featurizer.sizes[: block + 1])
    mixed, error = featurizer(featurizer.swap(target, source, block=block))
    own, own_error = featurizer(target)
    theirs, _ = featurizer(source)
    expected = torch.cat([own[..., :begin], theirs[..., begin:end], own[..., end:]], dim=-1)
    assert torch.allclose(mixed, expected, rtol=1e-3, atol=1e-3 if mixed.dtype == torch.float32 else 1e-8)
    assert torch.allclose(error, own_error, rtol=1e-3, atol=1e-3 if mixed.dtype == torch.float32 else 1e-8)


def tensors(featurizer):
    return featurizer.state_dict()


def equal(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_alone_decides(kind):
    states = examples(6)
    template = MAKE[kind](2)
    first = template.initialise(6, seed=3, states=states)
    assert equal(tensors(first), tensors(template.initialise(6, seed=3, states=states)))
    assert equal(tensors(first), tensors(template.initialise(6, seed=torch.Generator().manual_seed(3), states=states)))
    assert equal(tensors(first), tensors(first.initialise(6, seed=3, states=states)))  # not from where it has come to
    other = template.initialise(6, seed=4, states=states)
    assert equal(tensors(first), tensors(other)) is (kind not in RANDOM)


@pytest.mark.parametrize("kind", RANDOM)
def test_a_generator_is_advanced(kind):
    generator = torch.Generator().manual_seed(0)
    first, second = (MAKE[kind](2).initialise(6, seed=generator, states=examples(6)) for _ in range(2))
    assert not equal(tensors(first), tensors(second))


@pytest.mark.parametrize("kind", KINDS)
def test_initialising_leaves_the_template_the_states_and_the_random_state_alone(kind):
    states = examples(6)
    before, random_state = states.clone(), torch.get_rng_state()
    template = MAKE[kind](2)
    configuration = template.configuration()
    template.initialise(6, seed=0, states=states)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.equal(states, before)
    assert template.width == 0
    assert not template.state_dict()
    assert template.configuration() == configuration
    assert "for states" not in repr(template)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_follows_the_states(kind, dtype):
    featurizer = MAKE[kind](2).initialise(6, seed=0, states=examples(6, dtype))
    states = examples(6, dtype, n=3)
    features, error = featurizer(states)
    swapped = featurizer.swap(states, states.flip(0))
    assert features.dtype == error.dtype == swapped.dtype == featurizer.penalty().dtype == dtype or kind in UNTYPED
    assert all(tensor.dtype == dtype for tensor in featurizer.state_dict().values() if tensor.is_floating_point())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"PCA", "SAE"}])
def test_without_states_the_dtype_is_float32(kind):
    featurizer = MAKE[kind](2).initialise(6, seed=0)
    assert featurizer.swap(torch.zeros(2, 6), torch.ones(2, 6)).dtype == torch.float32


@pytest.mark.parametrize("kind", KINDS)
def test_states_of_inference_mode_and_those_that_want_gradients_will_do(kind):
    with torch.inference_mode():
        states = examples(6) * 1.0
    first = MAKE[kind](2).initialise(6, seed=0, states=states)
    second = MAKE[kind](2).initialise(6, seed=0, states=examples(6).requires_grad_())
    assert equal(tensors(first), tensors(second))


@pytest.mark.parametrize("kind", TRAINED)
@pytest.mark.parametrize("size", [2, 4])
def test_gradients_reach_every_parameter(kind, size):
    states = examples(6, torch.float64)
    featurizer = MAKE[kind](size).initialise(6, seed=0, states=states)
    target, source = examples(6, torch.float64, n=40).split(20)
    features, error = featurizer(target)
    weigh = torch.Generator().manual_seed(1)
    total = featurizer.penalty()
    for tensor in (features, error, featurizer.swap(target, source)):
        total = total + (tensor * torch.randn(tensor.shape, generator=weigh, dtype=torch.float64)).sum()
    total.backward()
    parameters = dict(featurizer.named_parameters())
    assert parameters
    for name, parameter in parameters.items():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name
        assert bool(parameter.grad.abs().max() > 1e-8), name


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_both_states(kind):
    featurizer = MAKE[kind](3).initialise(6, seed=0, states=examples(6))
    target, source = (part.clone().requires_grad_() for part in examples(6, n=20).split(10))
    (featurizer.swap(target, source) * examples(6, n=10)).sum().backward()
    assert bool(target.grad.abs().max() > 0)
    assert bool(source.grad.abs().max() > 0)


@pytest.mark.parametrize("kind", KINDS)
def test_complexity_counts_what_is_trained(kind):
    featurizer = MAKE[kind](2).initialise(6, seed=0, states=examples(6))
    hidden = 2 * (2 * (3 * 8 + 8 + 8 * 3 + 3))
    expected = {
        "Boundless": 6 * 6 + 1, "Identity": 0, "Linear": 2 * 6 * 2, "Onion": 3 * 6 + 4 * 6, "Orthogonal": 6 * 2,
        "PCA": 0, "RandomUnits": 0, "ReferenceLinear": 6 * 6 + 2 * 6, "RevNet": hidden, "SAE": 20,
    }  # fmt: skip
    assert featurizer.complexity == expected[kind]
    for parameter in featurizer.parameters():
        parameter.requires_grad_(False)
    assert featurizer.complexity == 0


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_a_featurizer_can_be_saved_and_made_again(kind, data):
    instance = draw_instance(data, kind, several=kind in SEVERAL and data.draw(st.booleans()))
    featurizer, target, source = instance
    featurizer.anneal(0.25)
    configuration = json.loads(json.dumps(featurizer.configuration()))
    weights = load(save({name: tensor.contiguous() for name, tensor in featurizer.state_dict().items()}))
    again = from_configuration(type(featurizer).__name__, configuration, featurizer.width)
    again.load_state_dict(weights, assign=True)
    again.train(featurizer.training)
    assert repr(again) == repr(featurizer)
    assert again.sizes == featurizer.sizes
    assert again.complexity == featurizer.complexity
    assert torch.equal(again.swap(target, source), featurizer.swap(target, source))
    assert again.configuration() == featurizer.configuration()
    again = from_configuration(type(featurizer).__name__, configuration, featurizer.width)
    again.load_state_dict(weights)  # in float32
    assert torch.allclose(
        again.train(featurizer.training).swap(target.float(), source.float()),
        featurizer.float().swap(target.float(), source.float()),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_moving_to_another_dtype(kind):
    featurizer = MAKE[kind](2).initialise(6, seed=0, states=examples(6)).double()
    states = examples(6, torch.float64)
    assert featurizer.inverse(*featurizer(states)).dtype == torch.float64
    assert torch.allclose(featurizer.inverse(*featurizer(states)), states)


@pytest.mark.parametrize("kind", KINDS)
def test_penalty_is_a_scalar_that_can_be_added_and_annealing_is_allowed(kind):
    featurizer = MAKE[kind](2).initialise(6, seed=0, states=examples(6))
    for progress in (0.0, 0.5, 1.0):
        featurizer.anneal(progress)
        assert featurizer.penalty().shape == ()
        assert float(featurizer.penalty().detach()) >= 0.0
    assert (float(featurizer.penalty().detach()) > 0.0) is (kind == "Boundless")
