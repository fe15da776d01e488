"""Return pairs of known truth: equal Sharpe ratios, or a book without alpha, under tails, memory and clusters."""

from __future__ import annotations

import numpy as np

FAMILIES = ("iid", "t4", "ar15", "garch", "regimes")
LENGTHS = {60: 12, 252: 252, 1260: 252}
"""Observations of a span, and their periods per year."""
CORRELATIONS = (0.5, 0.9, 0.98)
SHARPE = 1.0
"""Annualised Sharpe ratio of both policies under the null."""


def shocks(family, worlds, n, rng):
    """Draw streams with unconditional mean 0 and variance 1: (n, worlds)."""
    normal = rng.standard_normal
    if family == "iid":
        return normal((n, worlds))
    if family == "t4":
        return rng.standard_t(4, (n, worlds)) / np.sqrt(2.0)
    if family == "ar15":
        noise = normal((n + 50, worlds)) * np.sqrt(1 - 0.15**2)
        out = np.empty_like(noise)
        out[0] = noise[0]
        for t in range(1, n + 50):
            out[t] = 0.15 * out[t - 1] + noise[t]
        return out[50:]
    if family == "garch":
        noise = rng.standard_t(6, (n + 250, worlds)) / np.sqrt(1.5)
        variance, out = np.ones(worlds), np.empty_like(noise)
        for t in range(n + 250):
            out[t] = np.sqrt(variance) * noise[t]
            variance = 0.03 + 0.07 * out[t] ** 2 + 0.90 * variance
        return out[250:]
    # Calm and stormy months: volatility 0.6 and 1.6, staying with probability .97 and .93, so 70 % calm.
    calm = np.empty((n, worlds), dtype=bool)
    calm[0] = rng.random(worlds) < 0.7
    for t in range(1, n):
        move = rng.random(worlds)
        calm[t] = np.where(calm[t - 1], move < 0.97, move >= 0.93)
    level = np.sqrt(0.7 * 0.6**2 + 0.3 * 1.6**2)
    return normal((n, worlds)) * np.where(calm, 0.6, 1.6) / level


def equal_sharpe(family, correlation, n, worlds, seed):
    """Base and tuned with the same true Sharpe ratio: two (n, worlds) arrays."""
    rng = np.random.default_rng([seed, n, round(100 * correlation), FAMILIES.index(family)])
    mean = SHARPE / np.sqrt(LENGTHS[n])
    common, one, two = (shocks(family, worlds, n, rng) for _ in range(3))
    # Both load alike on the common stream, so that neither is the other's part and both have the same moments.
    weight = np.sqrt(correlation)
    rest = np.sqrt(1 - correlation)
    return mean + weight * common + rest * one, mean + weight * common + rest * two


def book_without_alpha(family, correlation, n, worlds, seed):
    """Base, and tuned = base + a book whose mean is zero; `correlation` is that of the two policies."""
    rng = np.random.default_rng([seed, n, round(100 * correlation), FAMILIES.index(family), 1])
    mean = SHARPE / np.sqrt(LENGTHS[n])
    base, book = shocks(family, worlds, n, rng), shocks(family, worlds, n, rng)
    size = np.sqrt(1 / correlation**2 - 1)
    return mean + base, mean + base + size * book
