"""Every swap between a few trials, worked out beforehand: what the program says must follow, and what the network did."""

import json
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from symbolscope.alignment.alignment import Alignment
from symbolscope.alignment.frozen import frozen
from symbolscope.core.random_streams import stream
from symbolscope.networks.recurrent_network import RecurrentNetwork
from symbolscope.report.counting_study import CountingStudy
from symbolscope.tasks.number_task import NumberTask

_TRIALS = 6

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class SwapTable:
    """Answers to every swap between any two steps of a few trials.

    Attributes
    ----------
    tokens
        Token names of each trial.
    values
        Variable -> its values after each token, per trial.
    places
        (trial, step) of every place that can be swapped from or into.
    program, network
        Variable -> int [places, places]: which of ``continuations`` follows in the target [row] with the variable of the source
        [column], by the program and in the network.
    unswapped
        int [places]: what follows in the network with nothing swapped.
    continuations
        Token names, each list once.
    featurizers
        Variable -> what was swapped, in words.
    """

    tokens: tuple[tuple[str, ...], ...]
    values: dict[str, tuple[tuple[float, ...], ...]] = field(repr=False)
    places: tuple[tuple[int, int], ...] = field(repr=False)
    program: dict[str, Indices] = field(repr=False)
    network: dict[str, Indices] = field(repr=False)
    unswapped: Indices = field(repr=False)
    continuations: tuple[tuple[str, ...], ...] = field(repr=False)
    featurizers: dict[str, str]

    def to_json(self) -> str:
        """The same for the page's script."""
        return json.dumps(
            {
                "tokens": self.tokens,
                "values": self.values,
                "places": self.places,
                "program": {name: answers.tolist() for name, answers in self.program.items()},
                "network": {name: answers.tolist() for name, answers in self.network.items()},
                "unswapped": self.unswapped.tolist(),
                "continuations": [" ".join(one) for one in self.continuations],
                "featurizers": self.featurizers,
            },
            separators=(",", ":"),
        ).replace("</", "<\\/")


