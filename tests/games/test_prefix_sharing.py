import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.games.causal_networks import Careless, Recurrent, causal_network, word_tokenizer

import symbolscope as sy
from symbolscope.games.prefix_network import PrefixNetwork
from symbolscope.games.prefix_plan import PrefixCosts, cheapest_plan
from symbolscope.games.prefix_tree import PrefixTree, prefix_order

pytest.importorskip("transformers")

TEXT = "the film is not bad at all, it was not bad! the film"


@pytest.fixture(scope="module")
def tokenizer():
    return word_tokenizer()


@pytest.fixture(scope="module")
def gpt2():
    return causal_network("gpt2")


def games(network, tokenizer, *, text=TEXT, **how):
    """The same game with shared prefixes and without."""
    return (sy.Game.from_text(network, tokenizer, text, prefix_sharing=asked, **how) for asked in (True, False))


def random_masks(m, n, seed):
    return np.random.default_rng(seed).random((m, n)) < 0.5


@pytest.mark.parametrize("level", ["token", "embedding"])
@pytest.mark.parametrize(
    ("kind", "attention"),
    [("gpt2", "sdpa"), ("gpt2", "eager"), ("llama", "sdpa"), ("llama", "eager"), ("qwen2", "sdpa"), ("mistral", "sdpa"),
     ("gpt_neox", "sdpa")],
)  # fmt: skip
def test_values_equal_those_of_plain_batches(kind, attention, level, tokenizer):
    shared, plain = games(causal_network(kind, attention=attention), tokenizer, level=level, target="film")
    masks = random_masks(150, shared.n_players, 1)
    expected = plain(masks)
    assert np.ptp(expected) > 0.1
    # Llama's own eager attention takes its softmax in single precision whatever the network's.
    np.testing.assert_allclose(shared(masks), expected, atol=1e-5 if attention == "eager" else 1e-9, rtol=0)


def test_single_precision(tokenizer):
    shared, plain = games(causal_network("gpt2", layers=4).float(), tokenizer, target="bad")
    masks = random_masks(300, shared.n_players, 2)
    assert np.abs(shared(masks) - plain(masks)).max() <= 1e-5 * max(1.0, np.abs(plain(masks)).max())


@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1), m=st.integers(1, 60))
def test_wherever_the_tree_is_cut(data, seed, m, gpt2):
    """Any tokens, players that own several places, repeated masks, tokens that equal what hides them, any cuts."""
    length = data.draw(st.integers(1, 12))
    labels = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=length, max_size=length)))
    sample = torch.tensor(data.draw(st.lists(st.integers(2, 14), min_size=length, max_size=length)))
    baseline = torch.full_like(sample, 2)
    cuts = (
        0,
        *sorted(data.draw(st.sets(st.integers(1, length - 1), max_size=4) if length > 1 else st.just(set()))),
        length,
    )
    masks = random_masks(m, 4, seed)
    prefixes = PrefixNetwork(gpt2, sample, baseline=baseline, labels=labels, extras={}, dtype=torch.float64)
    rows = np.where(np.where(labels < 0, True, masks[:, labels]), sample.numpy(), baseline.numpy())
    with torch.inference_mode():
        expected = gpt2(input_ids=torch.from_numpy(rows)).logits[:, -1]
        torch.testing.assert_close(prefixes.outputs(masks, cuts=cuts), expected, atol=1e-10, rtol=0)


def test_order_and_batches_do_not_matter(gpt2, tokenizer):
    game = sy.Game.from_text(gpt2, tokenizer, "the film is not bad at all", prefix_sharing=True)
    masks = sy.all_masks(7)
    values = game(masks)
    turned = np.random.default_rng(3).permutation(len(masks))
    np.testing.assert_allclose(game(masks[turned]), values[turned], atol=1e-10, rtol=0)
    for batch_size in (1, 7, 1000):
        np.testing.assert_allclose(sy.evaluate(game, masks, batch_size=batch_size), values, atol=1e-10, rtol=0)
    source = game.source
    with source.evaluating():
        batches = [source.scores([source.outputs(masks[turned][i : i + 9])]) for i in range(0, 128, 9)]
    np.testing.assert_allclose(np.concatenate(batches), values[turned], atol=1e-10, rtol=0)


