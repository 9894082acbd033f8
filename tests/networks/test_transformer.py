"""Attention against a loop by hand, rotary positions, and windows."""

import pytest
import torch

import symbolscope as sy
from symbolscope.networks.transformer import CausalAttention, rotated

VOCABULARY = sy.tasks.MultiObject(max_count=6).vocabulary
TOKENS = torch.randint(len(VOCABULARY), (3, 9), generator=torch.Generator().manual_seed(0))


def transformer(**settings):
    return sy.networks.Transformer(VOCABULARY, **({"width": 12, "n_heads": 3} | settings)).eval()


def by_hand(attention, x, window):
    """One query at a time."""
    b, length, width = x.shape
    heads, size = attention.n_heads, width // attention.n_heads
    q, k, v = attention.query_key_value(x).split(width, dim=-1)
    split = [part.view(b, length, heads, size) for part in (q, k, v)]
    if attention.rotary:
        split[:2] = [rotated(part.transpose(1, 2)).transpose(1, 2) for part in split[:2]]
    q, k, v = split
    out = torch.zeros(b, length, heads, size)
    for i in range(length):
        first = 0 if window is None else max(0, i - window)
        for head in range(heads):
            scores = (k[:, first : i + 1, head] @ q[:, i, head][:, :, None])[..., 0] / size**0.5
            out[:, i, head] = (scores.softmax(dim=1)[:, None] @ v[:, first : i + 1, head])[:, 0]
    return attention.out(out.flatten(2))


@pytest.mark.parametrize("window", [None, 1, 3])
@pytest.mark.parametrize("positions", ["nope", "rope"])
def test_attention_is_what_it_says(positions, window):
    attention = CausalAttention(12, 3, rotary=positions == "rope", window=window)
    x = torch.randn(2, 7, 12, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(attention(x), by_hand(attention, x, window), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("window", [None, 2])
@pytest.mark.parametrize("positions", ["nope", "rope"])
def test_the_attention_shown_is_the_one_used(positions, window):
    network = transformer(positions=positions, window=window)
    x = network.embedding(TOKENS)
    with torch.no_grad():
        for block, seen in zip(network.blocks, network.attention(TOKENS), strict=True):
            torch.testing.assert_close(seen.weights.sum(dim=-1), torch.ones(3, 3, 9))
            assert (seen.weights.triu(1) == 0).all()
            mixed = (seen.weights @ seen.values).transpose(1, 2).flatten(2)
            given = block.attention(block.norm_attention(x))
            torch.testing.assert_close(block.attention.out(mixed), given, rtol=1e-4, atol=1e-5)
            x = block(x)
        torch.testing.assert_close(network.head(network.norm(x)), network(TOKENS))


def test_rotary_scores_depend_on_distance_alone():
    q, k = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(2))
    turned_q, turned_k = (rotated(x.expand(1, 1, 6, 8)) for x in (q, k))
    scores = (turned_q @ turned_k.mT)[0, 0]
    for shift in range(1, 4):
        torch.testing.assert_close(scores[shift:, shift:], scores[:-shift, :-shift], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(scores[0], scores[0, 0].expand(6))
    torch.testing.assert_close(turned_q.norm(dim=-1), q.norm().expand(1, 1, 6))


def test_without_positions_the_order_of_what_came_before_is_unseen_by_one_block():
    last = TOKENS[:, -1:]
    shuffled = torch.cat([TOKENS[:, :-1].flip(1), last], dim=1)
    with torch.no_grad():
        one, rope = transformer(n_blocks=1), transformer(n_blocks=1, n_heads=1, positions="rope")
        torch.testing.assert_close(one(TOKENS)[:, -1], one(shuffled)[:, -1], rtol=1e-4, atol=1e-5)
        assert not torch.allclose(rope(TOKENS)[:, -1], rope(shuffled)[:, -1], atol=1e-3)


@pytest.mark.parametrize("window", [1, 3])
def test_a_window_hides_what_is_further_back(window):
    network = transformer(n_blocks=1).windowed(window)
    changed = TOKENS.clone()
    changed[:, 2] = (changed[:, 2] + 1) % len(VOCABULARY)
    with torch.no_grad():
        differs = (network(TOKENS) - network(changed)).abs().amax(dim=(0, 2)) > 1e-6
    assert differs.tolist() == [2 <= position <= 2 + window for position in range(9)]


def test_a_window_leaves_the_network_it_is_made_from_alone():
    network = transformer()
    with torch.no_grad():
        before = network(TOKENS)
        cut = network.windowed(1)
        assert not torch.allclose(cut(TOKENS), before)
        assert torch.equal(network(TOKENS), before)
    shared = dict(network.named_parameters())
    assert all(parameter is shared[name] for name, parameter in cut.named_parameters())
    assert (cut.configuration["window"], network.configuration["window"]) == (1, None)
    with torch.no_grad():
        torch.testing.assert_close(network.windowed(100)(TOKENS), before)


def test_a_window_has_modes_and_hooks_of_its_own():
    network, seen = transformer(dropout=0.1).train(), []
    cut = network.windowed(2).eval()
    assert all(module.training for module in network.modules())
    cut.blocks[0].register_forward_hook(lambda *_: seen.append(1))
    network(TOKENS)
    assert not seen
    cut(TOKENS)
    assert seen


def test_gradients_of_a_window_reach_the_network_it_is_made_from():
    network = transformer()
    network.windowed(2)(TOKENS).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("n_blocks", [1, 2])
@pytest.mark.parametrize("window", [None, 1, 3])
def test_an_output_depends_on_what_so_many_blocks_can_reach_and_on_nothing_else(window, n_blocks):
    network = transformer(n_blocks=n_blocks, window=window)
    embedded = []
    network.embedding.register_forward_hook(
        lambda _module, _args, out: embedded.append(out.detach().requires_grad_()) or embedded[-1]
    )
    for position in range(9):
        slope = torch.autograd.grad(network(TOKENS)[:, position].square().sum(), embedded[-1])[0].norm(dim=(0, 2))
        first = 0 if window is None else position - n_blocks * window
        assert (slope > 0).tolist() == [first <= j <= position for j in range(9)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"positions": "sine"}, 'positions must be "nope" or "rope"; got \'sine\''),
        ({"n_heads": 5}, "n_heads must divide the width 12; got 5"),
        ({"n_heads": 4, "positions": "rope"}, "into parts of even size; got 4"),
        ({"n_blocks": 0}, "n_blocks and window must be at least 1"),
        ({"window": 0}, "n_blocks and window must be at least 1"),
    ],
)
def test_refusals(settings, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        transformer(**settings)
    with pytest.raises(sy.SymbolscopeError, match="window must be at least 1; got 0"):
        transformer().windowed(0)
