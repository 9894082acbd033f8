"""Small networks of every kind that has a site, each with a slow forward pass that overwrites the state in plain sight."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from symbolscope import networks
from symbolscope.sites import CellState, Input, NetworkState, Output, RecurrentState, Site
from symbolscope.tasks import MultiObject, Vocabulary

TOKENS, LENGTH, WIDTH = 6, 7, 5
VOCABULARY = Vocabulary(tuple("ABCDEF"))


class Recurrent(nn.Module):
    """Embedding, an nn.RNN/GRU/LSTM, and a head that sees the outputs and the final state."""

    def __init__(self, rnn, *, packed=False, started=False):
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, rnn.input_size)
        self.rnn = rnn
        self.head = nn.Linear(rnn.proj_size or rnn.hidden_size, TOKENS)
        self.packed = packed
        self.started = started

    def initial(self, b):
        if not self.started:
            return None
        rnn = self.rnn
        shapes = [(rnn.num_layers, b, rnn.proj_size or rnn.hidden_size)]
        if isinstance(rnn, nn.LSTM):
            shapes.append((rnn.num_layers, b, rnn.hidden_size))
        parts = tuple(torch.linspace(-1, 1, s[0] * s[2]).reshape(s[0], 1, s[2]).expand(s) for s in shapes)
        parts = tuple(part.to(self.head.weight.dtype).contiguous() for part in parts)
        return parts if len(parts) > 1 else parts[0]

    def lengths(self, b):
        return LENGTH - torch.arange(b) % 3 if self.packed else torch.full((b,), LENGTH)

    def forward(self, tokens):
        x, start = self.embedding(tokens), self.initial(len(tokens))
        if self.packed:
            packed = pack_padded_sequence(x, self.lengths(len(x)), batch_first=True, enforce_sorted=False)
            outputs, final = self.rnn(packed, start)
            outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=LENGTH)
        elif self.rnn.batch_first:
            outputs, final = self.rnn(x, start)
        else:
            outputs, final = self.rnn(input=x.transpose(0, 1), hx=start)
            outputs = outputs.transpose(0, 1)
        return self.answer(outputs, final)

    def answer(self, outputs, final):
        """Logits [b, L + 1, V]: each output's, and the final states' summed."""
        parts = final if isinstance(final, tuple) else (final,)
        ends = sum(part.sum(dim=(0, 2)) for part in parts)[:, None].expand(-1, TOKENS)
        return torch.cat([self.head(outputs), ends[:, None]], dim=1)

    def slowly(self, tokens, steps, states, layer):
        """Every example alone, every step and layer in Python, the state overwritten once it is computed."""
        answers = []
        for i, length in enumerate(self.lengths(len(tokens)).tolist()):
            rnn, x = self.rnn, self.embedding(tokens[i])
            start = self.initial(1)
            parts = () if start is None else start if isinstance(start, tuple) else (start,)
            now = [tuple(part[k, 0] for part in parts) for k in range(rnn.num_layers)]
            if start is None:
                now = [zeros(rnn, x) for _ in range(rnn.num_layers)]
            outputs = []
            for t in range(length):
                below = x[t]
                for k in range(rnn.num_layers):
                    now[k] = one_step(rnn, k, below, now[k])
                    if t == int(steps[i]) and layer in (None, k):
                        now[k] = parts_of(
                            rnn, states[i], k if layer is None else 0, rnn.num_layers if layer is None else 1
                        )
                    below = now[k][0]
                outputs.append(below)
            outputs += [torch.zeros_like(below)] * (LENGTH - length)
            final = tuple(torch.stack([now[k][p] for k in range(rnn.num_layers)])[:, None] for p in range(len(now[0])))
            answers.append(self.answer(torch.stack(outputs)[None], final))
        return torch.cat(answers)


def zeros(rnn, x):
    h = x.new_zeros(rnn.proj_size or rnn.hidden_size)
    return (h, x.new_zeros(rnn.hidden_size)) if isinstance(rnn, nn.LSTM) else (h,)


def one_step(rnn, layer, x, state):
    """The textbook equations of one layer at one step."""
    given = getattr(rnn, f"weight_ih_l{layer}") @ x + getattr(rnn, f"bias_ih_l{layer}")
    carried = getattr(rnn, f"weight_hh_l{layer}") @ state[0] + getattr(rnn, f"bias_hh_l{layer}")
    if isinstance(rnn, nn.GRU):
        (r1, z1, n1), (r2, z2, n2) = given.chunk(3), carried.chunk(3)
        r, z = torch.sigmoid(r1 + r2), torch.sigmoid(z1 + z2)
        return ((1 - z) * torch.tanh(n1 + r * n2) + z * state[0],)
    if isinstance(rnn, nn.LSTM):
        i, f, g, o = (given + carried).chunk(4)
        c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return (getattr(rnn, f"weight_hr_l{layer}") @ h if rnn.proj_size else h, c)
    total = given + carried
    return (torch.tanh(total) if rnn.nonlinearity == "tanh" else torch.relu(total),)


def parts_of(rnn, state, index, n_layers):
    """h (and c) of one layer in a flat state [h of each layer; c of each layer]."""
    h = rnn.proj_size or rnn.hidden_size
    if not isinstance(rnn, nn.LSTM):
        return (state[index * h : (index + 1) * h],)
    c, begin = rnn.hidden_size, n_layers * h
    return state[index * h : (index + 1) * h], state[begin + index * c : begin + (index + 1) * c]


class Loop(nn.Module):
    """A recurrent cell called once per token."""

    def __init__(self, cell):
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, cell.input_size)
        self.cell = cell
        self.head = nn.Linear(cell.hidden_size, TOKENS)

    def forward(self, tokens, edit=lambda state, t: state):
        state, outputs = None, []
        for t in range(tokens.shape[1]):
            state = edit(self.cell(self.embedding(tokens[:, t]), state), t)
            outputs.append(self.head(state[0] if isinstance(state, tuple) else state))
        return torch.stack(outputs, dim=1)

    def slowly(self, tokens, steps, states):
        def one(i):
            def edit(state, t):
                if t != int(steps[i]):
                    return state
                row = states[i : i + 1]
                return (
                    (row[:, : self.cell.hidden_size], row[:, self.cell.hidden_size :])
                    if isinstance(state, tuple)
                    else row
                )

            return self(tokens[i : i + 1], edit)

        return torch.cat([one(i) for i in range(len(tokens))])


class Block(nn.Module):
    """Causal self-attention and a feed-forward step, pre-normed; returns its output and its attention, as some libraries do."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.mlp = nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH)
        )

    def forward(self, h):
        q, k, v = self.qkv(self.norm(h)).chunk(3, dim=-1)
        scores = q @ k.transpose(1, 2)
        scores = scores.masked_fill(torch.ones_like(scores[0], dtype=torch.bool).triu(1), -torch.inf)
        h = h + scores.softmax(dim=-1) @ v
        return h + self.mlp(h), scores


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.head = nn.Linear(WIDTH, TOKENS)

    def forward(self, tokens, edit=lambda h, index: h):
        h = self.embedding(tokens)
        for index, block in enumerate(self.blocks):
            h, _ = block(edit(h, index))
        return self.head(edit(h, 2))

    def slowly(self, tokens, steps, states, index):
        def one(i):
            def edit(h, at):
                if at != index:
                    return h
                h = h.clone()
                h[0, int(steps[i])] = states[i]
                return h

            return self(tokens[i : i + 1], edit)

        return torch.cat([one(i) for i in range(len(tokens))])


