"""DeepSeekMoE-16B ("deepseek", v1) in plain torch, since transformers has no class for it.

Multi-head attention with half-split rotary embedding, then (after `first_k_dense_replace` dense layers)
a fine-grained mixture of experts: softmax over all routed experts, top-k, probabilities not normalised
unless `norm_topk_prob` is set, plus shared experts that are always active.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Norm(nn.Module):
    def __init__(self, n, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(n)), eps

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps))


class FeedForward(nn.Module):
    def __init__(self, h, inter):
        super().__init__()
        self.gate_proj, self.up_proj = nn.Linear(h, inter, bias=False), nn.Linear(h, inter, bias=False)
        self.down_proj = nn.Linear(inter, h, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Mixture(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k, self.renorm = c["num_experts_per_tok"], c["norm_topk_prob"]
        self.gate = nn.Linear(c["hidden_size"], c["n_routed_experts"], bias=False)
        self.experts = nn.ModuleList(
            FeedForward(c["hidden_size"], c["moe_intermediate_size"]) for _ in range(c["n_routed_experts"])
        )
        self.shared_experts = (
            FeedForward(c["hidden_size"], c["moe_intermediate_size"] * c["n_shared_experts"])
            if c["n_shared_experts"]
            else None
        )
        self.seen = None

    def forward(self, x):
        probs = self.gate(x).softmax(-1)
        wt, ids = probs.topk(self.k, dim=-1)
        if self.renorm:
            wt = wt / wt.sum(-1, keepdim=True)
        self.seen = (ids, wt)
        dense = torch.zeros_like(probs).scatter(-1, ids, wt)  # [T, E] combine matrix
        y = sum(dense[:, e : e + 1] * ex(x) for e, ex in enumerate(self.experts))
        return y + self.shared_experts(x) if self.shared_experts is not None else y


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.h, self.kv, self.d = (
            c["num_attention_heads"],
            c["num_key_value_heads"],
            c["hidden_size"] // c["num_attention_heads"],
        )
        self.q_proj = nn.Linear(c["hidden_size"], self.h * self.d, bias=c["attention_bias"])
        self.k_proj = nn.Linear(c["hidden_size"], self.kv * self.d, bias=c["attention_bias"])
        self.v_proj = nn.Linear(c["hidden_size"], self.kv * self.d, bias=c["attention_bias"])
        self.o_proj = nn.Linear(self.h * self.d, c["hidden_size"], bias=c["attention_bias"])
        self.freq = 1.0 / c["rope_theta"] ** (torch.arange(0, self.d, 2, dtype=torch.float64) / self.d)

    def turn(self, x):
        T = x.shape[1]
        z = torch.polar(
            torch.ones(1, dtype=torch.float64), torch.arange(T, dtype=torch.float64)[:, None] * self.freq
        )
        z = z.to(torch.complex64 if x.dtype == torch.float32 else torch.complex128)
        a, b = x.chunk(2, -1)
        r = torch.complex(a.contiguous(), b.contiguous()) * z
        return torch.cat([r.real, r.imag], -1)

    def forward(self, x):
        T = x.shape[0]
        q = self.turn(self.q_proj(x).view(T, self.h, self.d).transpose(0, 1))
        k = self.turn(
            self.k_proj(x).view(T, self.kv, self.d).transpose(0, 1)
        ).repeat_interleave(self.h // self.kv, 0)
        v = self.v_proj(x).view(T, self.kv, self.d).transpose(0, 1).repeat_interleave(self.h // self.kv, 0)
        s = (q @ k.transpose(1, 2)) / math.sqrt(self.d)
        s = s.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), float("-inf")).softmax(-1)
        return self.o_proj((s @ v).transpose(0, 1).reshape(T, -1))


class Block(nn.Module):
    def __init__(self, c, i):
        super().__init__()
        self.input_layernorm = Norm(c["hidden_size"], c["rms_norm_eps"])
        self.self_attn = Attention(c)
        self.post_attention_layernorm = Norm(c["hidden_size"], c["rms_norm_eps"])
        moe = i >= c["first_k_dense_replace"] and i % c["moe_layer_freq"] == 0
        self.mlp = Mixture(c) if moe else FeedForward(c["hidden_size"], c["intermediate_size"])

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed_tokens = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.layers = nn.ModuleList(Block(c, i) for i in range(c["num_hidden_layers"]))
        self.norm = Norm(c["hidden_size"], c["rms_norm_eps"])


class DeepseekV1(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.model = Body(c)
        self.lm_head = nn.Linear(c["hidden_size"], c["vocab_size"], bias=False)
        if c["tie_word_embeddings"]:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, ids):
        x = self.model.embed_tokens(ids)
        hs = [x]
        for b in self.model.layers:
            x = b(x)
            hs.append(x)
        f = self.model.norm(x)
        return self.lm_head(f), hs, f
