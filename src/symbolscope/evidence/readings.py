"""What evidence asks of a result, whatever made it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from symbolscope.core.argument_checks import InstanceOf
from symbolscope.variation import Variation


@runtime_checkable
class AccuracyBySize(Protocol):
    """R^2 of the k strongest terms for every k."""

    @property
    def r2(self) -> NDArray[np.float64]:
        """float64 [k + 1]."""
        ...

    def count_for(self, r2: float) -> int | None:
        """Number of terms from which on R^2 stays at or above ``r2``."""
        ...

    def at(self, k: int) -> float:
        """R^2 of the k strongest."""
        ...


@runtime_checkable
class Checked(Protocol):
    """A network's outputs and a reading's on the same masks."""

    @property
    def values(self) -> NDArray[np.float64]:
        """The network's, [m]."""
        ...

    @property
    def prediction(self) -> NDArray[np.float64]:
        """The reading's, [m]."""
        ...

    @property
    def exhaustive(self) -> bool:
        """Whether these are all masks."""
        ...

    @property
    def described(self) -> str:
        """Which masks, in words."""
        ...


@runtime_checkable
class MaskReading(Protocol):
    """A model of a network's output on masked inputs, such as an InteractionModel."""

    @property
    def n_players(self) -> int:
        """Number of players."""
        ...

    def checked(self) -> Checked:
        """What it is measured against: all masks, or fresh ones."""
        ...

    @property
    def network(self) -> object:
        """The network that was read, if there is one."""
        ...

    @property
    def complexity(self) -> int:
        """Number of terms."""
        ...

    @property
    def costs(self) -> Mapping[str, float]:
        """What the reading takes."""
        ...

    def predict(self, masks: ArrayLike) -> NDArray[np.float64]:
        """Predicted output on masks bool [m, n]."""
        ...

    def size_curve(self) -> AccuracyBySize:
        """Accuracy against size."""
        ...

    def fitted_r2(self, k: int) -> float:
        """R^2 of the k strongest terms with the best effects they could have."""
        ...

    def rival_curves(self) -> Mapping[str, AccuracyBySize]:
        """The same of other bases."""
        ...

    def alternatives(self) -> Any:
        """Other readings that cost nearly as little; says what they have in common when printed."""
        ...

    def asked_with(
        self, *, store: Any = None, executor: Any = None, batch_size: Any = None, progress: bool | None = False
    ) -> "MaskReading":
        """The same reading; by these means it asks the network, or another, when it is checked and refitted."""
        ...

    def refit(self, network: object = None, *, variation: Variation | None = None) -> "MaskReading":
        """The same procedure with one thing changed."""
        ...


@runtime_checkable
class SwapAccuracy(Protocol):
    """Which pairs were answered as a causal model says, and which would have been anyway."""

    @property
    def right(self) -> NDArray[np.bool_]:
        """With the swap, bool [n]."""
        ...

    @property
    def floor_right(self) -> NDArray[np.bool_]:
        """Without it."""
        ...

    @property
    def ceiling_right(self) -> NDArray[np.bool_]:
        """With the whole state swapped, against all that the place holds."""
        ...


@runtime_checkable
class SwapReading(Protocol):
    """Variables of a causal model found in a network's state, such as an Alignment."""

    @property
    def network(self) -> nn.Module:
        """The network that was read."""
        ...

    @property
    def program(self) -> Any:
        """The causal model."""
        ...

    @property
    def task(self) -> Any:
        """Where runs come from."""
        ...

    @property
    def site(self) -> Any:
        """Where the state is read and written."""
        ...

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables."""
        ...

    @property
    def complexity(self) -> int:
        """Trained numbers."""
        ...

    @property
    def costs(self) -> Mapping[str, float]:
        """What the reading takes."""
        ...

    @property
    def network_accuracy(self) -> float:
        """Share of the task's trials that its network answers right."""
        ...

    def learned(self, network: nn.Module) -> tuple[float, float]:
        """Share of the task's trials that a network answers right, and the share asked of one that has learned the task."""
        ...

    def pairs(
        self,
        *,
        n: int,
        variable: str | None = None,
        counts: Collection[int] | None = None,
        seed: int | np.random.Generator = 1,
    ) -> Any:
        """Fresh pairs of runs with the causal model's answers."""
        ...

    def predict(self, pairs: Any) -> NDArray[np.int64]:
        """What the causal model says follows in each pair, [n, S]."""
        ...

    def iia(self, pairs: Any) -> SwapAccuracy:
        """What the network answers after the swap."""
        ...

    def rest(self, pairs: Any) -> SwapAccuracy:
        """What it answers after everything but the variable was swapped."""
        ...

    def states(self, pairs: Any) -> tuple[Tensor, Tensor]:
        """Patched states and natural ones, [n, d] each."""
        ...

    @staticmethod
    def refit_many(
        alignments: Sequence[Any], variations: Sequence[Variation], *, progress: bool | None = False
    ) -> Sequence[Sequence["SwapReading"]]:
        """The searches of several readings in several variations, as one batched job."""
        ...

    def retrain(
        self, network: nn.Module, *, only_readout: bool, shuffled_labels: bool, steps: int = 500, seed: int = 0
    ) -> None:
        """Train a network in place on the task."""
        ...


READING = InstanceOf[MaskReading | SwapReading]((MaskReading, SwapReading), "what sy.explain or sy.align returned")
