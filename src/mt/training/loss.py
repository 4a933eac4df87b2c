"""Cross-entropy against label-smoothed targets, over a large vocabulary without ever holding all its logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mt.config import PAD

LOGITS_AT_ONCE = {"cpu": 2**22, "cuda": 2**26}   # numbers; on a CPU what stays in its cache


@dataclass(frozen=True)
class Loss:
    """Sums over the target tokens of a batch; divide by their number."""

    smoothed: Tensor   # what training minimises
    nll: Tensor        # minus log-probability of the references; exp of its mean is the perplexity


def smoothed_cross_entropy(features: Tensor, weight: Tensor, targets: Tensor, smoothing: float) -> Loss:
    """The loss of features [B, T, D], scored with weight [V, D], against targets [B, T]; padding counts nothing.

    The target distribution gives 1 - smoothing to the reference and spreads smoothing evenly over the vocabulary
    (Szegedy et al. 2016; Vaswani et al. 2017, section 5.4), so the loss is (1 - smoothing) * -log p(reference) +
    smoothing * mean over v of -log p(v).
    """
    smoothed, nll = SmoothedCrossEntropy.apply(features.flatten(0, 1), weight, targets.flatten(), smoothing, torch.is_grad_enabled())
    return Loss(smoothed, nll)


class SmoothedCrossEntropy(torch.autograd.Function):
    """Computes its gradients together with the loss, a few rows at a time: d loss / d logits = p - target distribution."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, targets: Tensor, smoothing: float, needs_gradients: bool) -> tuple[Tensor, Tensor]:
        device, vocab_size = features.device.type, weight.size(0)
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else features.dtype
        x, w = features.to(dtype), weight.to(dtype)
        d_features, d_weight = torch.empty_like(x), torch.zeros_like(weight)
        smoothed, nll = weight.new_zeros(()), weight.new_zeros(())
        rows = max(1, LOGITS_AT_ONCE.get(device, 2**22) // vocab_size)
        with torch.autocast(device, enabled=False):
            for chunk, target, out in zip(x.split(rows), targets.split(rows), d_features.split(rows), strict=True):
                counts = (target != PAD).float()[:, None]                             # [rows, 1]
                log_probs = (chunk @ w.T).float().log_softmax(dim=-1)                 # [rows, V]
                reference = -log_probs.gather(1, target[:, None]) * counts
                uniform = -log_probs.mean(dim=1, keepdim=True) * counts
                nll += reference.sum()
                smoothed += (1 - smoothing) * reference.sum() + smoothing * uniform.sum()
                if needs_gradients:
                    d_logits = log_probs.exp_().sub_(smoothing / vocab_size)
                    d_logits.scatter_add_(1, target[:, None], torch.full_like(counts, smoothing - 1))
                    d_logits = d_logits.mul_(counts).to(dtype)
                    torch.mm(d_logits, w, out=out)
                    d_weight += d_logits.T @ chunk
        ctx.save_for_backward(d_features, d_weight)
        ctx.mark_non_differentiable(nll)
        return smoothed, nll

    @staticmethod
    def backward(ctx: Any, d_smoothed: Tensor, d_nll: Tensor) -> tuple[Tensor | None, ...]:
        d_features, d_weight = ctx.saved_tensors
        return d_features * d_smoothed, d_weight * d_smoothed, None, None, None
