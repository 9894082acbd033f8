"""Alignments of networks without time: pairs against the causal model told slowly, and a network built to hold two variables."""

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.alignment.causal_pairs import causal_pairs, check_answers
from symbolscope.core.random_streams import stream

P, T = sy.programs, sy.tasks
CONJUNCTIONS, EQUALITY = T.TwoConjunctions(), T.HierarchicalEquality(size=2)
SITE = sy.sites.Output("hidden")


class Truths(nn.Module):
    """(a and b, c and d) of the signs of four numbers."""

    def forward(self, x):
        on = (x > 0).float()
        return torch.stack([on[:, 0] * on[:, 1], on[:, 2] * on[:, 3]], dim=1)


class Conjunctions(nn.Module):
    """Two conjunctions in ``hidden``, their disjunction in ``head``."""

    def __init__(self, outputs=2):
        super().__init__()
        self.hidden = Truths()
        self.head = nn.Linear(2, outputs)
        with torch.no_grad():
            self.head.weight.zero_()
            self.head.bias.zero_()
            self.head.bias[0] = 5.0
            self.head.weight[1:2] = 10.0

    def forward(self, x):
        return self.head(self.hidden(x))


class Objects(nn.Module):
    """Hierarchical equality of exact comparisons; ``copied`` is the input, through which everything goes."""

    def __init__(self):
        super().__init__()
        self.copied = nn.Identity()

    def forward(self, x):
        a, b, c, d = self.copied(x).chunk(4, dim=1)
        same = (a == b).all(dim=1) == (c == d).all(dim=1)
        return torch.stack([~same, same], dim=1).float()


NETWORK = Conjunctions()


def made(program, task, variable, *, n=600, seed=0):
    """Pairs, and the inputs of the causal model of both runs, read back from what the network is given."""
    pairs = causal_pairs(program, task, (variable,), n, np.random.default_rng(seed))

    def read(inputs):
        if isinstance(task, T.TwoConjunctions):
            return [[bool(number > 0) for number in row] for row in inputs]
        return [np.split(row, 4) for row in inputs]

    return pairs, read(pairs.target_tokens), read(pairs.source_tokens)


def slow_variables(task, inputs):
    if isinstance(task, T.TwoConjunctions):
        a, b, c, d = inputs
        return a and b, c and d
    a, b, c, d = inputs
    return (a == b).all(), (c == d).all()


def slow_class(task, left, right):
    return int(left or right) if isinstance(task, T.TwoConjunctions) else int(bool(left) == bool(right))


CASES = [(P.AndOrAnd(), CONJUNCTIONS), (P.BothEqualities(), EQUALITY)]
IDS = ["conjunctions", "equality"]


@pytest.mark.parametrize(("program", "task"), CASES, ids=IDS)
def test_labels_of_a_variable_by_a_slow_loop(program, task):
    pairs, target, source = made(program, task, "left")
    for row in range(len(pairs)):
        mine, other = slow_variables(task, target[row]), slow_variables(task, source[row])
        assert pairs.labels[row].tolist() == [slow_class(task, other[0], mine[1])]
        assert pairs.natural.labels[row].tolist() == [slow_class(task, *mine)]
        assert pairs.whole.labels[row].tolist() == [slow_class(task, *other)]
        assert pairs.rest.labels[row].tolist() == [slow_class(task, mine[0], other[1])]
        assert [pairs.target_values[name][row] for name in ("left", "right")] == [float(one) for one in mine]
        assert [pairs.source_values[name][row] for name in ("left", "right")] == [float(one) for one in other]
        assert pairs.source_values["class"][row] == slow_class(task, *other)
    assert (pairs.labels != pairs.natural.labels).mean() > 0.2
    assert (pairs.labels != pairs.whole.labels).mean() > 0.1


@pytest.mark.parametrize(("program", "task"), CASES, ids=IDS)
def test_labels_of_an_input_by_a_slow_loop(program, task):
    pairs, target, source = made(program, task, "a")
    for row in range(len(pairs)):
        mine = slow_variables(task, target[row])
        other = slow_variables(task, source[row])
        carried = slow_variables(task, [source[row][0], *target[row][1:]])
        assert pairs.labels[row].tolist() == [slow_class(task, *carried)]
        assert pairs.natural.labels[row].tolist() == [slow_class(task, *mine)]
        assert pairs.whole.labels[row].tolist() == [slow_class(task, *other)]
        kept = slow_variables(task, [target[row][0], *source[row][1:]])
        assert pairs.rest.labels[row].tolist() == [slow_class(task, *kept)]
    assert "a" in pairs.target_values
    assert "b" not in pairs.target_values
    assert (pairs.labels != pairs.natural.labels).mean() > 0.1


