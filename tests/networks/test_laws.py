"""What every sequence network must do: causality, rows apart, and a state that is all of the past."""

import math
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.networks.instances import EVERY, ORACLES, QUIET, RECURRENT, TRAINABLE, task_of

import symbolscope as sy
from symbolscope.networks.next_token import logits_at

few = settings(max_examples=15)


def tokens_of(name, n=6, seed=0):
    return torch.from_numpy(task_of(name).sample(n, seed=seed).tokens)


def equal(left, right, atol=1e-5):
    torch.testing.assert_close(left, right, rtol=1e-5, atol=atol)


@pytest.mark.parametrize("name", EVERY)
def test_logits_of_every_token(name):
    network, tokens = EVERY[name]().eval(), tokens_of(name)
    assert network(tokens).shape == (*tokens.shape, len(network.vocabulary))
    assert network(tokens).isfinite().all()


@pytest.mark.parametrize("name", EVERY)
@few
@given(seed=st.integers(0, 100), data=st.data())
def test_later_tokens_do_not_change_earlier_logits(name, seed, data):
    network, tokens = EVERY[name]().eval(), tokens_of(name, seed=seed)
    step = data.draw(st.integers(1, tokens.shape[1] - 1))
    changed = tokens.clone()
    changed[:, step:] = torch.randint(
        len(network.vocabulary), changed[:, step:].shape, generator=torch.Generator().manual_seed(seed)
    )
    with torch.no_grad():
        equal(network(tokens)[:, :step], network(changed)[:, :step], atol=1e-4)


@pytest.mark.parametrize("name", EVERY)
def test_rows_do_not_influence_one_another(name):
    network, tokens = EVERY[name]().eval(), tokens_of(name)
    with torch.no_grad():
        equal(network(tokens), torch.cat([network(row[None]) for row in tokens]), atol=1e-4)


@pytest.mark.parametrize("name", RECURRENT)
@few
@given(seed=st.integers(0, 100), data=st.data())
def test_the_state_is_all_that_is_passed_on(name, seed, data):
    network, tokens = RECURRENT[name]().eval(), tokens_of(name, seed=seed)
    step = data.draw(st.integers(1, tokens.shape[1]))
    with torch.no_grad():
        states = network.states(tokens)
        assert states.shape == (*tokens.shape, network.state_size)
        equal(network.resume(states[:, step - 1], tokens[:, step:]), states[:, step:], atol=1e-4)
        equal(network.readout(states), network(tokens))
        lengths = torch.arange(len(tokens)) % tokens.shape[1]
        cut = network.resume(network.initial_state(len(tokens)), tokens, lengths)
        matter = torch.arange(tokens.shape[1]) < lengths[:, None]
        equal(cut[matter], states[matter], atol=1e-4)


@pytest.mark.parametrize("name", RECURRENT)
def test_no_tokens_give_no_states(name):
    network = RECURRENT[name]()
    assert network.resume(network.initial_state(3), torch.zeros(3, 0, dtype=torch.int64)).shape == (
        3,
        0,
        network.state_size,
    )


@pytest.mark.parametrize("name", TRAINABLE)
def test_the_seed_alone_decides(name):
    torch.manual_seed(1)
    first = TRAINABLE[name]().state_dict()
    before = torch.random.get_rng_state()
    second = TRAINABLE[name]().state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    other = TRAINABLE[name](1).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", ORACLES)
def test_oracles_answer_everything(name):
    assert sy.networks.trial_accuracy(ORACLES[name](), QUIET, counts=QUIET.quantities, n_trials=400) == 1.0


@pytest.mark.parametrize("kind", ["Toy1d", "Toy2d", "ToyRotation", "ToyOrthogonal"])
@pytest.mark.parametrize("task", [sy.tasks.MultiObject(max_count=20), sy.tasks.SingleObject(max_count=20)])
def test_oracles_count_to_twenty(kind, task):
    network = getattr(sy.networks, kind)(task)
    assert sy.networks.trial_accuracy(network, task, counts=task.quantities, n_trials=400) == 1.0


def test_what_the_oracles_states_say():
    task = sy.tasks.MultiObject(max_count=6)
    tokens = torch.from_numpy(task.vocabulary.encode(["B", "D0", "D1", "D2", "T", "R", "R", "R"])[None])
    left = torch.tensor([0.0, 1, 2, 3, 3, 2, 1, 0])
    equal(sy.networks.Toy1d(task, scale=2.0).states(tokens)[0, :, 0], 2.0 * left)
    both = sy.networks.Toy2d(task).states(tokens)[0, :, :2]
    equal(both, torch.tensor([[0.0, 1, 2, 3, 3, 3, 3, 3], [0.0, 0, 0, 0, 0, 1, 2, 3]]).T)
    turned = sy.networks.ToyRotation(task).states(tokens)[0, :, :2]
    equal(turned.norm(dim=1), torch.ones(8))
    equal(turned[:, 0], turned[0, 0].acos().add(left * torch.pi / 16).cos(), atol=1e-4)
    code = sy.networks.ToyOrthogonal(task).states(tokens)[0]
    equal(code[1, :-1], code[7 - 1, :-1], atol=1e-4)  # one object seen, one response left


