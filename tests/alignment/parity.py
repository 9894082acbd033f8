"""A task, a program and a network of a user's own, none of them about counting: is the number of As even or odd?"""

import numpy as np
import torch

from symbolscope.networks import RecurrentNetwork
from symbolscope.programs import Program, Variable
from symbolscope.tasks import Task, Trials, Vocabulary


class ParityTask(Task):
    """``A A A = odd E``: the answer and the end are scored."""

    vocabulary = Vocabulary(("P", "A", "=", "even", "odd", "E"))
    pad, end, quantities, held_out, max_length = 0, 5, (1, 2, 3, 4), (), 7

    def write(self, quantities, generator):
        rows = [["A"] * q + ["=", ("even", "odd")[q % 2], "E"] + ["P"] * (4 - q) for q in quantities]
        tokens = np.stack([self.vocabulary.encode(row) for row in rows])
        return Trials(tokens, np.isin(tokens, self.vocabulary.encode(["even", "odd", "E"])), quantities, quantities + 3)


class Parity(Program):
    """One variable, "odd"; how far the trial has come is remembered beside it."""

    variables = (Variable("odd", (0, 1)),)

    def init(self, quantities):
        zeros = np.zeros_like(quantities)
        return {"quantity": quantities, "odd": zeros, "shown": zeros, "asked": zeros, "answered": zeros}

    def update(self, state, tokens):
        shows = tokens == self.task.vocabulary.index("A")
        return state | {
            "odd": np.where(shows, 1 - state["odd"], state["odd"]),
            "shown": state["shown"] + shows,
            "asked": state["asked"] | (tokens == self.task.vocabulary.index("=")),
            "answered": state["answered"] | np.isin(tokens, self.task.vocabulary.encode(["even", "odd"])),
        }

    def emit(self, state, generator):
        a, ask, even, odd = self.task.vocabulary.encode(["A", "=", "even", "odd"])
        data = np.where(state["shown"] < state["quantity"], a, ask)
        answer = np.where(state["answered"] == 1, self.task.end, np.where(state["odd"] == 1, odd, even))
        return np.where(state["asked"] == 1, answer, data), state["asked"] == 1


class ParityNetwork(RecurrentNetwork):
    """State (sign, answered, asked): an A turns the sign, "=" asks, an answer answers."""

    state_size = 3

    def __init__(self, task):
        super().__init__(task.vocabulary, 3)

    def initial_state(self, n):
        return torch.tensor([1.0, 0.0, 0.0]).repeat(n, 1)

    def resume(self, states, tokens, lengths=None):
        names = self.vocabulary.tokens
        turn = torch.tensor([-1.0 if name == "A" else 1.0 for name in names])
        asks = torch.tensor([1.0 if name == "=" else 0.0 for name in names])
        answers = torch.tensor([1.0 if name in ("even", "odd") else 0.0 for name in names])
        out = []
        for token in tokens.t():
            sign, answered, asked = states.unbind(dim=1)
            states = torch.stack([sign * turn[token], answered + answers[token], asked + asks[token]], dim=1)
            out.append(states)
        return torch.stack(out, dim=1) if out else states.new_zeros(len(tokens), 0, 3)

    def readout(self, states):
        sign, answered, asked = states.unbind(dim=-1)
        by_name = {
            "even": 20 * asked + 5 * sign, "odd": 20 * asked - 5 * sign, "E": 40 * answered, "A": 1 - asked,
        }  # fmt: skip
        low = torch.full_like(sign, -100.0)
        return torch.stack([by_name.get(name, low) for name in self.vocabulary.tokens], dim=-1)
