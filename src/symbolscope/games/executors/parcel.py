"""A game's source packed for another process."""

from typing import cast

import torch

from symbolscope.errors import SymbolscopeError
from symbolscope.games.batches import MaskScores
from symbolscope.games.executors.torch_settings import TorchSettings
from symbolscope.games.masked_network import KEPT_BYTES


def packed_source(source: MaskScores, *, executor: str) -> bytes:
    """Pack a source with everything it refers to, code of scripts and notebooks included.

    Parameters
    ----------
    source
        What is evaluated.
    executor
        For whom, to be named in the message.

    Raises
    ------
    SymbolscopeError
        If it holds something that exists in this process only.
    """
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps((source, TorchSettings.now())))
    except Exception as error:  # whatever an object's own __reduce__ raises
        raise SymbolscopeError(
            f"{executor} cannot send this game to another process: {type(error).__name__}: {error}. Let its function open "
            "files, locks or connections itself where it needs them, or give executor='local'"
        ) from error


def unpacked_source(parcel: bytes | memoryview) -> MaskScores:
    """Unpack a source in the process that will evaluate it, and set torch up as it was where the source was packed.

    Raises
    ------
    SymbolscopeError
        If code that the source refers to cannot be imported here.
    """
    import cloudpickle

    torch.set_num_threads(1)
    try:
        source, settings = cast(tuple[MaskScores, TorchSettings], cloudpickle.loads(parcel))
    except Exception as error:  # whatever an object's own reconstruction raises
        raise SymbolscopeError(
            f"a worker cannot rebuild this game: {type(error).__name__}: {error}. Its classes and functions must be "
            "importable there under the same names, or be defined in the script or notebook itself"
        ) from error
    settings.apply()
    torch.empty(KEPT_BYTES, dtype=torch.uint8)  # as MaskedNetwork does when it is built, for the same reason
    return source
