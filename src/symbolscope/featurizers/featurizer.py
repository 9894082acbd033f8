"""What every alignment function can do: split a state into features and an error, join them again, swap."""

import inspect
from abc import ABC, abstractmethod
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, nn

from symbolscope.core.argument_checks import InstanceOf, WholeNumber, described
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.gradient_mode import gradients
from symbolscope.errors import SymbolscopeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    Size: TypeAlias = int | Sequence[int]
    Seed: TypeAlias = int | torch.Generator
else:  # checked below, so that a mistake reaches the message written for it
    Size = Seed = Self = object


class Featurizer(nn.Module, ABC):
    """An alignment function: h -> (features, error), and exactly back.

    inverse(features(h), error(h)) = h,        swap(target, source) = inverse(features(source), error(target)).

    What is constructed is a template; :meth:`initialise` makes copies of it that know the width of the states and hold
    weights. A featurizer of one's own defines :meth:`forward` and :meth:`inverse`; if it has weights, also
    :meth:`allocate` and :meth:`start`; and it keeps each argument of its constructor in an attribute of the same name.

    Parameters
    ----------
    size
        Number of features swapped; several numbers give each variable its own block of consecutive features.

    Attributes
    ----------
    width
        Size d of the states; 0 in a template.

    Raises
    ------
    SymbolscopeError
        If a size is not a whole number of at least 1; and, by every method that takes states, if the featurizer is
        still a template, or the states have another width or dtype.

    Source: Geiger et al., *Finding Alignments Between Interpretable Causal Variables and Distributed Neural Representations*
    (2303.02536); the error term makes every featurizer exact, whatever its features leave out.

    Examples
    --------
    >>> import symbolscope as sy
    >>> template = sy.featurizers.Orthogonal(size=2)
    >>> featurizer = template.initialise(5, seed=0)
    >>> featurizer
    Orthogonal(size=2) for states of width 5
    >>> target, source = torch.zeros(3, 5), torch.ones(3, 5)
    >>> features, error = featurizer(source)
    >>> features.shape, torch.allclose(featurizer.inverse(features, error), source)
    (torch.Size([3, 2]), True)

    One of one's own: the mean of the coordinates is the feature.

    >>> class Mean(Featurizer):
    ...     def forward(self, states):
    ...         features = states.mean(dim=-1, keepdim=True)
    ...         return features, states - features
    ...
    ...     def inverse(self, features, error):
    ...         return features + error
    >>> mean = Mean(size=1).initialise(2, seed=0)
    >>> mean.swap(torch.tensor([[0.0, 1.0]]), torch.tensor([[7.0, 9.0]]))
    tensor([[7.5000, 8.5000]])
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self._sizes = _checked_sizes(size, type(self).__name__)
        self.width = 0
        self._width_of_errors: int | None = None

    # What a featurizer defines.

    @abstractmethod
    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Split states [..., d] into features [..., size] and an error, whose shape is the featurizer's own business."""

    @abstractmethod
    def inverse(self, features: Tensor, error: Tensor) -> Tensor:
        """Join features [..., size] and an error to states [..., d]."""

    def allocate(self, width: int) -> None:
        """Make the parameters and buffers for states of that width, with any content; refuse a width that will not do."""

    def tensor_shapes(self, width: int) -> "Iterator[tuple[str, tuple[int, ...]]] | None":
        """Names and shapes of what :meth:`allocate` makes for that width, one by one, without making it; None if that is not known.

        A file's tensors are compared with them before anything of the size that its header asks for is made.
        """
        return None

    def check_weights(self) -> None:
        """Refuse tensors, just loaded, that no training leaves: numbers that are not finite."""
        for name, tensor in self.state_dict().items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise SymbolscopeError(f"{name} of {self!r} holds numbers that are not finite")

    def start(self, generator: torch.Generator, states: Tensor | None) -> None:
        """Fill the parameters and buffers, by the generator's chance alone; states is [n, d] or None. Gradients are off."""

    def penalty(self) -> Tensor:
        """Scalar that training adds to its loss; 0 unless the featurizer has something to keep small."""
        return self._zero()

    def anneal(self, progress: float) -> None:
        """Take note that training has come this far, from 0 to 1; does nothing unless something is annealed."""

    # What every featurizer has.

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of features of each variable's block."""
        return self._sizes

    @property
    def size(self) -> int:
        """Number of features, all blocks together."""
        return sum(self.sizes)

    @property
    def complexity(self) -> int:
        """Number of trainable parameters."""
        self._check_initialised()
        return sum(parameter.numel() for parameter in self.parameters() if parameter.requires_grad)

    def configuration(self) -> dict[str, Any]:
        """Arguments of the constructor, as JSON holds them; :func:`from_configuration` makes the featurizer again."""
        given: dict[str, Any] = {}
        for name in [name for name in inspect.signature(type(self).__init__).parameters if name != "self"]:
            if name != "size" and not hasattr(self, name):
                raise SymbolscopeError(
                    f"{type(self).__name__} does not keep its argument {name!r}; write self.{name} = {name} in __init__"
                )
            value: Any = self._given_size() if name == "size" else getattr(self, name)
            given[name] = list(value) if isinstance(value, tuple) else value
        return given

    def blank(self, width: int) -> Self:
        """Make a copy for states of that width whose tensors are still to be filled, by ``load_state_dict``."""
        known = WholeNumber(least=1, most=1_000_000).read("width", width)
        if self._sizes[0] and sum(self._sizes) > known:
            raise SymbolscopeError(
                f"{self!r} has more features than the states have coordinates ({width}); give size={width} or less"
            )
        fresh = type(self)(**self.configuration())
        fresh.width = known
        fresh.allocate(known)
        return fresh

    @gradients()
    def initialise(self, width: int, *, seed: Seed, states: Tensor | None = None) -> Self:
        """Make a fresh initialised copy; the template stays as it is, and so does torch's global random state.

        Parameters
        ----------
        width
            Size d of the states.
        seed
            Whole number, or torch.Generator, which is advanced.
        states
            Examples of states [..., d], float32 or float64. The featurizer takes their dtype and device (without them:
            torch's default dtype on the CPU); some kinds are fitted to them and need them.

        Raises
        ------
        SymbolscopeError
            If the width, seed or states will not do.

        Examples
        --------
        >>> import symbolscope as sy
        >>> restarts = [sy.featurizers.Linear(size=2).initialise(6, seed=seed) for seed in range(3)]
        >>> [featurizer.complexity for featurizer in restarts]
        [24, 24, 24]
        """
        generator = _generator(seed)
        fresh = self.blank(width)
        if states is not None:
            states = _checked_examples(states, width)
            fresh = fresh.to(device=states.device, dtype=states.dtype)
        with torch.no_grad():
            fresh.start(generator, states)
        return fresh

    def swap(self, target: Tensor, source: Tensor, *, block: int | None = None) -> Tensor:
        """Target states with the features of the source states.

        swap = inverse(features(source), error(target)); with a block only its features come from the source.

        Parameters
        ----------
        target, source
            [..., d], of one shape.
        block
            Index of a variable's block; None is all features.

        Raises
        ------
        SymbolscopeError
            If the shapes differ or there is no such block.

        Examples
        --------
        >>> import symbolscope as sy
        >>> featurizer = sy.featurizers.Identity(size=(1, 2)).initialise(4, seed=0)
        >>> featurizer.swap(torch.zeros(1, 4), torch.ones(1, 4))
        tensor([[1., 1., 1., 0.]])
        >>> featurizer.swap(torch.zeros(1, 4), torch.ones(1, 4), block=0)
        tensor([[1., 0., 0., 0.]])
        """
        self._check_pair(target, source)
        own, error = self(target)
        theirs, _ = self(source)
        if block is not None:
            part = self._part(block)
            theirs = torch.cat([own[..., : part.start], theirs[..., part], own[..., part.stop :]], dim=-1)
        return self.inverse(theirs, error)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.configuration().items())
        return f"{type(self).__name__}({arguments})" + (f" for states of width {self.width}" if self.width else "")

    # For the featurizers' own use.

    def _given_size(self) -> int | tuple[int, ...] | None:
        """The size as the constructor takes it."""
        return self._sizes[0] if len(self._sizes) == 1 else self._sizes

    def _part(self, block: int | None) -> slice:
        """Columns of a block."""
        if block is None:
            return slice(0, self.size)
        sizes = self.sizes
        if type(block) is not int or not 0 <= block < len(sizes):
            blocks = "one block, 0" if len(sizes) == 1 else f"{len(sizes)} blocks, 0 .. {len(sizes) - 1}"
            raise SymbolscopeError(f"{self!r} has {blocks}; got block={described(block)}. None swaps all features")
        begin = sum(sizes[:block])
        return slice(begin, begin + sizes[block])

    def _check_one_block(self) -> None:
        if len(self._sizes) > 1:
            name = type(self).__name__
            raise SymbolscopeError(
                f"{name} carries one variable, so its size is one number; got {self._sizes}. "
                f"For several variables at once type Linear(size={self._sizes})"
            )

    def _check_initialised(self) -> None:
        if not self.width:
            raise SymbolscopeError(
                f"{self!r} is a template; type featurizer = featurizer.initialise(width, seed=0) first"
            )

    def _check_states(self, states: Tensor) -> None:
        """Refuse states that are not [..., width] or not of the featurizer's dtype."""
        self._check_initialised()
        states = DenseTensor().read("states", states)
        if states.ndim == 0 or states.shape[-1] != self.width:
            raise SymbolscopeError(f"{self!r} takes states [..., {self.width}]; got shape {tuple(states.shape)}")
        own = self._any_tensor()
        if own is not None and own.dtype != states.dtype:
            raise SymbolscopeError(
                f"{self!r} computes in {own.dtype} but the states are {states.dtype}; "
                f"type featurizer.to({states.dtype}) or states.to({own.dtype})"
            )

    def _check_pair(self, target: Tensor, source: Tensor) -> None:
        self._check_states(DenseTensor().read("target", target))
        self._check_states(DenseTensor().read("source", source))
        if target.shape != source.shape:
            raise SymbolscopeError(
                "target and source must be states of one shape [..., d]; "
                f"got {tuple(target.shape)} and {tuple(source.shape)}. Type source.expand_as(target)"
            )

    def _check_features(self, features: Tensor, error: Tensor) -> None:
        """Refuse features that are not [..., size], and an error that does not belong to them."""
        self._check_initialised()
        features, error = DenseTensor().read("features", features), DenseTensor().read("error", error)
        if features.ndim == 0 or features.shape[-1] != self.size:
            raise SymbolscopeError(f"{self!r} takes features [..., {self.size}]; got shape {tuple(features.shape)}")
        own = self._any_tensor()
        expected = (*features.shape[:-1], self._error_width())
        alike = features.dtype == error.dtype and (own is None or own.dtype == error.dtype)
        if tuple(error.shape) != expected or not alike or not error.is_floating_point():
            raise SymbolscopeError(
                f"{self!r} takes features and an error {list(expected)} of one dtype, as it returned them; got "
                f"{described(features)} "
                f"and {described(error)}"
            )

    def _error_width(self) -> int:
        """Size of the last axis of the error, found by one pass."""
        if self._width_of_errors is None:
            own = self._any_tensor()
            with torch.no_grad():
                state = torch.zeros(1, self.width) if own is None else own.new_zeros(1, self.width)
                self._width_of_errors = int(self(state)[1].shape[-1])
        return self._width_of_errors

    def _any_tensor(self) -> Tensor | None:
        return next((tensor for tensor in chain(self.parameters(), self.buffers()) if tensor.is_floating_point()), None)

    def _zero(self) -> Tensor:
        own = self._any_tensor()
        return torch.zeros(()) if own is None else own.new_zeros(())


