#!/usr/bin/env python3
"""Writes what transformers makes of configs that leave keys out: tests/fixtures/config-defaults.json.

`defaults`: the values of the configuration classes, by model_type. `rotary`: frequencies of llama configs.
    pip install transformers==5.24.0 torch
    python3 tools/oracle/config_golden.py tests/fixtures/config-defaults.json
"""
import json
import sys

import torch
from transformers import CONFIG_MAPPING
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.glm.modeling_glm import GlmRotaryEmbedding

TYPES = ["deepseek_v2", "deepseek_v3", "glm4_moe_lite", "youtu", "qwen2", "qwen3", "llama"]
KEYS = """hidden_act rms_norm_eps rope_theta tie_word_embeddings vocab_size hidden_size intermediate_size
num_hidden_layers num_attention_heads max_position_embeddings kv_lora_rank q_lora_rank qk_rope_head_dim
qk_nope_head_dim v_head_dim moe_intermediate_size n_shared_experts routed_scaling_factor n_group topk_group
num_experts_per_tok first_k_dense_replace norm_topk_prob topk_method""".split()

ROTARY = {
    "linear": {"rope_scaling": {"type": "linear", "factor": 4.0}},
    "linear by rope_type": {"rope_scaling": {"rope_type": "linear", "factor": 2.5}, "rope_theta": 5e5},
    "linear in rope_parameters": {
        "rope_parameters": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6}
    },
    "dynamic": {"rope_scaling": {"type": "dynamic", "factor": 2.0}},
    "dynamic with a base": {"rope_scaling": {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 3e4}},
    "yarn without the original length": {"rope_scaling": {"type": "yarn", "factor": 4.0}},
    "yarn without a factor": {
        "rope_scaling": {"rope_type": "yarn", "factor": None, "original_max_position_embeddings": 1024}
    },
    "yarn with one mscale": {"rope_scaling": {"type": "yarn", "factor": 4.0, "mscale": 0.7}},
    "yarn without truncation": {"rope_scaling": {"type": "yarn", "factor": 16.0, "truncate": False}},
    "two types": {"rope_scaling": {"type": "linear", "rope_type": "yarn", "factor": 4.0}},
    "a factor without a type": {"rope_scaling": {"factor": 4.0}},
    "half a head": {"partial_rotary_factor": 0.5},
    "half a head, linear": {"partial_rotary_factor": 0.5, "rope_scaling": {"type": "linear", "factor": 3.0}},
    "a quarter in rope_parameters": {"rope_parameters": {"partial_rotary_factor": 0.25, "rope_theta": 1e4}},
    "two bases": {"rope_theta": 1e4, "rope_parameters": {"rope_type": "default", "rope_theta": 2e4}},
    "no base": {},
}
SIZES = {"hidden_size": 256, "num_attention_heads": 4, "max_position_embeddings": 4096}
LONG = 3 * SIZES["max_position_embeddings"]


def defaults_of(model_type):
    config = CONFIG_MAPPING[model_type]().to_dict()
    flat = {**config, **(config.get("rope_parameters") or {})}
    return {key: flat[key] for key in KEYS if flat.get(key) is not None}


def rotary_of(keys):
    config = CONFIG_MAPPING["llama"].from_dict({**SIZES, **json.loads(json.dumps(keys))})
    kind = config.rope_parameters["rope_type"]
    # GLM's class is one of those that rotate a part of each head where the factor says so.
    compute = ROPE_INIT_FUNCTIONS.get(kind, GlmRotaryEmbedding.compute_default_rope_parameters)
    frequencies, factor = compute(config, device=torch.device("cpu"), seq_len=None)
    golden = {"config": keys, "frequencies": frequencies.tolist(), "attention_factor": factor}
    if kind == "dynamic":
        longer, _ = compute(config, device=torch.device("cpu"), seq_len=LONG)
        golden["frequencies_at_three_times_the_length"] = longer.tolist()
    return golden


golden = {
    "defaults": {model_type: defaults_of(model_type) for model_type in TYPES},
    "rotary": {name: rotary_of(keys) for name, keys in ROTARY.items()},
}
with open(sys.argv[1], "w") as file:
    json.dump(golden, file)
    file.write("\n")
