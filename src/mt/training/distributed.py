"""Several processes as one: each takes its share of the batches, all take the same step.

Started by `torchrun -m mt train`, which sets RANK, WORLD_SIZE and LOCAL_RANK. One process alone is the case of a world of
size 1: the same lines run, and nothing is sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
import torch.distributed.nn  # torch.optim imports it too: after a group is made, it would hold the group as a default, and its threads with it
from torch import nn

from mt.errors import DeviceError, TrainingError

Value = TypeVar("Value")


@dataclass(frozen=True)
class World:
    """Where this process computes and in which format, and which process it is, of how many."""

    device: torch.device
    dtype: torch.dtype
    rank: int = 0
    size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def sum(self, value: float) -> float:
        """The sum over all processes; waits for them, but for no device."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64)
        with talking():
            dist.all_reduce(total)
        return total.item()

    def any(self, flag: bool) -> bool:
        """Whether it holds on any process."""
        return self.sum(float(flag)) > 0

    def sum_gradients(self, model: nn.Module) -> None:
        """Add up the gradients of all processes, all parameters in one message."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        together = torch.cat([gradient.flatten() for gradient in gradients])
        with talking():
            dist.all_reduce(together)
        for gradient, part in zip(gradients, together.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def gather(self, value: Value) -> list[Value]:
        """What each process has, in the order of their ranks."""
        if self.size == 1:
            return [value]
        everyone: list[Value] = [value] * self.size
        with talking():
            dist.all_gather_object(everyone, value)
        return everyone


@contextmanager
def talking() -> Iterator[None]:
    """Within the block processes exchange something; raises TrainingError where that fails, mostly because one of them has gone."""
    try:
        yield
    except RuntimeError as error:
        raise TrainingError(f"this process has lost the others: {error}", fix="see what they said; the same command goes on") from error


@contextmanager
def join(device: torch.device, dtype: torch.dtype) -> Iterator[World]:
    """The world this process was started into, left again at the end of the block; of several GPUs each process takes its own."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(device, dtype)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        if device.index >= torch.cuda.device_count():
            raise DeviceError(f"there is no {device} for this process", fix=f"torchrun --nproc-per-node {torch.cuda.device_count()}")
        torch.cuda.set_device(device)
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(device, dtype, dist.get_rank(), size)
    finally:
        dist.destroy_process_group()
