"""The result of a search: which part of a network's state carries a program's variable."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from symbolscope.alignment.counterfactual import counterfactual_pairs
from symbolscope.alignment.frozen import frozen
from symbolscope.alignment.iia import IIA
from symbolscope.alignment.interchange import Interchange
from symbolscope.alignment.measure import measure, measure_rest
from symbolscope.alignment.pairs import PAIRS, Pairs
from symbolscope.core.argument_checks import FilePath, Flag, Network, Seed, SeedOrGenerator, WholeNumber, described
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.checked_call import takes
from symbolscope.core.sequence_checks import ListOf, Names
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.programs.causal_model import ANY_PROGRAM, CausalModel
from symbolscope.programs.program import Program
from symbolscope.sites.site import Site
from symbolscope.tasks.classification import ANY_TASK, Classification
from symbolscope.tasks.task import Task
from symbolscope.variation import Variation


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
    program: Program | CausalModel
    task: Task | Classification
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

    @property
    def costs(self) -> Mapping[str, float]:
        """What the reading takes: features, trained numbers, and the size of the state they are taken from."""
        return {
            "features": float(self.featurizer.size),
            "trained numbers": float(self.complexity),
            "size of the state": float(self.featurizer.width),
        }

    @takes(
        {
            "pairs": PAIRS,
            "n": WholeNumber(least=1, most=10_000_000),
            "counts": ListOf(WholeNumber(), "whole numbers", ordered=False),
            "seed": SeedOrGenerator(),
        }
    )
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
            found = measure(
                self.network, self.site, pairs, lambda target, source: self.swap(target, source, variable=name)
            )
        return replace(found, seen=self._seen(pairs, name))

    @takes(
        {
            "n": WholeNumber(least=1, most=10_000_000),
            "counts": ListOf(WholeNumber(), "whole numbers", ordered=False),
            "seed": SeedOrGenerator(),
        }
    )
    def pairs(
        self,
        *,
        n: int,
        variable: str | None = None,
        counts: Collection[int] | None = None,
        seed: int | np.random.Generator = 1,
    ) -> Pairs:
        """Fresh pairs of one of its variables, for its own test; with shuffled sources if that is how it was searched.

        ``counts`` are the quantities of the trials; None is those that training uses.
        """
        name = self.variables[0] if variable is None else self._only(variable)
        if counts is None and isinstance(self.task, Task):
            counts = self.task.trained
        pairs = counterfactual_pairs(
            self.network, self.program, self.task, variable=name, n=n, counts=counts, seed=seed
        )
        return pairs.with_shuffled_sources(seed) if self.settings.get("sources") == "shuffled" else pairs

    def _seen(self, pairs: Pairs, variable: str) -> NDArray[np.bool_] | None:
        """Which pairs the search was trained or validated on; None where the settings do not say how its pairs were drawn."""
        searched = self._searched_with.get(variable)
        return (
            None if searched is None else np.array([one in searched for one in pairs.interventions()], dtype=np.bool_)
        )

    @cached_property
    def _searched_with(self) -> dict[str, frozenset[bytes]]:
        """The interventions of the search by variable, drawn again from its settings."""
        from symbolscope.alignment.material import search_pairs

        own = self.settings
        if not {"n_pairs", "n_validation", "seed"} <= own.keys():
            return {}
        counts = tuple(int(count) for count in str(own["counts"]).split(",")) if "counts" in own else None
        found: dict[str, frozenset[bytes]] = {}
        for name in self.variables:
            drawn = search_pairs(
                self.network, self.program, self.task, name, n_pairs=int(own["n_pairs"]), n_validation=int(own["n_validation"]),
                counts=counts, shuffled=own.get("sources") == "shuffled", seed=int(own["seed"]),
            )  # fmt: skip
            found[name] = frozenset(key for pairs in drawn for key in pairs.interventions())
        return found

    @takes({"pairs": PAIRS})
    def predict(self, pairs: Pairs) -> NDArray[np.int64]:
        """What the program says follows in each pair with the variable swapped, int64 [n, S]."""
        return pairs.labels

    @takes({"pairs": PAIRS})
    def rest(self, pairs: Pairs) -> IIA:
        """The off-target test: everything but the variable's features taken from the source.

        The variable must stay the target's; whether the others move is not asked, since the place need not hold them. The floor is
        the whole state swapped, the variable with it, and the ceiling nothing swapped.

        Raises
        ------
        SymbolscopeError
            If the pairs do not say what follows.
        """
        if not pairs.rest_swaps or pairs.rest is None:
            raise SymbolscopeError(
                "these pairs do not say what follows if the rest is swapped; draw them with Alignment.pairs"
            )
        name = self._only(pairs.variables)
        with frozen(self.network):
            return measure_rest(
                self.network, self.site, pairs, lambda target, source: self.swap(source, target, variable=name)
            )

    @takes({"pairs": PAIRS})
    def states(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """States after the swap, and the natural ones of both runs, [n, d] and [2n, d]: how far apart they are is divergence."""
        name = self._only(pairs.variables)
        with frozen(self.network), torch.no_grad():
            interchange = Interchange.of(self.network, self.site, pairs)
            patched = self.swap(interchange.target, interchange.source, variable=name)
        return patched, torch.cat([interchange.target, interchange.source])

    @takes({"network": Network(), "seed": Seed()})
    def refit(self, network: nn.Module, *, seed: int = 0) -> "Alignment":
        """The same search on another network, from one start; what controls are made of."""
        return self.refit_many([self], [Variation(network=network, seed=seed)])[0][0]

    @staticmethod
    def refit_many(
        alignments: "Sequence[Alignment]", variations: Sequence[Variation], *, progress: bool | None = False
    ) -> "list[list[Alignment]]":
        """The searches of several alignments in several variations, as one batched job: a list per alignment."""
        from symbolscope.alignment.refit import refit_alignments

        return refit_alignments(alignments, variations, progress=progress)

    @takes(
        {
            "network": Network(),
            "only_readout": Flag(),
            "shuffled_labels": Flag(),
            "steps": WholeNumber(least=0),
            "seed": Seed(),
        }
    )
    def retrain(
        self, network: nn.Module, *, only_readout: bool, shuffled_labels: bool, steps: int = 500, seed: int = 0
    ) -> None:
        """Train a network in place on the task: its readout alone, or all of it, or on answers without a rule."""
        from symbolscope.alignment.retrain import retrain_network

        retrain_network(
            self, network, only_readout=only_readout, shuffled_labels=shuffled_labels, steps=steps, seed=seed
        )

    @takes({"target": DenseTensor(), "source": DenseTensor()})
    def swap(self, target: Tensor, source: Tensor, *, variable: str | None = None) -> Tensor:
        """States [b, d] of the target with the variable's features taken from the source."""
        index = self.variables.index(self._only(variable))
        with torch.no_grad():
            return self.featurizer.swap(target, source, block=index if len(self.variables) > 1 else None)

    def learned(self, network: nn.Module) -> tuple[float, float]:
        """Share of the task's trials that ``network`` answers right, and the share asked of one that has learned the task."""
        from symbolscope.alignment.learned import LEARNED, check_learned

        with frozen(network):
            return check_learned(network, self.task, seed=0, force=True), LEARNED

    @takes({"path": FilePath()})
    def save(self, path: str | PathLike[str]) -> None:
        """Write the featurizer, site, restarts and settings to one safetensors file; the network is not in it."""
        from symbolscope.alignment.storage import save_alignment

        save_alignment(self, path)

    @classmethod
    @takes({"path": FilePath(), "network": Network(), "program": ANY_PROGRAM, "task": ANY_TASK})
    def load(
        cls,
        path: str | PathLike[str],
        network: nn.Module,
        *,
        program: Program | CausalModel,
        task: Task | Classification,
    ) -> "Alignment":
        """Read what :meth:`save` wrote, for the network, program and task that it was made with."""
        from symbolscope.alignment.storage import load_alignment

        return load_alignment(path, network, program=program, task=task)

    def _only(self, variable: str | tuple[str, ...] | None) -> str:
        if isinstance(variable, tuple):
            variable = Names().read("variable", variable)
            variable = variable[0] if len(variable) == 1 else "+".join(variable)
        if variable is None and len(self.variables) == 1:
            return self.variables[0]
        if not isinstance(variable, str) or variable not in self.variables:
            raise SymbolscopeError(
                f"the alignment is for {', '.join(self.variables)}; got "
                f"{'no variable' if variable is None else described(variable)}"
            )
        return variable

    def __str__(self) -> str:
        return (
            f"{', '.join(self.variables)} of {type(self.program).__name__} in {self.site} by {type(self.featurizer).__name__} "
            f"(size {self.featurizer.size}, {self.complexity} parameters): validation IIA {self.validation_iia:.3f}, "
            f"{len(self.restarts)} restart{'s' if len(self.restarts) > 1 else ''}"
        )
