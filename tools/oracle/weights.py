"""Random weights, conditioned so that every part of the network matters to the logits.

Each tensor has its own generator (seeded by the global seed and the tensor's name), so adding or
removing one tensor never changes another.  Gains keep sub-layer outputs at RMS ~ 1, attention
logits at a standard deviation near 2 (peaked, not uniform, not saturated) and router scores spread.
Block-FP8 weights get a log-normal factor per 128x128 block: a wrong scale index is then visible.
"""

import zlib

import numpy as np
import torch

FP8_MAX = 448.0
# An outlier input channel (tiny norm weight, huge column) in one FP8 matrix: it pushes the ordinary
# weights of its blocks down into E4M3 subnormals, which then carry real information.
OUTLIER = 5
DT = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
# linear weights that stay bf16 in the released FP8 checkpoints
FP8_KEEP = ("embed_tokens", "lm_head", "shared_head", "eh_proj", "mlp.gate.", "weights_proj")


def rng_for(seed, name):
    return np.random.Generator(np.random.Philox(key=[seed & 0xFFFFFFFF, zlib.crc32(name.encode())]))


def has_experts(c, i):
    """DeepSeek and Ling: from first_k_dense_replace on; Qwen: every so many layers, but those of a list."""
    if c["model_type"] == "qwen3_moe":
        return (i + 1) % c["decoder_sparse_step"] == 0 and i not in c["mlp_only_layers"]
    return experts_of(c) > 0 and i >= c.get("first_k_dense_replace", 0)


def experts_of(c):
    return c.get("n_routed_experts") or c.get("num_experts") or 0


def shapes(c, mtp="full"):
    """Ordered {name: shape} of the checkpoint."""
    H, V, L, nh = c["hidden_size"], c["vocab_size"], c["num_hidden_layers"], c["num_attention_heads"]
    mla = "kv_lora_rank" in c
    ling = c["model_type"] == "bailing_moe"
    out = {f"model.{'word_embeddings' if ling else 'embed_tokens'}.weight": (V, H)}

    def attn(p):
        if mla:
            dn, dr, dv, rk, ql = (
                c[k] for k in (
                    "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "kv_lora_rank", "q_lora_rank"
                )
            )
            if ql:
                out[p + "q_a_proj.weight"] = (ql, H)
                out[p + "q_a_layernorm.weight"] = (ql,)
                out[p + "q_b_proj.weight"] = (nh * (dn + dr), ql)
            else:
                out[p + "q_proj.weight"] = (nh * (dn + dr), H)
            out[p + "kv_a_proj_with_mqa.weight"] = (rk + dr, H)
            out[p + "kv_a_layernorm.weight"] = (rk,)
            out[p + "kv_b_proj.weight"] = (nh * (dn + dv), rk)
            out[p + "o_proj.weight"] = (H, nh * dv)
            if c["model_type"] == "deepseek_v32":
                ih, d = c["index_n_heads"], c["index_head_dim"]
                out[p + "indexer.wq_b.weight"] = (ih * d, ql)
                out[p + "indexer.wk.weight"] = (d, H)
                out[p + "indexer.k_norm.weight"] = (d,)
                out[p + "indexer.k_norm.bias"] = (d,)
                out[p + "indexer.weights_proj.weight"] = (ih, H)
        else:
            nk = c.get("num_key_value_heads") or nh
            d = c.get("head_dim") or H // nh
            bias = c["model_type"] == "qwen2"
            if ling:
                out[p + "query_key_value.weight"] = ((nh + 2 * nk) * d, H)
                out[p + "dense.weight"] = (H, nh * d)
                out[p + "query_layernorm.weight"] = (d,)
                out[p + "key_layernorm.weight"] = (d,)
                return
            for n, rows in (("q", nh), ("k", nk), ("v", nk)):
                out[p + n + "_proj.weight"] = (rows * d, H)
                if bias:
                    out[p + n + "_proj.bias"] = (rows * d,)
            out[p + "o_proj.weight"] = (H, nh * d)
            if c["model_type"] in ("qwen3", "qwen3_moe"):
                out[p + "q_norm.weight"] = (d,)
                out[p + "k_norm.weight"] = (d,)

    def mlp(p, inter):
        out[p + "gate_proj.weight"] = (inter, H)
        out[p + "up_proj.weight"] = (inter, H)
        out[p + "down_proj.weight"] = (H, inter)

    def layer(i):
        p = f"model.layers.{i}."
        attn(p + ("attention." if ling else "self_attn."))
        if has_experts(c, i):
            E, mi = experts_of(c), c["moe_intermediate_size"]
            for e in range(E):
                mlp(f"{p}mlp.experts.{e}.", mi)
            out[p + "mlp.gate.weight"] = (E, H)
            if c["model_type"] in ("deepseek_v3", "deepseek_v32", "glm4_moe_lite"):
                out[p + "mlp.gate.e_score_correction_bias"] = (E,)
            if ling:
                out[p + "mlp.gate.expert_bias"] = (E,)
            shared = c.get("n_shared_experts") or c.get("num_shared_experts")
            if shared:
                mlp(p + "mlp.shared_experts.", mi * shared)
        else:
            mlp(p + "mlp.", c["intermediate_size"])
        out[p + "input_layernorm.weight"] = (H,)
        out[p + "post_attention_layernorm.weight"] = (H,)

    for i in range(L):
        layer(i)
    if mtp != "none" and c.get("num_nextn_predict_layers"):
        p = f"model.layers.{L}."
        if mtp == "full":
            out[p + "embed_tokens.weight"] = (V, H)
        out[p + "enorm.weight"] = (H,)
        out[p + "hnorm.weight"] = (H,)
        out[p + "eh_proj.weight"] = (H, 2 * H)
        layer(L)
        out[p + "shared_head.norm.weight"] = (H,)
        if mtp == "full":
            out[p + "shared_head.head.weight"] = (V, H)
    out["model.norm.weight"] = (H,)
    if not c["tie_word_embeddings"]:
        out["lm_head.weight"] = (V, H)
    return out


