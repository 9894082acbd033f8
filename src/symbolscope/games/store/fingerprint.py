"""Fingerprints: two games with one fingerprint give every mask the same value."""

from symbolscope.errors import SymbolscopeError
from symbolscope.games.estimator_network import EstimatorNetwork
from symbolscope.games.game import Game
from symbolscope.games.masked_function import MaskedFunction
from symbolscope.games.masked_inputs import MaskedInputs
from symbolscope.games.masked_network import MaskedNetwork
from symbolscope.games.scores import Score
from symbolscope.games.store.digest import Digest, QuickDigest, UnreadableError
from symbolscope.games.store.network_fingerprint import read_hooks_of_all
from symbolscope.games.store.object_fingerprint import read_object
from symbolscope.games.torch_network import TorchNetwork

VERSION = 1  # of how games are read and computed; another one makes every store start anew


def game_fingerprint(game: Game) -> str:
    """Hash all that the values of a game depend on, so that values stored by one process serve another.

    Read are, bit for bit: the network's parameters, buffers, layers and settings (numbers, texts, functions and what these
    consist of), the bytecode of classes and functions that belong to no library, with their defaults, closures, the globals
    they use and the data of the classes; hooks that torch runs for all modules; the sample, the baseline and which player each
    position belongs to; score and target; of a text its tokens and what else the tokenizer gave. A fitted scikit-learn estimator
    is read as it would be pickled. One weight changed in its last bit gives another fingerprint; the same network built in
    another process gives the same one.

    Not read are names of players, the device, training mode, torch's precision settings (TF32, autocast), and the code and
    versions of libraries (torch, transformers, numpy, scikit-learn, ...) and of Python, though bytecode differs between Python
    versions; nor an attribute of a module that code names by a text, ``getattr(module, "gain")``. Code that asks for files, the
    environment, the clock, random numbers or other machines while it runs (:mod:`symbolscope.games.store.outside_world`) has no
    fingerprint: it would stay the same when these change. What a network keeps from its last call (an attribute that holds
    activations, say) counts as a setting.

    Parameters
    ----------
    game
        The game. One of :meth:`Game.from_function` with a ``key`` is known by that key alone.

    Returns
    -------
    64 hexadecimal digits (sha256).

    Raises
    ------
    SymbolscopeError
        If something that the values depend on cannot be read (compiled code, an open file, a lock), or is looked up outside while
        the code runs (a file, an environment variable): it is named.

    Examples
    --------
    >>> import torch
    >>> network = torch.nn.Linear(3, 2)
    >>> game = Game(network, [1.0, 2.0, 3.0], target=1)
    >>> fingerprint = game_fingerprint(game)
    >>> fingerprint == game_fingerprint(Game(network, [1.0, 2.0, 3.0], target=1, player_names=["age", "dose", "sex"]))
    True
    >>> fingerprint == game_fingerprint(game.with_baseline([0.0, 0.0, 0.5]))
    False

    A function is read too, or stands under a key:

    >>> weights = [1.0, 2.0]
    >>> before = game_fingerprint(Game.from_function(lambda masks: masks @ weights, 2))
    >>> weights[0] = 1.5
    >>> before == game_fingerprint(Game.from_function(lambda masks: masks @ weights, 2))
    False
    >>> len(game_fingerprint(Game.from_function(lambda masks: masks @ weights, 2, key="my model v3")))
    64
    """
    return _read_game(game, Digest(read_object))


def game_stamp(game: Game) -> str:
    """As :func:`game_fingerprint` within this process, and quicker: a tensor counts by its place and the writes to it.

    Two stamps that differ mean that something which the values depend on may have changed in between.

    Examples
    --------
    >>> import torch
    >>> network = torch.nn.Linear(3, 2)
    >>> game = Game(network, [1.0, 2.0, 3.0], target=1)
    >>> before = game_stamp(game)
    >>> with torch.no_grad():
    ...     _ = network.bias.add_(1e-6)
    >>> before == game_stamp(game)
    False
    """
    return _read_game(game, QuickDigest(read_object))


def _read_game(game: Game, digest: Digest) -> str:
    digest.token("symbolscope game", f"{VERSION} {game.n_players}")
    source = game.source
    try:
        if isinstance(source, MaskedFunction) and game.key is not None:
            digest.token("key", game.key)
            return digest.hexdigest()
        read_hooks_of_all(digest)
        if isinstance(source, MaskedFunction):
            digest.read(source.function, "the game's function")
        elif isinstance(source, MaskedNetwork):
            _read_masked_network(digest, source)
        else:
            digest.read(source, "what the game evaluates")
        digest.finish()
    except (UnreadableError, RecursionError) as error:
        what = "what it consists of, which is nested too deeply" if isinstance(error, RecursionError) else str(error)
        function = "function" if isinstance(source, MaskedFunction) else "game"
        raise SymbolscopeError(
            f"{game!r} cannot be told from others, as a store must: its values depend on {what}, whose contents cannot be "
            f'read. Name it yourself: sy.Game.from_function({function}, {game.n_players}, key="my model v3"), with another '
            "key whenever anything changes"
        ) from error
    return digest.hexdigest()


def _read_masked_network(digest: Digest, source: MaskedNetwork) -> None:
    network = source.network
    if isinstance(network, TorchNetwork):
        call = network.call.function
        digest.read(network.network, "the network")
        digest.read(None if call is network.network else call, "how the network is called")
    elif isinstance(network, EstimatorNetwork):
        digest.token("way", network.answers.way)
        digest.read(None if network.table is None else network.table.content(), "the row and its baseline")
        digest.read(network.estimator, "the estimator")
    else:
        digest.read(network, "the network")
    _read_inputs(digest, source.inputs)
    digest.token("last position", str(source.reads_last_position))
    _read_score(digest, source.score)


def _read_inputs(digest: Digest, inputs: MaskedInputs) -> None:
    digest.tensor(inputs.sample, "the sample")
    digest.tensor(inputs.baseline, "the baseline")
    digest.token("players", str(inputs._shape))  # pyright: ignore[reportPrivateUsage]
    digest.tensor(inputs._labels, "the players")  # pyright: ignore[reportPrivateUsage]


def _read_score(digest: Digest, score: Score) -> None:
    digest.token("score", f"{score.kind} {score.target} {score.outputs} {score.smallest!r}")
    digest.read(score.function, "the score function")
