"""The longest text that a network takes, found before any work: it is tried on the networks themselves."""

import pytest
import torch
from tests.games.text_networks import WORDS, classifier, pair_tokenizer
from torch import nn

import symbolscope as sy
from symbolscope.games.text_length import longest_text

pytest.importorskip("transformers")

PLACES = 12


@pytest.fixture(scope="module")
def tokenizer():
    return pair_tokenizer()


def fits(network, length):
    try:
        with torch.inference_mode():
            network(input_ids=torch.full((1, length), 5), attention_mask=torch.ones(1, length, dtype=torch.int64))
    except (IndexError, RuntimeError, ValueError):
        return False
    return True


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "electra", "mpnet", "gpt2", "opt"])
def test_the_limit_is_the_last_length_that_the_network_answers(kind, tokenizer):
    network = classifier(kind, places=PLACES)
    longest = longest_text(network)
    assert longest is not None
    assert fits(network, longest)
    assert not fits(network, longest + 1)
    target = 1 if kind not in ("gpt2", "opt") else "bad"
    words = ["it"] * (longest - 2)  # and two special tokens
    sy.Game.from_text(network, tokenizer, " ".join(words), words=[0], target=target)
    with pytest.raises(
        sy.SymbolscopeError, match=f"{longest + 1} tokens and the network takes at most {longest}; shorten"
    ):
        sy.Game.from_text(network, tokenizer, " ".join([*words, "it"]), words=[0], target=target)


@pytest.mark.parametrize("kind", ["deberta", "xlnet"])
def test_networks_that_know_distances_only_have_no_limit(kind, tokenizer):
    network = classifier(kind, places=PLACES)
    assert longest_text(network) is None
    game = sy.Game.from_text(network, tokenizer, "it rains " * 20, words=[0, 1], target=1)
    assert game.n_players == 2


def test_the_length_of_a_pair_counts_both_texts(tokenizer):
    network = classifier("roberta", places=PLACES)  # 10 tokens fit, 3 of them special
    sy.Game.from_text(network, tokenizer, ("it " * 4, "wet " * 3), words=[0], target=1)
    with pytest.raises(sy.SymbolscopeError, match=r"pair of texts has 11 tokens.*at most 10; shorten"):
        sy.Game.from_text(network, tokenizer, ("it " * 4, "wet " * 4), words=[0], target=1)


def test_the_limit_inside_wrappers(tokenizer):
    network = nn.DataParallel(classifier("roberta", places=PLACES))
    assert longest_text(network) == PLACES - 2
    with pytest.raises(sy.SymbolscopeError, match="shorten"):
        sy.Game.from_text(network, tokenizer, "it " * 9, target=1)


def test_a_network_of_ones_own_that_fails_gets_no_advice_about_numbers(tokenizer):
    class Short(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.order = nn.Embedding(len(WORDS), 3), nn.Embedding(4, 3)

        def forward(self, input_ids):
            return (self.tokens(input_ids) * self.order(torch.arange(input_ids.shape[1]))).sum(dim=1)

    assert longest_text(Short()) is None
    sy.Game.from_text(Short(), tokenizer, "not bad", target=1, outputs="logits")
    with pytest.raises(sy.SymbolscopeError, match="so long a text") as refused:
        sy.Game.from_text(Short(), tokenizer, "it is not bad", target=1)
    assert "integers" not in str(refused.value)