def gain(name, c):
    mla = "kv_lora_rank" in c
    tail = name.split(".")[-2]
    if tail in ("q_proj", "q_b_proj"):
        return 1.3 if not mla or c.get("rope_scaling") is None else 1.1
    if tail in ("k_proj", "query_key_value"):
        return 1.4
    if tail in ("o_proj", "dense"):
        return 1.6
    if tail == "down_proj":
        return (
            1.6
            if ".experts." not in name
            else {"deepseek": 3.0}.get(
                c["model_type"], 2.4 if "topk_method" in c and c["topk_method"] == "greedy" else 1.8
            )
        )
    if tail == "gate":
        return 1.5
    if tail == "lm_head" or tail == "head":
        return 3.0
    return 1.0


def make(name, shape, c, seed, fp8):
    """float32 master weight before the storage cast."""
    g = rng_for(seed, name)
    H = c["hidden_size"]
    if name.endswith("k_norm.bias"):
        return g.normal(0, 0.3, shape).astype(np.float32)
    if name.endswith(("e_score_correction_bias", "expert_bias")):
        return g.uniform(-0.9, 0.1, shape).astype(np.float32)
    if name.endswith(".bias"):
        return g.normal(0, 0.5, shape).astype(np.float32)
    if len(shape) == 1:
        w = g.uniform(0.6, 1.4, shape).astype(np.float32)
        if fp8 and name == "model.layers.0.input_layernorm.weight":
            w[OUTLIER] *= np.float32(2.0**-12)
        return w
    w = g.standard_normal(shape, dtype=np.float32)
    if "embed" in name:
        # a tied embedding that outweighs the layers would only repeat the last token
        tied = 1.5 * c.get("residual_multiplier", 1) / c.get("embedding_multiplier", 1)
        return w * np.float32(1.0 if not c["tie_word_embeddings"] else tied / np.sqrt(H))
    if fp8 and not any(k in name for k in FP8_KEEP):
        bi, bj = -(-shape[0] // 128), -(-shape[1] // 128)
        s = np.exp(g.normal(0, 0.5, (bi, bj))).astype(np.float32)
        s = np.repeat(np.repeat(s, 128, 0), 128, 1)[: shape[0], : shape[1]]
        w *= s / np.sqrt((s * s).mean())
    w *= np.float32(gain(name, c) / np.sqrt(shape[1]))
    if fp8 and name == "model.layers.0.self_attn.kv_a_proj_with_mqa.weight":
        w[:, OUTLIER] *= np.float32(2.0**12)
    if name.endswith("kv_b_proj.weight"):  # keys a little hotter than values
        dn, dv = c["qk_nope_head_dim"], c["v_head_dim"]
        v = w.reshape(c["num_attention_heads"], dn + dv, -1)
        v[:, :dn] *= 1.3
    if name.endswith("kv_a_proj_with_mqa.weight"):
        w[c["kv_lora_rank"] :] *= 1.3
    return w


def quantize_fp8(w, ue8m0):
    """DeepSeek block scheme -> (codes float8_e4m3fn, scale_inv float32).  Ragged edges are zero-padded."""
    w = torch.from_numpy(w)
    m, n = w.shape
    bm, bn = -(-m // 128), -(-n // 128)
    p = torch.zeros(bm * 128, bn * 128)
    p[:m, :n] = w
    b = p.view(bm, 128, bn, 128)
    amax = b.abs().amax(dim=(1, 3)).clamp(min=1e-12)
    s = amax / FP8_MAX
    if ue8m0:
        s = torch.exp2(torch.ceil(torch.log2(s)))
    q = (b / s[:, None, :, None]).view(bm * 128, bn * 128)[:m, :n].clamp(-FP8_MAX, FP8_MAX)
    return q.contiguous().to(torch.float8_e4m3fn), s.contiguous()


def plant_all_codes(q):
    """Overwrite leading entries so that every finite E4M3 code, both signs, occurs at least once."""
    codes = torch.tensor([b for b in range(256) if b & 0x7F != 0x7F], dtype=torch.uint8)
    flat = q.view(torch.uint8).reshape(-1)
    step = flat.numel() // len(codes)
    flat[torch.arange(len(codes)) * step] = codes
    return q


def checkpoint(c, seed, dtype, scale_fmt="f32", mtp="full", scale_storage="f32", bias_dtype=None):
    """Yield (name, torch tensor) in storage dtype."""
    fp8 = dtype == "fp8"
    base = DT["bf16" if fp8 else dtype]
    first = True
    alias = {}
    L = c["num_hidden_layers"]
    for name, shape in shapes(c, mtp).items():
        if name == f"model.layers.{L}.embed_tokens.weight":  # stored twice, same values
            yield name, alias["model.embed_tokens.weight"].clone()
            continue
        src = "lm_head.weight" if name.endswith("shared_head.head.weight") else name
        if src == "lm_head.weight" and c["tie_word_embeddings"]:
            yield name, alias["model.embed_tokens.weight"].clone()
            continue
        w = make(src, shape, c, seed, fp8)
        if fp8 and len(shape) == 2 and not any(k in name for k in FP8_KEEP):
            q, s = quantize_fp8(w, scale_fmt == "ue8m0")
            if first and q.numel() >= 64 * 254 and "kv_a_proj" not in name:
                q, first = plant_all_codes(q), False
            if scale_storage == "e8m0":
                s = s.to(torch.float8_e8m0fnu)
            yield name, q
            yield name + "_scale_inv", s
            continue
        if name.endswith(("e_score_correction_bias", "expert_bias")):
            t = torch.from_numpy(w).to(
                DT[bias_dtype] if bias_dtype else torch.float32 if dtype != "f16" else torch.float16
            )
        elif "indexer.k_norm" in name and fp8:
            t = torch.from_numpy(w)
        else:
            t = torch.from_numpy(w).to(base)
        if name == "model.embed_tokens.weight":
            alias[name] = t
        yield name, t