def perceptron():
    """A network whose in-place activation would damage a state that it shared."""
    return nn.Sequential(
        nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Linear(8, 6), nn.ReLU(inplace=True), nn.Linear(6, 3)
    )


@dataclass(frozen=True)
class Instance:
    """A network and a site in it; ``slowly(network, inputs, steps, states)`` is the output with the states written."""

    name: str
    network: nn.Module
    site: Site
    slowly: Callable
    inputs: Callable[[int, torch.Generator], torch.Tensor | Mapping[str, torch.Tensor]]
    width: int
    steps: Callable[[int], torch.Tensor | None] = lambda b: torch.arange(b) * 3 % LENGTH

    def __repr__(self):
        return self.name


def tokens(b, generator):
    return torch.randint(TOKENS, (b, LENGTH), generator=generator)


def recurrent(name, make, width, *, layer=None, packed=False, started=False):
    network = Recurrent(make(), packed=packed, started=started)
    return Instance(
        name,
        network,
        RecurrentState(layer=layer),
        lambda network, inputs, steps, states: network.slowly(inputs, steps, states, layer),
        tokens,
        width,
        steps=lambda b: torch.arange(b) * 3 % network.lengths(b),
    )


def loop(name, cell, width):
    return Instance(name, Loop(cell), CellState("cell"), lambda n, x, t, s: n.slowly(x, t, s), tokens, width)


