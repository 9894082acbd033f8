"""A torch network seen from a game: it is called on batches, and left exactly as it was found."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace

import torch

from symbolscope.core.wrapped_network import module_of, unwrapped
from symbolscope.errors import SymbolscopeError
from symbolscope.games.last_operation import last_operation
from symbolscope.games.output_meaning import GivenOutputs, Meaning
from symbolscope.games.output_tensor import output_tensor
from symbolscope.games.tensor_call import TensorCall
from symbolscope.games.torch_outputs import torch_meaning


class TorchNetwork:
    """A torch module or callable from a batch of inputs to a batch of outputs.

    Outputs may be a tensor or an array [m, ...] (also a list or data frame of numbers), an object or mapping with ``logits``, or a
    tuple or mapping with one entry that could be an output. A function that cannot take tensors is given NumPy arrays.

    Parameters
    ----------
    network
        nn.Module, exported program's module, or callable tensor -> tensor.
    device
        Where inputs go; None is where the network's parameters are.
    call
        How to call it on a batch; None is ``network(batch)``.
    """

    def __init__(self, network: object, *, device: object = None, call: Callable[..., object] | None = None) -> None:
        if not callable(network):
            ways = [
                way for way in ("predict_proba", "predict", "run", "transform") if callable(getattr(network, way, None))
            ]
            advice = (
                f"; give a function of it, such as its method {ways[0]}: sy.Game(model.{ways[0]}, row)" if ways else ""
            )
            raise SymbolscopeError(
                "the network must be a torch module, a scikit-learn estimator or a callable; got "
                f"{type(network).__name__}{advice}"
            )
        self.network = network
        self.module = module_of(network)
        self.call = TensorCall(network if call is None else call, is_module=self.module is not None or call is not None)
        self.entry: str | None = None  # which part of a tuple or mapping the output was
        self.from_logits = False  # whether the last output was an object that names its logits, as Hugging Face's do
        first = next(iter(self.module.parameters()), None) if self.module is not None else None
        self.device = _device(device, first)
        floating = (
            (p.dtype for p in self.module.parameters() if p.is_floating_point()) if self.module is not None else ()
        )
        self.dtype = next(iter(floating), None)
        self.batch_rows = _exported_batch_rows(network)
        self.smallest_batch = 1  # some exported programs take no batch of one row

    @property
    def name(self) -> str:
        """Class of the network, for settings and messages."""
        inner = unwrapped(self.network)
        plain_function = getattr(inner, "__name__", None)
        return plain_function if isinstance(plain_function, str) else type(inner).__name__

    @property
    def training(self) -> bool:
        """Whether any part of the network is in training mode."""
        return self.module is not None and any(part.training for part in self.module.modules())

    def input_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """Dtype in which a sample is given to the network: its parameters' for numbers, unchanged for token ids."""
        return self.dtype if dtype.is_floating_point and self.dtype is not None else dtype

    def outputs(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the outputs [m, ...] of a batch [m, ...]; a network exported for a fixed batch size gets just that."""
        fixed = self.batch_rows
        if fixed is None:
            missing = self.smallest_batch - len(batch)
            if missing <= 0:
                return self._rows(batch)
            return self._rows(_padded(batch, missing))[: len(batch)]
        pieces: list[torch.Tensor] = []
        for piece in batch.split(fixed):
            missing = fixed - len(piece)
            pieces.append(self._rows(_padded(piece, missing) if missing else piece)[: len(piece)])
        return torch.cat(pieces) if len(pieces) != 1 else pieces[0]

    def _rows(self, batch: torch.Tensor) -> torch.Tensor:
        output = self.call(batch)
        if type(output) is not torch.Tensor:  # the common case first: this runs once per batch
            output, self.from_logits, self.entry = output_tensor(output, len(batch))
        shape = output.shape
        if not shape or shape[0] != batch.shape[0]:
            hint = ""
            if batch.ndim > 1 and batch.shape[1] == 1:
                hint = "; the sample's first axis has size 1: if that is a batch axis, give sample[0]"
            raise SymbolscopeError(
                f"the network must return one row per input: a batch of shape {tuple(batch.shape)} "
                f"needs outputs [{len(batch)}, ...]; got {tuple(shape)}{hint}"
            )
        return output if len(shape) > 1 else output[:, None]

    def meaning(
        self, rows: torch.Tensor, outputs: torch.Tensor, *, given: GivenOutputs, score: object, target: object
    ) -> Meaning:
        """What the outputs [m, C] of some rows are; see :func:`symbolscope.games.torch_outputs.torch_meaning`."""
        meaning = torch_meaning(
            self.name,
            outputs,
            given=given,
            score=score,
            target=target,
            configuration=self._configuration() if self.from_logits else None,
            made_by=lambda: last_operation(self.outputs, rows[:2]),
        )
        if self.entry is None or isinstance(given, Meaning):
            return meaning
        return replace(meaning, because=f"{meaning.because}; {self.entry}")  # which part was read is shown, too

    def classes(self, meaning: Meaning, width: int) -> None:
        """A torch network has no labels of its own."""
        return None

    def _configuration(self) -> object:
        """The Hugging Face configuration, also of a network that was wrapped by torch (compiled, or spread over devices)."""
        configuration = getattr(unwrapped(self.network), "config", None)
        return configuration if hasattr(configuration, "problem_type") else None

    @contextmanager
    def as_found(self) -> Generator[None, None, None]:
        """Run as the network stands, gradients off; buffers and the random state are put back afterwards."""
        parts = self.module.modules() if self.module is not None else ()
        found = [
            (part, name, buffer, buffer.detach().clone())
            for part in parts
            for name, buffer in part.named_buffers(recurse=False)
        ]
        with torch.no_grad(), _random_state_kept(self.device):
            try:
                yield
            finally:
                for part, name, buffer, before in found:
                    buffer.copy_(before)
                    setattr(part, name, buffer)  # a network may have put another tensor in its place

    @contextmanager
    def evaluating(self) -> Generator[None, None, None]:
        """Run under eval() and inference_mode; every part's training flag is put back, also after an exception."""
        with self._in_eval_mode(), torch.inference_mode():
            yield

    @contextmanager
    def differentiating(self) -> Generator[None, None, None]:
        """As :meth:`evaluating`, but gradients pass to the inputs, and to no parameter."""
        learning = [p for p in self.module.parameters() if p.requires_grad] if self.module is not None else []
        # cuDNN differentiates recurrent layers in training mode only.
        with self._in_eval_mode(), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            try:
                for parameter in learning:
                    parameter.requires_grad_(False)
                yield
            finally:
                for parameter in learning:
                    parameter.requires_grad_(True)

    @contextmanager
    def _in_eval_mode(self) -> Generator[None, None, None]:
        parts = [part for part in self.module.modules() if part.training] if self.module is not None else []
        try:
            if self.module is not None and parts:
                # Exported programs refuse: whatever mode they were exported in is part of their graph.
                with suppress(NotImplementedError):
                    self.module.eval()
            with _random_state_kept(self.device):
                yield
        finally:
            for part in parts:
                part.training = True


def _padded(batch: torch.Tensor, missing: int) -> torch.Tensor:
    return torch.cat([batch, batch[-1:].expand(missing, *batch.shape[1:])])


def _device(device: object, parameter: torch.Tensor | None) -> torch.device:
    if device is None:
        return torch.device("cpu") if parameter is None else parameter.device
    if not isinstance(device, (str, int, torch.device)):
        raise SymbolscopeError(f"device must be a torch device or its name, such as 'cpu' or 'cuda'; got {device!r}")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise SymbolscopeError(f"device {device!r} is unknown to torch; give 'cpu', 'cuda', 'cuda:1', ...") from None
    if parameter is not None and chosen.type != parameter.device.type:
        raise SymbolscopeError(
            f"device={str(chosen)!r} was given but the network is on {str(parameter.device)!r}; "
            f"type network.to({str(chosen)!r}) first, or leave device out"
        )
    return chosen


@contextmanager
def _random_state_kept(device: torch.device) -> Generator[None, None, None]:
    state = torch.get_rng_state()
    on_device = torch.random.fork_rng([device]) if device.type == "cuda" else nullcontext()
    try:
        with on_device:
            yield
    finally:
        torch.set_rng_state(state)


def _exported_batch_rows(network: object) -> int | None:
    """Rows of the batch an exported program was fixed to, read off its first input; None if it takes any number."""
    graph = getattr(network, "graph", None) if isinstance(network, torch.fx.GraphModule) else None
    for node in graph.nodes if graph is not None else ():
        if node.op == "placeholder":
            example = node.meta.get("val")
            rows = example.shape[0] if isinstance(example, torch.Tensor) and example.ndim > 0 else None
            return rows if type(rows) is int else None
    return None