def _checked_sizes(size: Any, name: str) -> tuple[int, ...]:
    given = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    sizes = tuple(_whole(number, at_least=1) for number in given)
    if len(sizes) == 0 or None in sizes:
        raise SymbolscopeError(
            f"size must be a whole number of at least 1, or one for each variable such as {name}(size=(4, 4)); "
            f"got {described(size)}"
        )
    return tuple(number for number in sizes if number is not None)


def _whole(number: Any, *, at_least: int) -> int | None:
    """A whole number as an int, be it numpy's; None for anything else."""
    try:
        return WholeNumber(least=at_least, most=(1 << 63) - 1).read("it", number)
    except SymbolscopeError:
        return None


def _generator(seed: Any) -> torch.Generator:
    if isinstance(seed, torch.Generator):
        return seed
    whole = _whole(seed, at_least=0)
    if whole is None or whole >= 1 << 63:
        raise SymbolscopeError(f"seed must be a whole number from 0 on, or a torch.Generator; got {described(seed)}")
    return torch.Generator().manual_seed(whole)


def _checked_examples(states: Tensor, width: int) -> Tensor:
    """States as [n, d], detached."""
    states = DenseTensor().read("states", states)
    if states.ndim < 2 or states.shape[-1] != width:
        raise SymbolscopeError(f"states must be [n, {width}], as the width is {width}; got shape {tuple(states.shape)}")
    if states.dtype not in (torch.float32, torch.float64):
        raise SymbolscopeError(f"states must be float32 or float64; got {states.dtype}. Type states.float()")
    states = states.detach().reshape(-1, width)
    if not bool(torch.isfinite(states).all()):
        raise SymbolscopeError("states must be finite numbers; some are NaN or infinite")
    return states


FEATURIZER = InstanceOf(Featurizer, "a featurizer", "sy.featurizers.Linear(size=1)")
