"""Controls ask networks as the explanation does: what was paid for is kept, and workers give the same bits."""

import pytest
import torch
from tests.evidence.instances import reading

import symbolscope as sy
from symbolscope.games.masked_network import MaskedNetwork

PLAIN = MaskedNetwork.outputs
N_MANY, N_FEW = 30, 8


def explained(n, **how):
    torch.manual_seed(n)
    network = torch.nn.Sequential(torch.nn.Linear(n, 6), torch.nn.ReLU(), torch.nn.Linear(6, 1))
    game = sy.Game(network, torch.linspace(0.5, 1.5, n), score="output")
    # A seed with which the fit that predicts best has few enough terms for a graph; others have 2,700.
    return sy.explain(game, max_calls=None if n == N_FEW else 300, seed=2, progress=False, **how)


class Meter:
    """Counts masked inputs, of null networks too, and breaks down after ``left`` of them."""

    def __init__(self):
        self.asked, self.left = 0, 10**9

    def outputs(self, network, masks):
        self.left -= len(masks)
        if self.left < 0:
            raise KeyboardInterrupt("out of order")
        self.asked += len(masks)
        return PLAIN(network, masks)

    def reading_of(self, assess, *, left=10**9):
        self.asked, self.left = 0, left
        return assess(), self.asked


@pytest.fixture
def meter(monkeypatch):
    meter = Meter()
    monkeypatch.setattr(MaskedNetwork, "outputs", lambda network, masks: meter.outputs(network, masks))
    return meter


@pytest.mark.parametrize("n", [N_FEW, N_MANY])
@pytest.mark.parametrize("as_graph", [False, True])
def test_a_second_assessment_pays_for_nothing(n, as_graph, tmp_path, meter):
    path = tmp_path / "run.sqlite"
    model = explained(n, store=path)
    model = model.graph() if as_graph else model
    first, paid = meter.reading_of(lambda: sy.assess(model, store=path, progress=False))
    second, paid_again = meter.reading_of(lambda: sy.assess(model, store=path, progress=False))
    # Two null networks, and fresh masks for each of the three where the output is not known on all.
    assert paid >= (2 * 2**n if n == N_FEW else 3 * 200)
    assert paid_again == 0
    assert second.null_scores == first.null_scores
    assert (second.score, second.interval) == (first.score, first.interval)


@pytest.mark.parametrize("n", [N_FEW, N_MANY])
def test_an_interrupted_assessment_goes_on(n, tmp_path, meter):
    model = explained(n)

    def kept_in(name):
        return lambda: sy.assess(model, store=tmp_path / name, batch_size=16, progress=False)

    undisturbed, whole = meter.reading_of(kept_in("undisturbed.sqlite"))
    with pytest.raises(KeyboardInterrupt, match="out of order"):
        meter.reading_of(kept_in("run.sqlite"), left=whole * 2 // 3)
    before = meter.asked
    resumed, after = meter.reading_of(kept_in("run.sqlite"))
    assert resumed.null_scores == undisturbed.null_scores
    assert after < whole / 2
    assert before + after <= whole + 64


@pytest.mark.parametrize("n", [N_FEW, N_MANY])
def test_workers_give_the_same_bits(n):
    model = explained(n)
    here, there = (
        sy.assess(model, nulls=("random-init",), restarts=1, executor=executor, progress=False)
        for executor in ("local", sy.executors.Processes(workers=1))
    )
    assert here.null_scores == there.null_scores
    assert here.score == there.score


def test_what_was_checked_before_is_not_asked_again(meter):
    model = explained(N_MANY)
    checked, paid = meter.reading_of(model.checked)
    again, paid_again = meter.reading_of(lambda: model.asked_with(batch_size=8).checked())
    assert (paid, paid_again) == (len(checked.values), 0)
    assert (again.values == checked.values).all()
    assert (again.prediction == checked.prediction).all()


@pytest.mark.parametrize("given", [{"store": "run.sqlite"}, {"executor": "local"}, {"batch_size": 8}])
def test_alignments_swap_in_this_process(given):
    with pytest.raises(sy.SymbolscopeError, match="store, executor and batch_size are for interactions"):
        sy.assess(reading("gru"), nulls=(), **given)
