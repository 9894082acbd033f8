"""Readouts that share weights with an embedding get their own before a random core's readout is trained; the core stays."""

import pytest
import torch
from torch import nn

import symbolscope as sy
from symbolscope.alignment.refit import readout_parameters, untie_readout
from symbolscope.evidence.redraw import redrawn

TASK = sy.tasks.MultiObject(max_count=2)
V, D = len(TASK.vocabulary), 6
SITE = sy.sites.Output("core")


class First(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(D, 2, 8, dropout=0.0, batch_first=True)

    def forward(self, x):
        return self.layer(x, src_mask=nn.Transformer.generate_square_subsequent_mask(x.shape[1]), is_causal=True)


class Tied(nn.Module):
    """The head's weight is the embedding's."""

    def __init__(self, core):
        super().__init__()
        self.embedding, self.core, self.head = nn.Embedding(V, D), core, nn.Linear(D, V, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.core(self.embedding(tokens)))


class Direct(nn.Module):
    """No head at all: the embedding's weight is used once more."""

    def __init__(self, core):
        super().__init__()
        self.embedding, self.core = nn.Embedding(V, D), core

    def forward(self, tokens):
        return self.core(self.embedding(tokens)) @ self.embedding.weight.mT


class Projected(Tied):
    """A layer and a norm before the tied head."""

    def __init__(self, core):
        super().__init__(core)
        self.norm = nn.LayerNorm(D)

    def forward(self, tokens):
        return self.head(self.norm(self.core(self.embedding(tokens))))


CORES = {
    "GRU": lambda: First(nn.GRU(D, D, batch_first=True)), "LSTM": lambda: First(nn.LSTM(D, D, batch_first=True)),
    "RNN": lambda: First(nn.RNN(D, D, batch_first=True)), "attention": Attention,
}  # fmt: skip
NETWORKS = {
    f"{kind.__name__} {core}": (kind, make) for kind in (Tied, Direct, Projected) for core, make in CORES.items()
}


@pytest.mark.parametrize(("kind", "core"), NETWORKS.values(), ids=NETWORKS)
def test_the_readout_is_trained_and_the_core_is_not(kind, core):
    torch.manual_seed(0)
    network = kind(core())
    found = sy.align(
        network, sy.programs.UpDown(TASK), TASK, featurizer=sy.featurizers.Identity(size=2), site=SITE, steps=1, n_pairs=10,
        n_validation=10, force=True, progress=False,
    )  # fmt: skip
    fresh = redrawn(network, seed=1)
    tokens, steps = torch.from_numpy(TASK.sample(5, seed=0).tokens), torch.tensor([1, 2, 1, 2, 1])
    output, state = fresh(tokens), SITE.read(fresh, tokens, steps)
    untie_readout(found, fresh)
    torch.testing.assert_close(fresh(tokens), output, rtol=0, atol=0)
    assert any("head" in name or "embedding" in name for name in readout_parameters(found, fresh))
    found.retrain(fresh, only_readout=True, shuffled_labels=False, steps=2, seed=0)
    torch.testing.assert_close(SITE.read(fresh, tokens, steps), state, rtol=0, atol=0)
    assert not torch.equal(fresh(tokens), output)
    assert kind is Direct or network.head.weight is network.embedding.weight  # the network itself stays as it was


def test_a_null_that_has_not_learned_is_left_out_with_its_accuracy():
    torch.manual_seed(0)
    found = sy.align(
        Tied(CORES["GRU"]()), sy.programs.UpDown(TASK), TASK, featurizer=sy.featurizers.Identity(size=2), site=SITE, steps=1,
        n_pairs=10, n_validation=10, force=True, progress=False,
    )  # fmt: skip
    core = sy.evidence.nulls.RandomCore(steps=1)
    report = sy.assess(found, nulls=(core, "random-init"), restarts=1, n=20, progress=False)
    assert set(report.null_scores) == set(report.null_accuracy) == {"random-init"}
    assert "%" in report.skipped["random-core"]
    assert "learned" in report.skipped["random-core"]
    assert "because of what it learned" not in report.sentence
