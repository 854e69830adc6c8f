"""Builds configs: one per architecture, in three sizes, with the fields of the released config.json files."""

import copy

ARCHS = [
    "deepseek",
    "deepseek_v2",
    "deepseek_v2_lite",
    "deepseek_v3",
    "moonlight",
    "glm4_moe_lite",
    "youtu",
    "deepseek_v32",
    "qwen2",
    "qwen3",
    "qwen3_moe",
    "bailing_moe",
    "granite",
    "smollm3",
    "llama",
]
STANDARD = ("deepseek", "qwen2", "qwen3", "qwen3_moe", "bailing_moe", "granite", "smollm3", "llama")
SIZES = ["tiny", "awkward", "real-layer"]
MOE = (
    "deepseek",
    "deepseek_v2",
    "deepseek_v2_lite",
    "deepseek_v3",
    "moonlight",
    "glm4_moe_lite",
    "deepseek_v32",
    "qwen3_moe",
    "bailing_moe",
)
MTP_ARCHS = ("deepseek_v3", "deepseek_v32", "glm4_moe_lite")
TOK_STYLE = {
    "deepseek": "deepseek",
    "deepseek_v2": "deepseek",
    "deepseek_v2_lite": "deepseek",
    "qwen2": "qwen2",
    "qwen3": "qwen2",
    "qwen3_moe": "qwen2",
    "smollm3": "llama3",
    "llama": "llama3",
}
TIED = ("youtu", "granite", "smollm3")  # as released
PROMPT_LEN = {"tiny": 48, "awkward": 100, "real-layer": 48}

TORCH_DTYPE = {"f32": "float32", "f16": "float16", "bf16": "bfloat16", "fp8": "bfloat16"}


def yarn(size, arch):
    m = 0.707 if arch.startswith("deepseek_v2") else 1.0
    orig = 4096 if size == "real-layer" else 256
    return {
        "beta_fast": 32,
        "beta_slow": 1,
        "factor": 40,
        "mscale": m,
        "mscale_all_dim": m,
        "original_max_position_embeddings": orig,
        "type": "yarn",
    }


def _mla(hidden, heads, q_lora, kv_lora, nope, rope, v):
    return {
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "q_lora_rank": q_lora,
        "kv_lora_rank": kv_lora,
        "qk_nope_head_dim": nope,
        "qk_rope_head_dim": rope,
        "v_head_dim": v,
    }


