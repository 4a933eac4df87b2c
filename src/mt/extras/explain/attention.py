"""Where every head looks: attention weights computed again from the queries and keys that pass through the network.

The network keeps no weights and knows nothing of this; hooks on its query and key projections read what they put out, and
the reference `attention` (Vaswani et al. 2017, equation 1) turns it into weights.

Shapes: S source, T target, D d_model, H heads, K head width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn

from mt.config import PAD
from mt.model.layers import Attention, causal_mask
from mt.model.layers import attention as reference_attention

Kind = Literal["encoder", "decoder", "cross", "stack"]   # stack: of a decoder-only network, source and target in one


@dataclass(frozen=True)
class AttentionMap:
    """How much each position (row) looked at each other one (column), head by head."""

    kind: Kind
    layer: int       # from 1
    weights: Tensor  # [H, rows, columns] float32 on the CPU; each row sums to 1


def look(model: nn.Module, src: Tensor, tgt_in: Tensor) -> tuple[Tensor, list[AttentionMap]]:
    """Logits [T, V] for one source [1, S] and the target it was given [1, T], and every attention map on the way.

    All target positions at once, as in training: a masked position sees what it saw when it was decoded step by step.
    """
    with projections(model) as seen:
        logits: Tensor = model(src, tgt_in)                                          # [1, T, V]
    maps = []
    for name, module in attentions(model):
        q, k = module.heads(seen[f"{name}.query"]), module.heads(seen[f"{name}.key"])    # [1, H, rows, K], [1, H, columns, K]
        _, weights = reference_attention(q.float(), k.float(), k.float(), mask(kind(name), src, tgt_in))
        maps.append(AttentionMap(kind(name), int(name.split(".")[1]) + 1, weights[0].cpu()))
    return logits[0], maps


@contextmanager
def projections(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Within the block, what each query and key projection put out last, by the name of its module."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            seen[name] = output.detach()

        return hook

    hooks = [
        cast(nn.Module, getattr(module, part)).register_forward_hook(keep(f"{name}.{part}"))
        for name, module in attentions(model)
        for part in ("query", "key")
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def attentions(model: nn.Module) -> list[tuple[str, Attention]]:
    """The attention modules of a network and their names, such as decoder.0.cross_attention, in reading order."""
    return [(name, module) for name, module in model.named_modules() if isinstance(module, Attention)]


def kind(name: str) -> Kind:
    """What looks at what in the attention module called `name`."""
    if name.endswith("cross_attention"):
        return "cross"
    kinds: dict[str, Kind] = {"encoder": "encoder", "decoder": "decoder", "layers": "stack"}
    return kinds[name.split(".")[0]]


def mask(kind: Kind, src: Tensor, tgt_in: Tensor) -> Tensor:
    """What a position may attend to (True), broadcastable to [1, H, rows, columns]."""
    if kind == "decoder":
        return causal_mask(tgt_in.size(1), src.device)
    if kind == "stack":
        visible = torch.cat((src != PAD, torch.ones_like(tgt_in, dtype=torch.bool)), dim=1)
        return causal_mask(visible.size(1), src.device) & visible[:, None, None, :]
    return (src != PAD)[:, None, None, :]
