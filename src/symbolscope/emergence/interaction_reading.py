"""What the interactions of a network on some samples look like at one checkpoint of its training."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from symbolscope.core.bounded_json import read_json
from symbolscope.core.checked_tensors import read_file
from symbolscope.core.checksum import KEY, PLACE, check_checksum, with_checksum
from symbolscope.core.sequence_checks import is_iterable
from symbolscope.core.whole_file import make_folder, write_whole
from symbolscope.emergence.order_strength import strength_by_order_and_sign
from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.interactions.explain import explain
from symbolscope.networks.evaluation_mode import evaluation_mode

_FORMAT = "symbolscope.InteractionReading"
# Goes up when the same network and settings come to give other figures.
_VERSION = 2

if TYPE_CHECKING:
    GivenGames: TypeAlias = Game | Iterable[Game]
else:
    GivenGames = object  # refused below, with a message of its own


@dataclass(frozen=True)
class ReadingSettings:
    """How each checkpoint is read.

    Attributes
    ----------
    kinds, tolerance
        As for :func:`symbolscope.explain`.
    threshold
        An interaction counts as salient from this share of its sample's largest |effect| on.
    """

    kinds: str = "and-or"
    tolerance: float | str = 0.0
    threshold: float = 0.05


@dataclass(frozen=True, eq=False)
class InteractionReading:
    """Interactions of one checkpoint, summed by order and sign.

    Attributes
    ----------
    step
        Steps of training so far.
    positive, negative
        float64 [samples, n + 1], as in :class:`OrderStrength`.
    n_salient
        int64 [samples].
    """

    step: int
    positive: NDArray[np.float64]
    negative: NDArray[np.float64]
    n_salient: NDArray[np.int64]


def check_games(games: object) -> tuple[Game, ...]:
    """Refuse what is no game, no games, games of functions, and games of different numbers of players; one is a list of it."""
    listed = (
        (games,)
        if isinstance(games, Game)
        else tuple[object, ...](cast("Iterable[object]", games))
        if is_iterable(games)
        else None
    )
    chosen = tuple(one for one in listed or () if isinstance(one, Game))
    if listed is None or len(chosen) < len(listed):
        what = type(games).__name__
        if listed is not None:
            what += f" with {next(type(one).__name__ for one in listed if not isinstance(one, Game))}"
        raise SymbolscopeError(
            f"games must be a list of sy.Game, samples to look at, or one; got {what}. Type "
            "[sy.Game(network, sample, target=...) for sample in samples]"
        )
    if not chosen:
        raise SymbolscopeError("games must hold at least one sy.Game, a sample to look at; got none")
    for position, game in enumerate(chosen):
        if game.network is None:
            raise SymbolscopeError(
                f"games[{position}], {game!r}, was made from a function, so no other network can take its place; make it with "
                "sy.Game(network, sample, ...)"
            )
        if game.n_players != chosen[0].n_players:
            raise SymbolscopeError(
                f"all games must have as many players; games[0] has {chosen[0].n_players} and games[{position}] has "
                f"{game.n_players}. Group them with players=..."
            )
    return chosen


def read_interactions(
    network: object,
    games: Sequence[Game],
    step: int,
    *,
    settings: ReadingSettings,
    folder: Path | None = None,
    read_one: Callable[[], None] | None = None,
) -> InteractionReading:
    """Explain a network on every sample, in evaluation mode and left as it was; with a folder, once and for all.

    ``read_one`` is called after each sample.
    """
    if folder is not None and not isinstance(network, nn.Module):
        raise SymbolscopeError(
            f"a folder keeps readings by the network's parameters, and {type(network).__name__} is no torch module; leave "
            "folder out"
        )
    exported = isinstance(network, torch.fx.GraphModule)  # such programs have no modes
    with evaluation_mode(network) if isinstance(network, nn.Module) and not exported else nullcontext():
        seen = [game.with_network(network) for game in games]
        if folder is None or not isinstance(network, nn.Module):
            return _read(seen, step, settings, read_one)
        path = folder / f"step-{step:08d}-{_key(network, seen, step, settings)[:16]}.json"
        known = _load(path, len(seen), seen[0].n_players)
        if known is None:
            known = _read(seen, step, settings, read_one)
            _save(path, known)
        return known


def _read(
    games: Sequence[Game], step: int, settings: ReadingSettings, read_one: Callable[[], None] | None
) -> InteractionReading:
    n = games[0].n_players
    positive, negative = np.zeros((len(games), n + 1)), np.zeros((len(games), n + 1))
    salient = np.zeros(len(games), dtype=np.int64)
    for row, game in enumerate(games):
        model = explain(game, kinds=settings.kinds, tolerance=settings.tolerance, progress=False)
        strength = strength_by_order_and_sign(model)
        positive[row], negative[row] = strength.positive, strength.negative
        salient[row] = model.salient(settings.threshold).complexity
        if read_one is not None:
            read_one()
    return InteractionReading(step, positive, negative, salient)


def _key(network: nn.Module, games: Sequence[Game], step: int, settings: ReadingSettings) -> str:
    """Hash of all that the reading depends on: parameters, inputs and outputs, and settings.

    Inputs and outputs are those with no player, each one alone, and all: outputs also tell apart networks that differ in more
    than their parameters, such as a plain attribute.
    """
    digest = hashlib.sha256()

    def add(tensor: torch.Tensor) -> None:
        digest.update(f"{tensor.dtype} {list(tensor.shape)}".encode())
        plain = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b"")

    digest.update(f"{_FORMAT} {_VERSION} step {step} {settings} {network}".encode())
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:  # a state dict lacks some buffers
        digest.update(name.encode())
        add(tensor)
    for game in games:
        digest.update(f"{sorted(game.settings.items(), key=str)} {game.player_names}".encode())
        masks = np.eye(game.n_players + 2, game.n_players, k=-1, dtype=np.bool_)  # no player, each alone
        masks[-1] = True
        if isinstance(game.source, MaskedNetwork):
            add(game.source.inputs.rows(masks))
        digest.update(game(masks).tobytes())
    return digest.hexdigest()


def _save(path: Path, reading: InteractionReading) -> None:
    content = json.dumps(
        {
            "format": _FORMAT,
            KEY: PLACE,
            "version": _VERSION,
            "step": reading.step,
            "positive": reading.positive.tolist(),
            "negative": reading.negative.tolist(),
            "n_salient": reading.n_salient.tolist(),
        },
        separators=(",", ":"),
    )
    make_folder(path.parent)
    write_whole(path, with_checksum(content.encode()))


def _load(path: Path, samples: int, n_players: int) -> InteractionReading | None:
    if not path.exists():
        return None
    try:
        content = read_file(path, "a reading")
        check_checksum(content, str(path))
        saved = read_json(content, str(path))
        reading = InteractionReading(
            step=int(saved["step"]),
            positive=np.array(saved["positive"], dtype=np.float64),
            negative=np.array(saved["negative"], dtype=np.float64),
            n_salient=np.array(saved["n_salient"], dtype=np.int64),
        )
        whole = reading.positive.shape == reading.negative.shape == (samples, n_players + 1)
        if not whole or reading.n_salient.shape != (samples,):
            raise ValueError("arrays of another shape")
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise SymbolscopeError(
            f"{path} is damaged ({type(error).__name__}: {error}); delete it, and it is computed again"
        ) from None
    return reading