# (mla dims), intermediate, moe_intermediate, experts, shared, n_group, topk_group, topk, layers,
# first_k_dense, vocab
_D = {
    ("deepseek_v2", "tiny"): (_mla(128, 4, 96, 64, 32, 16, 32), 160, 32, 8, 2, 4, 2, 3, 3, 1, 320),
    ("deepseek_v2", "awkward"): (_mla(102, 3, 50, 46, 22, 10, 26), 134, 26, 9, 1, 3, 2, 3, 3, 1, 509),
    ("deepseek_v2", "real-layer"): (
        _mla(5120, 128, 1536, 512, 128, 64, 128), 12288, 1536, 8, 2, 4, 2, 3, 2, 1, 4096
    ),
    ("deepseek_v2_lite", "tiny"): (_mla(128, 4, None, 64, 32, 16, 32), 160, 32, 8, 2, 1, 1, 3, 3, 1, 320),
    ("deepseek_v2_lite", "awkward"): (_mla(102, 3, None, 46, 22, 10, 26), 134, 26, 11, 1, 1, 1, 3, 3, 1, 509),
    ("deepseek_v2_lite", "real-layer"): (
        _mla(2048, 16, None, 512, 128, 64, 128),
        10944,
        1408,
        8,
        2,
        1,
        1,
        6,
        2,
        1,
        4096,
    ),
    ("deepseek_v3", "tiny"): (_mla(128, 4, 256, 128, 32, 16, 32), 256, 128, 6, 1, 3, 2, 3, 2, 1, 320),
    ("deepseek_v3", "awkward"): (_mla(138, 3, 70, 134, 22, 10, 26), 150, 38, 9, 1, 3, 2, 3, 2, 1, 509),
    ("deepseek_v3", "real-layer"): (
        _mla(7168, 128, 1536, 512, 128, 64, 128), 18432, 2048, 8, 1, 4, 2, 4, 2, 1, 4096
    ),
    ("moonlight", "tiny"): (_mla(128, 4, None, 64, 32, 16, 32), 160, 32, 8, 2, 1, 1, 3, 3, 1, 320),
    ("moonlight", "awkward"): (_mla(102, 3, None, 46, 22, 10, 26), 134, 26, 11, 2, 1, 1, 3, 3, 1, 509),
    ("moonlight", "real-layer"): (
        _mla(2048, 16, None, 512, 128, 64, 128), 11264, 1408, 8, 2, 1, 1, 6, 2, 1, 4096
    ),
    ("glm4_moe_lite", "tiny"): (_mla(128, 4, 96, 64, 48, 16, 64), 160, 32, 8, 1, 1, 1, 2, 3, 1, 320),
    ("glm4_moe_lite", "awkward"): (_mla(102, 5, 50, 46, 26, 10, 34), 134, 26, 11, 1, 1, 1, 3, 3, 1, 509),
    ("glm4_moe_lite", "real-layer"): (
        _mla(2048, 20, 768, 512, 192, 64, 256), 10240, 1536, 8, 1, 1, 1, 4, 2, 1, 4096
    ),
    ("youtu", "tiny"): (_mla(128, 4, 96, 64, 32, 16, 32), 256, 0, 0, 0, 1, 1, 0, 3, 3, 320),
    ("youtu", "awkward"): (_mla(102, 3, 50, 46, 22, 10, 26), 134, 0, 0, 0, 1, 1, 0, 3, 3, 509),
    ("youtu", "real-layer"): (_mla(2048, 16, 1536, 512, 128, 64, 128), 6144, 0, 0, 0, 1, 1, 0, 2, 2, 4096),
    ("deepseek_v32", "tiny"): (_mla(128, 4, 256, 128, 32, 16, 32), 256, 128, 6, 1, 3, 2, 3, 2, 1, 320),
    ("deepseek_v32", "awkward"): (_mla(138, 3, 70, 134, 22, 10, 26), 150, 38, 9, 1, 3, 2, 3, 2, 1, 509),
    ("deepseek_v32", "real-layer"): (
        _mla(7168, 128, 1536, 512, 128, 64, 128), 18432, 2048, 8, 1, 4, 2, 4, 2, 1, 4096
    ),
}
_INDEX = {"tiny": (8, 32, 16), "awkward": (7, 26, 24), "real-layer": (64, 128, 32)}  # heads, dim, topk
_STD = {  # hidden, intermediate, layers, heads, kv heads, vocab, head_dim override
    "tiny": (128, 192, 3, 4, 2, 320, 32),
    "awkward": (126, 134, 3, 9, 3, 509, 14),
    "real-layer": (1536, 8960, 2, 12, 2, 4096, 128),
}


def build(arch, size, dtype="bf16", rope=None, scale_fmt="f32", tie=False, overrides=None):
    """-> config dict exactly as it is written to config.json."""
    fp8 = dtype == "fp8"
    if arch in STANDARD:
        c = _standard(arch, size, tie)
    else:
        c = _latent(arch, size)
    if rope is None:
        rope = "none" if arch in (*STANDARD, "moonlight", "glm4_moe_lite", "youtu") else "yarn"
    if rope == "yarn":
        if arch in STANDARD:
            raise SystemExit(f"--rope yarn is not defined here for {arch}")
        c["rope_scaling"] = yarn(size, arch)
        c["max_position_embeddings"] = c["rope_scaling"]["original_max_position_embeddings"] * 40
    c["tie_word_embeddings"] = bool(tie) or (arch in TIED and tie is not False)
    c["torch_dtype"] = TORCH_DTYPE[dtype]
    if fp8:
        c["quantization_config"] = {
            "activation_scheme": "dynamic",
            "fmt": "e4m3",
            "quant_method": "fp8",
            "weight_block_size": [128, 128],
        }
        if scale_fmt == "ue8m0":
            c["quantization_config"]["scale_fmt"] = "ue8m0"
    for k, v in (overrides or {}).items():
        if "." in k:
            a, b = k.split(".", 1)
            c[a] = dict(c[a])
            c[a][b] = v
        else:
            c[k] = v
    return {k: c[k] for k in sorted(c)}


