"""Laws that every kind of site obeys, each on every registered instance."""

import pytest
import torch
from tests.sites.small_networks import LENGTH, MAKERS, instance

from symbolscope import SymbolscopeError
from symbolscope.sites import Site

ALL = sorted(MAKERS)
WITHOUT_POSITIONS = ["hidden layer", "input of a layer", "layer before an in-place one"]
POSITIONED = [name for name in ALL if name not in WITHOUT_POSITIONS]
# Nothing but the state is passed on from one step to the next.
WHOLE = [name for name in ALL if name.startswith(("nn.", "2-layer", "own state")) or name.endswith("loop")]
HOOKED = [name for name in ALL if " of a" not in name or "transformer" in name.lower()]
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


@pytest.fixture(params=ALL)
def case(request):
    return instance(request.param)


def logits(output):
    return getattr(output, "logits", output)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def random_states(case, b, seed):
    return torch.randn(b, case.width, generator=generator(seed))


def natural(case, inputs):
    with torch.no_grad():
        return logits(case.network(**inputs) if isinstance(inputs, dict) else case.network(inputs))


def run(case, inputs, steps, states):
    with torch.no_grad():
        return logits(case.site.run(case.network, inputs, steps, states))


@pytest.mark.parametrize("b", [1, 128])
def test_writing_what_was_read_changes_nothing(case, b):
    inputs, steps = case.inputs(b, generator(0)), case.steps(b)
    with torch.no_grad():
        states = case.site.read(case.network, inputs, steps)
    assert states.shape == (b, case.width)
    assert (states != 0).any()
    torch.testing.assert_close(run(case, inputs, steps, states), natural(case, inputs), rtol=0, atol=1e-6)


def test_equals_the_slow_forward_pass(case):
    inputs, steps, states = case.inputs(9, generator(1)), case.steps(9), random_states(case, 9, 2)
    with torch.no_grad():
        expected = case.slowly(case.network, inputs, steps, states)
    torch.testing.assert_close(run(case, inputs, steps, states), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", POSITIONED)
def test_one_step_for_all_is_that_step_for_each(name):
    case = instance(name)
    inputs = case.inputs(4, generator(3))
    states = random_states(case, 4, 4)
    with torch.no_grad():
        one, each = (case.site.read(case.network, inputs, t) for t in (2, torch.full((4,), 2)))
    assert torch.equal(one, each)
    assert torch.equal(run(case, inputs, 2, states), run(case, inputs, torch.full((4,), 2).numpy(), states))


def test_later_outputs_respond_and_earlier_ones_never(case):
    inputs, steps = case.inputs(9, generator(5)), case.steps(9)
    one, other = (run(case, inputs, steps, random_states(case, 9, seed)) for seed in (6, 20))
    difference, moved = (one - other).abs(), (one - natural(case, inputs)).abs()
    if steps is None:
        assert (difference.amax(dim=1) > 0).all()
        return
    lengths = case.network.lengths(9) if hasattr(case.network, "lengths") else torch.full((9,), LENGTH)
    only_here = case.name == "last transformer block"
    for row, (step, length) in enumerate(zip(steps.tolist(), lengths.tolist(), strict=True)):
        assert (difference[row, :step] == 0).all()
        assert (moved[row, :step] <= 1e-6).all()
        assert difference[row, step].max() > 0 or case.name.startswith("bottom")
        later = torch.cat([difference[row, step + 1 : length], difference[row, LENGTH:]]).amax(
            dim=1
        )  # and final states
        assert (later == 0).all() if only_here else (later > 0).any() or len(later) == 0


@pytest.mark.parametrize("name", WHOLE)
def test_whole_state_of_another_run_gives_its_later_outputs(name):
    case = instance(name)
    steps = case.steps(12)
    source, target = case.inputs(12, generator(7)), case.inputs(12, generator(8))
    after = torch.arange(LENGTH) > steps[:, None]
    target = torch.where(after, source, target)
    assert (natural(case, target) - natural(case, source)).abs().max() > 1e-2
    with torch.no_grad():
        states = case.site.read(case.network, source, steps)
    swapped, expected = run(case, target, steps, states), natural(case, source)
    for row, step in enumerate(steps.tolist()):
        torch.testing.assert_close(swapped[row, step:], expected[row, step:], rtol=0, atol=1e-6)


def test_gradients_are_those_of_finite_differences(case):
    case.network.double().requires_grad_(False)
    inputs, steps = case.inputs(3, generator(9)), case.steps(3)
    if isinstance(inputs, torch.Tensor) and inputs.is_floating_point():
        inputs = inputs.double()
    states = random_states(case, 3, 10).double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda s: logits(case.site.run(case.network, inputs, steps, s)), (states,), fast_mode=True
    )
    (gradient,) = torch.autograd.grad(logits(case.site.run(case.network, inputs, steps, states)).sum(), states)
    assert (gradient != 0).any(dim=1).all()


