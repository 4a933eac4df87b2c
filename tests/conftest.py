"""What all tests share: examples are made without a clock, which on a busy machine would tell of its load, not of the code."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("without a clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without a clock")
