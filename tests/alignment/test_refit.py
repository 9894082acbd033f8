"""Searches done again with one thing changed: the same as if they had been asked for directly, and the original untouched."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.alignment.refit import readout_parameters
from symbolscope.core.random_streams import torch_stream
from symbolscope.networks import GRU, LSTM, MLP, Toy1d, Toy2d
from symbolscope.variation import Variation

F, P = sy.featurizers, sy.programs
TASK = sy.tasks.MultiObject(max_count=6)
UP_DOWN, UP_UP = P.UpDown(TASK), P.UpUp(TASK)
TURNED = sy.tasks.Vocabulary(TASK.vocabulary.tokens[::-1])
SETTINGS = {"steps": 150, "n_pairs": 1_000, "n_validation": 300, "rate": 0.03, "progress": False}
BRIEF = SETTINGS | {"steps": 20, "n_pairs": 100, "n_validation": 50, "check_every": 10}


def searched(network=None, program=UP_DOWN, task=TASK, variable="count", featurizer=None, **settings):
    return sy.align(
        Toy1d(TASK) if network is None else network,
        program,
        task,
        variable=variable,
        featurizer=F.Orthogonal(size=1) if featurizer is None else featurizer,
        **SETTINGS | settings,
    )


def varied(alignment, *variations):
    return sy.Alignment.refit_many([alignment], variations)[0]


def weights(module):
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def found():
    return searched(steps=400, restarts=2)


@pytest.fixture(scope="module")
def brief():
    return searched(network=GRU(TASK.vocabulary, width=6), featurizer=F.Linear(size=2), force=True, **BRIEF)


@pytest.mark.parametrize(
    "settings",
    [{}, {"counts": (2, 5, 6)}, {"null_weight": 0.3, "latent_weight": 0.2}, {"batch": 32, "patience": 1}],
    ids=repr,
)
def test_another_network_is_searched_as_by_align(settings):
    given = BRIEF | settings | {"featurizer": F.Linear(size=2), "force": True}
    first, other = (GRU(TASK.vocabulary, width=6, seed=seed) for seed in (0, 1))
    again = searched(network=first, **given).refit(other, seed=5)
    asked = searched(network=other, seed=5, **given)
    assert again.network is other
    assert same(weights(again.featurizer), weights(asked.featurizer))  # bit for bit
    assert again.restarts == asked.restarts
    assert again.settings == asked.settings
    assert again.network_accuracy == asked.network_accuracy
    assert (again.program, again.task, again.site, again.variables) == (UP_DOWN, TASK, asked.site, ("count",))


def test_a_refit_starts_once(found):
    assert len(found.restarts) == 2
    (again,) = varied(found, Variation(seed=7))
    assert [restart.seed for restart in again.restarts] == [7]
    assert again.settings["restarts"] == 1
    assert again.network is found.network


def alike(one, other):
    """Equal to rounding: rows of a product may be summed in another order where there are more of them."""
    assert one.settings == other.settings
    assert one.restarts[0].steps == other.restarts[0].steps
    np.testing.assert_allclose(one.restarts[0].losses, other.restarts[0].losses, rtol=1e-5)
    mine, its = weights(one.featurizer), weights(other.featurizer)
    assert mine.keys() == its.keys()
    for name, tensor in mine.items():
        torch.testing.assert_close(tensor, its[name], rtol=0.0, atol=1e-6)


def test_many_variations_are_those_done_one_by_one(brief):
    other = Toy1d(TASK, scale=2.0)
    variations = [
        Variation(seed=3),
        Variation(network=other),
        Variation(answers="shuffled"),
        Variation(answers="scrambled"),
        Variation(features="random"),
        Variation(features="random-units", seed=2),
        Variation(program=UP_UP, variable="demo_count"),
    ]
    short = searched(**BRIEF)
    (together,) = sy.Alignment.refit_many([short], variations)
    assert len(together) == len(variations)
    for variation, one in zip(variations, together, strict=True):
        alike(one, varied(short, variation)[0])
    both = sy.Alignment.refit_many([short, brief], [Variation(), Variation(seed=3)])
    for alignment, ones in zip((short, brief), both, strict=True):
        assert [one.network for one in ones] == [alignment.network] * 2
        assert [one.restarts[0].seed for one in ones] == [0, 3]
    alike(both[0][1], together[0])
    alike(both[1][1], brief.refit(brief.network, seed=3))


@pytest.mark.parametrize("template", [F.Linear(size=2), F.Orthogonal(size=2), F.PCA(size=1)], ids=repr)
def test_random_features_stay_as_they_are_drawn(template):
    alignment = searched(featurizer=template, **BRIEF)
    (random,) = varied(alignment, Variation(features="random", seed=9))
    assert type(random.featurizer) is type(template)
    assert random.featurizer.sizes == template.sizes
    assert random.restarts[0].steps == 0
    assert random.settings["features"] == "not trained"
    if not isinstance(template, F.PCA):  # which looks at the states
        fresh = template.initialise(3, seed=torch_stream(9, "first weights of a search"))
        assert same(weights(random.featurizer), weights(fresh))
        assert not same(weights(random.featurizer), weights(alignment.featurizer))
    assert 0.0 <= random.validation_iia <= 1.0


def test_random_units_are_coordinates_of_the_state(found):
    (units,) = varied(found, Variation(features="random-units", seed=1))
    target, source = torch.zeros(1, 3), torch.tensor([[1.0, 2.0, 3.0]])
    swapped = units.swap(target, source)[0]
    assert int((swapped != 0).sum()) == found.featurizer.size == 1
    assert all(number in (0.0, place + 1.0) for place, number in enumerate(swapped.tolist()))
    assert (units.restarts[0].steps, units.complexity) == (0, 0)
    # Over the seeds every coordinate is drawn, and the first is the count.
    by_unit = {}
    for one in varied(found, *[Variation(features="random-units", seed=seed) for seed in range(8)]):
        unit = int(one.swap(target, source)[0].argmax())
        by_unit.setdefault(unit, set()).add(one.iia(n=200).value)
    assert set(by_unit) == {0, 1, 2}
    assert by_unit[0] == {1.0}
    assert max(by_unit[1] | by_unit[2]) < 0.5


def test_random_units_of_several_variables_are_several_blocks():
    both = searched(variable=("count", "phase"), featurizer=F.Orthogonal(size=(1, 2)), **BRIEF)
    (units,) = varied(both, Variation(features="random-units"))
    assert units.featurizer.sizes == (1, 2)
    target, source = torch.zeros(1, 3), torch.ones(1, 3)
    one, two = (units.swap(target, source, variable=name) for name in ("count", "phase"))
    assert (one + two).tolist() == [[1.0, 1.0, 1.0]]
    assert (one.sum(), two.sum()) == (1.0, 2.0)
    # A rival of one variable gets as many features as both have.
    (rival,) = varied(both, Variation(program=UP_UP, variable="demo_count"))
    assert (rival.variables, rival.featurizer.sizes) == (("demo_count",), (3,))
    (units,) = varied(both, Variation(features="random-units", variable="count"))
    assert units.featurizer.sizes == (3,)


def test_nothing_is_left_to_find_in_shuffled_sources(found):
    assert found.iia(n=1_000).value == 1.0
    shuffled, again = varied(found, Variation(answers="shuffled"), Variation(answers="shuffled"))
    pairs = shuffled.pairs(n=1_000)
    iia = shuffled.iia(pairs)
    assert shuffled.settings["sources"] == "shuffled"
    assert shuffled.restarts[0].steps > 0
    assert abs(iia.value - iia.floor) < 0.1
    assert iia.value < 0.3
    assert same(weights(shuffled.featurizer), weights(again.featurizer))
    plain = sy.counterfactual_pairs(found.network, UP_DOWN, TASK, n=1_000, seed=1)
    np.testing.assert_array_equal(pairs.labels, plain.labels)
    assert (pairs.source_steps != plain.source_steps).any()
    np.testing.assert_array_equal(np.sort(pairs.source_steps), np.sort(plain.source_steps))
    np.testing.assert_array_equal(found.pairs(n=1_000).source_steps, plain.source_steps)


def test_a_scrambled_program_is_not_found(found):
    (wrong,) = varied(found, Variation(answers="scrambled"))
    iia = wrong.iia(n=1_000)
    assert iia.value < 0.3
    assert iia.value - iia.floor < 0.15
    assert wrong.program.names == UP_DOWN.names
    assert found.program is UP_DOWN


def test_a_rival_program_is_searched_on_the_same_footing():
    """Toy2d keeps two counts, so that Up-Up is found in it and Up-Down is not."""
    alignment = searched(Toy2d(TASK), UP_UP, variable="demo_count", steps=400)
    (rival,) = varied(alignment, Variation(program=UP_DOWN, variable="count"))
    assert (rival.program, rival.variables, rival.task) == (UP_DOWN, ("count",), TASK)
    assert rival.featurizer.size == alignment.featurizer.size
    asked = searched(Toy2d(TASK), UP_DOWN, variable="count", steps=400)
    assert same(weights(rival.featurizer), weights(asked.featurizer))
    assert alignment.iia(n=500).value > 0.95


def test_a_rival_of_what_is_there_falls_short(found):
    (rival,) = varied(found, Variation(program=UP_UP, variable="demo_count"))
    assert found.iia(n=500).value - rival.iia(n=500).value > 0.4


class Reluctant(nn.Module):
    """Has everything that must be handed back as it was: modes, flags, gradients and weights."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(TASK.vocabulary), 5)
        self.rnn = nn.GRU(5, 5, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(5, len(TASK.vocabulary)))
        self.head[1].bias.requires_grad_(False)
        self.train()
        self.rnn.eval()

    def forward(self, tokens):
        return self.head(self.rnn(self.embedding(tokens))[0])


