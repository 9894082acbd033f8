"""The base class: featurizers of one's own, and every refusal."""

import numpy as np
import pytest
import torch
from tests.featurizers.instances import KINDS, MAKE, SEVERAL, UNTYPED, examples
from torch import nn

import symbolscope as sy
from symbolscope.featurizers import (
    PCA,
    SAE,
    Boundless,
    Featurizer,
    Identity,
    Linear,
    Onion,
    Orthogonal,
    ReferenceLinear,
    RevNet,
    from_configuration,
    registry,
)


class Scaled(Featurizer):
    """First coordinates, stretched by learned factors: a featurizer of one's own."""

    def __init__(self, size, *, stretch=2.0):
        super().__init__(size)
        self.stretch = stretch

    def allocate(self, width):
        self.factors = nn.Parameter(torch.zeros(self.size))

    def start(self, generator, states):
        self.factors.copy_(self.stretch * (1.0 + torch.rand(self.size, generator=generator)))

    def forward(self, states):
        self._check_states(states)
        return states[..., : self.size] * self.factors, states[..., self.size :]

    def inverse(self, features, error):
        return torch.cat([features / self.factors, error], dim=-1)


class Forgetful(Scaled):
    def __init__(self, size, *, extra=1):
        super().__init__(size)


def test_a_featurizer_of_ones_own():
    featurizer = Scaled((1, 2), stretch=3.0).initialise(5, seed=0)
    assert featurizer.configuration() == {"size": [1, 2], "stretch": 3.0}
    assert repr(featurizer) == "Scaled(size=[1, 2], stretch=3.0) for states of width 5"
    assert featurizer.complexity == 3
    assert bool((featurizer.factors >= 3.0).all())
    assert float(featurizer.penalty()) == 0.0
    target, source = torch.zeros(2, 5), torch.ones(2, 5)
    assert torch.allclose(featurizer.swap(target, source, block=1), torch.tensor([0.0, 1, 1, 0, 0]).expand(2, 5))
    registry["Scaled"] = Scaled
    try:
        assert isinstance(from_configuration("Scaled", featurizer.configuration(), 5), Scaled)
    finally:
        del registry["Scaled"]


def test_sizes_may_come_from_numpy_and_from_lists():
    featurizer = Orthogonal(np.int64(3))
    assert featurizer.sizes == (3,)
    assert featurizer.configuration() == {"size": 3}
    assert type(featurizer.configuration()["size"]) is int
    assert Linear([1, 2]).sizes == Linear((1, 2)).sizes == (1, 2)
    assert Linear((4,)).configuration() == {"size": 4}


def test_the_whole_state_has_no_size_until_the_width_is_known():
    assert Identity().sizes == (0,)
    whole = Identity().initialise(4, seed=0)
    assert whole.sizes == (4,)
    assert whole.initialise(6, seed=0).size == 6
    assert whole.configuration() == {"size": None}
    target, source = examples(4).split(12)
    assert torch.equal(whole.swap(target, source), source)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, -1, True, 1.5, "2", (), (2, 0), [2, True]])
def test_sizes_that_are_refused(kind, size):
    with pytest.raises(
        sy.SymbolscopeError, match=r"size must be a whole number of at least 1, or one for each variable"
    ):
        registry[kind](size)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SEVERAL])
