"""Laws of the building: imports go only down, and what must start fast imports nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mt

SOURCE = Path(mt.__file__).parent

# The floor of a module is that of its longest prefix here.
FLOORS = {
    "mt.errors": 0,
    "mt.config": 1,
    "mt.text": 2,
    "mt.run": 2,
    "mt.console": 2,
    "mt.signals": 2,
    "mt.heap": 2,
    "mt.quantize": 2,
    "mt.model": 3,
    "mt.device": 3,
    "mt.data": 3,
    "mt.data.batches": 4,
    "mt.data.prepare": 4,
    "mt.packing": 4,
    "mt.checkpoint": 4,
    "mt.decoding": 5,
    "mt.training": 5,
    "mt.evaluation": 6,
    "mt.extras.ct2": 6,
    "mt.extras.ct2_convert": 6,
    "mt.extras.plots": 6,
    "mt.training.validation": 7,
    "mt.training.loop": 7,
    "mt.extras": 7,
    "mt": 7,
    "mt.cli": 8,
    "mt.__main__": 8,
}
WITHOUT_TORCH = (
    *("mt.errors", "mt.config", "mt.text", "mt.run", "mt.console", "mt.signals", "mt.heap", "mt.quantize"),
    *("mt.data.sources", "mt.data.clean", "mt.data.augment", "mt.data.spelling", "mt.data.resegment", "mt.data.prepare"),
)
HEAVY = {"torch", "numpy", "datasets", "pyarrow", "pandas", "sacrebleu", "sentencepiece", "safetensors", "ctranslate2", "matplotlib", "optuna"}


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by name."""
    names = {path: ".".join(("mt", *path.relative_to(SOURCE).with_suffix("").parts)) for path in SOURCE.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for path, name in names.items()}


@cache
def imports(path: Path) -> set[str]:
    """The modules a file imports anywhere in it, in function bodies too; the version is no knowledge of a floor."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names} - {"mt.__version__"}
            found |= {name if name in modules() else str(node.module) for name in names}
    return found


def within(name: str, rooms: tuple[str, ...]) -> bool:
    """Whether a module is one of the rooms or in one of them."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def floor(name: str) -> int:
    """The floor a module stands on."""
    return max((len(prefix), level) for prefix, level in FLOORS.items() if within(name, (prefix,)))[1]


def graph() -> dict[str, set[str]]:
    """Which of our modules each of them imports."""
    return {name: imports(path) & modules().keys() for name, path in modules().items()}


def test_imports_never_go_up():
    upward = [f"{name} imports {other}" for name, others in graph().items() for other in others if floor(other) > floor(name)]
    assert upward == []


def test_imports_never_go_in_circles():
    list(TopologicalSorter(graph()).static_order())   # raises CycleError


def test_the_model_and_the_data_do_not_know_each_other():
    model, data = ("mt.model",), ("mt.data",)
    meetings = [
        f"{name} imports {other}"
        for name, others in graph().items()
        for other in others
        if (within(name, model) and within(other, data)) or (within(name, data) and within(other, model))
    ]
    assert meetings == []


def test_text_and_preparation_work_without_torch():
    users = [name for name, path in modules().items() if within(name, WITHOUT_TORCH) and "torch" in {other.split(".")[0] for other in imports(path)}]
    assert users == []


def test_every_module_has_a_floor():
    named = {name for name in FLOORS if name != "mt"}
    assert [name for name in modules() if name != "mt" and not within(name, tuple(named))] == []


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import mt.cli.app", HEAVY | {"rich.console", "rich.table", "rich.progress"}),
        ("import sys, mt.cli.app as program; sys.argv = ['mt', '--help']\ntry: program.main()\nexcept SystemExit: pass", HEAVY),
        ("import mt.decoding.translator, mt.extras.ct2", {"torch", "numpy"}),
        ("import mt, mt.data.prepare, mt.extras.ct2_convert", {"torch"}),
    ],
    ids=["importing the program", "mt --help", "translating with CTranslate2", "preparing, and converting for CTranslate2"],
)
def test_imports_nothing_heavy(code: str, unwanted: set[str]):
    report = f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    assert unwanted & set(result.stderr.split()) == set()
