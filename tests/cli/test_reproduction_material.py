"""What the studies are made of: functions with known interactions, indices, values of many samples, networks that are kept."""

from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.cli.reproduction.adversarial_inputs import adversarial_inputs
from symbolscope.cli.reproduction.and_or_function import (
    AND_OR_FUNCTIONS,
    DRAWN_FUNCTIONS,
    and_or_samples,
)
from symbolscope.cli.reproduction.attributions import attributions
from symbolscope.cli.reproduction.digit_networks import PointNetwork, cells_of, digits
from symbolscope.cli.reproduction.drawn_functions import ENOUGH, drawn_functions, score_of_itself
from symbolscope.cli.reproduction.index_matrix import index_matrix
from symbolscope.cli.reproduction.kept_weights import kept_weights
from symbolscope.cli.reproduction.known_function import (
    KnownFunction,
    Term,
    addition_multiplication,
    sums_and_sigmoids,
)
from symbolscope.cli.reproduction.model_of_effects import model_of_effects
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import available_data_sets, tabular_data
from symbolscope.cli.reproduction.tabular_networks import ARCHITECTURES, tabular_network, untrained_network
from symbolscope.cli.reproduction.values_of_samples import values_of_samples
from symbolscope.cli.reproduction.word_classifier import WordClassifier
from symbolscope.cli.reproduction.word_tokenizer import vocabulary_of, word_tokenizer


@pytest.mark.parametrize("outputs", [1, 2, 4])
@pytest.mark.parametrize("targets", [None, [0, 1, 0, 1, 1]])
def test_the_values_of_many_samples_are_those_of_their_games(outputs, targets):
    network = sy.networks.MLP(6, outputs, widths=(20, 20), seed=2)
    generator = torch.Generator().manual_seed(0)
    samples, baseline = torch.randn(5, 6, generator=generator), torch.randn(6, generator=generator)
    values = values_of_samples(network, samples, baseline, targets=targets, rows=100)  # one sample per batch
    for row, sample in enumerate(samples):
        target = None if targets is None else targets[row]
        game = sy.Game(network, sample, baseline=baseline, target=target, outputs="logits")
        np.testing.assert_allclose(values[row], game(sy.all_masks(6)), atol=1e-5)
    together = values_of_samples(network, samples, baseline, targets=targets)
    np.testing.assert_allclose(together, values, atol=1e-5)


def test_the_values_of_a_regression_are_its_outputs_and_its_mode_stays():
    network = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1)).train()
    samples = torch.ones(2, 3)
    values = values_of_samples(network, samples, torch.zeros(3), score="output")
    assert network.training
    game = sy.Game(network.eval(), samples[0], score="output")
    np.testing.assert_allclose(values[0], game(sy.all_masks(3)), atol=1e-6)


