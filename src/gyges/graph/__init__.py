"""What the field knows, and how it is known: a research graph with a source behind every statement."""

from __future__ import annotations