def test_each_prefix_is_computed_once(gpt2, tokenizer):
    game = sy.Game.from_text(gpt2, tokenizer, TEXT, words=range(4, 14), prefix_sharing=True)
    seen = []
    handle = gpt2.transformer.wte.register_forward_hook(lambda module, args, output: seen.append(args[0].numel()))
    try:
        game(sy.all_masks(10))
    finally:
        handle.remove()
    # Four tokens that all share, each way to hide the next ten words up to one of them, and the last token after each.
    distinct = 4 + sum(2**depth for depth in range(1, 11)) + 2**10
    assert sum(seen) == distinct < 2**10 * 15 / 4


def test_what_lies_between_calls_is_bounded(gpt2, tokenizer, monkeypatch):
    monkeypatch.setattr("symbolscope.games.prefix_network.INNER_GROUPS", 1)
    game = sy.Game.from_text(gpt2, tokenizer, TEXT, prefix_sharing=True)
    largest = []
    handle = gpt2.transformer.wte.register_forward_hook(lambda module, args, output: largest.append(args[0].numel()))
    try:
        game(random_masks(2000, game.n_players, 4))
    finally:
        handle.remove()
    assert len(largest) > 5
    assert max(largest) <= 1280


def test_network_stays_as_it_was(tokenizer):
    network = causal_network("llama").train()  # no dropout in it
    before = {name: value.clone() for name, value in network.state_dict().items()}
    attributes = {name: sorted(vars(part)) for name, part in network.named_modules()}
    settings_before = network.config.to_dict()
    game = sy.Game.from_text(network, tokenizer, TEXT, prefix_sharing=True)
    game(random_masks(50, game.n_players, 5))
    assert all(part.training for part in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert {name: sorted(vars(part)) for name, part in network.named_modules()} == attributes
    assert network.config.to_dict() == settings_before


def test_token_types_and_other_inputs_follow_their_tokens(gpt2, tokenizer):
    def with_types(text, **how):
        encoded = tokenizer(text, **how)
        return encoded | {"token_type_ids": [3 + i % 2 for i in range(len(encoded["input_ids"]))]}

    shared, plain = games(gpt2, with_types, baseline=2, target=4)
    masks = random_masks(40, shared.n_players, 6)
    np.testing.assert_allclose(shared(masks), plain(masks), atol=1e-9, rtol=0)


def test_shared_where_it_can_be_without_being_asked(gpt2, tokenizer):
    assert sy.Game.from_text(gpt2, tokenizer, TEXT).source.prefixes is not None
    assert sy.Game.from_text(gpt2, tokenizer, TEXT, prefix_sharing=False).source.prefixes is None


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: causal_network("bert"), "answers differently"),
        (Recurrent, "takes no attention_mask, position_ids, past_key_values, use_cache"),
        (lambda: Careless(causal_network("gpt2"), "attention_mask"), "answers differently"),
        (lambda: Careless(causal_network("gpt2"), "position_ids"), "answers differently"),
        (lambda: Careless(causal_network("gpt2"), "past_key_values"), "does not write to the cache"),
    ],
)
def test_plain_batches_where_prefixes_cannot_be_shared(make, reason, tokenizer):
    network = make()
    game = sy.Game.from_text(network, tokenizer, TEXT, target=4)
    assert game.source.prefixes is None
    assert game.source.order(sy.all_masks(game.n_players)) is None
    with pytest.raises(sy.SymbolscopeError, match=f"cannot share prefixes: .*{reason}.*Leave prefix_sharing out"):
        sy.Game.from_text(network, tokenizer, TEXT, target=4, prefix_sharing=True)


