"""The result of aligning several networks: one featurizer each, whose features mean the same in all."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.alignment.counterfactual import counterfactual_pairs
from symbolscope.alignment.frozen import frozen
from symbolscope.alignment.iia import IIA
from symbolscope.alignment.interchange import Interchange, source_states
from symbolscope.alignment.measure import whole_state_right
from symbolscope.alignment.pairs import Pairs
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.programs.program import Program
from symbolscope.sites.site import Site
from symbolscope.tasks.task import Task


@dataclass(frozen=True)
class ModelAlignment:
    """One featurizer per network whose features mean the same in all of them, as far as the accuracies say.

    Attributes
    ----------
    networks, sites, featurizers
        One each per network.
    variable
        The variable that is carried over.
    validation_iia
        float64 [networks, networks]: entry (s, t) is the IIA of carrying it from network s into network t.
    restart_iia
        Mean of that matrix for every start; the best is kept.
    cka, similarity
        float64 [networks, networks]: linear CKA and RSA of the natural states, the correlational baselines.
    stitching
        float64 [networks, networks]: entry (s, t) is the share of answers right when the whole state of t is replaced by an affine
        map of that of s, the behavioural baseline; on the diagonal by its own, with no map.
    """

    networks: tuple[nn.Module, ...] = field(repr=False)
    program: Program
    task: Task
    sites: tuple[Site, ...]
    variable: str
    featurizers: tuple[Featurizer, ...]
    validation_iia: NDArray[np.float64]
    cka: NDArray[np.float64]
    similarity: NDArray[np.float64]
    stitching: NDArray[np.float64]
    restart_iia: tuple[float, ...] = ()

    @property
    def between(self) -> float:
        """The lowest accuracy between two different networks, in either direction."""
        apart = ~np.eye(len(self.networks), dtype=np.bool_)
        return float(self.validation_iia[apart].min())

    @property
    def within(self) -> float:
        """The lowest accuracy of a network with itself, under the same featurizers."""
        return float(np.diag(self.validation_iia).min())

    def iia(self, source: int, target: int, *, pairs: Pairs | None = None, n: int = 1_000, seed: int = 1) -> IIA:
        """Accuracy of carrying the variable from network ``source`` into network ``target``, on fresh pairs by default."""
        giver, taker = self.networks[source], self.networks[target]
        if pairs is None:
            pairs = counterfactual_pairs(
                taker, self.program, self.task, variable=self.variable, n=n, counts=self.task.trained, seed=seed
            )
        with frozen(giver), frozen(taker), torch.no_grad():
            interchange = Interchange.of(taker, self.sites[target], pairs)
            states = source_states(giver, self.sites[source], pairs)
            patched = carried(self.featurizers[source], self.featurizers[target], states, interchange.target)
            right = interchange.all_right(patched)
            floor = interchange.all_right(interchange.target)
            ceiling, held = whole_state_right(taker, self.sites[target], pairs, interchange)
        return IIA(
            right,
            floor,
            ceiling,
            pairs.variables,
            pairs.target_values,
            pairs.source_values,
            moved_together=held.variables,
        )

    def __str__(self) -> str:
        rows = [
            " ".join(f"{value:.3f}" for value in row) + f"   from {type(network).__name__} {number}"
            for number, (row, network) in enumerate(zip(self.validation_iia, self.networks, strict=True))
        ]
        return (
            f"{self.variable} carried between {len(self.networks)} networks (rows: source, columns: target)\n"
            + "\n".join(rows)
        )


def carried(giver: Featurizer, taker: Featurizer, source: Tensor, target: Tensor) -> Tensor:
    """The target's state with the features that the source has in another network."""
    features, _ = giver(source)
    _, error = taker(target)
    return taker.inverse(features, error)
