"""``python -m gyges`` is ``gyges``."""

from __future__ import annotations

from gyges.cli import main

main()
