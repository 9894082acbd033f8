"""One peer, or ours, on one game: held-out R^2, calls and CPU seconds, in a process of its own with a limit.

    python benchmarks/sparse_peers.py "and-or 100" ProxySPEX 3000     # prints one line of JSON

Peers are taken at their best: SPEX and ProxySPEX give their Fourier coefficients, which predict any mask, and their
conversion to an interaction index, which prediction does not need, is neither run nor charged. SPEX is run with both
of its decoders, as shipped and with the LASSO that its own settings name and never reach; the best of the four counts.
What the game itself takes is not charged to any method, nor are imports and compiling.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
import resource
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from sparse_games import sparse_game

import symbolscope as sy

Predict = Callable[[NDArray[np.bool_]], NDArray[np.float64]]
Fourier = dict[tuple[int, ...], float]
ALPHAS = np.logspace(-2, 5, 29)
PAIRS = (1.0, 0.1, 0.03, 0.01)


class _EnoughError(Exception):
    """Raised inside a peer once it has what predicts."""


@dataclass
class Counted:
    """A game that counts the distinct masks it was asked and the CPU seconds it took."""

    game: sy.Game
    seconds: float = 0.0
    seen: set[bytes] = field(default_factory=set)

    def __call__(self, masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Values of the game."""
        begun = cpu_seconds()
        rows = np.ascontiguousarray(np.atleast_2d(np.asarray(masks)), dtype=np.bool_)
        self.seen.update(row.tobytes() for row in np.packbits(rows, axis=1))
        values = self.game(rows)
        self.seconds += cpu_seconds() - begun
        return values


Fit = Callable[[Counted, int, int], Iterator[tuple[str, Predict]]]  # game, calls, seed -> ways to predict


def cpu_seconds() -> float:
    """CPU seconds of this process and of the children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def fourier_prediction(coefficients: Fourier, n: int) -> Predict:
    """sum_S c_S (-1)^(players of S that are present)."""
    support = np.zeros((n, len(coefficients)), dtype=np.float32)
    for column, members in enumerate(coefficients):
        support[list(members), column] = 1.0
    effects = np.array(list(coefficients.values()))

    def predict(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        present = masks.astype(np.float32) @ support  # [m, terms]
        return (1.0 - 2.0 * (present % 2)) @ effects

    return predict


def proxy_spex(game: Counted, calls: int, seed: int) -> Iterator[tuple[str, Predict]]:
    """shapiq.ProxySPEX with its own grid of boosted trees; masks and their complements."""
    from shapiq.approximator import ProxySPEX
    from shapiq.approximator.sparse import base

    found: list[Fourier] = []
    with patch.object(base, "fourier_to_moebius", _stop_with(found)), suppress(_EnoughError):
        ProxySPEX(n=game.game.n_players, random_state=seed).approximate(calls, game)
    yield "as shipped", fourier_prediction(found[0], game.game.n_players)


def spex(decoder: str) -> Fit:
    """shapiq.SPEX: the terms it peels, and those terms and all players refitted by LASSO."""

    def fit(game: Counted, calls: int, seed: int) -> Iterator[tuple[str, Predict]]:
        from shapiq.approximator import SPEX
        from shapiq.approximator.sparse import base
        from sparse_transform.qsft import qsft

        n = game.game.n_players
        transform, regress = base.sparse_fourier_transform, qsft.fit_regression
        peeled: list[Fourier] = []
        refitted: list[Fourier] = []

        def reported(signal: object, **settings: object) -> dict[tuple[int, ...], complex]:
            return transform(signal, **settings, report=True)["transform"]

        def regression(which: str, results: dict[str, Any], *rest: Any) -> Any:
            peeled.append({tuple(np.flatnonzero(key).tolist()): c.real for key, c in results["transform"].items()})
            return regress(which, results, *rest)

        np.random.seed(seed)  # noqa: NPY002 (the sparse transform draws its queries from the global state)
        with (
            patch.object(base, "sparse_fourier_transform", reported),
            patch.object(qsft, "fit_regression", regression),
            patch.object(base, "fourier_to_moebius", _stop_with(refitted)),
            suppress(_EnoughError),
        ):
            SPEX(n=n, random_state=seed, decoder_type=decoder).approximate(calls, game)
        yield decoder, fourier_prediction(peeled[0], n)
        yield f"{decoder}, LASSO", fourier_prediction(refitted[0], n)

    return fit


def _stop_with(found: list[Fourier]) -> Callable[[Fourier], Fourier]:
    def stop(coefficients: Fourier) -> Fourier:
        found.append({tuple(int(i) for i in members): float(c) for members, c in coefficients.items()})
        raise _EnoughError

    return stop


def order_two(game: Counted, calls: int, seed: int) -> Iterator[tuple[str, Predict]]:
    """Ridge on 1 + n + n(n-1)/2 products of +-1 variables; the penalty by leaving one mask out.

    Where the terms outnumber the masks the same fit goes by its kernel sum_i x_i y_i + w sum_{i<j} x_i x_j y_i y_j; pairs
    are then penalised 1 / w times as much, w chosen in the same way on the first 2,000 masks.
    """
    n = game.game.n_players
    masks = np.random.default_rng([seed, 2]).random((calls, n)) < 0.5
    values = game(masks)
    mean = values.mean()
    if n + n * (n - 1) // 2 < calls:
        weights = leave_one_out(ridge_by_terms(products(masks)), values - mean)[1]
        yield "ridge", lambda asked: mean + products(asked) @ weights
        return
    few, centred = masks[:2_000], values[:2_000] - values[:2_000].mean()
    pairs = min(PAIRS, key=lambda w: leave_one_out(ridge_by_kernel(kernel(few, few, w)), centred)[0])
    weights = leave_one_out(ridge_by_kernel(kernel(masks, masks, pairs)), values - mean)[1]
    yield "ridge", lambda asked: mean + kernel(asked, masks, pairs) @ weights


def leave_one_out(
    parts: tuple[NDArray[np.float64], ...], values: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Mean squared error that leaving one out leaves, exactly, at the best penalty; the weights there."""
    basis, eigenvalues, left = parts
    rotated = left.T @ values
    outside = values - left @ rotated  # what no weights reach
    errors = []
    for alpha in ALPHAS:
        shrunk = alpha / (eigenvalues + alpha)
        share = (left**2) @ (shrunk - 1.0) + 1.0
        errors.append(float(np.mean(((left @ (rotated * shrunk) + outside) / share) ** 2)))
    best = int(np.argmin(errors))
    return errors[best], basis @ (rotated / (eigenvalues + ALPHAS[best]))


