"""A sample as a torch network or function is given it: a tensor in the dtype that it takes."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.baselines import choose_baseline, choose_sample
from symbolscope.games.batch_axis import has_batch_axis
from symbolscope.games.cell_kinds import NUMBERS, as_number, kind_of
from symbolscope.games.choose_players import choose_players
from symbolscope.games.column_order import in_order
from symbolscope.games.column_players import column_players
from symbolscope.games.given import GivenSample
from symbolscope.games.given_row import GivenRow, given_row, is_named_row
from symbolscope.games.input_views import input_view
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.missing_values import column_of, listed
from symbolscope.games.players import Players
from symbolscope.games.prepared_inputs import PreparedInputs
from symbolscope.games.torch_network import TorchNetwork


def tensor_inputs(
    network: TorchNetwork,
    sample: GivenSample,
    *,
    baseline: object,
    players: object,
    player_names: Sequence[str] | None,
) -> PreparedInputs:
    """Prepare a sample for a torch network.

    Floats, and plain numbers of lists, go in the network's own dtype; plain numbers to a function without parameters as float32, as
    torch reads them. Integers stay what they are, since token ids and pixels are; bools become numbers where the network does not
    take them. The baseline is cast to what the network takes, not to the dtype of the sample.

    Parameters
    ----------
    network
        The network.
    sample, baseline, players, player_names
        As given to the game. A row that carries names gives them to the players, and a baseline with names is matched by them.

    Raises
    ------
    SymbolscopeError
        If a value is no number, missing or infinite, or shapes, names or dtypes do not fit.
    """
    named = given_row(sample, "the sample") if isinstance(sample, GivenRow) or is_named_row(sample) else None
    names: Sequence[Hashable] | None = None if named is None else named.names
    callers_names = player_names if players is None and not isinstance(player_names, str) else None
    in_messages = names if names is not None else callers_names
    if named is not None:
        values = choose_sample(_numbers(named, "the sample", network), names=in_messages)
    else:
        values = choose_sample(sample, names=in_messages)
    plain = isinstance(sample, (list, tuple, Mapping))
    dtype = _input_dtype(network, values, plain=plain)
    taken = values.ndim > 1 and has_batch_axis(
        values, network.outputs, network.evaluating, dtype=dtype, device=network.device, needs_players=players is None
    )
    if taken:
        values = values[0]
    hidden, baseline_name = _baseline(baseline, values, names if names is not None else callers_names, in_messages)
    if values.dtype == np.bool_:
        dtype = _dtype_of_bools(network, values, hidden)
    values, hidden = _fitting(values, hidden, dtype, in_messages)
    chosen = _players(players, player_names, names, values.shape, taken=taken)
    given: GivenSample = sample
    if named is not None:
        given = named
    elif taken:
        given = values.astype(np.float32) if plain and values.dtype == np.float64 and network.dtype is None else values
    return PreparedInputs(
        MaskedInputs(values, hidden, chosen, dtype=dtype, device=network.device),
        chosen,
        input_view(values, hidden, chosen),
        baseline_name,
        given,
        sequence=values.ndim == 1 and np.issubdtype(values.dtype, np.integer),
        notes={"sample": f"the one sample of a batch {[1, *values.shape]}"} if taken else {},
    )


def _numbers(row: GivenRow, what: str, network: TorchNetwork) -> NDArray[Any]:
    """A row's values as an array; columns that hold no numbers are refused by name."""
    names = row.names
    kinds = [kind_of(value) for value in row.values]
    places = [at for at, kind in enumerate(kinds) if kind not in (*NUMBERS, "missing")]
    others = [column_of(None if names is None else names[at], at) for at in places]
    if others:
        more = f" and {len(others) - 1} more columns hold" if len(others) > 1 else " holds"
        raise SymbolscopeError(
            f"{others[0]}{more} no number in {what} ({row.values[places[0]]!r}), and {network.name} takes "
            "numbers. Encode text columns first, "
            "as for its training, or give a pipeline that encodes them"
        )
    if "missing" in kinds or ("float" in kinds and any(not isinstance(value, np.floating) for value in row.values)):
        return np.array([as_number(value) for value in row.values], dtype=np.float64)
    return np.array(row.values)