def swap_table(study: CountingStudy, *, n_trials: int = _TRIALS, seed: int = 0) -> SwapTable:
    """Work out every swap of every variable between ``n_trials`` trials, with the best alignment of each variable.

    The network goes on from the patched state by itself: at positions that the program determines it is fed its own most likely
    tokens, at the others (objects and the trigger, which no network can foresee) those of the program's continuation.

    Examples
    --------
    >>> import symbolscope as sy
    >>> from symbolscope.report.counting_study import study_counting
    >>> task = sy.tasks.SingleObject(max_count=3)
    >>> study = study_counting(sy.networks.Toy1d(task), sy.programs.UpDown(task), task, variables=("count",), steps=20,
    ...     featurizers=[sy.featurizers.Orthogonal(size=1)], n_pairs=500, n_test=200, progress=False)
    >>> swap_table(study, n_trials=2).tokens[1]
    ('B', 'D', 'D', 'D', 'T', 'R', 'R', 'R', 'E')
    """
    task, program = study.task, study.program
    quiet = task.without_void() if isinstance(task, NumberTask) else task
    trained = sorted(task.trained)
    spread = np.unique(np.linspace(min(1, len(trained) - 1), len(trained) - 1, n_trials).round().astype(int))
    trials = [
        quiet.sample(1, seed=stream(seed, "trials of the swap table", index), counts=[trained[index]])
        for index in spread.tolist()
    ]
    longest = max(one.tokens.shape[1] for one in trials)
    tokens = np.concatenate(
        [np.pad(one.tokens, ((0, 0), (0, longest - one.tokens.shape[1])), constant_values=task.pad) for one in trials]
    )
    lengths = np.concatenate([one.lengths for one in trials])
    trace = program.trace(tokens, np.concatenate([one.quantities for one in trials]))
    allowed = np.arange(longest) < lengths[:, None] - 1
    if isinstance(task, NumberTask):
        allowed &= np.isin(tokens, [*task.demos, task.response])
    rows, steps = np.nonzero(allowed)  # the places
    n = len(rows)
    target, source = (index.reshape(-1) for index in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    after = {name: array[rows, steps] for name, array in trace.items()}
    book: dict[tuple[str, ...], int] = {}
    by_program: dict[str, Indices] = {}
    by_network: dict[str, Indices] = {}
    best = _best(study)
    limit = 2 * task.max_length
    device = next((parameter.device for parameter in study.network.parameters()), torch.device("cpu"))
    with frozen(study.network), torch.no_grad():
        first = next(iter(best.values()))
        inputs = torch.from_numpy(tokens[rows]).to(device)
        states = first.site.read(study.network, inputs, torch.from_numpy(steps))
        natural = program.finish(after, generator=stream(seed, "answers of the swap table"), max_steps=limit)
        unswapped = _followed(study, first, tokens[rows], steps, states, *natural)
        for name, alignment in best.items():
            state = {key: array[target] for key, array in after.items()}
            state = program.assign(state, {name: after[name][source]})
            labels, scored = program.finish(state, generator=stream(seed, "answers of the swap table"), max_steps=limit)
            patched = alignment.swap(states[target], states[source], variable=name)
            done = _followed(study, alignment, tokens[rows[target]], steps[target], patched, labels, scored)
            by_program[name] = _noted(book, labels, study).reshape(n, n)
            by_network[name] = _noted(book, done, study).reshape(n, n)
        unchanged = _noted(book, unswapped, study)
    inside = [slice(0, int(length)) for length in lengths]
    return SwapTable(
        tokens=tuple(tuple(task.vocabulary.decode(row[part])) for row, part in zip(tokens, inside, strict=True)),
        values={
            name: tuple(tuple(float(x) for x in row[part]) for row, part in zip(trace[name], inside, strict=True))
            for name in program.names
        },
        places=tuple((int(row), int(step)) for row, step in zip(rows, steps, strict=True)),
        program=by_program,
        network=by_network,
        unswapped=unchanged,
        continuations=tuple(book),
        featurizers={
            name: f"{one.featurizer.size} features ({type(one.featurizer).__name__})" for name, one in best.items()
        },
    )


def _best(study: CountingStudy) -> dict[str, Alignment]:
    """The alignment of each variable with the highest IIA on fresh pairs."""
    best: dict[str, tuple[float, Alignment]] = {}
    for alignment, iia in zip(study.alignments, study.results, strict=True):
        name = iia.variables[0]
        if name not in best or iia.value > best[name][0]:
            best[name] = (iia.value, alignment)
    return {name: alignment for name, (_, alignment) in best.items()}


def _followed(
    study: CountingStudy,
    alignment: Alignment,
    tokens: Indices,
    steps: Indices,
    states: Tensor,
    labels: Indices,
    scored: NDArray[np.bool_],
) -> Indices:
    """Tokens that follow the written states, int64 [n, S]: the network's own where the answer is asked for."""
    end, pad, n = study.task.end, study.task.pad, len(tokens)
    width = labels.shape[1] + study.task.max_length // 2
    wider = ((0, 0), (0, width - labels.shape[1]))
    label = torch.from_numpy(np.pad(labels, wider, constant_values=pad)).to(states.device)
    given = torch.from_numpy(np.pad(~scored & (labels != pad), wider)).to(states.device)
    ended = torch.zeros(n, dtype=torch.bool, device=states.device)
    done: list[Tensor] = []
    state = states
    for column in range(width):
        logits = _logits(study, alignment, tokens, steps, states, state, done)
        token = torch.where(given[:, column], label[:, column], logits.argmax(dim=-1))
        token = torch.where(ended, pad, token)
        done.append(token)
        ended |= token == end
        if bool(ended.all()):
            break
        if isinstance(study.network, RecurrentNetwork):
            state = study.network.resume(state, token[:, None])[:, 0]
    return torch.stack(done, dim=1).cpu().numpy()


def _logits(
    study: CountingStudy,
    alignment: Alignment,
    tokens: Indices,
    steps: Indices,
    written: Tensor,
    state: Tensor,
    done: list[Tensor],
) -> Tensor:
    """Logits of the next token, [n, V]: from the present state, or by running the whole network again."""
    if isinstance(study.network, RecurrentNetwork):
        return study.network.readout(state)
    length = int(steps.max()) + 1 + len(done)
    so_far = np.full((len(tokens), length), study.task.pad, dtype=np.int64)
    kept = min(length, tokens.shape[1])
    so_far[:, :kept] = tokens[:, :kept]
    for column, token in enumerate(done):
        so_far[np.arange(len(tokens)), steps + 1 + column] = token.cpu().numpy()
    at = torch.from_numpy(steps)
    output = alignment.site.run(study.network, torch.from_numpy(so_far).to(written.device), at, written)
    assert isinstance(output, Tensor)
    return output[torch.arange(len(tokens)), (at + len(done)).to(output.device)]


def _noted(book: dict[tuple[str, ...], int], rows: Indices, study: CountingStudy) -> Indices:
    """Number of each row of tokens in the book, entered if new; padding is left out."""
    pad, names = study.task.pad, study.task.vocabulary.tokens
    found = np.empty(len(rows), dtype=np.int64)
    for index, row in enumerate(rows):
        words = tuple(names[token] for token in row if token != pad)
        found[index] = book.setdefault(words, len(book))
    return found
