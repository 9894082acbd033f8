"""Baselines: what a hidden player is replaced by."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from symbolscope.core.argument_checks import Number
from symbolscope.core.array_checks import native, plain_numbers
from symbolscope.errors import SymbolscopeError
from symbolscope.games.cell_kinds import NUMBERS, as_number, kind_of
from symbolscope.games.frame_columns import is_frame
from symbolscope.games.given import GivenArray
from symbolscope.games.given_row import plain_array
from symbolscope.games.image_axes import channel_axis, image_size
from symbolscope.games.missing_values import column_of
from symbolscope.games.typical_row import GivenFrame, column_means
from symbolscope.games.typical_row import typical as typical

if TYPE_CHECKING:
    import pandas

    MeanRow: TypeAlias = NDArray[np.float64] | pandas.Series
else:
    MeanRow = object


def mean_baseline(reference_set: GivenArray | GivenFrame) -> MeanRow:
    """Average of a reference set, position by position: r_j = (1/N_j) sum of x_ij over the N_j samples with a value at j.

    Parameters
    ----------
    reference_set
        [N, ...]: N samples of the shape to be explained, usually the training data; also a sparse matrix, or a data frame.

    Returns
    -------
    float64 array of one sample's shape; of a data frame a pandas Series, whose names a game matches with the sample's. NaN where no
    sample has a value.

    Raises
    ------
    SymbolscopeError
        If the set is empty, holds infinity, or has a column of texts, categories or dates, which :func:`typical` takes.

    Examples
    --------
    >>> mean_baseline([[0.0, 10.0], [2.0, 30.0]])
    array([ 1., 20.])
    >>> mean_baseline([[0.0, float("nan")], [2.0, 30.0]])
    array([ 1., 30.])
    """
    if is_frame(reference_set):
        return column_means(reference_set)  # pyright: ignore[reportArgumentType]
    if hasattr(reference_set, "toarray") and hasattr(reference_set, "nnz"):
        sparse = cast("Any", reference_set)
        if sparse.shape[0] == 0:
            raise SymbolscopeError(f"mean_baseline needs at least one reference sample; got shape {sparse.shape}")
        sparse_mean = np.asarray(sparse.mean(axis=0), dtype=np.float64).reshape(-1)
        refuse_non_finite(sparse_mean, "the mean of the reference set")
        return sparse_mean
    references = _as_array(reference_set, "reference set").astype(np.float64)
    if references.ndim < 1 or len(references) == 0:
        raise SymbolscopeError(f"mean_baseline needs at least one reference sample; got shape {references.shape}")
    missing = np.isnan(references)
    if not missing.any():
        mean = references.mean(axis=0)
    else:
        counts = (~missing).sum(axis=0)
        total = np.where(missing, 0.0, references).sum(axis=0)
        mean = np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
    if np.isinf(mean).any():
        refuse_non_finite(np.where(np.isnan(mean), 0.0, mean), "the mean of the reference set")
    return np.asarray(mean)


def blur(image: GivenArray, *, sigma: float | None = None) -> NDArray[np.float64]:
    """Gaussian blur of an image, channel by channel; the borders are mirrored.

    Parameters
    ----------
    image
        (H, W), (C, H, W) or (H, W, C).
    sigma
        Standard deviation in pixels; by default a tenth of the longer side.

    Returns
    -------
    float64 array of the image's shape.

    Examples
    --------
    >>> float(blur(np.full((4, 4), 3.0)).round(6).min())
    3.0
    >>> image = np.zeros((3, 20, 20))
    >>> image[:, 10, 10] = 1.0
    >>> bool(blur(image, sigma=2.0).max() < 0.05)
    True
    """
    from scipy.ndimage import gaussian_filter

    pixels = plain_numbers("the image", image)
    height, width = image_size(pixels.shape)
    width_of_blur = max(height, width) / 10 if sigma is None else Number(finite=False).read("sigma", sigma)
    if not width_of_blur > 0:
        raise SymbolscopeError(f"blur needs sigma > 0 pixels; got {sigma}")
    if not width_of_blur <= 100 * max(height, width):
        raise SymbolscopeError(
            f"sigma must be at most 100 times the image's longer side, {max(height, width)}; got {sigma}"
        )
    channels = channel_axis(pixels.shape)
    spatial = tuple(axis for axis in range(pixels.ndim) if axis != channels)
    return np.asarray(gaussian_filter(pixels, width_of_blur, axes=spatial, mode="mirror"))


def center(points: GivenArray) -> NDArray[np.float64]:
    """Centre of a point cloud: the mean over all points, one value per coordinate, at every point.

    Parameters
    ----------
    points
        [P, C] or [C, P]: P points with C coordinates; the longer axis is taken for the points.

    Returns
    -------
    float64 array of the same shape; hidden points move to the centre.

    Examples
    --------
    >>> center([[0.0, 0.0], [2.0, 0.0], [1.0, 3.0]])
    array([[1., 1.],
           [1., 1.],
           [1., 1.]])
    """
    cloud = plain_numbers("the points", points)
    if cloud.ndim != 2 or cloud.size == 0:
        raise SymbolscopeError(
            f"center needs points of shape [P, C] or [C, P], without a batch axis; got {cloud.shape}"
        )
    axis = 0 if cloud.shape[0] >= cloud.shape[1] else 1
    return np.broadcast_to(cloud.mean(axis=axis, keepdims=True), cloud.shape).copy()


def choose_baseline(
    baseline: object,
    sample: NDArray[np.generic],
    *,
    dtype: DTypeLike | None = None,
    names: Sequence[Hashable] | None = None,
) -> tuple[NDArray[np.generic], str]:
    """Read the ``baseline`` argument of a game.

    Parameters
    ----------
    baseline
        "zero", "blur", "center", a number, or an array of the sample's shape or one that broadcasts to it; axes of length 1 in
        front of it are batch axes.
    sample
        The sample, already checked.
    dtype
        What the network takes; None is the sample's dtype.
    names
        Names of a row's columns, for messages.

    Returns
    -------
    The baseline as an array of the sample's shape, and a description of it.

    Raises
    ------
    SymbolscopeError
        If the name is unknown, the shapes differ, or the baseline holds NaN, infinity, or what an integer dtype does not hold.

    Examples
    --------
    >>> choose_baseline("zero", np.array([1.0, 2.0]))
    (array([0., 0.]), 'zero')
    >>> choose_baseline(5, np.array([1.0, 2.0]))
    (array([5., 5.]), '5')
    """
    if isinstance(baseline, str):
        named = {"zero": np.zeros_like, "blur": blur, "center": center}
        if baseline not in named:
            raise SymbolscopeError(
                f"baseline {baseline!r} is unknown; give one of 'zero', 'blur' (images), 'center' (points), a number, "
                "or an array of the sample's shape such as symbolscope.baselines.mean_baseline(training_samples)"
            )
        values, description = np.asarray(named[baseline](sample)), baseline
    else:
        values = _as_array(baseline, "baseline")
        description = f"{values.item():g}" if values.ndim == 0 else f"array of shape {tuple(values.shape)}"
        while values.ndim > sample.ndim and values.shape[0] == 1:
            values = values[0]
        try:
            values = np.broadcast_to(values, sample.shape)
        except ValueError:
            raise SymbolscopeError(
                f"sample and baseline have different shapes: the sample {sample.shape}, the baseline {values.shape}; "
                "give a baseline of the sample's shape, or a number"
            ) from None
    refuse_non_finite(values, "the baseline", names)
    wanted: np.dtype[Any] = np.dtype(sample.dtype if dtype is None else dtype)
    if np.issubdtype(wanted, np.integer):
        low, high = (int(bound) for bound in (np.iinfo(cast("Any", wanted)).min, np.iinfo(cast("Any", wanted)).max))
        whole = np.array_equal(np.floor(values), values) if values.dtype.kind == "f" else True
        if not whole or values.min() < low or values.max() > high:
            fault = f"values beyond {low} .. {high}" if whole else "fractions"
            raise SymbolscopeError(
                f"the sample holds integers ({wanted}) but the baseline has {fault}; "
                "give the sample as floating-point numbers, or a baseline of such integers"
            )
    return values.astype(wanted), description


def choose_sample(sample: object, *, names: Sequence[Hashable] | None = None) -> NDArray[np.generic]:
    """Check the sample: an array of finite numbers.

    Examples
    --------
    >>> choose_sample([1.0, 2.0])
    array([1., 2.])
    """
    values = _as_array(sample, "sample")
    if values.ndim == 0:
        raise SymbolscopeError(
            f"the sample must be an array with at least one axis; got the single number {values.item()!r}"
        )
    if values.size == 0:
        raise SymbolscopeError(
            f"the sample is empty (shape {values.shape}), so the game has 0 players; at least 1 is needed"
        )
    refuse_non_finite(values, "the sample", names)
    return values


def refuse_non_finite(values: NDArray[np.generic], what: str, names: Sequence[Hashable] | None = None) -> None:
    """Refuse NaN and infinity, naming the first column or position that holds one."""
    if np.issubdtype(values.dtype, np.floating) and not (finite := np.isfinite(values)).all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        named = len(first) == 1 and names is not None and len(names) == len(values)
        where = column_of(names[first[0]] if named and names is not None else None, first[0]) if first else ""
        if not first:
            where = "the number"
        if len(first) > 1:
            where = f"position {first}"
        raise SymbolscopeError(
            f"{what} holds {values[first]} at {where} ({int((~finite).sum())} of {values.size} values are not finite); "
            "fill in or remove them first"
        )


def _as_array(given: object, what: str) -> NDArray[np.generic]:
    """Turn lists, arrays, tensors on any device, and one-row frames into a NumPy array of numbers."""
    values = plain_array(given, f"the {what}")
    if values.dtype == np.object_:  # a row of mixed integer and float columns, with None where nothing is
        entries = values.reshape(-1)
        others = [entry for entry in entries if kind_of(entry) not in (*NUMBERS, "missing")]
        if others or not len(entries):
            shown = f" with {others[0]!r}" if others else ""
            raise SymbolscopeError(
                f"the {what} must hold numbers; got {type(given).__name__}{shown}. Encode text columns first"
            )
        values = np.array([as_number(entry) for entry in entries], dtype=np.float64).reshape(values.shape)
    if values.dtype.kind not in "biuf":  # NumPy counts complex numbers and spans of time among the numbers
        raise SymbolscopeError(f"the {what} must hold real numbers; got {values.dtype}")
    values = native(values)
    return values.astype(np.float64) if values.dtype.itemsize > 8 else values  # torch has no float128
