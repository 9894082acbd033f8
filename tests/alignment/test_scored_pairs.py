"""Only steps with a scored token to come are swapped at, and IIA and ceiling are what swapping by hand gives."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy

ENDINGS = {"at once": (0, 0), "one more": (0, 1), "three more": (0, 3), "a pause before": (2, 1), "a long one": (3, 4)}


class Echo(sy.tasks.Task):
    """``: q - - ? q . . .``: the answer alone is scored, between tokens that are not."""

    vocabulary = sy.tasks.Vocabulary(("_", ":", "a", "b", "c", "-", "?", ".", "end"))
    pad, end, quantities, held_out = 0, 8, (2, 3, 4), ()

    def __init__(self, pause, after):
        self.pause, self.after = pause, after
        self.max_length = 5 + pause + after

    def write(self, quantities, generator):
        n = len(quantities)
        columns = [np.full(n, 1), quantities, *[np.full(n, 5)] * self.pause, np.full(n, 6), quantities]
        columns += [*[np.full(n, 7)] * self.after, np.full(n, 8)]
        tokens = np.stack(columns, axis=1)
        scored = np.zeros(tokens.shape, dtype=bool)
        scored[:, 3 + self.pause] = True
        return sy.tasks.Trials(tokens, scored, quantities, np.full(n, tokens.shape[1]))


class Remember(sy.programs.Program):
    variables = (sy.programs.Variable("kept", (0, 2, 3, 4)),)

    def init(self, quantities):
        return {"quantity": quantities, "kept": 0 * quantities, "at": 0 * quantities}

    def update(self, state, tokens):
        return state | {"kept": np.where(state["at"] == 1, tokens, state["kept"]), "at": state["at"] + 1}

    def emit(self, state, generator):
        at, pause, after = state["at"], self.task.pause, self.task.after
        answer = 3 + pause
        token = np.select(
            [at == 0, at == 1, at < 2 + pause, at == 2 + pause, at == answer, at <= answer + after],
            [1, state["quantity"], 5, 6, state["kept"], 7],
            8,
        )
        return token, at == answer


class Never(nn.Module):
    """It answers nothing right."""

    def __init__(self):
        super().__init__()
        self.embedding, self.site = nn.Embedding(9, 8), nn.Tanh()

    def forward(self, tokens):
        return torch.eye(9)[0] + 0 * nn.functional.pad(self.site(self.embedding(tokens)), (0, 1))


class Cell(nn.Module):
    """A GRU with random weights: some of its answers are right by chance, which is enough to compare."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.embedding, self.rnn, self.head = nn.Embedding(9, 6), nn.GRU(6, 6, batch_first=True), nn.Linear(6, 9)
        with torch.no_grad():
            self.head.bias[2:5] += 3.0

    def forward(self, tokens):
        return self.head(self.rnn(self.embedding(tokens))[0])


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_no_swap_comes_after_the_answer_and_nothing_is_right_for_nothing(ending):
    task = Echo(*ending)
    program = Remember(task)
    pairs = sy.counterfactual_pairs(Never(), program, task, variable="kept", n=100)
    for one in (pairs, *pairs.whole_state_swaps, *pairs.rest_swaps):
        assert one.scored.any(axis=1).all()
    assert set(pairs.target_steps) == set(pairs.source_steps) == set(range(1, 3 + task.pause))
    found = sy.align(
        Never(), program, task, variable="kept", featurizer=sy.featurizers.Identity(size=8), site=sy.sites.Output("site"), steps=1,
        n_pairs=20, n_validation=20, force=True, progress=False,
    )  # fmt: skip
    iia = found.iia(pairs)
    assert (iia.value, iia.floor, iia.ceiling, found.validation_iia) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_iia_is_what_swapping_by_hand_gives(ending):
    task, network = Echo(*ending), Cell()
    pairs = sy.counterfactual_pairs(network, Remember(task), task, variable="kept", n=60)
    found = sy.align(
        network, Remember(task), task, variable="kept", featurizer=sy.featurizers.Identity(size=3),
        site=sy.sites.RecurrentState("rnn"), steps=1, n_pairs=20, n_validation=20, force=True, progress=False,
    )  # fmt: skip
    iia = found.iia(pairs)

    def answered(one, row, size):
        """The state by plain torch, row by row: run the prefix, replace the first coordinates, run the rest."""
        step, source = one.target_steps[row], one.source_steps[row]
        target_tokens, source_tokens = (
            torch.from_numpy(t[row : row + 1]) for t in (one.target_tokens, one.source_tokens)
        )
        with torch.no_grad():
            _, state = network.rnn(network.embedding(target_tokens[:, : step + 1]))
            _, other = network.rnn(network.embedding(source_tokens[:, : source + 1]))
            state = torch.cat([other[..., :size], state[..., size:]], dim=-1)
            later, _ = network.rnn(network.embedding(target_tokens[:, step + 1 :]), state.contiguous())
            said = network.head(torch.cat([state[0][:, None], later], dim=1))[0].argmax(dim=-1).numpy()
        places = np.flatnonzero(one.scored[row])
        return bool((said[places] == one.labels[row][places]).all())

    assert iia.right.tolist() == [answered(pairs, row, 3) for row in range(60)]
    assert iia.floor_right.tolist() == [answered(pairs, row, 0) for row in range(60)]
    by_hand = [np.mean([answered(one, row, 6) for row in range(60)]) for one in pairs.whole_state_swaps]
    assert iia.whole_state == max(by_hand)
    assert iia.ceiling == max(iia.whole_state, iia.value)


def test_hand_made_pairs_with_nothing_scored_are_refused():
    task = Echo(0, 1)
    pairs = sy.counterfactual_pairs(Never(), Remember(task), task, variable="kept", n=10)
    scored = pairs.scored.copy()
    scored[3] = False
    with pytest.raises(sy.SymbolscopeError, match="no token is scored"):
        dataclasses.replace(pairs, scored=scored)


def test_a_task_that_scores_nothing_after_its_first_token_is_refused():
    class Early(Echo):
        def write(self, quantities, generator):
            trials = super().write(quantities, generator)
            scored = np.zeros_like(trials.scored)
            scored[:, 1] = True
            return dataclasses.replace(trials, scored=scored)

    task = Early(0, 1)
    with pytest.raises(sy.SymbolscopeError, match="scored token to come"):
        sy.counterfactual_pairs(Never(), Remember(task), task, variable="kept", n=10)
