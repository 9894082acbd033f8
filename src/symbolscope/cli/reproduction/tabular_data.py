"""Tables to train small networks on, out of installed packages."""

import csv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from symbolscope.errors import SymbolscopeError

DATA_SETS = ("breast cancer", "diabetes", "bikeshare")
_BIKE_FEATURES = (
    "season", "mnth", "day", "hr", "holiday", "weekday", "workingday", "weathersit", "temp", "atemp", "hum", "windspeed",
)  # fmt: skip
_HELD_OUT = 0.25
_BIKE_PIP = "python -m pip install --no-deps islp==0.6.0"


@dataclass(frozen=True, eq=False)
class TabularData:
    """A table split into training and held-out rows; inputs are standardised by the training rows, so their mean is 0.

    Attributes
    ----------
    name
        What it is.
    names
        Columns.
    inputs, held_out_inputs
        float32 [m, n].
    targets, held_out_targets
        float32 [m]: the class 0 or 1, or the number to be predicted, in its own unit.
    classes
        Whether targets are classes.
    """

    name: str
    names: tuple[str, ...]
    inputs: Tensor
    targets: Tensor
    held_out_inputs: Tensor
    held_out_targets: Tensor
    classes: bool

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.names)


def available_data_sets() -> tuple[str, ...]:
    """Names of the tables that can be read here: Bikeshare only where the package islp is installed."""
    return tuple(name for name in DATA_SETS if name != "bikeshare" or find_spec("ISLP") is not None)


def tabular_data(name: str) -> TabularData:
    """Read one table.

    "breast cancer": 569 patients, 10 means of features of cell nuclei, malignant or benign; "diabetes": 442 patients, 10
    features, progression after a year (both in scikit-learn); "bikeshare": 8,645 hours, 12 features, riders (a file in the
    package islp, which is not imported). A quarter of the rows is held out.

    Parameters
    ----------
    name
        One of :data:`DATA_SETS`.

    Raises
    ------
    SymbolscopeError
        If there is no such table, or its package is not installed.

    Examples
    --------
    >>> data = tabular_data("breast cancer")
    >>> data.inputs.shape, data.held_out_inputs.shape, bool(data.inputs.mean(dim=0).abs().max() < 1e-5)
    (torch.Size([427, 10]), torch.Size([142, 10]), True)
    """
    if name not in DATA_SETS:
        raise SymbolscopeError(f"there is no data set {name!r}; there are {', '.join(DATA_SETS)}")
    names, rows, targets = _bikeshare() if name == "bikeshare" else _scikit_learn(name)
    order = np.random.default_rng(0).permutation(len(rows))
    held_out, training = np.split(order, [round(_HELD_OUT * len(rows))])
    mean, deviation = rows[training].mean(axis=0), rows[training].std(axis=0)
    standardised = torch.from_numpy((rows - mean) / deviation).float()
    numbers = torch.from_numpy(targets).float()
    return TabularData(
        name, names, standardised[training], numbers[training], standardised[held_out], numbers[held_out],
        name == "breast cancer",
    )  # fmt: skip


def _scikit_learn(name: str) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.datasets import load_breast_cancer, load_diabetes

    table: Any = load_breast_cancer() if name == "breast cancer" else load_diabetes()
    names = tuple(str(one) for one in table.feature_names[:10])
    return names, np.asarray(table.data, dtype=np.float64)[:, :10], np.asarray(table.target, dtype=np.float64)


def _bikeshare() -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
    package = find_spec("ISLP")
    if package is None or not package.submodule_search_locations:
        raise SymbolscopeError(f"the Bikeshare data is not installed; type: {_BIKE_PIP}")
    path = Path(package.submodule_search_locations[0]) / "data" / "Bikeshare.csv"
    with path.open(encoding="utf-8") as file:
        hours = list(csv.DictReader(file))
    columns: list[list[float]] = []
    for name in _BIKE_FEATURES:
        cells = [hour[name] for hour in hours]
        levels = {cell: float(code) for code, cell in enumerate(dict.fromkeys(cells))}
        columns.append([levels[cell] if name in ("mnth", "weathersit") else float(cell) for cell in cells])
    return _BIKE_FEATURES, np.array(columns).T, np.array([float(hour["bikers"]) for hour in hours])