@pytest.mark.parametrize(
    ("samples", "baseline", "targets", "message"),
    [
        (
            torch.ones(3),
            torch.ones(3),
            None,
            r"samples must be \[samples, n\] and the baseline \[n\]; got \(3,\) and \(3,\)",
        ),
        (torch.ones(2, 3), torch.ones(2), None, r"got \(2, 3\) and \(2,\)"),
        (torch.ones(2, 3), torch.ones(3), [1], "targets must be one class per sample, 2; got 1"),
    ],
)
def test_values_of_the_wrong_shape_are_refused(samples, baseline, targets, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        values_of_samples(nn.Linear(3, 2), samples, baseline, targets=targets)


@pytest.mark.parametrize(("order", "index"), [(1, "SII"), (5, "SII"), (2, "STII"), (3, "STII")])
def test_an_index_of_many_games_is_that_of_each(order, index):
    values = np.random.default_rng(3).normal(size=(4, 32))
    rows = sy.mobius(values) @ index_matrix(5, order, index).T
    for row, one in zip(rows, values, strict=True):
        expected = sy.decompose(one.tolist(), kinds="and").shapley_interactions(order, index=index)
        for players, share in expected.items():
            assert row[sum(1 << player for player in players)] == pytest.approx(share, abs=1e-9)
        assert np.count_nonzero(np.abs(row) > 1e-12) <= len(expected)


@pytest.mark.parametrize("seed", range(4))
def test_the_true_interactions_of_a_sum_of_products_are_its_interactions(seed):
    generator = np.random.default_rng(seed)
    function = addition_multiplication(generator, coefficients=seed % 2 == 1)
    sample = np.array([1, 1, 0, 1, 1, 0, 1, 0, 1, 1], dtype=bool)
    players, values, truth = function.on(sample)
    assert players.tolist() == np.flatnonzero(sample).tolist()
    assert values[-1] == pytest.approx(function(sample[None])[0])
    assert values[0] == 0.0
    expected = np.zeros(len(values))
    for term, weight in truth.items():
        expected[sum(1 << player for player in term)] = weight
    np.testing.assert_allclose(sy.mobius(values), expected, atol=1e-9)
    assert 10 <= len(function.terms) <= 100
    assert len({term.ones for term in function.terms}) == len(function.terms)


def test_a_sigmoid_term_is_active_where_its_variables_say():
    function = KnownFunction(6, (Term(-1.0, (0, 1, 2)), Term(-1.0, (3, 4), (5,), is_sigmoid=True)))
    rows = sy.all_masks(6)
    x = rows.astype(float)
    expected = -x[:, 0] * x[:, 1] * x[:, 2] - 1 / (1 + np.exp(-(5 * x[:, 3] * x[:, 4] - 5 * x[:, 5] - 2.5)))
    np.testing.assert_allclose(function(rows), expected, atol=1e-12)
    assert function.on(np.array([0, 0, 0, 1, 1, 1], dtype=bool))[2] == {}  # the last has to be 0
    for seed in range(20):
        random = sums_and_sigmoids(np.random.default_rng(seed))
        used = [i for term in random.terms for i in (*term.ones, *term.zeros)]
        assert sorted(used) == list(range(random.n_variables))
        assert all(2 <= len(term.ones) + len(term.zeros) <= 5 and term.ones for term in random.terms)


def test_effects_as_a_model_predict_what_they_add_up_to():
    values = np.random.default_rng(0).normal(size=16)
    model = model_of_effects(np.asarray(sy.mobius(values)), values=values)
    np.testing.assert_allclose(model.predict_all(), values, atol=1e-12)
    assert (np.diff(np.abs(model.effects)) <= 1e-9).all()
    ties = model_of_effects(np.array([0.0, 1.0, 1.0, 1.0 + 1e-13]))
    assert ties.orders.tolist() == [1, 1, 2]  # equal but for rounding: lower orders first


def test_every_and_or_function_is_an_or_of_its_conjuncts():
    samples = and_or_samples(500, seed=3)
    for function in AND_OR_FUNCTIONS:
        positive = samples.numpy() > 0
        expected = np.any([positive[:, list(conjunct)].all(axis=1) for conjunct in function.conjuncts], axis=0)
        np.testing.assert_array_equal(function(samples).numpy() > 0.5, expected)
        for sample in samples[:50]:
            for conjunct in function.truth(sample):
                assert (sample[list(conjunct)] > 0.5).all()
                assert function(sample[None]) == 1.0


def test_adversarial_inputs_raise_the_loss_within_their_radius():
    network = sy.networks.MLP(5, 1, widths=(30,), seed=1)
    inputs = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))

    def loss(outputs):
        return nn.functional.softplus(outputs).sum()

    moved = adversarial_inputs(network, inputs, loss)
    assert float((moved - inputs).abs().max()) <= 0.1 + 1e-6
    with torch.no_grad():
        assert loss(network(moved)) > loss(network(inputs))
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not moved.requires_grad


@pytest.mark.parametrize("name", available_data_sets())
def test_tables_are_standardised_by_their_training_rows(name):
    data = tabular_data(name)
    assert len(data.names) == data.n_features == data.inputs.shape[1]
    assert data.n_features == (12 if name == "bikeshare" else 10)
    torch.testing.assert_close(data.inputs.mean(dim=0), torch.zeros(data.n_features), atol=1e-4, rtol=0)
    torch.testing.assert_close(data.inputs.std(dim=0, correction=0), torch.ones(data.n_features), atol=1e-3, rtol=0)
    assert len(data.inputs) == len(data.targets)
    assert len(data.held_out_inputs) == len(data.held_out_targets)
    assert data.classes == (set(data.targets.tolist()) == {0.0, 1.0})


