"""The result of a search: which part of a network's state carries a program's variable."""

from collections.abc import Collection
from dataclasses import dataclass, field
from os import PathLike

import numpy as np
import torch
from torch import Tensor, nn

from symbolscope.alignment.counterfactual import counterfactual_pairs
from symbolscope.alignment.frozen import frozen
from symbolscope.alignment.iia import IIA
from symbolscope.alignment.measure import measure
from symbolscope.alignment.pairs import Pairs
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.programs.program import Program
from symbolscope.sites.site import Site
from symbolscope.tasks.task import Task


@dataclass(frozen=True)
class Restart:
    """One start of the search.

    Attributes
    ----------
    seed
        Of the featurizer's first weights and of its batches.
    validation_iia
        The best it reached on validation pairs.
    steps
        Optimiser steps taken.
    validation, losses
        Validation accuracy and training loss at every check.
    """

    seed: int
    validation_iia: float
    steps: int
    validation: tuple[float, ...] = field(repr=False)
    losses: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True)
class Alignment:
    """A featurizer that finds variables of a program in a network's state, and the evidence for it.

    Made by :func:`symbolscope.align`; the best of its ``restarts`` by validation accuracy, all of which are kept on record.

    Attributes
    ----------
    network, program, task, site
        What is aligned with what, and where.
    variables
        Names of the variables; with several, block i of the featurizer carries variable i.
    featurizer
        The trained alignment function.
    restarts
        Every start of the search.
    network_accuracy
        Share of the task's trials that the network answers right.
    settings
        How the search was run.

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=6)
    >>> network, program = sy.networks.Toy1d(task), sy.programs.UpDown(task)  # a network whose count is one number
    >>> alignment = sy.align(network, program, task, featurizer=sy.featurizers.Orthogonal(size=1), rate=0.03, progress=False)
    >>> pairs = sy.counterfactual_pairs(network, program, task, n=500, seed=1)
    >>> alignment.iia(pairs).value
    1.0
    """

    network: nn.Module = field(repr=False)
    program: Program
    task: Task
    site: Site
    variables: tuple[str, ...]
    featurizer: Featurizer
    restarts: tuple[Restart, ...]
    network_accuracy: float
    settings: dict[str, float | int | str] = field(repr=False, default_factory=dict[str, float | int | str])

    @property
    def validation_iia(self) -> float:
        """Accuracy on validation pairs of the restart that was kept."""
        return max(restart.validation_iia for restart in self.restarts)

    @property
    def complexity(self) -> int:
        """Trained numbers of the alignment function."""
        return self.featurizer.complexity

    def iia(
        self,
        pairs: Pairs | None = None,
        *,
        variable: str | None = None,
        n: int = 1_000,
        counts: Collection[int] | None = None,
        values: Collection[int | float] | None = None,
        seed: int | np.random.Generator = 1,
    ) -> IIA:
        """Accuracy on ``pairs``, or on ``n`` fresh ones drawn as :func:`symbolscope.counterfactual_pairs` does.

        Parameters
        ----------
        pairs
            Made for one of the alignment's variables; None draws them.
        variable, n, counts, values, seed
            For drawing; ``variable`` is needed only where the alignment has several.
        """
        if pairs is None:
            name = self._only(variable)
            pairs = counterfactual_pairs(
                self.network, self.program, self.task, variable=name, n=n, counts=counts, values=values, seed=seed
            )
        name = self._only(pairs.variables)
        with frozen(self.network):
            return measure(
                self.network, self.site, pairs, lambda target, source: self.swap(target, source, variable=name)
            )

    def swap(self, target: Tensor, source: Tensor, *, variable: str | None = None) -> Tensor:
        """States [b, d] of the target with the variable's features taken from the source."""
        index = self.variables.index(self._only(variable))
        with torch.no_grad():
            return self.featurizer.swap(target, source, block=index if len(self.variables) > 1 else None)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the featurizer, site, restarts and settings to one safetensors file; the network is not in it."""
        from symbolscope.alignment.storage import save_alignment

        save_alignment(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str], network: nn.Module, *, program: Program, task: Task) -> "Alignment":
        """Read what :meth:`save` wrote, for the network, program and task that it was made with."""
        from symbolscope.alignment.storage import load_alignment

        return load_alignment(path, network, program=program, task=task)

    def _only(self, variable: str | tuple[str, ...] | None) -> str:
        if isinstance(variable, tuple):
            variable = variable[0] if len(variable) == 1 else "+".join(variable)
        if variable is None and len(self.variables) == 1:
            return self.variables[0]
        if variable not in self.variables:
            raise SymbolscopeError(
                f"the alignment is for {', '.join(self.variables)}; got {'no variable' if variable is None else repr(variable)}"
            )
        return variable

    def __str__(self) -> str:
        return (
            f"{', '.join(self.variables)} of {type(self.program).__name__} in {self.site} by {type(self.featurizer).__name__} "
            f"(size {self.featurizer.size}, {self.complexity} parameters): validation IIA {self.validation_iia:.3f}, "
            f"{len(self.restarts)} restart{'s' if len(self.restarts) > 1 else ''}"
        )
