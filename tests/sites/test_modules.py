"""Modules as they are met: tuples, torch's own transformer layers, Hugging Face models."""

from collections import namedtuple

import pytest
import torch
from tests.sites.small_networks import LENGTH, TOKENS
from torch import nn

from symbolscope.sites import Input, Output, RecurrentState

Pair = namedtuple("Pair", ["weights", "hidden"])


@pytest.mark.parametrize("wrap", [lambda h: (None, h), lambda h: [h, h], lambda h: Pair("none", h)])
def test_first_tensor_of_a_sequence(wrap):
    class Inner(nn.Module):
        def forward(self, x):
            return wrap(x + 1.0)

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def forward(self, x):
            self.seen = self.inner(x)
            return x

    network, x = Outer(), torch.zeros(2, 5, 3)
    assert torch.equal(Output("inner").read(network, x, 1), torch.ones(2, 3))
    Output("inner").run(network, x, torch.tensor([1, 4]), torch.full((2, 3), 7.0))
    kind, natural = type(wrap(x)), wrap(x)
    assert type(network.seen) is kind
    tensors = [value for value in network.seen if isinstance(value, torch.Tensor)]
    assert (tensors[0][0, 1] == 7).all()
    assert (tensors[0][1, 4] == 7).all()
    assert int((tensors[0] == 7).sum()) == 6
    assert len(network.seen) == len(natural)
    assert all((tensor == 1).all() for tensor in tensors[1:])


@pytest.mark.parametrize("path", ["layers.0", "layers.0.norm1", "layers.1.linear2"])
@pytest.mark.parametrize("batch_first", [True, False])
def test_torchs_transformer_layers(batch_first, path):
    """Examples come second inside; with as many positions as examples no shape would give that away."""

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            layer = nn.TransformerEncoderLayer(4, 1, 8, batch_first=batch_first)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

        def forward(self, x):
            return self.encoder(x) if batch_first else self.encoder(x.transpose(0, 1)).transpose(0, 1)

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Network().eval()
    x = torch.randn(5, 5, 4, generator=torch.Generator().manual_seed(1))
    site, steps = Output(f"encoder.{path}"), torch.arange(5)
    with torch.no_grad():
        states = site.read(network, x, steps)
        for i in range(5):
            torch.testing.assert_close(site.read(network, x[i : i + 1], i)[0], states[i], rtol=0, atol=1e-6)
        torch.testing.assert_close(site.run(network, x, steps, states), network(x), rtol=0, atol=1e-6)
        other = states.clone()
        other[3] += torch.tensor([1.0, 0.0, -1.0, 2.0])
        changed = (site.run(network, x, steps, other) - network(x)).abs() > 1e-5
    assert changed.flatten(1).any(dim=1).tolist() == [False, False, False, True, False]


def test_what_was_read_is_not_changed_in_place_later_in_the_pass():
    network, x = nn.Sequential(nn.Linear(3, 8), nn.ReLU(inplace=True)), torch.ones(2, 3)
    with torch.no_grad():
        states = Output("0").read(network, x)
        assert torch.equal(states, network[0](x))
    assert (states < 0).any()


def test_the_network_itself():
    network = nn.GRU(4, 6, batch_first=True)
    x = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(2))
    outputs, _ = network(x)
    assert torch.equal(
        RecurrentState("").read(network, x, torch.tensor([4, 0, 2])), outputs[torch.arange(3), torch.tensor([4, 0, 2])]
    )
    swapped, end = RecurrentState("").run(network, x, 4, torch.zeros(3, 6))
    assert torch.equal(swapped[:, :4], outputs[:, :4])
    assert (swapped[:, 4] == 0).all()
    assert (end == 0).all()
    assert torch.equal(Input("").read(network, x, 3), x[:, 3])


def test_weights_under_a_parametrisation():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = nn.Sequential(nn.GRU(4, 5, 2, batch_first=True))
    plain = RecurrentState("0", layer=0)
    x = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(3))
    before = plain.run(network, x, 2, torch.zeros(3, 5))[0]
    nn.utils.parametrizations.weight_norm(network[0], "weight_hh_l0")
    torch.testing.assert_close(plain.run(network, x, 2, torch.zeros(3, 5))[0], before, rtol=0, atol=1e-6)


@pytest.fixture(scope="module")
def bert():
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=TOKENS,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=LENGTH,
        num_labels=3,
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return transformers.BertForSequenceClassification(config).eval()


def batch(n):
    text = torch.randint(TOKENS, (n, LENGTH), generator=torch.Generator().manual_seed(n))
    mask = (torch.arange(LENGTH) < LENGTH - torch.arange(n)[:, None]).long()
    return {"input_ids": text, "attention_mask": mask, "return_dict": True}


@pytest.mark.parametrize(
    "site",
    [Output("bert.encoder.layer.0"), Input("bert.encoder.layer.1"), Input("bert.encoder.layer.1.attention.self")],
)
def test_hugging_face_classifier(bert, site):
    inputs, steps = batch(4), torch.tensor([0, 2, 1, 3])
    with torch.no_grad():
        states, natural = site.read(bert, inputs, steps), bert(**inputs).logits
        torch.testing.assert_close(site.run(bert, inputs, steps, states).logits, natural, rtol=0, atol=1e-6)
    continuation = site.continuation(bert, inputs, steps)
    swapped = continuation.logits(torch.tensor([2, 0]), states[[0, 0]])
    assert swapped.shape == (2, 1, 3)
    assert (swapped[0, 0] - natural[2]).abs().max() > 1e-4
    torch.testing.assert_close(swapped[1, 0], natural[0], rtol=0, atol=1e-6)


def test_hugging_face_pooled_output(bert):
    inputs = batch(4)
    site = Output("bert.pooler")
    with torch.no_grad():
        states, natural = site.read(bert, inputs), bert(**inputs).logits
        torch.testing.assert_close(
            site.run(bert, inputs, None, states.flip(0)).logits, natural.flip(0), rtol=0, atol=1e-6
        )


def test_hugging_face_encoder_output_is_refused_with_a_hint(bert):
    with pytest.raises(ValueError, match=r"BertEncoder 'bert.encoder' returns .*choose a module inside it"):
        Output("bert.encoder").read(bert, batch(2), 0)