@pytest.mark.parametrize("kind", ["Toy1d", "Toy2d", "ToyRotation", "ToyOrthogonal"])
def test_oracles_refuse_other_tasks(kind):
    make = getattr(sy.networks, kind)
    with pytest.raises(sy.SymbolscopeError, match=f"{kind} needs a width of at least"):
        make(sy.tasks.MultiObject(max_count=5), width=1)
    with pytest.raises(sy.SymbolscopeError, match="SameObject responds with the token it is shown"):
        make(sy.tasks.SameObject(max_count=5))
    with pytest.raises(sy.SymbolscopeError, match="Square asks for another number"):
        make(sy.tasks.Square(max_count=5))


@pytest.mark.parametrize("kind", ["Toy1d", "Toy2d"])
@pytest.mark.parametrize("scale", [0.0, math.inf, math.nan])
def test_a_scale_that_tells_nothing_apart_is_refused(kind, scale):
    with pytest.raises(sy.SymbolscopeError, match=f"scale must be a finite number other than 0; got {scale}"):
        getattr(sy.networks, kind)(QUIET, scale=scale)


@pytest.mark.parametrize("kind", ["Toy1d", "Toy2d"])
@pytest.mark.parametrize("scale", [-1.0, 1e-3, 1e3])
def test_any_other_scale_counts(kind, scale):
    task = sy.tasks.MultiObject(max_count=20)
    assert sy.networks.trial_accuracy(getattr(sy.networks, kind)(task, scale=scale), task, n_trials=400) == 1.0


def test_directions_need_planes_and_room():
    with pytest.raises(sy.SymbolscopeError, match="its width is odd; got 6"):
        sy.networks.ToyOrthogonal(QUIET, width=6)
    with pytest.raises(
        sy.SymbolscopeError, match="4 dimensions do not keep 400 counts apart; give another width than 5"
    ):
        sy.networks.ToyOrthogonal(sy.tasks.SingleObject(max_count=400), width=5)


@few
@given(seed=st.integers(0, 100), width=st.sampled_from([7, 9, 13]), max_count=st.integers(1, 20))
def test_directions_of_numbers(seed, width, max_count):
    """Of length 1, 0 apart from all others, and filling the space as soon as there are enough of them."""
    task = sy.tasks.SingleObject(max_count=max_count)
    network = sy.networks.ToyOrthogonal(task, width=width, seed=seed)
    code = network.states(torch.tensor([[task.begin] + [task.demos[0]] * max_count]))[0, :, :-1]
    equal(code.norm(dim=1), torch.ones(max_count + 1), atol=1e-4)
    assert (code[1:] @ code[0]).max() < 0.61
    assert torch.linalg.matrix_rank(code[1:], atol=1e-2) == min(max_count, width - 1)
    assert sy.networks.trial_accuracy(network, task, n_trials=100) == 1.0


def test_oracles_do_not_count_voids_and_know_no_hold_outs():
    task = sy.tasks.MultiObject(max_count=20, held_out=(4, 9, 14, 17), void_probability=0.3)
    for kind in ("Toy1d", "Toy2d", "ToyRotation", "ToyOrthogonal"):
        network = getattr(sy.networks, kind)(task)
        assert sy.networks.trial_accuracy(network, task, counts=task.held_out, n_trials=200) == 1.0
        assert sy.networks.trial_accuracy(network, task, n_trials=200) == 1.0


