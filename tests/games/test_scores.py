import math

import numpy as np
import pytest
import torch
from hypothesis import given, seed
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import symbolscope as sy
from symbolscope.games.output_meaning import meaning_of
from symbolscope.games.scores import Score, check_outputs, check_score, choose_score

LOGITS = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(2, 6)), elements=st.floats(-20, 20))


@seed(3)
@given(logits=LOGITS, data=st.data())
def test_log_odds_equal_the_definition(logits, data):
    target = data.draw(st.integers(0, logits.shape[1] - 1))
    z = torch.from_numpy(logits)
    p = torch.softmax(z, dim=1)
    others = p.sum(dim=1) - p[:, target]
    ours = Score("log-odds", target, "logits")(z)
    others = torch.cat([p[:, :target], p[:, target + 1 :]], dim=1).sum(dim=1)
    assert torch.allclose(ours, torch.log(p[:, target]) - torch.log(others), atol=1e-6)
    assert torch.allclose(Score("probability", target, "logits")(z), p[:, target], atol=1e-12)
    assert torch.allclose(Score("log-odds", target, "probabilities")(p), ours.clamp(-36, 36), atol=1e-3)


def test_log_odds_are_exact_where_softmax_saturates():
    z = torch.tensor([[500.0, -500.0, -600.0]])
    assert Score("log-odds", 0, "logits")(z).item() == 1000.0


def test_log_odds_of_certain_probabilities_are_finite():
    p = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert Score("log-odds", 0, "probabilities")(p).tolist() == [53 * math.log(2), -53 * math.log(2)]


def test_single_logit():
    z = torch.tensor([[2.0], [-1.0]])
    for kind in ("log-odds", "logit"):
        assert Score(kind, 1, "single logit")(z).tolist() == [2.0, -1.0]
        assert Score(kind, 0, "single logit")(z).tolist() == [-2.0, 1.0]
    assert Score("probability", 0, "single logit")(z)[0].item() == pytest.approx(1 / (1 + math.exp(2)))


def test_scores_are_float64():
    for kind in ("log-odds", "logit", "probability"):
        assert Score(kind, 0, "logits")(torch.zeros(2, 3, dtype=torch.bfloat16)).dtype == torch.float64


def choose(score, target, outputs, kind="logits", classes=None):
    return choose_score(score, target, outputs, meaning_of(kind, "as the test says"), classes=classes)


def test_target_defaults_to_the_predicted_class():
    assert choose("log-odds", None, torch.tensor([[0.0, 2.0, 1.0], [9.0, 0.0, 0.0]])).target == 1
    assert choose("log-odds", None, torch.tensor([[-1.0], [5.0]]), "single logit").target == 0
    assert choose("log-odds", None, torch.tensor([[0.4], [0.9]]), "single probability").target == 0
    assert choose("log-odds", None, torch.tensor([[0.6], [0.1]]), "single probability").target == 1
    assert choose("output", None, torch.tensor([[-1.0], [5.0]]), "numbers").target == 0
    assert choose("output", None, torch.tensor([[-1.0], [5.0]]), "single margin").target == 1


INDEPENDENT = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=st.floats(-15, 15))


@seed(4)
@given(logits=INDEPENDENT, data=st.data())
def test_independent_labels_do_not_compete(logits, data):
    label = data.draw(st.integers(0, logits.shape[1] - 1))
    z = torch.from_numpy(logits)
    p = 1 / (1 + np.exp(-logits[:, label]))
    for outputs, kind in ((z, "multi-label logits"), (torch.sigmoid(z), "multi-label probabilities")):
        np.testing.assert_allclose(Score("log-odds", label, kind)(outputs), logits[:, label], atol=1e-6)
        np.testing.assert_allclose(Score("probability", label, kind)(outputs), p, atol=1e-12)


@seed(5)
@given(logits=hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.just(1)), elements=st.floats(-15, 15)))
def test_one_probability_is_of_class_1(logits):
    p = torch.sigmoid(torch.from_numpy(logits))
    np.testing.assert_allclose(Score("log-odds", 1, "single probability")(p), logits[:, 0], atol=1e-6)
    np.testing.assert_allclose(Score("log-odds", 0, "single probability")(p), -logits[:, 0], atol=1e-6)
    np.testing.assert_allclose(Score("probability", 0, "single probability")(p), 1 - p[:, 0].numpy(), atol=1e-12)


def test_log_odds_end_where_the_resolution_does():
    p = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.99, 0.01]], dtype=torch.float64)
    score = Score("log-odds", 0, "probabilities", smallest=1 / 200)
    assert score(p).tolist() == pytest.approx([math.log(199), -math.log(199), math.log(99)])
    assert score.largest_log_odds == pytest.approx(math.log(199))
    assert Score("probability", 0, "probabilities", smallest=1 / 200).largest_log_odds is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda z: check_score("log odds"), "'log-odds', 'logit', 'probability', 'output'"),
        (lambda z: choose("log-odds", 3, z), r"target 3 is out of range: the network has 3 classes, 0 .. 2"),
        (lambda z: choose("log-odds", -1, z), "out of range"),
        (lambda z: choose("log-odds", "cat", z), "index of an output"),
        (lambda z: choose("log-odds", True, z), "index of an output"),
        (lambda z: choose("log-odds", 2, z[:, :1], "single logit"), r"0 .. 1"),
        (lambda z: choose("log-odds", "cow", z, classes=("cat", "dog", "owl")), "'cat', 'dog', 'owl'"),
        (lambda z: choose("log-odds", None, z, "numbers"), "score='output'"),
        (lambda z: choose("output", None, z, "numbers"), "target=0 .. 2"),
        (lambda z: choose("logit", None, torch.softmax(z, 1), "probabilities"), "rows are probabilities"),
        (lambda z: check_outputs(z[:, :, None], "log-odds"), "score function"),
        (lambda z: choose(lambda z: z, 1, z), "no meaning for a score function"),
        (lambda z: choose(lambda z: z.sum(), None, z)(z), r"scores of shape \(2,\); got \(\)"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        make(torch.tensor([[0.0, 2.0, 1.0], [9.0, 0.0, 0.0]]))
