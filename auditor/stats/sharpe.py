"""Two return series on one calendar go in; the paired test of their Sharpe ratios comes out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from auditor.stats.blocks import Draws, Resampled, resample
from auditor.stats.longrun import Kernel
from auditor.stats.ratios import HorizonGain, horizon_gains, sharpe_ratio
from auditor.stats.studentised import (
    Alternative,
    Smooth,
    Studentised,
    detectable,
    periods_needed,
    standard_error,
    studentise,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharpeTest:
    """Tuned minus base Sharpe ratio over one span. H0: the gain is not positive.

    base, tuned, gain, se, ci, upper_bound and min_detectable_gain are annualised.
    """

    null: str
    base: float
    tuned: float
    gain: float
    se: float
    ci: tuple[float, float]
    upper_bound: float
    level: float
    p_value: float
    p_value_two_sided: float
    p_value_hac: float
    jkm_z: float | None
    correlation: float
    min_detectable_gain: float
    periods_needed: int | None
    horizons: tuple[HorizonGain, ...]
    n_obs: int
    block: int
    reps: int
    seed: int

    def __str__(self) -> str:
        """Give base, tuned, gain, interval and p on one line."""
        low, high = self.ci
        return (
            f"Sharpe {self.base:.2f} -> {self.tuned:.2f}, gain {self.gain:+.2f} "
            f"[{low:+.2f}, {high:+.2f}], p={self.p_value:.3f}"
        )


ROUNDING = 0.005
"""Annualised Sharpe gains below this are equal Sharpe ratios at the two decimals anybody quotes."""

NULL = "The tuned policy's Sharpe ratio is not higher than the base's."


def pair_moments(base: Array, tuned: Array) -> Array:
    """Columns tuned, base, tuned^2, base^2: (T,) twice to (T, 4)."""
    return np.column_stack([tuned, base, tuned**2, base**2])


def _ratio_difference(means: Array, n: int) -> Array:
    shrink = math.sqrt((n - 1) / n)
    return np.asarray(
        shrink * means[..., 0] / np.sqrt(means[..., 2] - means[..., 0] ** 2)
        - shrink * means[..., 1] / np.sqrt(means[..., 3] - means[..., 1] ** 2)
    )


def _ratio_gradient(means: Array) -> Array:
    one = (means[..., 2] - means[..., 0] ** 2) ** 1.5
    two = (means[..., 3] - means[..., 1] ** 2) ** 1.5
    return np.stack(
        [means[..., 2] / one, -means[..., 3] / two, -0.5 * means[..., 0] / one, 0.5 * means[..., 1] / two], axis=-1
    )


SHARPE_DIFFERENCE = Smooth(value=_ratio_difference, gradient=_ratio_gradient)
"""Sharpe ratio of the first column's series less the second's, on `pair_moments`; Ledoit & Wolf (2008), equation 4."""


def _ratio_value(means: Array, n: int) -> Array:
    return np.asarray(math.sqrt((n - 1) / n) * means[..., 0] / np.sqrt(means[..., 1] - means[..., 0] ** 2))


def _one_ratio_gradient(means: Array) -> Array:
    spread = (means[..., 1] - means[..., 0] ** 2) ** 1.5
    return np.stack([means[..., 1] / spread, -0.5 * means[..., 0] / spread], axis=-1)


SHARPE_ALONE = Smooth(value=_ratio_value, gradient=_one_ratio_gradient)
"""Sharpe ratio of one series, on its values and their squares."""


def sharpe_difference_test(
    base: Array,
    tuned: Array,
    draws: Draws,
    *,
    resampled: Resampled | None = None,
    kernel: Kernel = "parzen",
    prewhiten: bool = True,
    variant: Literal["v2016", "v2019"] = "v2016",
) -> Studentised:
    """Studentised circular block bootstrap of Sharpe(tuned) - Sharpe(base), per period.

    base, tuned  (T,) simple returns, windows one after the other
    draws        the blocks
    resampled    `pair_moments(base, tuned)` resampled by these draws, where the caller has it already
    variant      v2016 is the paper's formula; v2019 multiplies every Psi* by T / (T - 4)

    The result is exactly that of the authors' code on returns as given. Their prewhitening and bandwidth depend on
    the units of each series, so pass both in units of their own standard deviation where that must not matter.
    Ledoit & Wolf (2008), "Robust performance hypothesis testing with the Sharpe ratio", section 3.2.
    """
    moments = pair_moments(base, tuned)
    if resampled is None:
        (resampled,) = resample([moments], draws)
    n_obs = base.size
    if same_up_to_leverage(base, tuned):
        return Studentised(estimate=0.0, se=0.0, t_star=np.zeros(draws.reps))
    return studentise(
        SHARPE_DIFFERENCE,
        moments,
        resampled,
        se=standard_error(SHARPE_DIFFERENCE, moments, draws.lengths, kernel=kernel, prewhiten=prewhiten),
        inflate=math.sqrt(n_obs / (n_obs - 4)) if variant == "v2019" else 1.0,
    )


def sharpe_test(
    base: Array,
    tuned: Array,
    draws: Draws,
    *,
    periods_per_year: float = 1.0,
    level: float = 0.05,
    claim: float | None = None,
    alternative: Alternative = "greater",
    horizons: Sequence[int] = (1,),
    found: Studentised | None = None,
    kernel: Kernel = "parzen",
    prewhiten: bool = True,
    variant: Literal["v2016", "v2019"] = "v2016",
) -> SharpeTest:
    """Test whether tuned has the higher Sharpe ratio, and describe the gain.

    base, tuned       (T,) simple returns on the same dates
    draws             the blocks; see `Draws`
    periods_per_year  annualises every ratio of the result
    level             of the interval and the bound
    claim             level of the test that the minimum detectable gain is for; None: `level`
    found             the studentised difference, where the caller has it already
    """
    if found is None:
        found = sharpe_difference_test(base, tuned, draws, kernel=kernel, prewhiten=prewhiten, variant=variant)
    year = math.sqrt(periods_per_year)
    low, high = found.interval(level)
    return SharpeTest(
        null=NULL,
        base=sharpe_ratio(base) * year,
        tuned=sharpe_ratio(tuned) * year,
        gain=found.estimate * year,
        se=found.se * year,
        ci=(low * year, high * year),
        upper_bound=found.upper_bound(level) * year,
        level=level,
        p_value=found.p_value(alternative),
        p_value_two_sided=found.p_value("two-sided"),
        p_value_hac=float(ndtr(-found.estimate / found.se)) if found.se > 0 else float(found.estimate <= 0),
        jkm_z=jobson_korkie_memmel(base, tuned),
        correlation=float(np.corrcoef(base, tuned)[0, 1]),
        min_detectable_gain=detectable(found.se, claim or level) * year,
        periods_needed=periods_needed(found.estimate, found.se, base.size, claim or level),
        horizons=horizon_gains(base, tuned, draws.lengths, horizons, periods_per_year),
        n_obs=base.size,
        block=draws.block,
        reps=draws.reps,
        seed=draws.seed,
    )


def same_up_to_leverage(base: Array, tuned: Array) -> bool:
    """Whether tuned is base times a positive constant, up to rounding: the difference is then zero and has no error."""
    gap = sharpe_ratio(tuned) - sharpe_ratio(base)
    return abs(gap) < 1e-8 and 1 - float(np.corrcoef(base, tuned)[0, 1]) < 1e-10


def jobson_korkie_memmel(base: Array, tuned: Array) -> float | None:
    """Z of the Sharpe difference under iid normal returns; None where the difference has no variance.

    Jobson & Korkie (1981) with the correction of Memmel (2003), equation 6:
    var = (2 (1 - r) + (a^2 + b^2 - 2 a b r^2) / 2) / T for ratios a, b and correlation r.
    """
    a, b = sharpe_ratio(tuned), sharpe_ratio(base)
    r = float(np.corrcoef(base, tuned)[0, 1])
    variance = (2 * (1 - r) + (a * a + b * b - 2 * a * b * r * r) / 2) / base.size
    return (a - b) / math.sqrt(variance) if variance > 1e-14 / base.size else None
