"""Laws of matrices in eight bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from fakes import make_model
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from mt.checkpoint import ship
from mt.extras.ct2_convert import specification
from mt.quantize import dequantize, quantize
from mt.run import RunDir


@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 8), st.sampled_from([1e-6, 1.0, 1e4]))
def test_each_weight_comes_back_to_within_half_a_scale(seed: int, rows: int, columns: int, size: float):
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) * size
    small = quantize({"w": matrix})
    back = dict(dequantize(small))["w"]
    assert small["w"].dtype == torch.int8
    assert torch.all((back - matrix).abs() <= small["w.scale"][:, None] * 0.501)
    assert torch.equal(quantize({"w": back})["w"], small["w"])


def test_a_row_of_zeros_stays_one_and_vectors_are_halved():
    back = dict(dequantize(quantize({"w": torch.zeros(2, 3), "bias": torch.tensor([0.1])})))
    assert torch.equal(back["w"], torch.zeros(2, 3))
    assert back["bias"].dtype == torch.float16


def test_numpy_reads_what_torch_wrote():
    small = quantize({"w": torch.randn(4, 5), "bias": torch.randn(4)})
    arrays = {name: tensor.numpy() for name, tensor in small.items()}
    for (name, tensor), (other, array) in zip(dequantize(small), dequantize(arrays), strict=True):
        assert name == other
        np.testing.assert_array_equal(array, tensor.numpy())


def test_a_shipped_model_is_small_and_ctranslate2_keeps_its_numbers(tmp_path: Path):
    run, shipped = make_model(tmp_path / "model"), RunDir(tmp_path / "shipped")
    ship(run, shipped.path)
    assert shipped.weights.stat().st_size < run.weights.stat().st_size * 0.5   # of a network so tiny that names are half of it
    spec = specification(shipped, "int8")
    numbers = load_file(shipped.weights)["encoder.0.feed_forward.widen.weight"]
    np.testing.assert_array_equal(spec.encoder.layer[0].ffn.linear_0.weight.numpy(), numbers)
