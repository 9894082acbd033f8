"""Samples that cannot be explained: all of them is an error, some of them a warning, and what they look like is named."""

import re
import warnings
from collections import namedtuple

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import symbolscope as sy

X = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
Entry = namedtuple("Entry", ["features", "label"])


@pytest.fixture
def network():
    torch.manual_seed(0)
    return torch.nn.Linear(4, 2)


class Named:
    """A data set of dictionaries, as many libraries have them."""

    def __len__(self):
        return len(X)

    def __getitem__(self, row):
        return {"label": row, "pixel_values": X[row]}


def many(network, samples, **how):
    return sy.explain_many(network, samples, target=1, progress=False, **how)


# What is given, and words of the message that name it or what to give instead.
NOT_SAMPLES = {
    "loader of batches": (lambda: DataLoader(X, batch_size=3), ("DataLoader", "batches of 3", "loader.dataset")),
    "loader of labelled batches": (lambda: DataLoader(TensorDataset(X, torch.zeros(6)), 2), ("batches of 2", "entry[0]")),
    "loader of dictionaries": (lambda: DataLoader(Named(), 2), ("batches of 2", "entry['pixel_values']")),
    "named pairs": (lambda: [Entry(x, 1) for x in X], ("pair", "entry[0]")),
    "triples": (lambda: [(x, 1, "id") for x in X], ("tuple of 3", "entry[0]")),
    "pairs in lists": (lambda: [[x.numpy(), np.int64(1)] for x in X], ("pair", "entry[0]")),
    "pairs of input and target vector": (lambda: [(x, torch.zeros(2)) for x in X], ("pair", "entry[0]")),
    "dictionaries": (lambda: [{"y": 1, "inputs": x} for x in X], ("dict", "'inputs'")),
    "dictionaries of own names": (lambda: [{"id": 7, "signal": x.tolist()} for x in X], ("dict", "entry['signal']")),
    "batches": (lambda: [X[:3].numpy(), X[3:].numpy()], ("batch of 3", "for row in batch")),
    "batches from a generator": (lambda: (part for part in X.split(2)), ("batch of 2", "for row in batch")),
}  # fmt: skip


@pytest.mark.parametrize("kind", NOT_SAMPLES)
def test_what_is_no_sample_is_named(network, kind):
    samples, words = NOT_SAMPLES[kind]
    with pytest.raises(sy.SymbolscopeError) as refused:
        many(network, samples())
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize("kind", ["named pairs", "dictionaries of own names", "loader of labelled batches"])
def test_the_advice_works(network, kind):
    """What the message says to type explains every sample, as the rows themselves do."""
    samples = NOT_SAMPLES[kind][0]()
    with pytest.raises(sy.SymbolscopeError) as refused:
        many(network, samples)
    (typed,) = re.findall(r"samples=(\[.+ in [\w.]+\])", str(refused.value))
    given = eval(typed, {"samples": samples, "loader": samples})
    expected = [model.predict_all() for model in many(network, X)]
    assert all((one.predict_all() == other).all() for one, other in zip(many(network, given), expected, strict=True))


# Networks and samples of which every one fails, each for its own reason.
class Broken(torch.nn.Module):
    def forward(self, x):
        raise RuntimeError("the session was closed")


ALL_FAIL = {
    "wrong width": (None, [np.ones(7)] * 3, "3 samples"),
    "not finite": (None, [[np.nan] * 4] * 2, "nan"),
    "the network raises": (Broken(), X[:4], "the session was closed"),
    "a single one": (Broken(), X[:1], "none of the 1 sample could"),
    "no numbers": (None, [["a", "b", "c", "d"]] * 2, "2 samples"),
}


@pytest.mark.parametrize("case", ALL_FAIL)
@pytest.mark.parametrize("kept", [False, True])
def test_where_all_fail_nothing_is_returned(network, case, kept, tmp_path):
    given, samples, words = ALL_FAIL[case]
    where = {"store": tmp_path / "run.sqlite"} if kept and given is None else {}
    with pytest.raises(sy.SymbolscopeError, match=words) as refused:
        many(network if given is None else given, samples, **where)
    assert "Sample 0" in str(refused.value)


@pytest.mark.parametrize("bad", [(0,), (5,), (1, 2), (0, 1, 2, 3, 4)])
def test_where_some_fail_one_warning_counts_them(network, bad):
    samples = X.clone()
    samples[list(bad)] = float("nan")
    with pytest.warns(UserWarning, match=f"{len(bad)} of 6 samples") as told:
        explained = many(network, samples)
    assert len(told) == 1
    assert f"Sample {bad[0]}" in str(told[0].message)
    assert tuple(explained.failures) == bad
    assert len(explained) == 6 - len(bad)


def test_where_none_fails_nothing_is_said(network):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert many(network, X).failures == {}
        assert len(many(network, [])) == 0


def test_a_loader_that_does_not_batch_is_a_list_of_samples(network):
    expected = [model.predict_all() for model in many(network, X)]
    found = many(network, DataLoader(X, batch_size=None))
    assert all((one.predict_all() == other).all() for one, other in zip(found, expected, strict=True))


def test_what_had_worked_before_stays_although_all_others_fail_now(network, tmp_path):
    kept = tmp_path / "run.sqlite"
    many(network, X, store=kept)
    changed = X.clone()
    changed[1:] = float("nan")
    with pytest.warns(UserWarning, match="5 of 6 samples"):
        again = many(network, changed, store=kept)
    assert again.samples == (0,)


def test_an_interruption_passes(network):
    class Stopped(torch.nn.Module):
        def forward(self, x):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        many(Stopped(), X)
