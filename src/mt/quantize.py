"""Matrices in eight bits a number, to be kept on disk: a quarter of float32."""

from __future__ import annotations

from typing import Any  # stands for tensors of torch, and below for arrays of numpy, too: this module needs neither

LARGEST = 127       # of the numbers
SCALE = ".scale"    # ends the name of what stands beside a matrix in eight bits: the number that each of its rows is to be multiplied by


def quantize(weights: dict[str, Any]) -> dict[str, Any]:
    """Matrices [rows, columns] as int8, each row's largest number 127, with their scales [rows]; all else in half precision.

    CTranslate2's int8 is of the same kind, so that it keeps these very numbers.
    """
    small: dict[str, Any] = {}
    for name, weight in weights.items():
        if weight.dim() == 2:
            scale = weight.float().abs().amax(dim=1).clamp_min(1e-12) / LARGEST
            small[name], small[name + SCALE] = (weight / scale[:, None]).round().char(), scale
        else:
            small[name] = weight.half()
    return small


def dequantize(weights: dict[str, Any]) -> dict[str, Any]:
    """What `quantize` was given, to within half a scale; weights that were never quantized are as they were."""
    return {
        name: weight * weights[name + SCALE][:, None] if name + SCALE in weights else weight
        for name, weight in weights.items()
        if not name.endswith(SCALE)
    }