def test_several_blocks_are_refused_where_there_can_be_but_one(kind):
    with pytest.raises(sy.SymbolscopeError, match=r"carries one variable.*got \(2, 3\).*Linear\(size=\(2, 3\)\)"):
        registry[kind]((2, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_more_features_than_coordinates_are_refused(kind):
    with pytest.raises(sy.SymbolscopeError, match=r"more features than the states have coordinates \(6\); give size=6"):
        MAKE[kind](7).initialise(6, seed=0, states=examples(6))
    if kind in SEVERAL:
        with pytest.raises(sy.SymbolscopeError, match="more features"):
            MAKE[kind]((4, 3)).initialise(6, seed=0, states=examples(6))


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_refused_states(kind):
    template, states = MAKE[kind](2), examples(6)
    calls = [
        lambda: template(states),
        lambda: template.swap(states, states),
        lambda: template.inverse(states[:, :2], states),
        lambda: template.complexity,
    ]
    for call in calls:
        with pytest.raises(sy.SymbolscopeError, match=r"is a template; type featurizer = featurizer.initialise\(width"):
            call()


@pytest.mark.parametrize("kind", KINDS)
def test_states_that_are_refused(kind):
    featurizer = MAKE[kind](2).initialise(6, seed=0, states=examples(6)).eval()
    states = examples(6)
    for wrong in (states[:, :5], torch.zeros(())):
        with pytest.raises(sy.SymbolscopeError, match=r"takes states \[\.\.\., 6\]; got shape \("):
            featurizer(wrong)
        with pytest.raises(sy.SymbolscopeError, match=r"takes states \[\.\.\., 6\]; got shape \("):
            featurizer.swap(wrong, wrong)
    with pytest.raises(sy.SymbolscopeError, match=r"of one shape \[\.\.\., d\]; got \(24, 6\) and \(1, 6\)"):
        featurizer.swap(states, states[:1])
    with pytest.raises(sy.SymbolscopeError, match=r"takes features \[\.\.\., 2\]; got shape \(24, 3\)"):
        featurizer.inverse(states[:, :3], states)
    if kind not in UNTYPED:
        with pytest.raises(
            sy.SymbolscopeError, match=r"computes in torch.float32 but the states are torch.float64; type"
        ):
            featurizer(states.double())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("block", [-1, 1, True])
def test_a_block_that_is_not_there_is_refused(kind, block):
    featurizer = MAKE[kind](2).initialise(6, seed=0, states=examples(6))
    with pytest.raises(sy.SymbolscopeError, match=rf"has one block, 0; got block={block}"):
        featurizer.swap(examples(6), examples(6), block=block)
    if kind in SEVERAL:
        featurizer = MAKE[kind]((2, 1)).initialise(6, seed=0, states=examples(6))
        with pytest.raises(sy.SymbolscopeError, match=r"has 2 blocks, 0 .. 1; got block=2"):
            featurizer.swap(examples(6), examples(6), block=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Orthogonal(2).initialise(0, seed=0), r"width must be a whole number of at least 1.*got 0"),
        (lambda: Orthogonal(2).initialise(True, seed=0), r"width must be a whole number of at least 1.*got True"),
        (lambda: Orthogonal(2).initialise(4, seed=-1), r"seed must be a whole number from 0 on, or a torch.Generator"),
        (lambda: Orthogonal(2).initialise(4, seed=1 << 63), r"seed must be a whole number"),
        (lambda: Orthogonal(2).initialise(4, seed="a"), r"seed must be a whole number .* got 'a'"),
        (lambda: Orthogonal(2).initialise(4, seed=True), r"seed must be a whole number"),
        (lambda: Orthogonal(2).initialise(4, seed=0, states=examples(5)), r"states must be \[n, 4\].*\(24, 5\)"),
        (lambda: Orthogonal(2).initialise(4, seed=0, states=torch.ones(4)), r"states must be \[n, 4\]"),
        (lambda: Orthogonal(2).initialise(4, seed=0, states=examples(4).half()), r"float32 or float64; got torch.float16"),
        (lambda: Orthogonal(2).initialise(4, seed=0, states=examples(4).log()), r"finite numbers"),
        (lambda: PCA(2).initialise(4, seed=0), r"PCA\(size=2\).* is fitted to states: give more than 2 of them; got none"),
        (lambda: PCA(2).initialise(4, seed=0, states=examples(4, n=2)), r"give more than 2 of them; got 2"),
        (lambda: SAE(2).initialise(4, seed=0), r"fitted to states: give at least 2 of them; got none.*states=states"),
        (lambda: SAE(2).initialise(4, seed=0, states=examples(4, n=1)), r"at least 2 of them; got 1"),
        (lambda: SAE(3, latents=2, active=1), r"latents must be at least size and active \(3\); got 2"),
        (lambda: SAE(1, latents=4, active=5), r"latents must be at least size and active \(5\); got 4"),
        (lambda: SAE(1, active=9).initialise(2, seed=0, states=examples(2)), r"has 8 latents, of which 9 cannot be active"),
        (lambda: SAE(1, active=0), r"active must be at least 1 and steps at least 0; got active=0"),
        (lambda: SAE(1, steps=-1), r"steps=-1"),
        (lambda: RevNet(2).initialise(5, seed=0), r"the width must be even; got 5"),
        (lambda: RevNet(2, blocks=0), r"blocks and hidden must be at least 1; got blocks=0, hidden=64"),
        (lambda: RevNet(2, hidden=0), r"hidden=0"),
        (lambda: ReferenceLinear(2, ridge=0.0), r"ridge must be a positive number.*got 0.0"),
        (lambda: ReferenceLinear(2, ridge=float("nan")), r"ridge must be a positive number"),
        (lambda: Onion(2, symbols=1), r"symbols must be at least 2.*got 1"),
        (lambda: Boundless(2, temperatures=(1.0,)), r"temperatures must be two positive numbers, start and end"),
        (lambda: Boundless(2, temperatures=(1.0, 0.0)), r"temperatures must be two positive numbers"),
        (lambda: Boundless(2, weight=-1.0), r"weight must be a number of at least 0; got -1.0"),
        (lambda: Boundless(2).initialise(4, seed=0).anneal(1.5), r"progress must be a number from 0 to 1; got 1.5"),
        (lambda: Forgetful(2).initialise(4, seed=0), r"does not keep its argument 'extra'; write self.extra = extra"),
        (lambda: from_configuration("Orthogonl", {"size": 2}, 4), r"no featurizer 'Orthogonl'; the nearest is 'Orthogonal'"),
        (lambda: from_configuration("Linear", {"blocks": 2}, 4), r"Linear cannot be made from \{'blocks': 2\}"),
        (lambda: from_configuration("Linear", {"size": 2}, 1), r"more features than"),
        (lambda: from_configuration("RevNet", {"size": 2}, 3), r"must be even"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        call()


def test_features_that_are_no_symbols_are_refused():
    featurizer = Onion(2, symbols=3).initialise(4, seed=0)
    for symbol in (3.0, -1.0):
        with pytest.raises(sy.SymbolscopeError, match=r"are symbols, 0 .. 2; some are not"):
            featurizer.inverse(torch.full((1, 2), symbol), torch.zeros(1, 4))
