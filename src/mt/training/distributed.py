"""Several processes as one: each takes its share of the batches, all take the same step.

Started by `torchrun -m mt train`, which sets RANK, WORLD_SIZE and LOCAL_RANK. One process alone is the case of a world of
size 1: the same lines run, and nothing is sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

CPU = torch.device("cpu")


@dataclass(frozen=True)
class World:
    """Which process this is, of how many."""

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def sum(self, value: float) -> float:
        """The sum over all processes; waits for them."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
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
        dist.all_reduce(together)
        for gradient, part in zip(gradients, together.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensor of each process, in the order of their ranks."""
        if self.size == 1:
            return [tensor]
        everyone: list[Tensor | None] = [None] * self.size
        dist.all_gather_object(everyone, tensor)
        return [each for each in everyone if each is not None]


def launched_rank() -> int:
    """The number of this process on its machine, as torchrun gave it."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def join(device: torch.device) -> Iterator[World]:
    """The world this process was started into, left again at the end of the block."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(device=device)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(dist.get_rank(), size, device)
    finally:
        dist.destroy_process_group()
