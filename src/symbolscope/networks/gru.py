"""A gated recurrent unit on tokens."""

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import Number, Seed, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.networks.head import readout_head
from symbolscope.networks.recurrence import recurrence
from symbolscope.networks.recurrent_network import RecurrentNetwork
from symbolscope.tasks.vocabulary import VOCABULARY, Vocabulary


class GRU(RecurrentNetwork):
    """One gated recurrent layer between an embedding and a two-layer readout; its state is h_t.

    Submodules: ``embedding`` (V -> d), ``rnn`` (nn.GRU, d -> d), ``head`` (d -> 4d, GELU, dropout, 4d -> V).

    Parameters
    ----------
    vocabulary
        Its tokens.
    width
        Size d of embedding and state.
    dropout
        Share of the readout's hidden units dropped in training.
    seed
        Of the first weights.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> network = sy.networks.GRU(task.vocabulary, width=8)
    >>> tokens = torch.from_numpy(task.sample(3, seed=0).tokens)
    >>> states = network.states(tokens)
    >>> states.shape == (3, tokens.shape[1], 8), network(tokens).shape[-1] == len(task.vocabulary)
    (True, True)

    The state is all that counts: from it the rest follows.

    >>> torch.allclose(network.resume(states[:, 3], tokens[:, 4:]), states[:, 4:], atol=1e-6)
    True
    """

    reentrant = True

    embedding: nn.Embedding
    rnn: nn.GRU
    head: nn.Sequential

    @takes(
        {"vocabulary": VOCABULARY, "width": WholeNumber(least=1), "dropout": Number(least=0, most=1), "seed": Seed()}
    )
    def __init__(self, vocabulary: Vocabulary, *, width: int = 48, dropout: float = 0.0, seed: int = 0) -> None:
        super().__init__(vocabulary, width)
        self.configuration |= {"dropout": dropout, "seed": seed}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(len(vocabulary), width)
            self.rnn = nn.GRU(width, width, batch_first=True)
            self.head = readout_head(width, len(vocabulary), dropout)

    @property
    def state_size(self) -> int:
        return self.width

    @takes({"n": WholeNumber(least=0, most=10_000_000)})
    def initial_state(self, n: int) -> Tensor:
        return self.rnn.get_parameter("weight_hh_l0").new_zeros(n, self.width)

    def resume(self, states: Tensor, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        if tokens.shape[1] == 0:
            return states.new_zeros(len(tokens), 0, self.width)
        if not self._compiled(states, self.embedding, self.rnn):
            return self.rnn(self.embedding(tokens), states[None].contiguous())[0]
        from symbolscope.networks import gru_step

        d, recurrent = self.width, self.rnn.get_parameter("weight_hh_l0")
        bias = self.rnn.get_parameter("bias_hh_l0")
        given = nn.functional.linear(
            self.embedding.weight, self.rnn.get_parameter("weight_ih_l0"), self.rnn.get_parameter("bias_ih_l0")
        )  # [V, 3d]
        shares = given[:, : 2 * d] + bias[: 2 * d], bias[2 * d :].expand(len(given), d), given[:, 2 * d :]
        table = torch.cat(shares, dim=1).view(-1, gru_step.BLOCKS, d)
        return recurrence(gru_step, states, table, recurrent, tokens, lengths)

    def readout(self, states: Tensor) -> Tensor:
        return self.head(states)
