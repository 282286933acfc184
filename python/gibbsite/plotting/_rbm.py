"""Pictures of restricted Boltzmann machines: what their units look for, and what they make."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gibbsite._scalars import as_integer
from gibbsite.plotting._figure import axes, to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_filters(
    model: Any,
    *,
    image_shape: tuple[int, int] | None = None,
    n_filters: int = 100,
    order: str | None = "norm",
    ax: Axes | None = None,
    cmap: Any = "RdBu_r",
) -> Axes:
    """Draw the weights of hidden units as images in a grid.

    Parameters
    ----------
    model : BernoulliRBM, GaussianRBM or array-like of shape (n_components, n_features)
        A fitted machine, scikit-learn's included, or rows of weights.
    image_shape : pair of int, optional
        Rows and columns of an image; default square.
    n_filters : int
        At most so many units are drawn.
    order : {"norm", None}
        Largest weights first, or as they come.
    ax : matplotlib Axes, optional
        Where to draw; the current axes otherwise.
    cmap : matplotlib colour map
        Its middle is zero; the scale is the same for all units.

    Returns
    -------
    matplotlib Axes
    """
    weights = to_numpy(getattr(model, "components_", model))
    if order == "norm":
        weights = weights[np.argsort(-np.linalg.norm(weights, axis=1), kind="stable")]
    elif order is not None:
        raise ValueError(f"order must be 'norm' or None, got {order!r}")
    weights = weights[: as_integer(n_filters, "n_filters", least=1)]
    # a few large weights must not wash out all others
    limit = float(np.quantile(np.abs(weights), 0.999)) or 1.0
    return _draw_grid(axes(ax), weights, image_shape, {"cmap": cmap, "vmin": -limit, "vmax": limit})


def plot_samples(
    images: ArrayLike,
    *,
    image_shape: tuple[int, int] | None = None,
    ax: Axes | None = None,
    cmap: Any = "gray_r",
    limits: tuple[float, float] | None = (0.0, 1.0),
) -> Axes:
    """Draw rows of pixels as images in a grid.

    Parameters
    ----------
    images : array-like of shape (n_images, n_pixels) or (n_images, height, width)
        Device arrays (CuPy) are fetched.
    image_shape : pair of int, optional
        Rows and columns of an image where the images are flat; default square.
    ax : matplotlib Axes, optional
        Where to draw; the current axes otherwise.
    cmap : matplotlib colour map
    limits : pair of float, optional
        Values at the ends of the colour map; None: the least and the largest value.

    Returns
    -------
    matplotlib Axes
    """
    pixels = to_numpy(images)
    if pixels.ndim == 3:
        image_shape = (pixels.shape[1], pixels.shape[2])
        pixels = pixels.reshape(len(pixels), -1)
    low, high = limits or (float(pixels.min()), float(pixels.max()))
    return _draw_grid(axes(ax), pixels, image_shape, {"cmap": cmap, "vmin": low, "vmax": high})


def _draw_grid(ax: Axes, rows: NDArray[Any], image_shape: tuple[int, int] | None, options: dict[str, Any]) -> Axes:
    height, width = _image_shape(image_shape, rows.shape[1])
    ax.imshow(_tiled(rows.reshape(-1, height, width)), interpolation="nearest", **options)
    ax.set_axis_off()
    return ax


def _image_shape(image_shape: tuple[int, int] | None, n_pixels: int) -> tuple[int, int]:
    if image_shape is None:
        side = math.isqrt(n_pixels)
        image_shape = (side, side)
    if image_shape[0] * image_shape[1] != n_pixels:
        raise ValueError(
            f"{n_pixels} pixels make no image of {image_shape[0]} x {image_shape[1]}: pass image_shape=(rows, columns)"
        )
    return image_shape


def _tiled(images: NDArray[Any]) -> NDArray[Any]:
    """One picture, nearly square, of images with a border of one blank pixel between them."""
    n, height, width = images.shape
    columns = max(1, math.ceil(math.sqrt(n * height / width)))
    grid = np.full((math.ceil(n / columns) * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        grid[top : top + height, left : left + width] = image
    return grid
