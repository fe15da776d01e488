"""Demeaned moments on one or several windows go in; their long-run (HAC) covariance comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kernel = Literal["parzen", "qs"]

FEWEST_PAIRS = 4
"""Neighbouring rows a moment that a VAR(1) needs."""

LARGEST_ROOT = 0.97
"""Singular values of the prewhitening VAR and AR roots are held to this, as Andrews & Monahan (1992) advise."""


def window_ids(lengths: Sequence[int]) -> NDArray[np.int64]:
    """Which window each row belongs to: (T,)."""
    return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)


def autocovariance(values: Array, lag: int, windows: NDArray[np.int64]) -> Array:
    """Sum of v_t v_{t-lag}' over pairs inside one window, divided by T: (T, k) to (k, k)."""
    n_obs = values.shape[0]
    if lag == 0:
        return np.asarray(values.T @ values / n_obs)
    late, early = values[lag:], values[:-lag]
    if windows[0] != windows[-1]:
        same = windows[lag:] == windows[:-lag]
        late, early = late[same], early[same]
    return np.asarray(late.T @ early / n_obs)


def bandwidth(values: Array, kernel: Kernel, windows: NDArray[np.int64]) -> tuple[float, float]:
    """Automatic bandwidth S and alpha(2) from AR(1) fits: (T, k) to (S, alpha).

    Andrews (1991), equations 6.2 and 6.4, weights 1: S = c (alpha T)^0.2, with c = 2.6614 (Parzen), 1.3221 (QS).
    """
    same = windows[1:] == windows[:-1]
    if not same.any():
        return 0.0, 0.0
    late, early = values[1:][same], values[:-1][same]
    late = late - late.mean(axis=0)
    early = early - early.mean(axis=0)
    power = (early**2).sum(axis=0)
    usable = power > 0
    root = np.zeros(values.shape[1])
    root[usable] = (late * early).sum(axis=0)[usable] / power[usable]
    root = np.clip(root, -LARGEST_ROOT, LARGEST_ROOT)
    variance = ((late - root * early) ** 2).mean(axis=0)
    weight = float((variance**2 / (1 - root) ** 4).sum())
    alpha = float((4 * root**2 * variance**2 / (1 - root) ** 8).sum()) / weight if weight > 0 else 0.0
    constant = 2.6614 if kernel == "parzen" else 1.3221
    return constant * (alpha * values.shape[0]) ** 0.2, alpha


def parzen(x: float) -> float:
    """Parzen kernel weight at x = lag / S."""
    x = abs(x)
    if x <= 0.5:
        return 1 - 6 * x**2 + 6 * x**3
    return 2 * (1 - x) ** 3 if x <= 1 else 0.0


def quadratic_spectral(x: float) -> float:
    """Quadratic spectral kernel weight at x = lag / S; Andrews (1991), equation 2.7."""
    z = 6 * np.pi * x / 5
    return float(3 / z**2 * (np.sin(z) / z - np.cos(z)))


def kernel_covariance(values: Array, kernel: Kernel, windows: NDArray[np.int64], lost: int) -> Array:
    """Kernel estimate of the long-run covariance: (T, k) to (k, k), with the factor T / (T - lost)."""
    n_obs = values.shape[0]
    span, _ = bandwidth(values, kernel, windows)
    total = autocovariance(values, 0, windows)
    # The QS kernel has no last lag: its cost grows with T squared, which is why it is not the default.
    last = min(int(np.ceil(span)) - 1, n_obs - 1) if kernel == "parzen" else (n_obs - 1 if span > 0 else 0)
    weigh = parzen if kernel == "parzen" else quadratic_spectral
    for lag in range(1, last + 1):
        gamma = autocovariance(values, lag, windows)
        total = total + weigh(lag / span) * (gamma + gamma.T)
    return np.asarray(total * (n_obs / (n_obs - lost)))


def longrun_covariance(
    values: Array, lengths: Sequence[int], *, kernel: Kernel = "parzen", prewhiten: bool = True, lost: int = 4
) -> Array:
    """Long-run covariance of demeaned moments: (T, k) to (k, k).

    kernel     Parzen or quadratic spectral, bandwidth by Andrews (1991)
    prewhiten  by a VAR(1) without intercept, singular values held to .97; Andrews & Monahan (1992)
    lost       degrees of freedom taken off T; Ledoit & Wolf (2008) take 4 for the four moments of two returns
    """
    windows = window_ids(lengths)
    n_obs, count = values.shape
    if int(np.count_nonzero(windows[1:] == windows[:-1])) < FEWEST_PAIRS * count:
        # Windows of a period or two have no neighbours, or too few for a VAR: nothing tells of dependence.
        return np.asarray(autocovariance(values, 0, windows) * (n_obs / (n_obs - lost)))
    if not prewhiten:
        return kernel_covariance(values, kernel, windows, lost)
    same = windows[1:] == windows[:-1]
    late, early = values[1:][same], values[:-1][same]
    slopes = np.linalg.lstsq(early, late, rcond=None)[0].T
    left, size, right = np.linalg.svd(slopes)
    slopes = left @ np.diag(np.minimum(size, LARGEST_ROOT)) @ right
    recolour = np.linalg.inv(np.eye(values.shape[1]) - slopes)
    white = kernel_covariance(late - early @ slopes.T, kernel, windows[1:][same], lost)
    return np.asarray(recolour @ white @ recolour.T, dtype=np.float64)