def test_several_variables_are_carried_together():
    pairs = causal_pairs(P.AndOrAnd(), CONJUNCTIONS, ("left", "right"), 200, np.random.default_rng(0))
    np.testing.assert_array_equal(pairs.labels, pairs.whole.labels)
    np.testing.assert_array_equal(pairs.rest.labels, pairs.natural.labels)


def test_vectors_have_numbers_that_tell_them_apart():
    pairs, target, source = made(P.BothEqualities(), EQUALITY, "a", n=150)
    objects = [tuple(row[0].tolist()) for row in target + source]
    codes = [*pairs.target_values["a"], *pairs.source_values["a"]]
    assert len(set(codes)) == len(set(objects)) == len(set(zip(codes, objects, strict=True)))


@pytest.mark.parametrize(("program", "task"), CASES, ids=IDS)
def test_the_parts_of_pairs(program, task):
    pairs, _, _ = made(program, task, "left")
    assert pairs.target_tokens.shape == pairs.source_tokens.shape == (600, task.width)
    assert pairs.target_tokens.dtype == pairs.source_tokens.dtype == np.float32
    assert pairs.target_steps is None
    assert pairs.source_steps is None
    assert pairs.labels.shape == pairs.scored.shape == (600, 1)
    assert pairs.labels.dtype == np.int64
    assert pairs.scored.all()
    assert (pairs.lengths == 1).all()
    assert (pairs.variables, pairs.natural.variables) == (("left",), ())
    assert pairs.whole.variables == ("left", "right", "class")
    assert pairs.rest.variables == ("right", "class")
    for other in (pairs.natural, pairs.whole, pairs.rest):
        np.testing.assert_array_equal(other.target_tokens, pairs.target_tokens)
        np.testing.assert_array_equal(other.source_tokens, pairs.source_tokens)
    some = pairs.subset(np.array([5, 2]))
    assert some.target_steps is None
    np.testing.assert_array_equal(some.rest.labels, pairs.rest.labels[[5, 2]])
    np.testing.assert_array_equal(some.source_tokens, pairs.source_tokens[[5, 2]])


@pytest.mark.parametrize("variable", ["left", "right", "a"])
def test_classes_are_balanced_where_they_can_be(variable):
    pairs, _, _ = made(P.BothEqualities(), EQUALITY, variable, n=4_000)
    assert abs(pairs.labels.mean() - 0.5) < 0.03
    # Whether the answer changes says nothing of what it is.
    changes = (pairs.labels != pairs.natural.labels)[:, 0]
    assert abs(pairs.labels[changes].mean() - 0.5) < 0.06
    pairs, target, _ = made(P.AndOrAnd(), CONJUNCTIONS, variable, n=4_000)
    # Out of reach: with the other conjunction true the answer is 1, and a alone makes no conjunction where b is false.
    open_to = {
        "left": lambda a, b, c, d: not (c and d),
        "right": lambda a, b, c, d: not (a and b),
        "a": lambda a, b, c, d: b and not (c and d),
    }
    free = np.array([open_to[variable](*inputs) for inputs in target])
    assert 0.2 < free.mean() < 0.8
    assert abs(pairs.labels[free].mean() - 0.5) < 0.06


def test_the_seed_fixes_the_pairs():
    one, again, other = (
        sy.counterfactual_pairs(NETWORK, P.AndOrAnd(), CONJUNCTIONS, variable="left", n=50, seed=seed)
        for seed in (3, stream(3, "counterfactual pairs"), 4)
    )
    np.testing.assert_array_equal(one.source_tokens, again.source_tokens)
    np.testing.assert_array_equal(one.labels, again.labels)
    assert (one.target_tokens != other.target_tokens).any()


def test_shuffled_sources_are_those_of_other_pairs():
    pairs, _, _ = made(P.AndOrAnd(), CONJUNCTIONS, "left", n=300)
    shuffled = pairs.with_shuffled_sources(5)
    rows = {row.tobytes(): index for index, row in enumerate(pairs.source_tokens)}
    order = [rows[row.tobytes()] for row in shuffled.source_tokens]
    assert sorted(order) == list(range(300))
    assert np.mean([one == place for place, one in enumerate(order)]) < 0.05
    for name in ("target_tokens", "labels", "scored"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(pairs, name))
    np.testing.assert_array_equal(shuffled.natural.labels, pairs.natural.labels)
    assert shuffled.whole is None
    assert shuffled.rest is None
    again = pairs.with_shuffled_sources(stream(5, "shuffled sources"))
    np.testing.assert_array_equal(again.source_tokens, shuffled.source_tokens)


