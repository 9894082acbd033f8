"""Baselines: what a hidden player is replaced by."""

import numpy as np
from numpy.typing import NDArray

from symbolscope.errors import SymbolscopeError
from symbolscope.games.given import GivenArray
from symbolscope.games.image_axes import channel_axis, image_size


def mean_baseline(reference_set: GivenArray) -> NDArray[np.float64]:
    """Average of a reference set, position by position: r = (1/N) sum_i x_i.

    Parameters
    ----------
    reference_set
        [N, ...]: N samples of the shape to be explained, usually the training data.

    Returns
    -------
    float64 array of one sample's shape.

    Raises
    ------
    SymbolscopeError
        If the set is empty or holds NaN or infinity.

    Examples
    --------
    >>> mean_baseline([[0.0, 10.0], [2.0, 30.0]])
    array([ 1., 20.])
    """
    references = np.asarray(reference_set, dtype=np.float64)
    if references.ndim < 1 or len(references) == 0:
        raise SymbolscopeError(f"mean_baseline needs at least one reference sample; got shape {references.shape}")
    mean = references.mean(axis=0)
    refuse_non_finite(mean, "the mean of the reference set")
    return mean


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

    pixels = np.asarray(image, dtype=np.float64)
    height, width = image_size(pixels.shape)
    width_of_blur = max(height, width) / 10 if sigma is None else sigma
    if not width_of_blur > 0:
        raise SymbolscopeError(f"blur needs sigma > 0 pixels; got {sigma}")
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
    cloud = np.asarray(points, dtype=np.float64)
    if cloud.ndim != 2:
        raise SymbolscopeError(
            f"center needs points of shape [P, C] or [C, P], without a batch axis; got {cloud.shape}"
        )
    axis = 0 if cloud.shape[0] >= cloud.shape[1] else 1
    return np.broadcast_to(cloud.mean(axis=axis, keepdims=True), cloud.shape).copy()


def choose_baseline(baseline: object, sample: NDArray[np.generic]) -> tuple[NDArray[np.generic], str]:
    """Read the ``baseline`` argument of a game.

    Parameters
    ----------
    baseline
        "zero", "blur", "center", a number, or an array of the sample's shape or one that broadcasts to it.
    sample
        The sample, already checked.

    Returns
    -------
    The baseline as an array of the sample's shape, and a description of it.

    Raises
    ------
    SymbolscopeError
        If the name is unknown, the shapes differ, or the baseline holds NaN, infinity, or fractions for an integer
        sample.

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
        try:
            values = np.broadcast_to(values, sample.shape)
        except ValueError:
            raise SymbolscopeError(
                f"sample and baseline have different shapes: the sample {sample.shape}, the baseline {values.shape}; "
                "give a baseline of the sample's shape, or a number"
            ) from None
    refuse_non_finite(values, "the baseline")
    cast = values.astype(sample.dtype)
    if np.issubdtype(sample.dtype, np.integer) and not np.array_equal(cast, values):
        raise SymbolscopeError(
            f"the sample holds integers ({sample.dtype}) but the baseline has fractions; "
            "give the sample as floating-point numbers, or a baseline of integers"
        )
    return cast, description


def choose_sample(sample: object) -> NDArray[np.generic]:
    """Check the sample: an array of finite numbers, without a batch axis.

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
    refuse_non_finite(values, "the sample")
    return values


def refuse_non_finite(values: NDArray[np.generic], what: str) -> None:
    """Refuse NaN and infinity, naming the first position that holds one."""
    if np.issubdtype(values.dtype, np.floating) and not (finite := np.isfinite(values)).all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        where = f"column {first[0]}" if len(first) == 1 else f"position {first}"
        raise SymbolscopeError(
            f"{what} holds {values[first]} at {where} ({int((~finite).sum())} of {values.size} values are not finite); "
            "fill in or remove them first"
        )


def _as_array(given: object, what: str) -> NDArray[np.generic]:
    """Turn lists, arrays, tensors on any device, and one-row frames into a NumPy array of numbers."""
    import torch

    if isinstance(given, torch.Tensor):
        tensor = given.detach().cpu()
        given = tensor.float().numpy() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor.numpy()
    try:
        values = np.asarray(given)
    except ValueError as error:
        raise SymbolscopeError(
            f"the {what} must be an array of numbers of one shape; got {type(given).__name__}: {error}"
        ) from None
    if values.dtype == np.object_:  # a pandas row of mixed integer and float columns
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError):
            raise SymbolscopeError(
                f"the {what} must hold numbers; got {type(given).__name__} with {values.reshape(-1)[0]!r}. "
                "Encode text columns first"
            ) from None
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == np.bool_) or np.iscomplexobj(values):
        raise SymbolscopeError(f"the {what} must hold real numbers; got {values.dtype}")
    return values
