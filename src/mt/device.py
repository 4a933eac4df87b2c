"""Where the network computes: the device and the number format."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import torch
from torch import Tensor

from mt import console
from mt.config import parse_device
from mt.errors import ConfigError, DeviceError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def choose_device(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` names; auto takes a GPU where there is one. Sets up CUDA for our attention."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, index = parse_device(name)
    if kind == "cuda" and not torch.cuda.is_available():
        raise DeviceError("this PyTorch finds no CUDA GPU", fix="use --device cpu, or install a PyTorch built for your GPU")
    if index is not None and index >= torch.cuda.device_count():
        raise DeviceError(f"there is no {name}; this machine has {torch.cuda.device_count()} GPU(s)", fix="use --device cuda:0")
    if kind == "cuda":
        torch.backends.cuda.enable_cudnn_sdp(False)   # cuDNN's attention makes a plan for each shape, and nearly every batch has another
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """The format of matrix products, named `auto`, `fp32` or `bf16`; weights and sums stay float32.

    auto takes bf16 where the hardware multiplies it fast: GPUs since Ampere, CPUs with AVX512-BF16 or AMX.
    """
    if name == "auto":
        fast = torch.cuda.is_bf16_supported(including_emulation=False) if device.type == "cuda" else cpu_multiplies_bf16()
        return torch.bfloat16 if fast else torch.float32
    if name not in PRECISIONS:
        raise ConfigError(f"there is no precision called {name!r} here", fix="use --precision auto, fp32 or bf16; to translate on a CPU also int8")
    return PRECISIONS[name]


def cpu_multiplies_bf16() -> bool:
    """Whether this CPU has instructions for bf16 products."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """A context in which matrix products run in `dtype`."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)


def largest_that_fits(attempt: Callable[[int], None], most: int) -> int:
    """The largest of `most`, its half, its quarter ... for which the attempt, with a quarter more, finds memory enough."""
    size = most
    while size:
        with suppress(torch.OutOfMemoryError):   # within the block all that was computed is still held
            attempt(size + size // 4)
            return size
        size //= 2
        torch.cuda.empty_cache()
    raise DeviceError("the memory of the device does not suffice for anything", fix="end other programs that use it, or use --device cpu")


def compile_features(model: Any, device: torch.device) -> None:   # Any: to mypy a module has only tensors and modules
    """Let torch.compile make what training asks of the model faster; where this machine has no compiler for it, say so and leave it."""
    try:
        torch.compile(torch.exp)(torch.ones(2, device=device))
    except Exception as error:   # whatever goes wrong in a tool chain that is not ours
        console.warn(f"training goes on without torch.compile: {str(error).strip().partition(chr(10))[0]}")
        return
    model.features = torch.compile(model.features, dynamic=True)   # one program for all lengths


def random_states(device: torch.device) -> dict[str, Tensor]:
    """The state of the generators that a computation on the device draws from, by name."""
    cpu = {"cpu": torch.get_rng_state()}
    return cpu if device.type == "cpu" else {**cpu, "cuda": torch.cuda.get_rng_state(device)}


def set_random_states(states: dict[str, Tensor], device: torch.device) -> None:
    """Take back what `random_states` gave, perhaps on another device."""
    if "cpu" in states:
        torch.set_rng_state(states["cpu"])
    if "cuda" in states and device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


def use_threads(count: int | None) -> None:
    """Compute with `count` CPU threads; None leaves what PyTorch chose."""
    if count is not None:
        torch.set_num_threads(count)
