"""Studies in other tools' formats."""

from __future__ import annotations

from gyges.study.exports.inspect_logs import write_inspect

__all__ = ["write_inspect"]