def _latent(arch, size):
    d, inter, minter, E, sh, G, TG, K, L, fk, V = _D[(arch, size)]
    c = copy.deepcopy(d)
    mtype = {"moonlight": "deepseek_v3", "deepseek_v2_lite": "deepseek_v2"}.get(arch, arch)
    name = {
        "deepseek_v2": "DeepseekV2ForCausalLM",
        "deepseek_v3": "DeepseekV3ForCausalLM",
        "deepseek_v32": "DeepseekV32ForCausalLM",
        "glm4_moe_lite": "Glm4MoeLiteForCausalLM",
        "youtu": "YoutuForCausalLM",
    }[mtype]
    c.update(
        {
            "architectures": [name],
            "model_type": mtype,
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "hidden_act": "silu",
            "initializer_range": 0.02,
            "intermediate_size": inter,
            "max_position_embeddings": 4096,
            "num_hidden_layers": L,
            "rms_norm_eps": 1e-6,
            "rope_scaling": None,
            "rope_theta": 10000,
            "use_cache": True,
            "vocab_size": V,
            "transformers_version": "4.46.3",
        }
    )
    if E:
        c.update(
            {
                "moe_intermediate_size": minter,
                "n_routed_experts": E,
                "n_shared_experts": sh,
                "n_group": G,
                "topk_group": TG,
                "num_experts_per_tok": K,
                "first_k_dense_replace": fk,
                "moe_layer_freq": 1,
                "ep_size": 1,
            }
        )
    if mtype == "deepseek_v2":
        c.update(
            {
                "topk_method": "greedy" if arch.endswith("lite") else "group_limited_greedy",
                "scoring_func": "softmax",
                "norm_topk_prob": False,
                "routed_scaling_factor": 1.0 if arch.endswith("lite") else 4.0,
                "aux_loss_alpha": 0.001,
                "seq_aux": True,
                "pretraining_tp": 1,
                "transformers_version": "4.39.3",
            }
        )
        c["eos_token_id"] = 1
    elif mtype in ("deepseek_v3", "deepseek_v32"):
        c.update(
            {
                "topk_method": "noaux_tc",
                "scoring_func": "sigmoid",
                "norm_topk_prob": True,
                "routed_scaling_factor": 2.5,
                "num_nextn_predict_layers": 1,
            }
        )
        if arch == "moonlight":
            c.update(
                {
                    "routed_scaling_factor": 2.446,
                    "num_nextn_predict_layers": 0,
                    "rms_norm_eps": 1e-5,
                    "rope_theta": 50000.0,
                    "aux_loss_alpha": 0.001,
                    "seq_aux": True,
                    "max_position_embeddings": 8192,
                }
            )
        if arch == "deepseek_v32":
            h, dd, k = _INDEX[size]
            c.update(
                {"index_n_heads": h, "index_head_dim": dd, "index_topk": k, "transformers_version": "4.44.2"}
            )
    elif mtype == "glm4_moe_lite":
        c.update(
            {
                "topk_method": "noaux_tc",
                "norm_topk_prob": True,
                "routed_scaling_factor": 1.8,
                "num_nextn_predict_layers": 1,
                "rms_norm_eps": 1e-5,
                "rope_theta": 1000000,
                "partial_rotary_factor": 1.0,
                "eos_token_id": [1, 2],
                "pad_token_id": 2,
                "max_position_embeddings": 202752,
                "transformers_version": "5.0.0rc0",
            }
        )
        del c["bos_token_id"]
    elif mtype == "youtu":
        c.update(
            {
                "rope_theta": 1600000,
                "rope_interleave": True,
                "mlp_bias": False,
                "max_position_embeddings": 131072,
            }
        )
    return c


def _bailing(size):
    """Ling-mini-2.0 and Ring-mini-2.0: what differs from a dense model of the size."""
    mi, E, k, groups, top, hd = {
        "tiny": (32, 8, 3, 4, 2, 32),
        "awkward": (26, 12, 3, 4, 2, 20),
        "real-layer": (512, 16, 8, 8, 4, 128),
    }[size]
    return {
        "architectures": ["BailingMoeV2ForCausalLM"],
        "model_type": "bailing_moe",
        "embedding_dropout": 0.0,
        "first_k_dense_replace": 1,
        "head_dim": hd,
        "moe_intermediate_size": mi,
        "moe_router_enable_expert_bias": True,
        "moe_shared_expert_intermediate_size": mi,
        "n_group": groups,
        "norm_topk_prob": True,
        "num_experts": E,
        "num_experts_per_tok": k,
        "num_nextn_predict_layers": 0,
        "num_shared_experts": 1,
        "output_dropout": 0.0,
        "partial_rotary_factor": 0.5,
        "rms_norm_eps": 1e-6,
        "rope_scaling": None,
        "rope_theta": 600000,
        "routed_scaling_factor": 2.5,
        "router_dtype": "fp32",
        "score_function": "sigmoid",
        "topk_group": top,
        "use_bias": False,
        "use_qk_norm": True,
        "use_qkv_bias": False,
        "use_rmsnorm": True,
    }


