"""Speed and memory beside other tools, measured in one run: make bench, or python tests/benchmarks/run.py [NAME]... --help.

Ratios hold better than absolute figures, since machines differ and drift: all sides of a comparison take turns and medians are
quoted. Nothing else should run meanwhile; the load the machine had is printed with the figures.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from confidence import confidence
from decode import decode
from measure import Options
from robustness import robustness
from start import start
from train import train

from mt import usable_cores

BENCHMARKS: dict[str, Callable[[Options], None]] = {"train": train, "decode": decode, "start": start}
OF_A_TEST_SET: dict[str, Callable[[str], None]] = {"confidence": confidence, "robustness": robustness}
PACKAGES = ("torch", "ctranslate2", "transformers")


def main() -> None:
    """Run the benchmarks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ", ".join([*BENCHMARKS, *(f"{name}=FILE" for name in OF_A_TEST_SET)])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{names}; without, {' and '.join(BENCHMARKS)}")
    parser.add_argument("--full", action="store_true", help="measure `base` too, and by more rounds; takes half an hour")
    parser.add_argument("--rounds", type=int, help="how often each side is started anew and measured; the median counts")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--cpu-time", action="store_true", help="count the processor's seconds: for one thread on a busy machine")
    parser.add_argument("--test", metavar="FILE", help="decode the sentences of this test set, not of the sample corpus")
    parser.add_argument("--sentences", type=int, default=300, help="of them, spread over the set; 0 for all")
    given = parser.parse_args()
    rounds = given.rounds or (5 if given.full else 2)
    options = Options(given.full, rounds, given.threads, given.cpu_time, given.test, given.sentences)
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, {options.threads} threads, {', '.join(map(described, PACKAGES))}; {load()}", flush=True)
    for name, _, argument in (each.partition("=") for each in given.names or BENCHMARKS):
        if name in OF_A_TEST_SET:
            OF_A_TEST_SET[name](argument)
        elif name in BENCHMARKS:
            BENCHMARKS[name](options)
        else:
            parser.error(f"there is no benchmark called {name!r}")
    print(f"\n{load()}")


def described(package: str) -> str:
    """A package and its version."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def load() -> str:
    return f"load of the machine {os.getloadavg()[0]:.2f}"


if __name__ == "__main__":
    main()