def test_refused_for_what_is_not_read_at_the_last_token(gpt2, tokenizer):
    def score(logits):
        return logits.mean((1, 2))

    assert sy.Game.from_text(gpt2, tokenizer, TEXT, score=score).source.prefixes is None
    with pytest.raises(sy.SymbolscopeError, match="not one row of logits per token, read at the last"):
        sy.Game.from_text(gpt2, tokenizer, TEXT, score=score, prefix_sharing=True)


def test_refused_where_the_tokenizer_hides_tokens(gpt2, tokenizer):
    def hiding(text, **how):
        encoded = tokenizer(text, **how)
        return encoded | {"attention_mask": [1] * (len(encoded["input_ids"]) - 1) + [0]}

    with pytest.raises(sy.SymbolscopeError, match="attention mask hides tokens"):
        sy.Game.from_text(gpt2, hiding, TEXT, baseline=2, prefix_sharing=True)


def test_another_network_or_baseline_shares_too(gpt2, tokenizer):
    game = sy.Game.from_text(gpt2, tokenizer, TEXT, target=4)
    masks = random_masks(30, game.n_players, 7)
    for other in (game.with_network(causal_network("llama")), game.with_baseline("pad")):
        assert other.source.prefixes is not None
        other_plain = sy.Game.from_text(other.network, tokenizer, TEXT, target=4, prefix_sharing=False,
                                        baseline="pad" if other.network is gpt2 else None)  # fmt: skip
        np.testing.assert_allclose(other(masks), other_plain(masks), atol=1e-9, rtol=0)


def test_one_text_alone_is_evaluated_plainly(gpt2, tokenizer):
    shared, plain = games(gpt2, tokenizer)
    mask = random_masks(1, shared.n_players, 8)
    assert shared.source.prefixes.outputs(mask) is None
    np.testing.assert_array_equal(shared(mask), plain(mask))


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 50))
def test_tree_counts_distinct_prefixes(seed, m):
    rng = np.random.default_rng(seed)
    labels, differs = rng.integers(-1, 5, 9), rng.random(9) < 0.8
    masks = rng.random((m, 5)) < 0.5
    tree = PrefixTree.of(masks, labels, differs)
    there = np.where((labels >= 0) & differs, masks[:, labels], True)
    assert tree.n_nodes.tolist() == [len({tuple(row[: p + 1]) for row in there}) for p in range(9)]
    assert (tree.present == there[tree.order]).all()
    assert sorted(tree.order) == list(range(m))
    assert (prefix_order(masks, labels, differs) == tree.order).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_no_other_cuts_are_cheaper(seed):
    rng = np.random.default_rng(seed)
    costs = PrefixCosts(
        pair=rng.random() / 50, block=rng.random(), copied=rng.random() / 5, call=rng.random() * 50, group=100
    )
    n_nodes = np.cumsum(np.concatenate([[1], rng.integers(0, 2, 6) * rng.integers(0, 40, 6)]))

    def cost(cuts):
        total = 0.0
        for a, b in itertools.pairwise(cuts):
            tokens, blocks = int(n_nodes[a:b].sum()), int(n_nodes[a - 1]) if a else 1
            total += tokens * (1 + costs.pair * (a + tokens / blocks)) + costs.call * -(-tokens // costs.group)
            total += blocks * (costs.block + costs.copied * a)
        return total

    plan = cheapest_plan(n_nodes, costs)
    assert plan.cost == pytest.approx(cost(plan.cuts))
    every = [(0, *inner, 7) for k in range(7) for inner in itertools.combinations(range(1, 7), k)]
    branching = [cuts for cuts in every if all(n_nodes[a] > n_nodes[a - 1] for a in cuts[1:-1])]
    assert plan.cost == pytest.approx(min(cost(cuts) for cuts in branching))
