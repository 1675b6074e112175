"""Probing: the subject of a study is asked about its situation, or about itself."""

from __future__ import annotations

from gyges.probing.forms import Form, forms_of, probe_ids
from gyges.probing.record import read_probe
from gyges.probing.rounds import ProbeRound, probe

__all__ = ["Form", "ProbeRound", "forms_of", "probe", "probe_ids", "read_probe"]