def aligned(program=None, variable="left", *, network=NETWORK, featurizer=None, **settings):
    given = {"steps": 200, "n_pairs": 1_000, "n_validation": 500, "rate": 0.03, "site": SITE, "progress": False}
    return sy.align(
        network,
        P.AndOrAnd() if program is None else program,
        CONJUNCTIONS,
        variable=variable,
        featurizer=sy.featurizers.Orthogonal(size=1) if featurizer is None else featurizer,
        **given | settings,
    )


@pytest.fixture(scope="module")
def left():
    return aligned()


@pytest.mark.parametrize("variable", ["left", "right"])
def test_a_built_in_variable_is_found(variable):
    found = aligned(variable=variable)
    iia = found.iia(n=1_000)
    assert (iia.value, iia.ceiling, found.network_accuracy) == (1.0, 1.0, 1.0)
    assert iia.floor < 0.75
    direction = found.featurizer.columns[:, 0].abs()
    assert direction[0 if variable == "left" else 1] > 0.9


@pytest.mark.parametrize("variable", ["first", "second"])
def test_a_rival_s_variable_is_not(variable):
    iia = aligned(P.OrAndOr(), variable).iia(n=1_000)
    assert iia.value < 0.8
    assert iia.ceiling == 1.0


def test_both_at_once():
    found = aligned(variable=("left", "right"), featurizer=sy.featurizers.Orthogonal(size=(1, 1)))
    for name in ("left", "right"):
        assert found.iia(variable=name, n=500).value == 1.0


def test_objects_are_in_the_input_itself():
    """Swapping the coordinates of a is swapping a."""
    settings = {"site": sy.sites.Output("copied"), "n_pairs": 50, "n_validation": 50, "progress": False}
    found = sy.align(
        Objects(), P.BothEqualities(), EQUALITY, variable="a", featurizer=sy.featurizers.Identity(size=2), **settings
    )
    iia = found.iia(n=500)
    assert (iia.value, iia.ceiling, found.restarts[0].steps) == (1.0, 1.0, 0)
    assert iia.floor < 0.6
    fewer = sy.align(
        Objects(), P.BothEqualities(), EQUALITY, variable="a", featurizer=sy.featurizers.Identity(size=1), **settings
    )
    assert fewer.iia(n=500).value < 0.8


def test_the_off_target_test_of_a_built_in_variable(left):
    pairs = left.pairs(n=400)
    assert pairs.variables == ("left",)
    rest = left.rest(pairs)
    assert (rest.value, rest.ceiling) == (1.0, 1.0)
    # With left swapped too the answer is the source's; right is that where left could have stayed and given it.
    staying = [pairs.natural, pairs.rest, *pairs.partial_rest]
    assert rest.floor == np.any([pairs.whole.labels == one.labels for one in staying], axis=0).mean() < 1.0
    with pytest.raises(sy.SymbolscopeError, match="do not say what follows if the rest is swapped"):
        left.rest(pairs.with_shuffled_sources(0))


def test_states_after_a_swap_and_natural_ones(left):
    pairs = left.pairs(n=200)
    patched, natural = left.states(pairs)
    target = NETWORK.hidden(torch.from_numpy(pairs.target_tokens))
    source = NETWORK.hidden(torch.from_numpy(pairs.source_tokens))
    assert torch.equal(natural, torch.cat([target, source]))
    assert torch.equal(patched, left.swap(target, source))
    said = NETWORK.head(patched).argmax(dim=1).numpy()
    np.testing.assert_array_equal(said, left.predict(pairs)[:, 0])


