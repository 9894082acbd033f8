"""A long short-term memory on tokens."""

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Number, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.errors import SymbolscopeError
from symbolscope.networks.head import readout_head
from symbolscope.networks.recurrence import recurrence
from symbolscope.networks.recurrent_network import RecurrentNetwork
from symbolscope.tasks.vocabulary import VOCABULARY, Vocabulary


class LSTM(RecurrentNetwork):
    """One LSTM layer between an embedding and a two-layer readout; its state is [h_t; c_t].

    Both halves have width / 2 entries, so that the whole state is as wide as that of a :class:`symbolscope.networks.GRU`.
    Submodules: ``embedding`` (V -> d), ``rnn`` (nn.LSTM, d -> d / 2), ``head`` (d / 2 -> 2d, GELU, dropout, 2d -> V),
    which reads h alone.

    Parameters
    ----------
    vocabulary
        Its tokens.
    width
        Size d of embedding and state, even.
    dropout
        Share of the readout's hidden units dropped in training.
    seed
        Of the first weights.

    Raises
    ------
    SymbolscopeError
        For an odd width.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> network = sy.networks.LSTM(task.vocabulary, width=8)
    >>> tokens = torch.from_numpy(task.sample(3, seed=0).tokens)
    >>> states = network.states(tokens)
    >>> torch.allclose(network.resume(states[:, 3], tokens[:, 4:]), states[:, 4:], atol=1e-6)
    True
    """

    reentrant = True

    embedding: nn.Embedding
    rnn: nn.LSTM
    head: nn.Sequential

    @takes(
        {"vocabulary": VOCABULARY, "width": WholeNumber(least=1), "dropout": Number(least=0, most=1), "seed": Seed()}
    )
    def __init__(self, vocabulary: Vocabulary, *, width: int = 48, dropout: float = 0.0, seed: int = 0) -> None:
        super().__init__(vocabulary, width)
        if width < 2 or width % 2:
            raise SymbolscopeError(f"the width of an LSTM must be even, half for h and half for c; got {width}")
        self.configuration |= {"dropout": dropout, "seed": seed}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(len(vocabulary), width)
            self.rnn = nn.LSTM(width, width // 2, batch_first=True)
            self.head = readout_head(width // 2, len(vocabulary), dropout)

    @property
    def state_size(self) -> int:
        return self.width

    @takes({"n": WholeNumber(least=0, most=10_000_000)})
    def initial_state(self, n: int) -> Tensor:
        return self.rnn.get_parameter("weight_hh_l0").new_zeros(n, self.width)

    def resume(self, states: Tensor, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        if tokens.shape[1] == 0:
            return states.new_zeros(len(tokens), 0, self.width)
        if self._watched(self.rnn):
            return self._by_layer(states, self.embedding(tokens))
        weights = self.rnn.get_parameter("weight_hh_l0")
        if not self._compiled(states, self.embedding, self.rnn):
            return self._stepwise(states, self.embedding(tokens), weights)
        from symbolscope.networks import lstm_step

        table = self._shares(self.embedding.weight).view(-1, lstm_step.BLOCKS, self.width // 2)
        return recurrence(lstm_step, states, table, weights, tokens, lengths)

    def _shares(self, inputs: Tensor) -> Tensor:
        """What inputs [..., d] add to the gates, biases included, [..., 2 d]."""
        bias = self.rnn.get_parameter("bias_ih_l0") + self.rnn.get_parameter("bias_hh_l0")
        return nn.functional.linear(inputs, self.rnn.get_parameter("weight_ih_l0"), bias)

    def _stepwise(self, states: Tensor, inputs: Tensor, weights: Tensor) -> Tensor:
        """The same in operations of torch; inputs [b, S, d]. cuDNN's layer takes no gradients in evaluation mode."""
        h, c = states.chunk(2, dim=-1)
        out: list[Tensor] = []
        for given in self._shares(inputs).unbind(dim=1):
            i, f, g, o = (given + h @ weights.t()).chunk(4, dim=-1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            out.append(torch.cat([h, c], dim=-1))
        return torch.stack(out, dim=1)

    def _by_layer(self, states: Tensor, inputs: Tensor) -> Tensor:
        """The same by the layer, called once per token, since it gives c after the last alone; inputs [b, S, d]."""
        h, c = (part[None].contiguous() for part in states.chunk(2, dim=-1))  # [1, b, d / 2]
        out: list[Tensor] = []
        for given in inputs.split(1, dim=1):
            read, (h, c) = self.rnn(given, (h, c))
            out.append(torch.cat([read[:, 0], c[0]], dim=-1))
        return torch.stack(out, dim=1)

    def readout(self, states: Tensor) -> Tensor:
        return self.head(states[..., : self.width // 2])
