"""Second, independent implementation: plain numpy, any float width, no torch, no transformers.

It follows the papers and the tensor shapes, in a different algebraic form than the Hugging Face code where
one exists: MLA uses the *absorbed* form (scores against the latent cache, without per-head keys and values),
and RoPE rotates adjacent pairs in place. Agreement of the two is therefore meaningful.

    python3 reference.py DIR [--f32] [--mutate NAME ...] [--acts f16|bf16|fp8]

`mutate` switches on one deliberate bug, e.g. `rope_half`.  Every fixture records how far each bug moves the
logits (golden.json -> sensitivity), so that a relative error of 0.31 can be traced to a bug of that size.
"""

import json
import math
import sys

import numpy as np
from st_io import Checkpoint

MLA_TYPES = ("deepseek_v2", "deepseek_v3", "deepseek_v32", "glm4_moe_lite", "youtu")
NOAUX = ("deepseek_v3", "deepseek_v32", "glm4_moe_lite", "bailing_moe")
NO_SCALING = ("deepseek", "qwen3_moe")

# all deliberate bugs, by the feature they need
MUTATIONS = {
    "any": ["zero_attn", "no_rope", "norm_no_weight", "causal_excludes_self", "residual_after_norm"],
    "mla": [
        "rope_half",
        "no_kv_norm",
        "scale_from_nope_only",
        "kvb_value_first",
        "rope_first_in_q",
        "kpe_not_roped",
    ],
    "q_lora": ["no_q_norm"],
    "yarn": ["no_yarn", "no_mscale", "yarn_ramp_unrounded"],
    "yarn_attn_factor": ["no_attn_factor"],
    "half": ["rope_interleaved"],
    "gqa": ["gqa_head_order"],
    "qkv_bias": ["no_qkv_bias"],
    "qk_norm": ["no_qk_norm"],
    "llama3": ["no_llama3"],
    "linear": ["no_linear"],
    "partial": ["rope_whole_head", "rope_last_columns"],
    "stored_qkv": ["qkv_by_group"],
    "multipliers": [
        "no_embedding_multiplier",
        "no_residual_multiplier",
        "no_attention_multiplier",
        "no_logits_scaling",
    ],
    "nope": ["rope_in_every_layer"],
    "dense": ["gate_up_swapped"],
    "moe": ["zero_routed", "permute_experts", "topk_minus1", "expert_weights_reversed"],
    "shared": ["no_shared"],
    "scaled": ["no_routed_scaling"],
    "bias": ["no_router_bias", "bias_in_weight"],
    "groups": ["no_group_limit"],
    "groups_noaux": ["group_score_max", "group_mask_zero"],
    "sigmoid": ["router_softmax"],
    "softmax": ["router_sigmoid"],
    "norm_topk": ["no_norm_topk"],
    "no_norm_topk": ["norm_topk"],
    "fp8": [
        "fp8_scale_ones",
        "fp8_scale_first",
        "fp8_scale_transposed",
        "fp8_scale_rows_only",
        "fp8_scale_inverted",
        "fp8_flush_subnormals",
        "fp8_saturate_240",
    ],
    "dsa": [
        "no_dsa",
        "indexer_rope_interleaved",
        "indexer_no_relu",
        "indexer_no_head_weights",
        "indexer_rope_last",
        "indexer_knorm_rms",
    ],
}
MTP_MUTATIONS = [
    "mtp_swap_concat",
    "mtp_prenorm_hidden",
    "mtp_mask_pos0",
    "mtp_no_enorm",
    "mtp_no_hnorm",
    "mtp_main_head_norm",
    "mtp_same_token",
]


def softmax(x):
    x = x - x.max(-1, keepdims=True)
    e = np.exp(x)
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def yarn_m(factor, m):
    return 1.0 if factor <= 1 else 0.1 * m * math.log(factor) + 1.0


def round_to(kind):
    """Rounding function simulating engines that keep activations in a narrow type."""
    if kind is None:
        return lambda x: x
    if kind == "f16":
        return lambda x: x.astype(np.float16).astype(x.dtype)

    def bf16(x):
        u = np.ascontiguousarray(x.astype(np.float32)).view(np.uint32)
        u = ((u + 0x7FFF + ((u >> 16) & 1)) & 0xFFFF0000).astype(np.uint32)
        return u.view(np.float32).astype(x.dtype)

    if kind == "bf16":
        return bf16
    raise ValueError(kind)