@pytest.mark.parametrize("name", RECURRENT)
def test_a_skew_changes_the_state_and_nothing_else(name):
    inner, tokens = RECURRENT[name]().eval(), tokens_of(name)
    skewed = sy.networks.Skewed(inner, 7)
    d = inner.state_size
    shares = torch.linalg.svdvals(skewed.matrix.double())
    equal(shares, torch.logspace(1, -1, d, base=2.0, dtype=torch.float64))
    off = skewed.matrix.double() @ skewed.matrix.double().T
    assert (off - torch.diag(off.diagonal())).abs().max() > 0.1  # not orthogonal
    with torch.no_grad():
        equal(skewed.states(tokens), inner.states(tokens) @ skewed.matrix, atol=1e-4)
        equal(
            skewed(tokens), inner(tokens), atol=2e-2 if name in ORACLES else 1e-4
        )  # logits of an oracle are thousands
    assert not torch.equal(skewed.matrix, sy.networks.Skewed(inner, 8).matrix)
    assert torch.equal(skewed.matrix, sy.networks.Skewed(inner, 7).matrix)


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64])
def test_a_skew_takes_on_the_type_of_the_states(dtype):
    given_ = torch.tensor([[1, 0, 2], [0, 1, 0], [0, 0, 1]], dtype=dtype)
    skewed = sy.networks.Skewed(sy.networks.Toy1d(QUIET), given_)
    assert skewed.matrix.dtype == skewed.inverse.dtype == torch.float32
    assert sy.networks.trial_accuracy(skewed, QUIET, n_trials=100) == 1.0
    double = sy.networks.Skewed(TRAINABLE["GRU"]().double(), 1)
    assert double(tokens_of("GRU")).dtype == torch.float64


def test_a_skew_must_be_invertible():
    inner = sy.networks.Toy1d(sy.tasks.MultiObject(max_count=5))
    with pytest.raises(sy.SymbolscopeError, match=r"matrix must be \[3, 3\]"):
        sy.networks.Skewed(inner, torch.eye(2))
    with pytest.raises(sy.SymbolscopeError, match="matrix must be invertible"):
        sy.networks.Skewed(inner, torch.zeros(3, 3))
    with pytest.raises(sy.SymbolscopeError, match="matrix must be invertible"):
        sy.networks.Skewed(inner, torch.full((3, 3), torch.nan))


@pytest.mark.parametrize("kind", ["GRU", "LSTM", "Transformer"])
def test_a_width_below_one_is_refused(kind):
    with pytest.raises(sy.SymbolscopeError, match="width"):
        getattr(sy.networks, kind)(QUIET.vocabulary, width=0)


def test_the_cell_state_of_an_lstm_is_the_second_half():
    with pytest.raises(sy.SymbolscopeError, match="even"):
        sy.networks.LSTM(QUIET.vocabulary, width=7)
    network, tokens = sy.networks.LSTM(QUIET.vocabulary, width=8), tokens_of("Toy1d")
    out, (_, c) = network.rnn(network.embedding(tokens))
    equal(network.states(tokens)[:, :, :4], out)
    equal(network.states(tokens)[:, -1, 4:], c[0])


@pytest.mark.parametrize(
    "register",
    [
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
    ],
)
@pytest.mark.parametrize("layer", ["rnn", "embedding"])
@pytest.mark.parametrize("name", ["GRU", "LSTM"])
def test_a_layer_that_is_watched_runs(name, layer, register):
    """And gives the same numbers as the compiled steps that otherwise stand for it."""
    network, tokens = TRAINABLE[name]().eval(), tokens_of(name)
    start = torch.randn(len(tokens), 10, generator=torch.Generator().manual_seed(0))

    def outcome():
        states = start.clone().requires_grad_()
        out = network.resume(states, tokens)
        network.zero_grad()
        out.square().sum().backward()
        return out.detach(), states.grad, network.embedding.weight.grad, network.rnn.weight_hh_l0.grad

    seen, unwatched = [], outcome()
    # Hooks on the backward pass of an embedding wait for gradients of its input, which it never has: they warn, and are called.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Full backward hook is firing")
        handle = getattr(network.get_submodule(layer), register)(lambda *_: seen.append(1))
        watched = outcome()
    handle.remove()
    assert seen
    for ours, theirs in zip(watched, unwatched, strict=True):
        equal(ours, theirs, atol=1e-4)
    seen.clear()
    outcome()
    assert not seen


@pytest.mark.parametrize("name", ["GRU", "LSTM"])
def test_what_a_hook_makes_of_the_layer_is_read_out(name):
    network, tokens = TRAINABLE[name]().eval(), tokens_of(name)
    network.rnn.register_forward_hook(lambda _module, _args, out: (0.0 * out[0], out[1]))
    bias = network.readout(torch.zeros(1, 10))
    equal(network(tokens), bias.expand(*tokens.shape, -1))


@pytest.mark.parametrize("name", EVERY)
@few
@given(data=st.data())
def test_logits_where_they_are_wanted_are_those_of_the_whole(name, data):
    network, tokens = EVERY[name]().eval(), tokens_of(name)
    share = data.draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 100)))
    where = torch.rand(tokens.shape, generator=generator) < share
    with torch.no_grad():
        equal(logits_at(network, tokens, where), network(tokens)[where], atol=1e-4)
