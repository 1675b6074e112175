"""Could the gap be chance? Tests that assume nothing but that, under the null, the tiers are exchangeable in a query.

Flipping the sign of a query's difference is then as likely as not flipping it, so the observed gap is compared with
the gaps that flips would give (Fisher 1935). With one sample a query the differences are -1, 0 or 1 and
this is McNemar's exact test (1947).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["mcnemar_p", "sign_flip_p", "sign_flip_test"]

_EXACT_UP_TO = 16
_FLIPS = 20_000
_CHUNK = 5_000


def mcnemar_p(up: int, down: int) -> float:
    """McNemar's exact test: are as many pairs discordant one way as the other?

    Args:
        up: Pairs that comply when monitored alone.
        down: Pairs that comply when unmonitored alone.

    Returns:
        The two-sided p-value, from the binomial distribution with one half; 1 without discordant pairs.
    """
    from scipy import stats

    if up + down == 0:
        return 1.0
    return float(stats.binomtest(min(up, down), up + down, 0.5).pvalue)


def sign_flip_p(differences: ArrayLike, *, seed: int = 0) -> float:
    """Give the p-value of :func:`sign_flip_test` alone."""
    return sign_flip_test(differences, seed=seed)[0]


def sign_flip_test(differences: ArrayLike, *, seed: int = 0) -> tuple[float, str]:
    """Test whether paired differences are centred on zero by flipping their signs.

    Args:
        differences: Shape (queries,).
        seed: Seeds the sampled flips; differences that are all equal in size, and up to 16 others, need none.

    Returns:
        The two-sided p-value (the share of sign patterns whose absolute sum is at least the observed one, with the
        observed pattern counted where patterns are sampled) and how it was computed.
    """
    values = np.asarray(differences, dtype=np.float64).ravel()
    # What rounding leaves of a difference that is none is none.
    values = values[np.abs(values) > 1e-12]
    n = values.size
    if n == 0:
        return 1.0, "nothing differs"
    if float(np.ptp(np.abs(values))) < 1e-12:
        up = int((values > 0).sum())
        return mcnemar_p(up, n - up), "exact McNemar"
    observed = abs(float(values.sum())) - 1e-9
    if n <= _EXACT_UP_TO:
        patterns = np.arange(2 ** (n - 1), dtype=np.int64)[:, None]
        bits = (patterns >> np.arange(n, dtype=np.int64)) & 1
        sums = np.abs((1.0 - 2.0 * bits) @ values)
        return float(np.mean(sums >= observed)), f"all sign flips of {n} clusters"
    generator = np.random.default_rng(seed)
    hits = 0
    for start in range(0, _FLIPS, _CHUNK):
        count = min(_CHUNK, _FLIPS - start)
        flipped = np.unpackbits(
            np.frombuffer(generator.bytes(count * ((n + 7) // 8)), dtype=np.uint8).reshape(
                count, -1
            ),
            axis=1,
            count=n,
        )
        sums = values.sum() - 2.0 * (flipped.astype(np.float64) @ values)
        hits += int(np.sum(np.abs(sums) >= observed))
    return (hits + 1) / (_FLIPS + 1), f"{_FLIPS:,} sign flips of {n} clusters"