def e4m3_round(x):
    """Round to the nearest E4M3 value (ties to even), saturating at 448."""
    a = np.minimum(np.abs(x), 448.0)
    e = np.floor(np.log2(np.maximum(a, 2.0**-6)))
    q = 2.0 ** (e - 3)
    return np.sign(x) * np.minimum(np.rint(a / q) * q, 448.0)


class Reference:
    def __init__(self, path, dtype=np.float64, mutate=(), acts=None):
        self.ck = path if isinstance(path, Checkpoint) else Checkpoint(path)
        self.c = self.ck.config
        self.dt = dtype
        self.m = set(mutate)
        self.fp8_acts = acts == "fp8"
        self.r = round_to(None if self.fp8_acts else acts)
        self.cache = {}
        self.kind = self.c["model_type"]
        self.mla = self.kind in MLA_TYPES
        self.L = self.c["num_hidden_layers"]
        self.eps = self.c["rms_norm_eps"]
        self.H = self.c["hidden_size"]
        self.nh = self.c["num_attention_heads"]
        rs = self.c.get("rope_scaling") or self.c.get("rope_parameters") or {}
        self.rope_kind = rs.get("rope_type") or rs.get("type") or "default"
        self.rs = rs
        self.theta = self.c.get("rope_theta") or rs.get("rope_theta")
        self.E = self.c.get("n_routed_experts") or self.c.get("num_experts") or 0
        self.shared = self.c.get("n_shared_experts") or self.c.get("num_shared_experts") or 0
        self.ling = self.kind == "bailing_moe"
        self.embedding = "model.word_embeddings" if self.ling else "model.embed_tokens"
        self.features = self._features()

    # ---------------------------------------------------------------- weights
    def _fp8_hook(self, name, w, s):
        if "fp8_scale_ones" in self.m:
            s = np.full_like(s, s.mean())
        if "fp8_scale_first" in self.m:
            s = np.full_like(s, s[0, 0])
        if "fp8_scale_rows_only" in self.m:
            s = np.repeat(s[:, :1], s.shape[1], 1)
        if "fp8_scale_transposed" in self.m:  # walks the grid column-major
            s = s.reshape(s.shape[1], s.shape[0]).T.copy()
        if "fp8_scale_inverted" in self.m:
            s = (s.mean() ** 2) / s
        if "fp8_flush_subnormals" in self.m:
            w = np.where(np.abs(w) < 2.0**-6, 0, w)
        if "fp8_saturate_240" in self.m:  # treating the top binade as special
            w = np.clip(w, -240, 240)
        return w, s

    def w(self, name):
        if name not in self.cache:
            hook = self._fp8_hook if any(x.startswith("fp8_") for x in self.m) else None
            self.cache[name] = self.ck.get(name, self.dt, hook)
        return self.cache[name]

    def lin(self, x, name):
        w = self.w(name + ".weight")
        if self.fp8_acts and (name + ".weight_scale_inv") in self.ck:
            x = self._act_quant(x)
        y = x @ w.T
        if (name + ".bias") in self.ck and not (
            "no_qkv_bias" in self.m and name[-6:] in ("q_proj", "k_proj", "v_proj")
        ):
            y = y + self.w(name + ".bias")
        return self.r(y)

    def _act_quant(self, x):
        out = np.empty_like(x)
        for j in range(0, x.shape[-1], 128):
            b = x[..., j : j + 128]
            s = np.maximum(np.abs(b).max(-1, keepdims=True), 1e-4) / 448.0
            if (self.c.get("quantization_config") or {}).get("scale_fmt") == "ue8m0":
                s = 2.0 ** np.ceil(np.log2(s))
            out[..., j : j + 128] = e4m3_round(b / s) * s
        return out

    def norm(self, x, name, eps=None):
        eps = self.eps if eps is None else eps
        y = x / np.sqrt((x * x).mean(-1, keepdims=True) + self.dt(eps))
        if "norm_no_weight" not in self.m:
            y = y * self.w(name + ".weight")
        return self.r(y)

    # ---------------------------------------------------------------- rope
    def inv_freq(self, dim):
        i = np.arange(0, dim, 2, dtype=self.dt)
        f = 1.0 / self.dt(self.theta) ** (i / dim)
        a = 1.0
        rs = self.rs
        if self.rope_kind == "yarn":
            fac, orig = rs["factor"], rs["original_max_position_embeddings"]

            def where(rot):
                return dim * math.log(orig / (rot * 2 * math.pi)) / (2 * math.log(self.theta))

            lo, hi = where(rs.get("beta_fast", 32)), where(rs.get("beta_slow", 1))
            if "yarn_ramp_unrounded" not in self.m:
                lo, hi = math.floor(lo), math.ceil(hi)
            lo, hi = max(lo, 0), min(hi, dim - 1)
            if lo == hi:
                hi += 0.001
            ramp = np.clip((np.arange(dim // 2, dtype=self.dt) - lo) / (hi - lo), 0, 1)
            if "no_yarn" not in self.m:
                f = f / fac * ramp + f * (1 - ramp)
            ms, md = rs.get("mscale"), rs.get("mscale_all_dim")
            if ms and md:
                a = yarn_m(fac, ms) / yarn_m(fac, md)
            else:
                a = yarn_m(fac, 1.0)
            if "no_attn_factor" in self.m:
                a = 1.0
        elif self.rope_kind == "llama3" and "no_llama3" not in self.m:
            fac, lf, hf = rs["factor"], rs["low_freq_factor"], rs["high_freq_factor"]
            orig = rs["original_max_position_embeddings"]
            wl = 2 * math.pi / f
            smooth = (orig / wl - lf) / (hf - lf)
            mid = (1 - smooth) * f / fac + smooth * f
            f = np.where(wl < orig / hf, f, np.where(wl > orig / lf, f / fac, mid))
        elif self.rope_kind == "linear" and "no_linear" not in self.m:
            f = f / rs["factor"]
        return f.astype(self.dt), self.dt(a)

    def tables(self, T, dim):
        f, a = self.inv_freq(dim)
        ang = np.arange(T, dtype=self.dt)[:, None] * f[None]
        return np.cos(ang) * a, np.sin(ang) * a

    def rope(self, x, cs, interleaved):
        """x [T, ..., dim]; rotates pairs (2i, 2i+1) or (i, i+dim/2) in place."""
        if "no_rope" in self.m:
            return x
        cos, sin = cs
        while cos.ndim < x.ndim:
            cos, sin = cos[:, None], sin[:, None]
        y = np.empty_like(x)
        if interleaved:
            a, b = x[..., 0::2], x[..., 1::2]
            y[..., 0::2], y[..., 1::2] = a * cos - b * sin, b * cos + a * sin
        else:
            h = x.shape[-1] // 2
            a, b = x[..., :h], x[..., h:]
            y[..., :h], y[..., h:] = a * cos - b * sin, b * cos + a * sin
        return self.r(y)

    # ---------------------------------------------------------------- attention
    def causal(self, T):
        k = 1 if "causal_excludes_self" not in self.m else 0
        mask = np.triu(np.full((T, T), -np.inf), k)
        mask[0, 0] = 0
        return mask.astype(self.dt)

    def attn_mla(self, x, p, rec):
        c, T, nh = self.c, x.shape[0], self.nh
        dn, dr, dv, rk = c["qk_nope_head_dim"], c["qk_rope_head_dim"], c["v_head_dim"], c["kv_lora_rank"]
        il = c.get("rope_interleave", True) != ("rope_half" in self.m)
        cs = self.tables(T, dr)
        qr = None
        if c.get("q_lora_rank"):
            qr = self.lin(x, p + "q_a_proj")
            # the latent norms use a fixed eps of 1e-6, whatever rms_norm_eps says
            if "no_q_norm" not in self.m:
                qr = self.norm(qr, p + "q_a_layernorm", 1e-6)
            q = self.lin(qr, p + "q_b_proj")
        else:
            q = self.lin(x, p + "q_proj")
        q = q.reshape(T, nh, dn + dr)
        if "rope_first_in_q" in self.m:
            qp, qn = q[..., :dr], q[..., dr:]
        else:
            qn, qp = q[..., :dn], q[..., dn:]
        qp = self.rope(qp, cs, il)
        kv = self.lin(x, p + "kv_a_proj_with_mqa")
        lat, kp = kv[:, :rk], kv[:, rk:]
        if "no_kv_norm" not in self.m:
            lat = self.norm(lat, p + "kv_a_layernorm", 1e-6)
        if "kpe_not_roped" not in self.m:
            kp = self.rope(kp, cs, il)
        wkb = self.w(p + "kv_b_proj.weight").reshape(nh, dn + dv, rk)
        wk, wv = wkb[:, :dn], wkb[:, dn:]
        if "kvb_value_first" in self.m:
            wv, wk = wkb[:, :dv], wkb[:, dv:]
        scale = (dn if "scale_from_nope_only" in self.m else dn + dr) ** -0.5
        if self.rope_kind == "yarn" and self.rs.get("mscale_all_dim") and "no_mscale" not in self.m:
            scale *= yarn_m(self.rs["factor"], self.rs["mscale_all_dim"]) ** 2
        qa = self.r(np.matmul(qn.transpose(1, 0, 2), wk))  # [nh, T, rk]
        s = np.matmul(qa, lat.T) + np.matmul(qp.transpose(1, 0, 2), kp.T)  # [nh, T, T]
        s = s * self.dt(scale) + self.causal(T)
        if self.kind == "deepseek_v32" and "no_dsa" not in self.m:
            s = s + self.indexer(x, qr, p + "indexer.", cs, rec)
        pr = self.r(softmax(s))
        ctx = self.r(np.matmul(pr, lat))  # [nh, T, rk]
        o = np.matmul(ctx, wv.transpose(0, 2, 1)).transpose(1, 0, 2).reshape(T, nh * dv)
        return self.lin(self.r(o), p + "o_proj")

    def indexer(self, x, qr, p, cs, rec):
        c, T = self.c, x.shape[0]
        nh, d, dr, topk = c["index_n_heads"], c["index_head_dim"], c["qk_rope_head_dim"], c["index_topk"]
        q = self.lin(qr, p + "wq_b").reshape(T, nh, d)
        k = self.lin(x, p + "wk")
        if "indexer_knorm_rms" in self.m:
            k = k / np.sqrt((k * k).mean(-1, keepdims=True) + 1e-6)
        else:
            k = k - k.mean(-1, keepdims=True)
            k = k / np.sqrt((k * k).mean(-1, keepdims=True) + 1e-6)
        k = self.r(k * self.w(p + "k_norm.weight") + self.w(p + "k_norm.bias"))
        il = "indexer_rope_interleaved" in self.m
        # rotary part comes first here (in the main attention it comes last)
        sl = slice(d - dr, d) if "indexer_rope_last" in self.m else slice(0, dr)
        q, k = q.copy(), k.copy()
        q[..., sl] = self.rope(q[..., sl], cs, il)
        k[..., sl] = self.rope(k[..., sl], cs, il)
        s = np.matmul(q.transpose(1, 0, 2), k.T) * self.dt(d**-0.5)
        if "indexer_no_relu" not in self.m:
            s = np.maximum(s, 0)
        hw = self.lin(x, p + "weights_proj") * self.dt(nh**-0.5)
        if "indexer_no_head_weights" in self.m:
            hw = np.ones_like(hw)
        sc = np.einsum("th,hts->ts", hw, s)
        mask = np.full((T, T), -np.inf, self.dt)
        ids = np.full((T, min(topk, T)), -1, np.int32)
        margin = np.full(T, np.inf)
        for t in range(T):
            row = sc[t, : t + 1]
            if t + 1 <= topk:
                keep = np.arange(t + 1)
            else:
                order = np.argsort(-row, kind="stable")
                keep = np.sort(order[:topk])
                margin[t] = (row[order[topk - 1]] - row[order[topk]]) / (np.sqrt((row * row).mean()) + 1e-30)
            mask[t, keep] = 0
            ids[t, : len(keep)] = keep
        rec["indexer_ids"], rec["indexer_margin"] = ids, margin
        return mask

    def attn_std(self, x, p, rec):
        c, T, nh = self.c, x.shape[0], self.nh
        nk = c.get("num_key_value_heads") or nh
        d = c.get("head_dim") or self.H // nh
        q, k, v = self.qkv(x, p, (nh, nk, d))
        qn, kn = ("query_layernorm", "key_layernorm") if self.ling else ("q_norm", "k_norm")
        if (p + qn + ".weight") in self.ck and "no_qk_norm" not in self.m:
            q, k = self.norm(q, p + qn), self.norm(k, p + kn)
        if self.has_rope(int(p.split(".")[2])):
            q, k = self.rope_part(q), self.rope_part(k)
        scale = d**-0.5
        if "no_attention_multiplier" not in self.m:
            scale = c.get("attention_multiplier", scale)
        out = np.empty((T, nh, d), self.dt)
        mask = self.causal(T)
        for h in range(nh):
            g = h % nk if "gqa_head_order" in self.m else h // (nh // nk)
            s = q[:, h] @ k[:, g].T * self.dt(scale) + mask
            out[:, h] = self.r(softmax(s)) @ v[:, g]
        return self.lin(self.r(out.reshape(T, nh * d)), p + ("dense" if self.ling else "o_proj"))

    def qkv(self, x, p, sizes):
        """Queries [T, nh, d], keys and values [T, nk, d]; Ling stores all three as one matrix."""
        nh, nk, d = sizes
        T = x.shape[0]
        if not self.ling:
            rows = {"q": nh, "k": nk, "v": nk}
            return [self.lin(x, f"{p}{n}_proj").reshape(T, heads, d) for n, heads in rows.items()]
        y = self.lin(x, p + "query_key_value").reshape(T, nh + 2 * nk, d)
        if "qkv_by_group" in self.m:  # as GPT-NeoX stores them: a group's queries, then its key and value
            y = y.reshape(T, nk, nh // nk + 2, d)
            return y[:, :, :-2].reshape(T, nh, d), y[:, :, -2], y[:, :, -1]
        return np.split(y, [nh, nh + nk], axis=1)

    def rope_part(self, x):
        """Rotates the first columns of each head: all of them in most models, half in Ling."""
        d = x.shape[-1]
        n = d if "rope_whole_head" in self.m else int(d * self.c.get("partial_rotary_factor", 1))
        at = slice(d - n, d) if "rope_last_columns" in self.m else slice(0, n)
        y = x.copy()
        y[..., at] = self.rope(x[..., at], self.tables(len(x), n), "rope_interleaved" in self.m)
        return y

    def has_rope(self, layer):
        flags = self.c.get("no_rope_layers")  # 0 says that the layer has none
        return not flags or "rope_in_every_layer" in self.m or bool(flags[layer])

    # ---------------------------------------------------------------- feed-forward
    def mlp(self, x, p):
        g, u = self.lin(x, p + "gate_proj"), self.lin(x, p + "up_proj")
        if "gate_up_swapped" in self.m:
            g, u = u, g
        return self.lin(self.r(silu(g) * u), p + "down_proj")

    def route(self, x, p):
        c = self.c
        k, E = c["num_experts_per_tok"], self.E
        G = c.get("n_group") or 1
        tg = c.get("topk_group") or 1
        logit = x @ self.w(p + "gate.weight").T
        T = logit.shape[0]
        sig = self.kind in NOAUX
        if self.kind == "deepseek" or c.get("topk_method") == "greedy" or "no_group_limit" in self.m:
            G = tg = 1
        use_sig = sig != (("router_softmax" in self.m) or ("router_sigmoid" in self.m))
        score = sigmoid(logit) if use_sig else softmax(logit)
        sel = score
        if sig and "no_router_bias" not in self.m:
            bias = "expert_bias" if self.ling else "e_score_correction_bias"
            sel = score + self.w(f"{p}gate.{bias}")
        # margins are measured where rounding acts: on the selection score for sigmoid + bias,
        # on the logits for softmax (whose probabilities can be arbitrarily small)
        mar = sel if sig else logit
        margin = np.full(T, np.inf)
        allowed = np.ones((T, E), bool)
        if G > 1:
            grp = sel.reshape(T, G, E // G)
            if sig and "group_score_max" not in self.m:
                gs = np.sort(grp, -1)[..., -2:].sum(-1)
                gm = gs
            else:
                gs = grp.max(-1)
                gm = mar.reshape(T, G, E // G).max(-1)
            go = np.argsort(-gs, -1, kind="stable")
            if tg < G:
                s = np.take_along_axis(gm, go, 1)
                margin = np.minimum(margin, s[:, tg - 1] - s[:, tg])
            ok = np.zeros((T, G), bool)
            np.put_along_axis(ok, go[:, :tg], True, 1)
            allowed = np.repeat(ok, E // G, 1)
        pool = np.where(allowed, sel, 0.0 if "group_mask_zero" in self.m else -np.inf)
        order = np.argsort(-pool, -1, kind="stable")
        if k < E:
            a = np.take_along_axis(np.where(allowed, mar, -np.inf), order, 1)
            d = a[:, k - 1] - a[:, k]
            margin = np.minimum(margin, np.where(np.isfinite(a[:, k]), d, np.inf))
        n = k - 1 if "topk_minus1" in self.m and k > 1 else k
        ids = np.sort(order[:, :n], 1)
        wt = np.take_along_axis(sel if "bias_in_weight" in self.m else score, ids, 1)
        norm = c.get("norm_topk_prob", False) and self.kind not in ("deepseek_v2",)
        if "no_norm_topk" in self.m:
            norm = False
        if "norm_topk" in self.m:
            norm = True
        if norm:
            wt = wt / (wt.sum(-1, keepdims=True) + self.dt(1e-20))
        if self.kind not in NO_SCALING and "no_routed_scaling" not in self.m:
            wt = wt * self.dt(c.get("routed_scaling_factor", 1.0))
        if "expert_weights_reversed" in self.m:
            wt = wt[:, ::-1]
        return ids, wt, margin

    def moe(self, x, p, rec):
        ids, wt, margin = self.route(x, p)
        rec["ids"], rec["weights"], rec["margin"] = ids.astype(np.int32), wt, margin
        y = np.zeros_like(x)
        E = self.E
        if "zero_routed" not in self.m:
            for e in range(E):
                t, j = np.nonzero(ids == e)
                if len(t):
                    src = (e + 1) % E if "permute_experts" in self.m else e
                    y[t] += self.mlp(x[t], f"{p}experts.{src}.") * wt[t, j][:, None]
        if self.shared and "no_shared" not in self.m:
            y = y + self.mlp(x, p + "shared_experts.")
        return self.r(y)

    def is_moe(self, i):
        c = self.c
        if not self.E:
            return False
        if self.kind == "qwen3_moe":
            return (i + 1) % c["decoder_sparse_step"] == 0 and i not in c["mlp_only_layers"]
        t = c.get("mlp_layer_types")
        if t and i < len(t):
            return t[i] == "sparse"
        return i >= c.get("first_k_dense_replace", 0) and i % c.get("moe_layer_freq", 1) == 0

    def layer(self, x, i, rec):
        p = f"model.layers.{i}."
        by = self.multiplier("residual_multiplier")
        h = self.norm(x, p + "input_layernorm")
        if "residual_after_norm" in self.m:
            x = h
        if "zero_attn" not in self.m:
            part = p + ("attention." if self.ling else "self_attn.")
            x = self.r(x + by * (self.attn_mla if self.mla else self.attn_std)(h, part, rec))
        h = self.norm(x, p + "post_attention_layernorm")
        y = self.moe(h, p + "mlp.", rec) if self.is_moe(i) else self.mlp(h, p + "mlp.")
        return self.r(x + by * y)

    # ---------------------------------------------------------------- whole model
    def forward(self, ids, last_only=False):
        ids = np.asarray(ids)
        x = self.w(self.embedding + ".weight")[ids] * self.multiplier("embedding_multiplier")
        hs, recs = [x], []
        for i in range(self.L):
            rec = {}
            x = self.layer(x, i, rec)
            hs.append(x)
            recs.append(rec)
        fin = self.norm(x, "model.norm")
        logits = self.head(fin[-1:] if last_only else fin)
        return {"logits": logits, "hidden": hs, "final": fin, "layers": recs}

    def head(self, x):
        tied = self.c.get("tie_word_embeddings") or "lm_head.weight" not in self.ck
        y = x @ self.w(self.embedding + ".weight" if tied else "lm_head.weight").T
        return y / self.multiplier("logits_scaling")

    def multiplier(self, key):
        """One of Granite's; 1 in all other models."""
        return self.dt(1 if "no_" + key in self.m else self.c.get(key, 1))

    def mtp(self, ids, out, rec=None):
        """Draft logits: row i (0 <= i < T-1) predicts token i+2 from hidden i and token i+1."""
        ids = np.asarray(ids)
        n = self.L
        p = f"model.layers.{n}."
        rec = {} if rec is None else rec
        # each MTP layer stores its own copy of the embedding and of the head; both are shared
        # with the main model, and some checkpoints leave the copies out
        own = p + "embed_tokens.weight"
        emb = own if own in self.ck else "model.embed_tokens.weight"
        nxt = ids[:-1] if "mtp_same_token" in self.m else ids[1:]
        e = self.w(emb)[nxt].copy()
        if "mtp_mask_pos0" in self.m:
            e[0] = 0
        h = (out["hidden"][-1] if "mtp_prenorm_hidden" in self.m else out["final"])[:-1]
        if "mtp_no_enorm" not in self.m:
            e = self.norm(e, p + "enorm")
        if "mtp_no_hnorm" not in self.m:
            h = self.norm(h, p + "hnorm")
        x = np.concatenate([h, e] if "mtp_swap_concat" in self.m else [e, h], -1)
        x = self.lin(x, p + "eh_proj")
        x = self.layer(x, n, rec)
        x = self.norm(x, "model.norm" if "mtp_main_head_norm" in self.m else p + "shared_head.norm")
        hw = p + "shared_head.head.weight"
        return x @ self.w(hw).T if hw in self.ck else self.head(x)

    # ---------------------------------------------------------------- applicability of mutations
    def _features(self):
        c, f = self.c, {"any"}
        if self.mla:
            f.add("mla")
            if c.get("q_lora_rank"):
                f.add("q_lora")
        else:
            f.add("half")
            nk = c.get("num_key_value_heads") or self.nh
            if 1 < nk < self.nh:
                f.add("gqa")
        if self.rope_kind == "yarn":
            f.add("yarn")
            if self.rs.get("mscale") != self.rs.get("mscale_all_dim"):
                f.add("yarn_attn_factor")
        if self.rope_kind == "llama3":
            f.add("llama3")
        if "model.layers.0.self_attn.q_proj.bias" in self.ck:
            f.add("qkv_bias")
        if self.ling or "model.layers.0.self_attn.q_norm.weight" in self.ck:
            f.add("qk_norm")
        if self.rope_kind == "linear":
            f.add("linear")
        if self.ling:
            f.add("stored_qkv")
        if not self.mla and c.get("partial_rotary_factor", 1) != 1:
            f.add("partial")
        if "residual_multiplier" in c:
            f.add("multipliers")
        if 0 in c.get("no_rope_layers", ()):
            f.add("nope")
        f.add("dense")
        if self.E:
            f.add("moe")
            if self.shared:
                f.add("shared")
            if self.kind not in NO_SCALING and c.get("routed_scaling_factor", 1.0) != 1.0:
                f.add("scaled")
            G = c.get("n_group") or 1
            if self.kind in NOAUX:
                f |= {"bias", "sigmoid"}
            else:
                f.add("softmax")
            if c["num_experts_per_tok"] > 1:
                f.add(
                    "norm_topk" if c.get("norm_topk_prob") and self.kind != "deepseek_v2" else "no_norm_topk"
                )
            if G > 1 and self.kind != "deepseek" and c.get("topk_method") != "greedy":
                f.add("groups")
                if self.kind in NOAUX:
                    f.add("groups_noaux")
        if c.get("quantization_config"):
            f.add("fp8")
        if self.kind == "deepseek_v32":
            f.add("dsa")
        return f

    def applicable(self):
        skip = set()
        if self.c.get("num_experts_per_tok") == 1:
            skip |= {"topk_minus1", "expert_weights_reversed"}
            if self.c.get("norm_topk_prob"):  # one expert, weight normalised to exactly 1
                skip |= {"bias_in_weight"}
        return [m for k, ms in MUTATIONS.items() if k in self.features for m in ms if m not in skip]


def rel(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


if __name__ == "__main__":
    import argparse

    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("dir")
    ap.add_argument("--f32", action="store_true")
    ap.add_argument("--mutate", nargs="*", default=[])
    ap.add_argument("--acts", choices=["f16", "bf16", "fp8"])
    a = ap.parse_args()
    with open(a.dir + "/golden.json", encoding="utf-8") as f:
        g = json.load(f)
    from st_io import File, decode

    gf = File(a.dir + "/golden.safetensors")
    e = gf.entries["logits"]
    gold = decode(gf.raw("logits"), e["dtype"], e["shape"])
    r = Reference(a.dir, np.float32 if a.f32 else np.float64, a.mutate, a.acts)
    with np.errstate(over="ignore"):
        o = r.forward(g["prompt_ids"])
    print("relative error against golden logits:", rel(o["logits"], gold))
    print("top-1 agreement:", float((o["logits"].argmax(-1) == gold.argmax(-1)).mean()))
    sys.exit(0)