def test_examples_do_not_influence_one_another(case):
    inputs, steps, states = case.inputs(6, generator(11)), case.steps(6), random_states(case, 6, 12)
    together = run(case, inputs, steps, states)
    order = torch.tensor([4, 0, 5, 1, 3, 2])
    if case.name.endswith("packed") or getattr(case.network, "packed", False):
        order = torch.tensor([3, 4, 5, 0, 1, 2])  # the network itself gives row i a length that depends on i mod 3
    shuffled = {k: v[order] for k, v in inputs.items()} if isinstance(inputs, dict) else inputs[order]
    apart = run(case, shuffled, None if steps is None else steps[order], states[order])
    torch.testing.assert_close(apart, together[order], rtol=0, atol=1e-6)
    other = states.clone()
    other[2] += 1.0
    changed = (run(case, inputs, steps, other) != together).flatten(1).any(dim=1)
    assert changed.tolist() == [False, False, True, False, False, False]


def test_states_are_not_changed_by_the_network(case):
    inputs, steps, states = case.inputs(5, generator(13)), case.steps(5), random_states(case, 5, 14)
    before = states.clone()
    run(case, inputs, steps, states)
    assert torch.equal(states, before)


@pytest.mark.parametrize("training", [False, True])
def test_the_network_stays_as_it_was(case, training):
    network = case.network.train(training)
    flags = [module.training for module in network.modules()]
    parameters = [parameter.detach().clone() for parameter in network.parameters()]
    random_state = torch.get_rng_state()
    inputs, steps = case.inputs(5, generator(15)), case.steps(5)
    case.site.run(network, inputs, steps, case.site.read(network, inputs, steps))
    case.site.continuation(network, inputs, steps)
    assert flags == [module.training for module in network.modules()]
    assert all(torch.equal(a, b) for a, b in zip(parameters, network.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), random_state)
    assert hooks(network) == 0


def hooks(network):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in network.modules())


@pytest.mark.parametrize("name", HOOKED)
def test_hooks_are_gone_after_an_exception(name):
    case = instance(name)
    inputs, steps, states = case.inputs(5, generator(16)), case.steps(5), random_states(case, 5, 17)
    expected = run(case, inputs, steps, states)

    def fail(module, args, output):
        raise RuntimeError("out of luck")

    head = [module for module in case.network.modules() if not list(module.children())][-1]
    handle = head.register_forward_hook(fail)
    for attempt in (
        lambda: case.site.read(case.network, inputs, steps),
        lambda: case.site.run(case.network, inputs, steps, states),
        lambda: Site.continuation(case.site, case.network, inputs, steps),
    ):
        with pytest.raises(SymbolscopeError, match="out of luck") as refusal:
            attempt()
        assert type(refusal.value.__cause__) is RuntimeError  # the network's own error, with its traceback
        assert hooks(case.network) == 1
    handle.remove()
    assert torch.equal(run(case, inputs, steps, states), expected)


def test_continuation_gives_the_outputs_from_the_step_on(case):
    inputs, steps = case.inputs(8, generator(18)), case.steps(8)
    continuation = case.site.continuation(case.network, inputs, steps)
    with torch.no_grad():
        torch.testing.assert_close(continuation.states, case.site.read(case.network, inputs, steps), rtol=0, atol=1e-6)
    assert len(continuation) == 8
    rows = torch.tensor([6, 0, 3, 3])
    states = random_states(case, 4, 19).requires_grad_()
    answers = continuation.logits(rows, states)
    chosen = {k: v[rows] for k, v in inputs.items()} if isinstance(inputs, dict) else inputs[rows]
    if getattr(case.network, "packed", False):
        return  # a subset of rows has other lengths in this network
    whole = run(case, chosen, None if steps is None else steps[rows], states.detach())
    if whole.ndim == 2:
        whole, steps = whole[:, None], torch.zeros(8, dtype=torch.int64)
    assert answers.shape == (4, int(continuation.remaining[rows].max()), whole.shape[2])
    for i, step in enumerate(steps[rows].tolist()):
        kept = whole.shape[1] - step
        assert int(continuation.remaining[rows[i]]) == kept
        torch.testing.assert_close(answers[i, :kept], whole[i, step:], rtol=0, atol=1e-6)
    (gradient,) = torch.autograd.grad(answers.sum(), states)
    assert (gradient != 0).any(dim=1).all()
