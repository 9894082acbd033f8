"""What names a run over many samples: equal for runs whose results may stand for one another."""

from symbolscope.errors import SymbolscopeError
from symbolscope.games.game import Game
from symbolscope.games.given_row import given_row, is_named_row
from symbolscope.games.store.digest import Digest, UnreadableError
from symbolscope.games.store.fingerprint import game_fingerprint
from symbolscope.games.store.object_fingerprint import read_object
from symbolscope.interactions.many.sample_games import SampleGames

_VERSION = 2  # of how samples are explained; another one starts anew


def run_key(games: SampleGames, options: object) -> str:
    """Hash of the network and of every option, 64 hexadecimal digits; the samples are not in it.

    Raises
    ------
    SymbolscopeError
        If the network or score cannot be read.

    Examples
    --------
    >>> import torch
    >>> network = torch.nn.Linear(3, 2)
    >>> before = run_key(SampleGames(network), {"gap": 1e-3})
    >>> before == run_key(SampleGames(network), {"gap": 1e-3}), before == run_key(SampleGames(network), {"gap": 1e-2})
    (True, False)
    """
    digest = Digest(read_object)
    digest.token("symbolscope run", str(_VERSION))
    try:
        for number, part in enumerate(games.described()):
            digest.token("part", str(number))
            digest.read(part, "the network" if number == 0 else "an argument of the run")
        digest.read(options, "the options")
        digest.finish()
    except (UnreadableError, RecursionError) as error:
        raise SymbolscopeError(
            f"the network cannot be told from others, as a file of results must: its values depend on {error}, whose contents "
            "cannot be read. Leave store out, or give games that have a key: sy.Game.from_function(fn, n, key=...)"
        ) from error
    return digest.hexdigest()


def digest_of(sample: object) -> str:
    """Fingerprint of one sample.

    Raises
    ------
    SymbolscopeError
        If it is a game that has none, or holds something that cannot be read.

    Examples
    --------
    >>> digest_of([1.0, 2.0]) == digest_of([1.0, 2.0]), digest_of("not bad") == digest_of("bad")
    (True, False)
    """
    if isinstance(sample, Game):
        return game_fingerprint(sample)
    digest = Digest(read_object)
    try:
        digest.read(given_row(sample, "the sample").content() if is_named_row(sample) else sample, "the sample")
        digest.finish()
    except (UnreadableError, RecursionError) as error:
        raise SymbolscopeError(
            f"a sample must be an array, a text or a game; of {error} nothing can be read"
        ) from error
    return digest.hexdigest()