def products(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """x_i and x_i x_j of x = +-1, [m, n + n(n-1)/2]."""
    signs = 1.0 - 2.0 * masks
    first, second = np.triu_indices(masks.shape[1], 1)
    return np.hstack([signs, signs[:, first] * signs[:, second]])


def kernel(asked: NDArray[np.bool_], masks: NDArray[np.bool_], pairs: float) -> NDArray[np.float64]:
    inner = (1.0 - 2.0 * asked) @ (1.0 - 2.0 * masks).T
    return inner + 0.5 * pairs * (inner**2 - masks.shape[1])


def ridge_by_terms(terms: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Basis, squared singular values, left vectors, so that weights are basis @ (left' y / (squared + alpha))."""
    eigenvalues, vectors = np.linalg.eigh(terms.T @ terms)
    eigenvalues = np.maximum(eigenvalues, 1e-9)
    return vectors * np.sqrt(eigenvalues), eigenvalues, terms @ (vectors / np.sqrt(eigenvalues))


def ridge_by_kernel(gram: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    eigenvalues, vectors = np.linalg.eigh(gram)
    return vectors, np.maximum(eigenvalues, 0.0), vectors


def ours(game: Counted, calls: int, seed: int) -> Iterator[tuple[str, Predict]]:
    """sy.explain(method="sparse"), all of the budget."""
    counted = sy.Game.from_function(game, game.game.n_players)
    model = sy.explain(counted, method="sparse", max_calls=calls, target_r2=1.0, seed=seed, progress=False)
    yield "as shipped", model.predict


METHODS: dict[str, tuple[Fit, ...]] = {
    "order 2": (order_two,),
    "ProxySPEX": (proxy_spex,),
    "SPEX": (spex("hard"), spex("soft")),
    "ours": (ours,),
}


def held_out(name: str, game: sy.Game, folder: Path, count: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Uniform masks that no method has seen and their values, kept where the game is slow."""
    masks = np.random.default_rng(987_654).random((count, game.n_players)) < 0.5
    if not name.startswith("review"):
        return masks, game(masks)
    path = folder / f"{name}-{count}.npy"
    if not path.exists():
        np.save(path, game(masks))
    return masks, np.load(path)


def measured(name: str, method: str, calls: int, *, seed: int, limit: float, folder: Path, count: int) -> None:
    """Print, for each way, R^2 on ``count`` fresh masks, the calls used and the CPU seconds; killed at the limit."""
    game = sparse_game(name, folder=folder, seed=seed)
    masks, values = held_out(name, game, folder, count)
    warm_up(method)
    for fit in METHODS[method]:
        counted = Counted(game)
        begun = cpu_seconds()
        resource.setrlimit(resource.RLIMIT_CPU, (int(begun + limit) + 1, resource.RLIM_INFINITY))
        try:
            fitted = list(fit(counted, calls, seed))
        except np.linalg.LinAlgError:
            raise  # a defect, which is a ValueError too
        except ValueError as refused:
            print(json.dumps({"way": method, "refused": str(refused)}), flush=True)
            continue
        seconds = cpu_seconds() - begun - counted.seconds
        for way, predict in fitted:
            r2 = 1.0 - float(np.mean((predict(masks) - values) ** 2) / np.var(values))
            said = {
                "way": way,
                "r2": r2,
                "seconds": seconds,
                "calls": len(counted.seen),
                "game seconds": counted.seconds,
            }
            print(json.dumps(said), flush=True)


def warm_up(method: str) -> None:
    """Imports and compiled functions, which are not charged."""
    import lightgbm  # noqa: F401
    import shapiq.approximator.sparse  # noqa: F401

    if method == "ProxySPEX":  # nothing to compile
        return
    small = Counted(sy.Game.from_function(lambda masks: masks[:, 0] + 2.0 * masks[:, 1:3].all(axis=1), 20))
    for fit in METHODS[method]:
        list(fit(small, 1000 if method == "SPEX" else 200, 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game")
    parser.add_argument("method", choices=list(METHODS))
    parser.add_argument("calls", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the planted terms and of the method")
    parser.add_argument("--limit", type=float, default=120.0, help="CPU seconds")
    parser.add_argument("--folder", type=Path, default=Path("."), help="keeps a trained layer")
    parser.add_argument("--masks", type=int, default=2_000, help="fresh masks")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measured(
            asked.game, asked.method, asked.calls, seed=asked.seed, limit=asked.limit, folder=asked.folder, count=asked.masks
        )  # fmt: skip


if __name__ == "__main__":
    main()
