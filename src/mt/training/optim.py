"""The optimizer and the learning-rate schedule."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mt.config import TrainConfig


def learning_rate(step: int, config: TrainConfig, max_steps: int | None = None) -> float:
    """The rate of an optimizer step (1, 2, ...): linear warm-up to `lr`, then falling with the inverse square root of the step.

    This is the schedule of Vaswani et al. 2017, equation 3, with its peak given directly: their d_model^-0.5 * warmup^-0.5
    is our lr. With `cooldown`, the last steps before `max_steps` fall further, linearly to zero.
    """
    rate = config.lr * min(step / config.warmup, math.sqrt(config.warmup / step))
    if max_steps is not None and config.cooldown:
        rate *= min(1.0, max(0, max_steps - step + 1) / config.cooldown)
    return rate


class Optimizers:
    """AdamW for everything, or Muon for the matrices inside the network and AdamW for the rest; one `step` for both.

    Muon (Jordan et al. 2024) makes each matrix's update orthogonal; its step is scaled to the root mean square of AdamW's
    (Liu et al. 2025), so that one learning rate serves both.
    """

    def __init__(self, model: nn.Module, config: TrainConfig) -> None:
        matrices = [p for name, p in model.named_parameters() if config.optimizer == "muon" and p.dim() == 2 and "embedding" not in name]
        rest = [p for p in model.parameters() if not any(p is matrix for matrix in matrices)]
        self.parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(rest, lr=0.0, betas=config.betas, eps=1e-9, weight_decay=config.weight_decay, fused=True)
        ]
        if matrices:
            self.parts.append(torch.optim.Muon(matrices, lr=0.0, weight_decay=config.weight_decay, adjust_lr_fn="match_rms_adamw"))

    def step(self, rate: float) -> None:
        """Update every parameter from its gradient at learning rate `rate`, and clear the gradients."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Tensor]:
        """The state by name, as a checkpoint keeps it; scalars become tensors of one number."""
        return {
            f"{i}.{parameter}.{name}": torch.as_tensor(value)
            for i, part in enumerate(self.parts)
            for parameter, state in part.state_dict()["state"].items()
            for name, value in state.items()
        }

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave."""
        for i, part in enumerate(self.parts):
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                owner, parameter, name = key.split(".")
                if int(owner) == i:
                    # A copy in memory of its own: one inside the file's buffer is aligned otherwise, and products may round otherwise.
                    state.setdefault(int(parameter), {})[name] = value.clone()
            part.load_state_dict({"state": state, "param_groups": part.state_dict()["param_groups"]})