def stood(network):
    return (
        weights(network),
        {name: module.training for name, module in network.named_modules()},
        {name: parameter.requires_grad for name, parameter in network.named_parameters()},
        {name: None if one.grad is None else one.grad.clone() for name, one in network.named_parameters()},
    )


def test_networks_are_handed_back_as_they_were():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network, other = Reluctant(), Reluctant()
    network.embedding.weight.grad = torch.ones_like(network.embedding.weight)
    alignment = searched(network, featurizer=F.Linear(size=2), force=True, **BRIEF)
    before = [stood(one) for one in (network, other)]
    featurizer = weights(alignment.featurizer)
    varied(
        alignment, Variation(network=other), Variation(answers="shuffled"), Variation(features="random"),
        Variation(answers="scrambled"), Variation(program=UP_UP, variable="phase"),
    )  # fmt: skip
    for one, (values, modes, flags, gradients) in zip((network, other), before, strict=True):
        after = stood(one)
        assert same(after[0], values)
        assert after[1:3] == (modes, flags)
        assert {name: None if grad is None else grad.tolist() for name, grad in after[3].items()} == {
            name: None if grad is None else grad.tolist() for name, grad in gradients.items()
        }
    assert same(weights(alignment.featurizer), featurizer)


def test_a_network_that_never_learned_is_accepted(found, brief):
    untrained = GRU(TASK.vocabulary, width=6, seed=8)
    again = brief.refit(untrained)
    assert again.network is untrained
    assert again.network_accuracy < 0.5
    assert again.restarts[0].steps > 0
    message = "below 99%: it has not learned the task"
    with pytest.raises(sy.SymbolscopeError, match=message):
        searched(untrained, **BRIEF)


