"""Networks of Hugging Face transformers of our shapes, to compare with; that package is no dependency of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mt.config import BOS, EOS, PAD, ModelConfig
from mt.run import RunDir

NAMES = {   # their names of our parts; the longer first
    "after_attention.norm": "self_attn_layer_norm",
    "after_cross_attention.norm": "encoder_attn_layer_norm",
    "after_feed_forward.norm": "final_layer_norm",
    "self_attention": "self_attn",
    "cross_attention": "encoder_attn",
    "feed_forward.widen": "fc1",
    "feed_forward.narrow": "fc2",
    "query": "q_proj",
    "key": "k_proj",
    "value": "v_proj",
    "output": "out_proj",
}


def shape(model: ModelConfig) -> dict[str, Any]:
    """Our shape in their words."""
    return {
        "vocab_size": model.vocab_size,
        "d_model": model.d_model,
        "encoder_layers": model.n_encoder_layers,
        "decoder_layers": model.n_decoder_layers,
        "encoder_attention_heads": model.n_heads,
        "decoder_attention_heads": model.n_heads,
        "encoder_ffn_dim": model.d_ff,
        "decoder_ffn_dim": model.d_ff,
        "activation_function": "relu",
        "scale_embedding": True,
        "dropout": 0.1,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "encoder_layerdrop": 0.0,
        "decoder_layerdrop": 0.0,
        "pad_token_id": PAD,
        "bos_token_id": BOS,
        "eos_token_id": EOS,
        "decoder_start_token_id": BOS,
        "forced_eos_token_id": None,
    }


def marian(model: ModelConfig) -> Any:   # Any: their network
    """MarianMT with random weights."""
    from transformers import MarianConfig, MarianMTModel

    return MarianMTModel(MarianConfig(**shape(model)))


def with_our_weights(folder: Path) -> Any:
    """M2M100 with the weights of a model folder: the layers of Marian, but with norms in front as ours have, which Marian has not."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    from mt.checkpoint import load_weights
    from mt.model.layers import sinusoids

    run = RunDir(folder)
    model = run.read_config().model
    network = M2M100ForConditionalGeneration(M2M100Config(**shape(model))).eval()
    weights = {}
    for name, tensor in load_weights(run.weights).items():
        stack, _, rest = name.partition(".")
        for ours, theirs in NAMES.items():
            rest = rest.replace(ours, theirs)
        place = {"embedding": "shared.weight", "encoder_norm": f"encoder.layer_norm.{rest}", "decoder_norm": f"decoder.layer_norm.{rest}"}
        weights[f"model.{place.get(stack, f'{stack}.layers.{rest}')}"] = tensor
    missing, unexpected = network.load_state_dict(weights, strict=False)
    assert not unexpected
    assert all("embed_tokens" in name or name == "lm_head.weight" for name in missing)   # these are model.shared
    network.tie_weights()
    for half in (network.model.encoder, network.model.decoder):   # a position is counted from PAD + 1 on
        half.embed_positions.weights = torch.cat((torch.zeros(1, model.d_model), sinusoids(1024, model.d_model)))
    return network