def _standard(arch, size, tie):
    if arch == "deepseek":
        dims = {
            "tiny": (128, 4, 160, 32, 8, 2, 3, 3, 320),
            "awkward": (102, 3, 134, 26, 11, 1, 3, 3, 509),
            "real-layer": (2048, 16, 10944, 1408, 8, 2, 6, 2, 4096),
        }[size]
        H, nh, inter, mi, E, sh, K, L, V = dims
        return {
            "architectures": ["DeepseekForCausalLM"],
            "model_type": "deepseek",
            "attention_bias": False,
            "attention_dropout": 0.0,
            "aux_loss_alpha": 0.001,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "first_k_dense_replace": 1,
            "hidden_act": "silu",
            "hidden_size": H,
            "initializer_range": 0.02,
            "intermediate_size": inter,
            "max_position_embeddings": 4096,
            "moe_intermediate_size": mi,
            "moe_layer_freq": 1,
            "n_routed_experts": E,
            "n_shared_experts": sh,
            "norm_topk_prob": False,
            "num_attention_heads": nh,
            "num_experts_per_tok": K,
            "num_hidden_layers": L,
            "num_key_value_heads": nh,
            "pretraining_tp": 1,
            "rms_norm_eps": 1e-6,
            "rope_scaling": None,
            "rope_theta": 10000,
            "scoring_func": "softmax",
            "seq_aux": True,
            "use_cache": True,
            "vocab_size": V,
            "transformers_version": "4.36.0",
        }
    H, inter, L, nh, nk, V, hd = _STD[size]
    c = {
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "hidden_act": "silu",
        "hidden_size": H,
        "initializer_range": 0.02,
        "intermediate_size": inter,
        "max_position_embeddings": 131072,
        "num_attention_heads": nh,
        "num_hidden_layers": L,
        "num_key_value_heads": nk,
        "use_cache": True,
        "vocab_size": V,
        "transformers_version": "4.44.0",
    }
    if arch == "qwen2":
        c.update(
            {
                "architectures": ["Qwen2ForCausalLM"],
                "model_type": "qwen2",
                "rms_norm_eps": 1e-6,
                "rope_theta": 10000,
                "max_window_layers": L,
                "sliding_window": 4096,
                "use_sliding_window": False,
                "use_mrope": False,
            }
        )
    elif arch in ("qwen3", "qwen3_moe"):
        c.update(
            {
                "architectures": ["Qwen3ForCausalLM"],
                "model_type": arch,
                "rms_norm_eps": 1e-6,
                "rope_theta": 1000000,
                "attention_bias": False,
                "head_dim": hd + 16 if size != "real-layer" else 128,
                "max_window_layers": L,
                "sliding_window": None,
                "use_sliding_window": False,
                "rope_scaling": None,
            }
        )
        if arch == "qwen3_moe":
            mi, E, k = {"tiny": (32, 8, 3), "awkward": (26, 11, 3), "real-layer": (768, 8, 4)}[size]
            c.update(
                {
                    "architectures": ["Qwen3MoeForCausalLM"],
                    "moe_intermediate_size": mi,
                    "num_experts": E,
                    "num_experts_per_tok": k,
                    "norm_topk_prob": True,
                    "decoder_sparse_step": 1,
                    "mlp_only_layers": [],
                    "output_router_logits": False,
                    "router_aux_loss_coef": 0.001,
                    "max_position_embeddings": 40960,
                    "transformers_version": "4.51.0",
                }
            )
    elif arch == "bailing_moe":
        c.update(_bailing(size))
    elif arch == "granite":
        c.update(
            {
                "architectures": ["GraniteForCausalLM"],
                "model_type": "granite",
                "rms_norm_eps": 1e-5,
                "rope_theta": 10000000,
                "rope_scaling": None,
                "attention_bias": False,
                "mlp_bias": False,
                "attention_multiplier": 0.015625 if size == "real-layer" else 0.2,
                "embedding_multiplier": 12,
                "logits_scaling": 10,
                "residual_multiplier": 0.22,
            }
        )
    elif arch == "smollm3":
        c.update(
            {
                "architectures": ["SmolLM3ForCausalLM"],
                "model_type": "smollm3",
                "rms_norm_eps": 1e-6,
                "rope_theta": 5000000.0,
                "rope_scaling": None,
                "attention_bias": False,
                "mlp_bias": False,
                "max_window_layers": L,
                "no_rope_layer_interval": 4,
                "no_rope_layers": [int(i != 1) for i in range(L)],
                "layer_types": ["full_attention"] * L,
                "pretraining_tp": 2,
                "sliding_window": None,
                "use_sliding_window": False,
                "pad_token_id": 2,
            }
        )
    else:
        c.update(
            {
                "architectures": ["LlamaForCausalLM"],
                "model_type": "llama",
                "rms_norm_eps": 1e-5,
                "rope_theta": 500000.0,
                "attention_bias": False,
                "mlp_bias": False,
                "pretraining_tp": 1,
                "rope_scaling": {
                    "factor": 8.0,
                    "high_freq_factor": 4.0,
                    "low_freq_factor": 1.0,
                    "original_max_position_embeddings": 8192 if size == "real-layer" else 64,
                    "rope_type": "llama3",
                },
            }
        )
    return c
