import math

import numpy as np
import pytest
import torch
from hypothesis import given, seed
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import symbolscope as sy
from symbolscope.games.scores import Score, choose_score

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


def test_target_defaults_to_the_predicted_class():
    assert choose_score("log-odds", None, torch.tensor([[0.0, 2.0, 1.0], [9.0, 0.0, 0.0]])).target == 1
    assert choose_score("log-odds", None, torch.tensor([[-1.0], [5.0]])).target == 0
    assert choose_score("output", None, torch.tensor([[-1.0], [5.0]])).target == 0


def test_probabilities_are_recognised():
    assert choose_score("log-odds", None, torch.tensor([[0.3, 0.7], [0.5, 0.5]])).outputs == "probabilities"
    assert choose_score("log-odds", None, torch.tensor([[0.3, 0.8], [0.5, 0.5]])).outputs == "logits"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda z: choose_score("log odds", None, z), "'log-odds', 'logit', 'probability', 'output'"),
        (lambda z: choose_score("log-odds", 3, z), r"target 3 is out of range: the network has 3 classes, 0 .. 2"),
        (lambda z: choose_score("log-odds", -1, z), "out of range"),
        (lambda z: choose_score("log-odds", "cat", z), "index of an output"),
        (lambda z: choose_score("log-odds", True, z), "index of an output"),
        (lambda z: choose_score("log-odds", 2, z[:, :1]), r"0 .. 1"),
        (lambda z: choose_score("log-odds", "cow", z, classes=("cat", "dog", "owl")), "'cat', 'dog', 'owl'"),
        (lambda z: choose_score("log-odds", None, z, regression=True), "score='output'"),
        (lambda z: choose_score("output", None, z), "target=0 .. 2"),
        (lambda z: choose_score("logit", None, torch.softmax(z, 1)), "rows are probabilities"),
        (lambda z: choose_score("log-odds", None, z[:, :, None]), "score function"),
        (lambda z: choose_score(lambda z: z, 1, z), "no meaning for a score function"),
        (lambda z: choose_score(lambda z: z.sum(), None, z)(z), r"scores of shape \(2,\); got \(\)"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        make(torch.tensor([[0.0, 2.0, 1.0], [9.0, 0.0, 0.0]]))
