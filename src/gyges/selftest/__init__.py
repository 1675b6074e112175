"""Can the instrument be trusted? Planted subjects, asked through the whole corridor.

``selftest`` asks all kinds; ``write_selftest`` puts the positive and the negative control beside a study.
"""

from __future__ import annotations

from gyges.selftest.beside import FILE, write_selftest
from gyges.selftest.corridor import selftest
from gyges.selftest.recovery import Recovery, Selftest, corrected_level, recovery

__all__ = [
    "FILE",
    "Recovery",
    "Selftest",
    "corrected_level",
    "recovery",
    "selftest",
    "write_selftest",
]
