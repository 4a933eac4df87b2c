"""Laws of where the network computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOLES = """
import torch
from pathlib import Path
from mt.device import give_back_memory, keep_freed_memory

def resident():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")) / 1024

keep_freed_memory()
kept = [torch.ones(1 << 20) for _ in range(64)]   # 4 MB each
del kept[:-1]
before = resident()
give_back_memory()
print(before - resident())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_freed_memory_is_kept_until_it_is_given_back():
    told = subprocess.run([sys.executable, "-c", HOLES], check=True, capture_output=True, text=True).stdout
    assert float(told) > 200   # of 252 MB
