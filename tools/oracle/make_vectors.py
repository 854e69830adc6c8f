#!/usr/bin/env python3
"""vectors.json: small unit-test values computed by the float64 reference (no model needed)."""

import math

import numpy as np
from reference import Reference, yarn_m
from st_io import E4M3, E8M0


def fake(kind, c, w=None):
    r = Reference.__new__(Reference)
    r.dt, r.m, r.kind, r.c, r.E, r.ling = np.float64, set(), kind, c, c.get("n_routed_experts"), False
    rs = c.get("rope_scaling") or {}
    r.rs, r.rope_kind, r.theta = rs, rs.get("rope_type") or rs.get("type") or "default", c.get("rope_theta")
    if w is not None:
        r.w = lambda n: w[n.split(".")[-1] if "bias" in n else "weight"]
    return r


def rope(name, dim, theta, scaling, qk_dim=None):
    r = fake("deepseek_v3", {"rope_theta": theta, "rope_scaling": scaling})
    f, a = r.inv_freq(dim)
    o = {
        "name": name,
        "dim": dim,
        "rope_theta": theta,
        "rope_scaling": scaling,
        "inv_freq": f.tolist(),
        "cos_sin_factor": float(a),
    }
    if qk_dim:
        s = qk_dim**-0.5
        if scaling and scaling.get("mscale_all_dim"):
            s *= yarn_m(scaling["factor"], scaling["mscale_all_dim"]) ** 2
        o.update(qk_head_dim=qk_dim, softmax_scale=s)
    return o


def routing(name, kind, c, seed, T=6):
    E = c["n_routed_experts"]
    g = np.random.default_rng(seed)
    x = g.standard_normal((T, E)).round(3) * 1.5
    bias = g.uniform(-0.9, 0.1, E).round(3)
    r = fake(kind, c, {"weight": np.eye(E), "e_score_correction_bias": bias})
    ids, wt, margin = r.route(x, "")
    o = {
        "name": name,
        "config": c,
        "router_logits": x.tolist(),
        "ids_sorted": ids.tolist(),
        "weights": wt.tolist(),
        "min_margin": float(margin.min()),
    }
    if kind == "deepseek_v3":
        o["e_score_correction_bias"] = bias.tolist()
    return o


yv3 = {
    "type": "yarn",
    "factor": 40,
    "original_max_position_embeddings": 4096,
    "beta_fast": 32,
    "beta_slow": 1,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
}
out = {
    "e4m3": [None if math.isnan(v) else float(v) for v in E4M3],
    "e8m0": {
        str(b): None if math.isnan(E8M0[b]) else float(E8M0[b]) for b in (0, 1, 64, 126, 127, 128, 254, 255)
    },
    "rope": [
        rope("DeepSeek-V3/R1", 64, 10000, yv3, 192),
        rope("DeepSeek-V2-Lite", 64, 10000, {**yv3, "mscale": 0.707, "mscale_all_dim": 0.707}, 192),
        rope("mscale differs", 64, 10000, {**yv3, "mscale": 1.0, "mscale_all_dim": 0.707}, 192),
        rope("Moonlight", 64, 50000.0, None, 192),
        rope("DeepSeekMoE-16B", 128, 10000, None),
        rope(
            "R1-Distill-Llama-8B",
            128,
            500000.0,
            {
                "rope_type": "llama3",
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 8192,
            },
        ),
    ],
    "routing": [
        routing(
            "noaux_tc, 4 of 16 experts, 2 of 4 groups",
            "deepseek_v3",
            {
                "n_routed_experts": 16,
                "num_experts_per_tok": 4,
                "n_group": 4,
                "topk_group": 2,
                "norm_topk_prob": True,
                "routed_scaling_factor": 2.5,
            },
            1,
        ),
        routing(
            "noaux_tc, one group",
            "deepseek_v3",
            {
                "n_routed_experts": 11,
                "num_experts_per_tok": 3,
                "n_group": 1,
                "topk_group": 1,
                "norm_topk_prob": True,
                "routed_scaling_factor": 2.446,
            },
            2,
        ),
        routing(
            "group_limited_greedy",
            "deepseek_v2",
            {
                "n_routed_experts": 12,
                "num_experts_per_tok": 3,
                "n_group": 4,
                "topk_group": 2,
                "norm_topk_prob": False,
                "routed_scaling_factor": 16.0,
                "topk_method": "group_limited_greedy",
            },
            3,
        ),
        routing(
            "greedy",
            "deepseek_v2",
            {
                "n_routed_experts": 8,
                "num_experts_per_tok": 6,
                "n_group": 1,
                "topk_group": 1,
                "norm_topk_prob": False,
                "routed_scaling_factor": 1.0,
                "topk_method": "greedy",
            },
            4,
        ),
        routing(
            "v1 softmax", "deepseek", {
                "n_routed_experts": 8, "num_experts_per_tok": 6, "norm_topk_prob": False
            }, 5
        ),
    ],
}
from make_fixture import dump_json

dump_json("vectors.json", out)
