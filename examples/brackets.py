"""A task, a program and a network of one's own: a GRU that closes brackets, and whether it carries their depth.

    python examples/brackets.py [page.html]

The network reads brackets such as "( ( ) (" and, after "?", closes what is open. The program Depth does so with one number, and the
search looks for that number in the state of an ordinary nn.GRU. Tally is a rival that answers alike and keeps two numbers, how many
were opened and how many closed; is there one for "opened", apart from the other?
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

import symbolscope as sy

DEEPEST, PAIRS = 8, 3


class Brackets(sy.tasks.Task):
    """``( ( ) ( ? ) ) .``: the quantity is how many are open at the question; what follows it is scored."""

    vocabulary = sy.tasks.Vocabulary(("_", "(", ")", "?", "."))
    pad, end = 0, 4
    quantities, held_out = tuple(range(1, DEEPEST + 1)), (5,)
    max_length = 2 * DEEPEST + 2 * PAIRS + 2

    def write(self, quantities, generator):
        """Open as many as asked, with up to three pairs put anywhere between, which changes the depth on the way only."""
        rows, asked = [], []
        for quantity in quantities:
            row = ["("] * quantity
            for _ in range(generator.integers(PAIRS + 1)):
                place = generator.integers(len(row) + 1)
                row[place:place] = ["(", ")"]
            asked.append(len(row))
            rows.append([*row, "?", *[")"] * quantity, "."])
        lengths = np.array([len(row) for row in rows])
        tokens = np.stack([self.vocabulary.encode(row + ["_"] * (self.max_length - len(row))) for row in rows])
        after = np.arange(self.max_length) > np.array(asked)[:, None]
        return sy.tasks.Trials(tokens, after & (tokens != self.pad), quantities, lengths)


class Depth(sy.programs.Program):
    """One more for each bracket that opens, one fewer for each that closes, also for the network's own."""

    variables = (sy.programs.Variable("depth", tuple(range(DEEPEST + PAIRS + 1))),)

    def init(self, quantities):
        """Nothing is open, nothing was asked."""
        return {"quantity": quantities, "depth": 0 * quantities, "asked": 0 * quantities}

    def update(self, state, tokens):
        """Read one token."""
        opens, closes, asks = (tokens == self.task.vocabulary.index(token) for token in "()?")
        return state | {"depth": state["depth"] + opens - closes, "asked": state["asked"] | asks}

    def emit(self, state, generator):
        """Ask at once; then close what is open."""
        closing, ask, end = self.task.vocabulary.encode(")?.")
        answer = np.where(state["depth"] > 0, closing, end)
        return np.where(state["asked"] == 1, answer, ask), state["asked"] == 1


class Tally(sy.programs.Program):
    """Two numbers that only grow; the answer ends when they are equal."""

    variables = tuple(sy.programs.Variable(name, tuple(range(DEEPEST + PAIRS + 1))) for name in ("opened", "closed"))

    def init(self, quantities):
        """Nothing was opened, closed or asked."""
        return {"quantity": quantities} | dict.fromkeys(("opened", "closed", "asked"), 0 * quantities)

    def update(self, state, tokens):
        """Read one token."""
        opens, closes, asks = (tokens == self.task.vocabulary.index(token) for token in "()?")
        tallies = {"opened": state["opened"] + opens, "closed": state["closed"] + closes}
        return state | tallies | {"asked": state["asked"] | asks}

    def emit(self, state, generator):
        """Ask at once; then close what is open."""
        closing, ask, end = self.task.vocabulary.encode(")?.")
        answer = np.where(state["opened"] > state["closed"], closing, end)
        return np.where(state["asked"] == 1, answer, ask), state["asked"] == 1


class Reader(nn.Module):
    """An ordinary network: nothing in it knows of symbolscope."""

    def __init__(self, n_tokens, width):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(width, n_tokens)

    def forward(self, tokens):
        """Tokens [b, L] to logits [b, L, V]."""
        return self.head(self.gru(self.embedding(tokens))[0])


def main(page: Path = Path("brackets.html")) -> list[float]:
    """Train, align, print, write the page; returns the accuracies."""
    torch.manual_seed(0)
    task = Brackets()
    network, program = Reader(len(task.vocabulary), width=24), Depth(task)
    history = sy.train(network, task, rate=1e-2)
    print(f"Trained: {history}")
    study = sy.study_counting(
        network,
        program,
        task,
        variables=("depth",),
        featurizers=[sy.featurizers.Orthogonal(size=2), sy.featurizers.Linear(size=2), sy.featurizers.Linear(size=8)],
        history=history,
        steps=1_000,
    )
    for alignment, iia in zip(study.alignments, study.results, strict=True):
        low, high = iia.interval
        print(
            f"{alignment.featurizer!r}: {iia.value:.1%} [{low:.1%}, {high:.1%}], {iia.floor:.1%} with nothing swapped"
        )
    unseen = study.held_out_results[-1]
    print(
        f"in trials of depth 5, which nothing was trained on: {unseen.value:.1%}, {unseen.floor:.1%} with nothing swapped"
    )
    rival = sy.align(network, Tally(task), task, variable="opened", featurizer=sy.featurizers.Linear(size=8), steps=600)
    opened = rival.iia(n=2_000)
    print(
        f"the rival's number opened, {rival.featurizer!r}: {opened.value:.1%}, {opened.floor:.1%} with nothing swapped"
    )
    sy.write_report(page, study, title="What a network that closes brackets carries")
    print(f"Wrote {page}")
    return [iia.value for iia in (*study.results, unseen, opened)]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