def test_an_unknown_table_is_refused():
    with pytest.raises(sy.SymbolscopeError, match="there is no data set 'census'; there are breast cancer, diabetes"):
        tabular_data("census")


@pytest.mark.parametrize("adversarial", [False, True])
def test_a_network_learns_its_table_once(tmp_path, adversarial):
    data = tabular_data("diabetes")
    arguments = {"settings": Settings(quick=True), "weights": tmp_path, "seed": 1, "adversarial": adversarial}
    network, said = tabular_network(data, "MLP-2", **arguments)
    files = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(files) == 1
    with torch.no_grad():
        outputs = network(data.held_out_inputs)[:, 0]
    truth = data.held_out_targets
    assert said["r2"] == pytest.approx(1 - float(((outputs - truth) ** 2).mean() / truth.var(correction=0)), abs=1e-5)
    assert said["r2"] > 0  # in the unit of the data, not of the standardised target
    again, same = tabular_network(data, "MLP-2", **arguments)
    assert same == said
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files


def test_architectures_count_their_layers_of_weights():
    for name in ARCHITECTURES:
        network = untrained_network(name, 7, width=9)
        linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
        assert len(linear) == int(name[-1])
        assert network(torch.zeros(2, 7)).shape == (2, 1)


def test_weights_that_were_interrupted_are_trained_again(tmp_path):
    def interrupted(network):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept_weights(tmp_path, "one", nn.Linear(2, 1), interrupted)
    assert list(tmp_path.iterdir()) == []
    assert kept_weights(tmp_path, "one", nn.Linear(2, 1), lambda _: {"accuracy": 0.25})[1] == {"accuracy": 0.25}


def test_attributions_of_a_linear_network_are_its_terms():
    pytest.importorskip("captum")
    network = nn.Sequential(nn.Linear(3, 1, bias=False))
    x = torch.tensor([[1.0, -2.0, 0.5], [0.3, 0.1, 2.0]])
    expected = (x * network[0].weight).detach().double().numpy()
    for values in attributions(network, x, torch.zeros(3)).values():
        np.testing.assert_allclose(values, expected, atol=1e-5)


def test_words_are_cut_as_games_cut_them():
    pytest.importorskip("transformers")
    text = "It's a not-so-bad film, really! 10/10"
    vocabulary = vocabulary_of([text, text])
    tokenizer = word_tokenizer(vocabulary)
    network = WordClassifier(len(vocabulary), width=6, seed=1).eval()
    game = sy.Game.from_text(network, tokenizer, text, level="embedding", baseline="zero", target=1)
    assert game.player_names[:4] == ("It's", "a", "not-so-bad", "film")
    assert len(game.player_names) == len(tokenizer(text)["input_ids"])
    assert 1 not in tokenizer(text)["input_ids"]  # no word is unknown
    full = game([[True] * game.n_players])[0]
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    assert full == pytest.approx(network(ids).item(), abs=1e-5)
    hidden = game([[True] * (game.n_players - 1) + [False]])[0]
    ids[0, -1] = 0  # padding has the zero embedding
    assert hidden == pytest.approx(network(ids).item(), abs=1e-5)


def test_the_points_of_a_digit_lie_in_its_ink():
    data = digits()
    assert data.clouds.shape == (1437, 64, 2)
    for cloud, image in zip(data.clouds[:20].numpy(), data.images[:20, 0].numpy(), strict=True):
        column, row = ((cloud + 1) * 4).astype(int).T
        assert (image[row.clip(0, 7), column.clip(0, 7)] > 0).all()
        cells = cells_of(torch.from_numpy(cloud))
        assert set(cells[:, 0]) == set(range(cells.max() + 1))
        assert (cells[:, 0] == cells[:, 1]).all()
    assert PointNetwork(seed=0)(data.clouds[:3]).shape == (3, 10)


def test_the_drawn_functions_are_those_of_the_sequence_that_pass_themselves():
    sequence = list(islice(drawn_functions(0), 97))
    places = [sequence.index(function) for function in DRAWN_FUNCTIONS]
    assert places == sorted(places)
    assert places[-1] == 96
    assert all(score_of_itself(function, baseline=-1.0) >= ENOUGH for function in DRAWN_FUNCTIONS)
    assert score_of_itself(sequence[0], baseline=-1.0) < ENOUGH
