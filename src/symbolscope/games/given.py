"""Types of what callers give: exact for type checkers, open at run time, where the games check it themselves.

The tests check annotations while they run; a caller's mistake must still reach the message written for it.
"""

from typing import TYPE_CHECKING, SupportsIndex, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from os import PathLike

    import pandas
    import torch
    from numpy.typing import ArrayLike

    from symbolscope.games.given_row import GivenRow
    from symbolscope.games.players import Players

    GivenArray: TypeAlias = ArrayLike | torch.Tensor
    GivenRowOfTable: TypeAlias = (
        GivenRow | Mapping[Hashable, object] | Mapping[str, object] | pandas.Series | pandas.DataFrame
    )
    GivenSample: TypeAlias = GivenArray | GivenRowOfTable
    GivenBaseline: TypeAlias = str | float | GivenArray | GivenRowOfTable | None
    GivenPlayers: TypeAlias = Players | ArrayLike | torch.Tensor | Sequence[ArrayLike] | None
    GivenGroups: TypeAlias = Sequence[ArrayLike]
    GivenCount: TypeAlias = SupportsIndex
    GivenNumber: TypeAlias = float
    GivenContent: TypeAlias = bytes
    GivenContents: TypeAlias = Mapping[int, bytes]
    GivenPath: TypeAlias = str | PathLike[str]
else:
    GivenArray = GivenSample = GivenBaseline = GivenPlayers = GivenGroups = GivenCount = GivenNumber = object
    GivenContent = GivenContents = GivenPath = object
