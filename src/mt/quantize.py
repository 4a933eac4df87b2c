"""Matrices in eight bits a number, to be kept on disk: a quarter of float32."""

from __future__ import annotations

from collections.abc import Iterator
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
            small[name], small[name + SCALE] = in_eight_bits(weight)
        else:
            small[name] = weight.half()
    return small


def in_eight_bits(matrix: Any) -> tuple[Any, Any]:
    """A matrix [rows, columns] as int8, and the scale of each row."""
    scale = matrix.float().abs().amax(dim=1).clamp_min(1e-12) / LARGEST
    return (matrix / scale[:, None]).round().char(), scale


def dequantize(weights: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What `quantize` was given, to within half a scale, one after the other; weights that were never quantized are as they were."""
    for name, weight in weights.items():
        if not name.endswith(SCALE):
            yield name, weight * weights[name + SCALE][:, None] if name + SCALE in weights else weight