def test_causal_models_are_refitted_too():
    task = sy.tasks.TwoConjunctions()
    network, other = (MLP(4, 2, widths=(6,), seed=seed) for seed in (0, 1))
    given = {"site": sy.sites.Output("layers"), "featurizer": F.Linear(size=2), "force": True} | BRIEF
    alignment = searched(network, P.AndOrAnd(), task, "left", **given)
    again, scrambled, rival = varied(
        alignment,
        Variation(network=other, seed=3),
        Variation(answers="scrambled"),
        Variation(program=P.OrAndOr(), variable="first"),
    )
    asked = searched(other, P.AndOrAnd(), task, "left", seed=3, **given)
    assert same(weights(again.featurizer), weights(asked.featurizer))
    pairs, wrong = (one.pairs(n=300) for one in (alignment, scrambled))
    # Where the other conjunction is false the answer is what is carried, and there each has it the other way round.
    for one, turned in ((pairs, 0), (wrong, 1)):
        free = one.target_values["right"] == 0
        np.testing.assert_array_equal(one.labels[free, 0], np.abs(one.source_values["left"][free] - turned))
    assert (rival.variables, type(rival.program)) == (("first",), P.OrAndOr)


@pytest.mark.parametrize(
    ("variation", "message"),
    [
        (Variation(program="UpUp"), r"a rival of a program must be one, such as sy.programs.UpUp\(task\); got str"),
        (Variation(program=UP_UP), r"UpUp has no variable 'count'; did you mean"),
        (Variation(variable="cont"), "UpDown has no variable 'cont'; did you mean 'count'"),
        (Variation(program=P.AndOrAnd(), variable="left"), "a CausalModel goes with a task without time"),
        (Variation(program=P.UpDown(sy.tasks.SingleObject(max_count=6))), r"the program is for SingleObject\("),
        (Variation(network=lambda tokens: tokens), r"must be an nn.Module; got function"),
        (Variation(network=GRU(TURNED, width=6)), r"the network's vocabulary \('U', .* is not the task's \('P', "),
    ],
)  # fmt: skip
def test_refusals(found, variation, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        varied(found, variation)


def test_a_rival_must_do_what_the_task_asks(found):
    class Stubborn(P.UpDown):
        def emit(self, state, generator):
            tokens, scored = super().emit(state, generator)
            return np.where(scored, self.task.response, tokens), scored

    with pytest.raises(sy.SymbolscopeError, match="Stubborn does not do what the task asks"):
        varied(found, Variation(program=Stubborn(TASK)))


def test_the_off_target_test_of_the_count(found):
    rest = found.rest(found.pairs(n=500))
    assert (rest.value, rest.ceiling) == (1.0, 1.0)
    assert rest.floor < 0.9
    with pytest.raises(sy.SymbolscopeError, match="do not say what follows if the rest is swapped"):
        found.rest(found.pairs(n=20).with_shuffled_sources(0))


def test_states_after_a_swap_lie_among_the_natural_ones(found):
    """The state is (count, 0, phase): only the count of the source arrives."""
    pairs = found.pairs(n=300)
    patched, natural = found.states(pairs)
    assert patched.shape == (300, 3)
    assert natural.shape == (600, 3)
    np.testing.assert_allclose(natural[:300, 0], pairs.target_values["count"])
    np.testing.assert_allclose(natural[300:, 0], pairs.source_values["count"])
    np.testing.assert_allclose(patched[:, 0], pairs.source_values["count"], atol=0.3)
    assert not patched.requires_grad
    np.testing.assert_array_equal(found.predict(pairs), pairs.labels)


# Retraining


def changed(network, before):
    return {name for name, tensor in weights(network).items() if not torch.equal(tensor, before[name])}


@pytest.mark.parametrize("kind", [GRU, LSTM], ids=["GRU", "LSTM"])
def test_only_the_readout_is_trained(kind):
    network = kind(TASK.vocabulary, width=6)
    alignment = searched(network, featurizer=F.Linear(size=2), force=True, **BRIEF)
    other = kind(TASK.vocabulary, width=6, seed=1)
    other.head[3].bias.requires_grad_(False)
    for parameter in other.parameters():  # left behind by somebody's own training
        parameter.grad = torch.zeros_like(parameter)
    assert readout_parameters(alignment, other) == ["head.0.weight", "head.0.bias", "head.3.weight"]
    assert all(parameter.grad is not None for parameter in other.parameters())
    before, original = weights(other), weights(network)
    alignment.retrain(other, only_readout=True, shuffled_labels=False, steps=4, seed=1)
    assert changed(other, before) == {"head.0.weight", "head.0.bias", "head.3.weight"}
    flags = {name: parameter.requires_grad for name, parameter in other.named_parameters()}
    assert flags == {name: name != "head.3.bias" for name in flags}
    assert same(weights(network), original)


def test_all_of_it_is_trained_otherwise(brief):
    network = copy.deepcopy(brief.network)
    before = weights(network)
    brief.retrain(network, only_readout=False, shuffled_labels=False, steps=4)
    assert changed(network, before) == set(before)


def test_retraining_depends_on_the_seed_alone(brief):
    def run(seed, *, shuffled):
        network = GRU(TASK.vocabulary, width=6, seed=2)
        brief.retrain(network, only_readout=False, shuffled_labels=shuffled, steps=6, seed=seed)
        return weights(network)

    assert same(run(0, shuffled=False), run(0, shuffled=False))
    assert not same(run(0, shuffled=False), run(1, shuffled=False))
    assert same(run(0, shuffled=True), run(0, shuffled=True))
    assert not same(run(0, shuffled=False), run(0, shuffled=True))


def test_shuffled_labels_teach_no_rule(brief):
    """A network that has learned the single count forgets which; the grammar stays."""
    task = sy.tasks.SingleObject(max_count=2)
    network = GRU(task.vocabulary, width=12)
    sy.train(network, task, steps=600, check_every=50, n_check=500, progress=False)
    assert sy.networks.trial_accuracy(network, task, n_trials=400) > 0.95
    alignment = searched(network, P.UpDown(task), task, featurizer=F.Linear(size=2), force=True, **BRIEF)
    alignment.retrain(network, only_readout=False, shuffled_labels=True, steps=150)
    assert sy.networks.trial_accuracy(network, task, n_trials=400) < 0.8
    assert not network.training


def perceptron():
    network = MLP(4, 2, widths=(6, 5))
    given = {"site": sy.sites.Output("layers.0"), "featurizer": F.Linear(size=2), "force": True} | BRIEF
    return network, searched(network, P.AndOrAnd(), sy.tasks.TwoConjunctions(), "left", **given)


def test_the_readout_of_a_perceptron_is_what_comes_after_the_site():
    network, alignment = perceptron()
    before = weights(network)
    alignment.retrain(network, only_readout=True, shuffled_labels=False, steps=5)
    assert changed(network, before) == {"layers.1.0.weight", "layers.1.0.bias", "head.weight", "head.bias"}
    assert all(parameter.requires_grad for parameter in network.parameters())
    before = weights(network)
    alignment.retrain(network, only_readout=False, shuffled_labels=True, steps=5)
    assert changed(network, before) == set(before)


def test_flags_are_restored_if_training_fails(brief):
    network = GRU(TASK.vocabulary, width=6)
    network.embedding.weight.requires_grad_(False)
    with pytest.raises(sy.SymbolscopeError, match="steps"):
        brief.retrain(network, only_readout=True, shuffled_labels=False, steps=0)
    flags = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
    assert flags == {name: name != "embedding.weight" for name in flags}


def test_a_network_without_a_readout_is_refused(found):
    with pytest.raises(sy.SymbolscopeError, match=r"Toy1d has no parameter between .* so there is no readout to train"):
        found.retrain(Toy1d(TASK), only_readout=True, shuffled_labels=False)
    network = GRU(TASK.vocabulary, width=6)
    at_the_end = searched(network, site=sy.sites.Output("head"), force=True, **BRIEF)
    before = weights(network)
    with pytest.raises(sy.SymbolscopeError, match=r"GRU has no parameter between Output\(path='head'.* and its output"):
        at_the_end.retrain(network, only_readout=True, shuffled_labels=False)
    assert same(weights(network), before)
    assert all(parameter.requires_grad for parameter in network.parameters())