def test_it_comes_back_from_disk(left, tmp_path):
    left.save(tmp_path / "left.safetensors")
    back = sy.Alignment.load(tmp_path / "left.safetensors", NETWORK, program=P.AndOrAnd(), task=CONJUNCTIONS)
    assert (back.variables, back.site, back.settings) == (left.variables, left.site, left.settings)
    assert (back.restarts, back.network_accuracy) == (left.restarts, left.network_accuracy)
    target, source = torch.randn(2, 30, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(back.swap(target, source), left.swap(target, source))
    pairs = left.pairs(n=100)
    np.testing.assert_array_equal(back.iia(pairs).right, left.iia(pairs).right)
    message = "was made with program AndOrAnd on .*; got OrAndOr on"
    with pytest.raises(sy.SymbolscopeError, match=message):
        sy.Alignment.load(tmp_path / "left.safetensors", NETWORK, program=P.OrAndOr(), task=CONJUNCTIONS)


class Wide(T.TwoConjunctions):
    """The same with a number that says nothing."""

    width = 5

    def inputs(self, values):
        return np.concatenate([super().inputs(values), np.zeros((len(values["a"]), 1), dtype=np.float32)], axis=1)


class Both(nn.Module):
    def forward(self, x):
        return NETWORK(x), None


def negated():
    """Says 0 where the task says 1."""
    mechanisms = P.AndOrAnd().mechanisms | {"class": (("left", "right"), lambda left, right: ~(left | right))}
    return P.CausalModel(mechanisms)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"program": P.UpDown(T.MultiObject(max_count=3)), "variable": "count"},
         r"a CausalModel goes with a task without time .*; got UpDown and TwoConjunctions\(\)"),
        ({"program": P.BothEqualities(), "variable": "lft"}, "BothEqualities has no variable 'lft'; did you mean 'left'"),
        ({"variable": "count"}, r"AndOrAnd has no variable 'count'; .* It has: a, b, c, d, left, right, class"),
        ({"counts": [1, 2]}, r"TwoConjunctions\(\) has no quantities; leave counts and values out"),
        ({"program": negated()},
         r"CausalModel does not do what TwoConjunctions\(\) asks: class differs from the class in 100\.0% of inputs, such as"),
        ({"program": P.CausalModel({"left": (("a", "e"), np.logical_and)})},
         r"CausalModel needs e, which TwoConjunctions\(\) does not draw; it draws a, b, c, d, sizes"),
        ({"network": Conjunctions(outputs=1)},
         r"Conjunctions must map inputs \[b, 4\] to logits \[b, 2\], one per class; got \[2, 1\]"),
        ({"network": Both()}, r"Both must map inputs \[b, 4\] to logits \[b, 2\], one per class; got tuple"),
        ({"network": sy.networks.MLP(3, 2)}, r"MLP cannot read the task's inputs, float32 \[2, 4\]: "),
        ({"network": sy.networks.MLP(4, 2), "site": sy.sites.Output("layers")},
         r"the network answers \d+\.\d% of the task's trials right, below 99%.* or pass force=True"),
        ({"network": sy.networks.MLP(4, 2), "site": None},
         r"MLP has no recurrent state to be found; choose a site, such as Output\('layers\.0'\)"),
    ],
)  # fmt: skip
def test_refusals(settings, message, monkeypatch):
    def search(*arguments, **settings):
        raise AssertionError("training has begun")

    monkeypatch.setattr("symbolscope.alignment.jobs.search", search)
    with pytest.raises(sy.SymbolscopeError, match=message):
        aligned(**settings)


def test_a_program_of_tokens_has_no_task_without_time():
    task = T.MultiObject(max_count=3)
    with pytest.raises(sy.SymbolscopeError, match=r"a CausalModel goes with .*; got AndOrAnd and MultiObject"):
        sy.align(sy.networks.Toy1d(task), P.AndOrAnd(), task, variable="left", featurizer=sy.featurizers.Linear(size=1))


def test_pairs_refuse_what_a_task_without_time_has_not():
    draw = sy.counterfactual_pairs
    with pytest.raises(sy.SymbolscopeError, match="leave counts and values out"):
        draw(NETWORK, P.AndOrAnd(), CONJUNCTIONS, variable="left", values=[1])
    with pytest.raises(sy.SymbolscopeError, match="n must be at least 1 pair; got 0"):
        draw(NETWORK, P.AndOrAnd(), CONJUNCTIONS, variable="left", n=0)
    with pytest.raises(sy.SymbolscopeError, match="got UpDown and TwoConjunctions"):
        draw(NETWORK, P.UpDown(T.MultiObject()), CONJUNCTIONS)


def test_answers_are_checked_where_they_are_rarely_wrong():
    """Wrong only where all four are true: 1 of 7 inputs of class 1, which is half of those drawn."""
    last = P.CausalModel(
        P.AndOrAnd().mechanisms | {"class": (("left", "right"), np.logical_xor)}, inputs=("a", "b", "c", "d")
    )
    with pytest.raises(
        sy.SymbolscopeError, match=r"differs from the class in 7\.\d% of inputs, such as \[True, True, True"
    ):
        check_answers(last, CONJUNCTIONS)
    check_answers(P.OrAndOr(), CONJUNCTIONS)


def test_force_aligns_a_network_that_has_not_learned():
    network = sy.networks.MLP(5, 2, widths=(4,))
    found = sy.align(
        network, P.AndOrAnd(), Wide(), variable="left", featurizer=sy.featurizers.Linear(size=2), force=True,
        site=sy.sites.Output("layers"), steps=5, n_pairs=40, n_validation=40, progress=False,
    )  # fmt: skip
    assert found.network_accuracy < 0.9
    assert found.restarts[0].steps == 5
    assert found.featurizer.width == 4