def causal(name, site, index):
    return Instance(name, Transformer(), site, lambda n, x, t, s: n.slowly(x, t, s, index), tokens, WIDTH)


def own_state(make, site):
    """A network of this package, resumed token by token by the equations of its cell."""

    def slowly(network, inputs, steps, states):
        return torch.cat([one(network, inputs[i], int(steps[i]), states[i]) for i in range(len(inputs))])

    def one(network, text, step, state):
        now, outputs = network.initial_state(1), []
        for t, token in enumerate(text):
            now = next_state(network, token, now[0])[None] if t != step else state[None]
            outputs.append(network.readout(now))
        return torch.stack(outputs, dim=1)

    def next_state(network, token, state):
        if not hasattr(network, "rnn"):
            return network.resume(state[None], token.reshape(1, 1))[0, 0]
        parts = one_step(network.rnn, 0, network.embedding(token), parts_of(network.rnn, state, 0, 1))
        return torch.cat(parts)

    network = make()
    return Instance("", network, site, slowly, tokens, network.state_size)


def own_transformer():
    network = networks.Transformer(VOCABULARY, width=8, n_heads=2, positions="rope", seed=3)

    def slowly(network, inputs, steps, states):
        first, second = network.blocks
        rows = []
        for i in range(len(inputs)):
            h = first(network.embedding(inputs[i : i + 1])).clone()
            h[0, int(steps[i])] = states[i]
            rows.append(network.head(network.norm(second(h))))
        return torch.cat(rows)

    return Instance("", network, Output("blocks.0"), slowly, tokens, 8)


def layers(name, site, cut, width):
    def slowly(network, inputs, steps, states):
        return network[cut:](states.clone())

    return Instance(
        name, perceptron(), site, slowly, lambda b, g: torch.randn(b, 4, generator=g), width, steps=lambda b: None
    )