def _input_dtype(network: TorchNetwork, values: NDArray[Any], *, plain: bool) -> torch.dtype:
    own = torch.float32 if plain and values.dtype == np.float64 else torch.from_numpy(values.ravel()[:0].copy()).dtype
    return network.input_dtype(own)


def _dtype_of_bools(network: TorchNetwork, values: NDArray[Any], hidden: NDArray[Any]) -> torch.dtype:
    """Bool if the network takes it and the baseline is of it, else a float."""
    if np.isin(hidden, (0, 1)).all():
        try:
            with network.evaluating():
                network.outputs(torch.from_numpy(np.stack([values, hidden.astype(np.bool_)])).to(network.device))
            return torch.bool
        except Exception:  # whatever a layer of numbers raises on bools
            return network.dtype or torch.float32
    return network.dtype or torch.float32


def _baseline(
    baseline: object, values: NDArray[Any], names: Sequence[Hashable] | None, in_messages: Sequence[Hashable] | None
) -> tuple[NDArray[Any], str]:
    described: str | None = None
    if is_named_row(baseline):
        row = given_row(baseline, "the baseline")
        if names is not None and len(names) == len(values):
            known = tuple(names)
            if GivenRow((), known).known_names is not None:
                row = in_order(row, known, what="the baseline", owner="the sample has")
        numbers = [kind_of(value) in (*NUMBERS, "missing") for value in row.values]
        if not all(numbers):
            others = [name for name, fine in zip(row.names or range(len(row)), numbers, strict=True) if not fine]
            raise SymbolscopeError(
                f"the baseline holds no number in {listed(others)}; encode text columns as for the sample"
            )
        baseline = np.array([as_number(value) for value in row.values])
        described = f"row of {len(row)} columns"
    floats = values.dtype.kind == "f" or values.dtype == np.bool_
    hidden, description = choose_baseline(baseline, values, dtype=np.float64 if floats else None, names=in_messages)
    return hidden, described or description


def _fitting(
    values: NDArray[Any], hidden: NDArray[Any], dtype: torch.dtype, names: Sequence[Hashable] | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both arrays, refused where the network's dtype makes an infinity of them."""
    if dtype.is_floating_point:
        largest = torch.finfo(dtype).max
        for array, what in ((values, "sample"), (hidden, "baseline")):
            numbers = np.abs(array.astype(np.float64))
            if numbers.size and numbers.max() > largest:
                place = int(numbers.argmax())
                named = names is not None and array.ndim == 1 and len(names) == len(array)
                where = column_of(names[place] if named and names is not None else None, place)
                raise SymbolscopeError(
                    f"{where} of the {what} holds {array.ravel()[place]:g}, which is infinite in the network's dtype {dtype}; the "
                    f"largest number there is {largest:g}"
                )
    return values, hidden


def _players(
    players: object,
    player_names: Sequence[str] | None,
    names: Sequence[Hashable] | None,
    shape: tuple[int, ...],
    *,
    taken: bool,
) -> Players:
    if len(shape) == 1 and names is not None and len(names) == shape[0]:
        return column_players(players, player_names, names, shape[0], moved=False)
    try:
        chosen = choose_players(_without_axis(players, len(shape)) if taken else players, shape)
    except SymbolscopeError as error:
        if not taken:
            raise
        raise SymbolscopeError(
            f"{error}. The first axis of the sample, of length 1, was taken for a batch axis: give sample[0], and players of its "
            f"shape {shape}"
        ) from None
    return chosen if player_names is None else chosen.renamed(player_names)


def _without_axis(players: object, n_axes: int) -> object:
    """Labels that were made with the batch axis."""
    if isinstance(players, Players) and players.labels.ndim == n_axes + 1 and players.labels.shape[0] == 1:
        return Players(players.names, players.labels[0])
    if isinstance(players, (np.ndarray, torch.Tensor)) and players.ndim == n_axes + 1 and players.shape[0] == 1:
        return players[0]
    return players
