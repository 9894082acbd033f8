"""What torch.compile, DataParallel, functools.partial and modules of one's own put around a network changes no value."""

import functools

import numpy as np
import pytest
import torch
from tests.games.causal_networks import VOCABULARY, causal_network, word_tokenizer
from torch import nn

import symbolscope as sy
from symbolscope.core.wrapped_network import forward_parameters

pytest.importorskip("transformers")

# torch's own import of its compiler warns.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")

TEXT = "the film is not bad"


class Around(nn.Module):
    """A module that hands everything on."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, input_ids, **rest):
        return self.network(input_ids=input_ids, **rest)


@pytest.fixture(scope="module")
def tokenizer():
    return word_tokenizer()


class Classifier(nn.Module):
    """Tokens by place and attention mask, to three classes."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(len(VOCABULARY), 4)
        self.places = nn.Parameter(torch.randn(16, 4))
        self.dropout = nn.Dropout(0.1)  # a product of many zeros would hide it
        self.head = nn.Linear(4, 3)

    def get_input_embeddings(self):
        return self.table

    def forward(self, input_ids=None, attention_mask=None, *, inputs_embeds=None, scale=1.0):
        states = self.table(input_ids) if inputs_embeds is None else inputs_embeds
        states = torch.tanh(scale * states * self.places[: states.shape[1]]).cumsum(dim=1)
        return self.head(self.dropout(states * attention_mask[..., None]).prod(dim=1))


@pytest.fixture(scope="module")
def classifier():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Classifier().eval()


WRAPPERS = {
    "compiled": lambda network: torch.compile(network, backend="eager"),
    "parallel": nn.DataParallel,
    "compiled and parallel": lambda network: torch.compile(nn.DataParallel(network), backend="eager"),
    "partial": lambda network: functools.partial(network, scale=1.0),
    "partial twice": lambda network: functools.partial(functools.partial(network, inputs_embeds=None), scale=1.0),
    "method": lambda network: network.forward,
    "around": Around,
    "compiled around": lambda network: torch.compile(Around(network), backend="eager"),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_values_and_arguments_are_those_of_the_network_inside(wrap, classifier, tokenizer):
    wrapped = wrap(classifier)
    assert {"input_ids", "attention_mask"} <= forward_parameters(wrapped)
    game = sy.Game.from_text(wrapped, tokenizer, TEXT, target=1)
    masks = sy.all_masks(5)
    ids = torch.where(torch.from_numpy(masks), torch.tensor([3, 4, 5, 6, 7]), 2)  # the, film, is, not, bad; 2 hides
    with torch.inference_mode():
        logits = classifier(input_ids=ids, attention_mask=torch.ones(5)).double()
    expected = logits[:, 1] - torch.logsumexp(logits[:, [0, 2]], dim=1)
    np.testing.assert_allclose(game(masks), expected.numpy(), atol=1e-5, rtol=0)
    assert not classifier.training


def test_a_partial_keeps_what_it_has_filled_in(classifier, tokenizer):
    scaled = functools.partial(classifier, scale=3.0)
    game = sy.Game.from_text(scaled, tokenizer, TEXT, target=1, score="logit")
    with torch.inference_mode():
        expected = classifier(torch.tensor([[3, 4, 5, 6, 7]]), torch.ones(1, 5), scale=3.0)[0, 1].item()
    assert game([[True] * 5])[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kind", ["parallel", "partial"])
def test_causal_networks(kind, tokenizer):
    network = causal_network("gpt2")
    wrapped = nn.DataParallel(network) if kind == "parallel" else functools.partial(network, output_attentions=False)
    masks = sy.all_masks(5)[::3]
    expected = sy.Game.from_text(network, tokenizer, TEXT, target="bad", prefix_sharing=False)(masks)
    game = sy.Game.from_text(wrapped, tokenizer, TEXT, target="bad")
    np.testing.assert_allclose(game(masks), expected, atol=1e-9, rtol=0)


def test_a_compiled_causal_network_shares_prefixes_and_has_the_same_values(tokenizer):
    network = causal_network("gpt2", layers=1)
    compiled = torch.compile(network, backend="eager")
    masks = sy.all_masks(2)
    expected = sy.Game.from_text(network, tokenizer, "not bad", target="bad", prefix_sharing=False)(masks)
    game = sy.Game.from_text(compiled, tokenizer, "not bad", target="bad", prefix_sharing=True)
    np.testing.assert_allclose(game(masks), expected, atol=1e-9, rtol=0)


def test_dropout_is_found_through_a_partial_and_the_mode_left_alone(tokenizer):
    drops = Classifier()
    with pytest.raises(sy.SymbolscopeError, match="dropout left on"):
        sy.Game.from_text(functools.partial(drops, scale=1.0), tokenizer, TEXT, target=1)
    assert drops.training


@pytest.mark.parametrize("network", [nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), nn.ModuleDict()])
def test_a_compiled_network_of_numbers_is_never_asked_whether_it_is_true(network):
    if len(network) == 0:  # false, and a network all the same
        network.forward = lambda x: torch.stack([x.sum(dim=1), x[:, 0]], dim=1)
    sample = torch.tensor([1.0, -2.0, 0.5])
    expected = sy.Game(network, sample, target=0)(sy.all_masks(3))
    compiled = torch.compile(network, backend="eager")
    np.testing.assert_allclose(sy.Game(compiled, sample, target=0)(sy.all_masks(3)), expected, atol=1e-6, rtol=0)


def test_level_embedding_of_a_compiled_network(classifier, tokenizer):
    masks = sy.all_masks(5)
    expected = sy.Game.from_text(classifier, tokenizer, TEXT, level="embedding", target=0)(masks)
    for kind in ("compiled", "parallel", "partial"):
        game = sy.Game.from_text(WRAPPERS[kind](classifier), tokenizer, TEXT, level="embedding", target=0)
        np.testing.assert_allclose(game(masks), expected, atol=1e-5, rtol=0)