def hugging_face():
    transformers = __import__("pytest").importorskip("transformers")
    config = transformers.GPT2Config(
        vocab_size=TOKENS,
        n_embd=8,
        n_layer=2,
        n_head=2,
        n_positions=LENGTH,
        initializer_range=0.5,
        n_inner=8,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    model = transformers.GPT2LMHeadModel(config)

    def slowly(network, inputs, steps, states):
        def one(i):
            ids, body = inputs["input_ids"][i : i + 1], network.transformer
            h = body.wte(ids) + body.wpe(torch.arange(LENGTH))[None]
            for index, block in enumerate(body.h):
                h = block(h)
                h = h[0] if isinstance(h, tuple) else h
                if index == 0:
                    h = torch.where((torch.arange(LENGTH) == int(steps[i]))[None, :, None], states[i], h)
            return network.lm_head(body.ln_f(h))

        return torch.cat([one(i) for i in range(len(steps))])

    def inputs(b, generator):
        return {"input_ids": tokens(b, generator), "attention_mask": torch.ones(b, LENGTH, dtype=torch.int64)}

    return Instance("GPT-2 block", model, Output("transformer.h.0"), slowly, inputs, 8)


MAKERS = {
    "nn.GRU": lambda: recurrent("nn.GRU", lambda: nn.GRU(4, WIDTH, batch_first=True), WIDTH),
    "nn.GRU, sequence first": lambda: recurrent("", lambda: nn.GRU(4, WIDTH), WIDTH),
    "nn.GRU, packed": lambda: recurrent("", lambda: nn.GRU(4, WIDTH, batch_first=True), WIDTH, packed=True),
    "nn.LSTM": lambda: recurrent("", lambda: nn.LSTM(4, WIDTH, batch_first=True), 2 * WIDTH),
    "nn.LSTM, projected": lambda: recurrent("", lambda: nn.LSTM(4, 5, proj_size=3, batch_first=True), 8, started=True),
    "nn.RNN tanh": lambda: recurrent("", lambda: nn.RNN(4, WIDTH, batch_first=True), WIDTH),
    "nn.RNN relu": lambda: recurrent("", lambda: nn.RNN(4, WIDTH, nonlinearity="relu"), WIDTH),
    "2-layer nn.GRU": lambda: recurrent("", lambda: nn.GRU(4, WIDTH, 2, batch_first=True), 2 * WIDTH, started=True),
    "2-layer nn.LSTM, packed": lambda: recurrent("", lambda: nn.LSTM(4, WIDTH, 2), 4 * WIDTH, packed=True),
    "bottom of 2 nn.GRU layers": lambda: recurrent("", lambda: nn.GRU(4, WIDTH, 2), WIDTH, layer=0, started=True),
    "top of 2 nn.GRU layers": lambda: recurrent("", lambda: nn.GRU(4, WIDTH, 2), WIDTH, layer=1),
    "middle of 3 nn.LSTM layers": lambda: recurrent(
        "", lambda: nn.LSTM(4, WIDTH, 3, proj_size=2), WIDTH + 2, layer=1, packed=True, started=True
    ),
    "middle of 3 nn.RNN layers": lambda: recurrent(
        "", lambda: nn.RNN(4, WIDTH, 3, nonlinearity="relu"), WIDTH, layer=1
    ),
    "GRUCell loop": lambda: loop("", nn.GRUCell(4, WIDTH), WIDTH),
    "LSTMCell loop": lambda: loop("", nn.LSTMCell(4, WIDTH), 2 * WIDTH),
    "RNNCell loop": lambda: loop("", nn.RNNCell(4, WIDTH), WIDTH),
    "transformer block": lambda: causal("", Output("blocks.0"), 1),
    "last transformer block": lambda: causal("", Output("blocks.1"), 2),
    "input of a transformer block": lambda: causal("", Input("blocks.1"), 1),
    "hidden layer": lambda: layers("", Output("1"), 2, 8),
    "layer before an in-place one": lambda: layers("", Output("0"), 1, 8),
    "input of a layer": lambda: layers("", Input("2"), 2, 8),
    "GPT-2 block": hugging_face,
    "own state of a GRU": lambda: own_state(lambda: networks.GRU(VOCABULARY, width=6, seed=1), NetworkState()),
    "own state of a Toy1d": lambda: own_state(lambda: networks.Toy1d(MultiObject(max_count=5)), NetworkState()),
    "own state of a skewed GRU": lambda: own_state(
        lambda: networks.Skewed(
            networks.GRU(VOCABULARY, width=4, seed=1), torch.eye(4) + 0.3 * torch.ones(4, 4).triu(1)
        ),
        NetworkState(),
    ),
    "own state of an LSTM": lambda: own_state(lambda: networks.LSTM(VOCABULARY, width=6, seed=1), NetworkState()),
    "nn.LSTM of an LSTM": lambda: own_state(lambda: networks.LSTM(VOCABULARY, width=6, seed=1), RecurrentState("rnn")),
    "nn.GRU of a GRU": lambda: own_state(lambda: networks.GRU(VOCABULARY, width=6, seed=1), RecurrentState("rnn")),
    "block of a Transformer": own_transformer,
}


def instance(name):
    with torch.random.fork_rng():
        torch.manual_seed(sum(map(ord, name)))
        made = MAKERS[name]()
    return Instance(**{**vars(made), "name": name, "network": made.network.eval()})
