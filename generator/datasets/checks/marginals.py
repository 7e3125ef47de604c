"""How each input of the bank checks is spread: quantiles to draw with, scores to say how likely a row is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv, gammainc, gammaincinv, ndtr, ndtri


@dataclass(frozen=True)
class Marginal:
    """One input: a standard normal z made into a value, cut to [low, high], then rounded to `decimals`."""

    quantile: Callable[[np.ndarray], np.ndarray]
    """z -> value, neither cut nor rounded; it rises."""
    score: Callable[[np.ndarray], np.ndarray]
    """value -> the z at which values pass it."""
    low: float
    high: float
    decimals: int

    @property
    def step(self) -> float:
        """Distance of two values next to each other."""
        return 10.0**-self.decimals

    def draw(self, z: np.ndarray) -> np.ndarray:
        return np.round(np.clip(self.quantile(z), self.low, self.high), self.decimals)

    def scores_around(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The z between which `value` is drawn; the ends of the range take what was cut off."""
        half = self.step / 2
        inside = np.clip(value, self.low, self.high)
        below = np.where(inside - half < self.low, -np.inf, self.score(np.maximum(inside - half, self.low)))
        above = np.where(inside + half > self.high, np.inf, self.score(np.minimum(inside + half, self.high)))
        outside = np.abs(value - inside) > half
        return np.where(outside, np.inf, below), np.where(outside, np.inf, above)


def lognormal(median: float, spread: float, **rest) -> Marginal:
    """exp(ln median + spread · z)."""
    return Marginal(
        lambda z: np.exp(np.log(median) + spread * z), lambda v: (np.log(v) - np.log(median)) / spread, **rest
    )


def gamma(shape: float, scale: float, **rest) -> Marginal:
    return Marginal(
        lambda z: scale * gammaincinv(shape, ndtr(z)), lambda v: ndtri(gammainc(shape, v / scale)), **rest
    )


def beta(a: float, b: float, **rest) -> Marginal:
    return Marginal(lambda z: betaincinv(a, b, ndtr(z)), lambda v: ndtri(betainc(a, b, v)), **rest)


def negative_binomial(mean: float, size: float, **rest) -> Marginal:
    """Counts with P(N <= k) = I_q(size, k + 1), q = size / (size + mean), none above `high`."""
    q, most = size / (size + mean), int(rest["high"])
    return Marginal(
        lambda z: np.searchsorted(betainc(size, np.arange(most) + 1, q), ndtr(z)),
        lambda v: ndtri(betainc(size, np.floor(v) + 1, q)),
        **rest,
    )


def probability(
    x: np.ndarray, marginals: tuple[Marginal, ...], loadings: np.ndarray, nodes: int = 24
) -> np.ndarray:
    """P(a row drawn is exactly x) (m,), when z_j = loading_j u + sqrt(1 - loading_j²) e_j with u, e ~ N(0, 1).

    Given u the inputs are independent; over u, Gauss-Hermite quadrature with that many nodes.
    """
    u, weight = np.polynomial.hermite_e.hermegauss(nodes)
    given_u = np.ones((len(x), nodes))
    for column, marginal, loading in zip(x.T, marginals, loadings, strict=True):
        below, above = (
            (score[:, None] - loading * u) / np.sqrt(1 - loading**2)
            for score in marginal.scores_around(column)
        )
        given_u *= ndtr(above) - ndtr(below)
    return given_u @ (weight / weight.sum())
