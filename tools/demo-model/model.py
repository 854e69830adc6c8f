"""A lean training implementation of the DeepSeek-V3 architecture (MLA + MoE + one MTP layer).

It computes the same function as Hugging Face's `DeepseekV3ForCausalLM`, fast on a CPU with bfloat16 matrix
units (and on CUDA). Parameter names are this file's own; `export.py` maps them to Hugging Face's.
Routed experts are stored stacked: `wgu [experts, 2*inner, hidden]`, `wd [experts, hidden, inner]`.
"""

from __future__ import annotations

import dataclasses
import math

import fused
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclasses.dataclass
class Config:
    vocab: int = 1536
    hidden: int = 256
    layers: int = 4
    heads: int = 8
    q_lora: int = 128
    kv_lora: int = 128
    nope: int = 32
    rope: int = 16
    value: int = 32
    dense_inner: int = 512
    inner: int = 128
    experts: int = 16
    shared: int = 1
    active: int = 4
    groups: int = 4
    active_groups: int = 2
    scaling: float = 1.5
    first_dense: int = 1
    theta: float = 10000.0
    eps: float = 1e-6
    max_positions: int = 2048


class RMSNormFn(torch.autograd.Function):
    """RMS norm with few passes over memory."""

    @staticmethod
    def forward(ctx, x, w, eps):
        r = torch.rsqrt(
            torch.linalg.vector_norm(
                x, dim=-1, keepdim=True, dtype=torch.float32
            ).square_().div_(x.shape[-1]).add_(eps)
        )
        if x.dtype != torch.float32:
            r = r.to(x.dtype)
        xh = x * r
        ctx.save_for_backward(xh, r, w)
        return xh * w

    @staticmethod
    def backward(ctx, g):
        xh, r, w = ctx.saved_tensors
        D = xh.shape[-1]
        gx = g * xh
        g2 = gx.reshape(-1, D)
        dw = (
            torch.mv(g2.t(), torch.ones(g2.shape[0], dtype=g2.dtype, device=g2.device))
            if g2.is_cuda
            else g2.sum(0, dtype=torch.float32).to(w.dtype)
        )
        s = torch.matmul(gx, (w / D).to(gx.dtype)).unsqueeze(-1)  # mean(g*w*xh)
        dx = g * w
        dx = torch.addcmul(dx, xh, s, value=-1).mul_(r)
        return dx, dw, None


def rms_norm(x, w, eps):
    if fused.usable(x):
        return fused.RMSNorm.apply(x, w, eps)
    if torch.is_grad_enabled():
        return RMSNormFn.apply(x, w, eps)
    xf = x.float()
    return (xf * torch.rsqrt(xf.square().mean(-1, keepdim=True) + eps)).to(x.dtype) * w


class SwigluFn(torch.autograd.Function):
    """silu(a) * b for h = [a | b] along the last dimension, optionally times a weight per row."""

    @staticmethod
    def forward(ctx, h):
        a, b = h.chunk(2, -1)
        ctx.save_for_backward(h)
        return F.silu(a).mul_(b)

    @staticmethod
    def backward(ctx, g):
        (h,) = ctx.saved_tensors
        a, b = h.chunk(2, -1)
        dh = torch.empty_like(h)
        da, db = dh.chunk(2, -1)
        torch.mul(F.silu(a), g, out=db)
        da.copy_(torch.ops.aten.silu_backward(g * b, a))
        return dh


def sum_choices(z):
    out = z[:, 0] + z[:, 1]
    for k in range(2, z.shape[1]):
        out.add_(z[:, k])
    return out


class RoutedFn(torch.autograd.Function):
    """All routed experts: gather rows by expert, SwiGLU, weight, scatter back. Nothing is dropped."""

    @staticmethod
    def forward(ctx, x, wt, wgu, wd, src, pos, counts):
        # src: token of each padded row; pos [tokens*K]: row of each choice; counts: padded rows per expert
        K = wt.shape[1]
        xs = x.index_select(0, src)
        M, D = xs.shape
        I = wd.shape[2]
        h = x.new_empty(M, 2 * I)
        o = 0
        for e, c in enumerate(counts):
            if c:
                torch.mm(xs[o : o + c], wgu[e].t(), out=h[o : o + c])
            o += c
        ws = torch.zeros(M, dtype=wt.dtype, device=x.device)
        ws[pos] = wt.reshape(-1)  # padding rows keep weight 0
        ws = ws.to(x.dtype).unsqueeze(1)
        a, b = h.chunk(2, -1)
        act = F.silu(a).mul_(b)
        actw = act * ws
        y = x.new_empty(M, D)
        o = 0
        for e, c in enumerate(counts):
            if c:
                torch.mm(actw[o : o + c], wd[e].t(), out=y[o : o + c])
            o += c
        ctx.save_for_backward(xs, h, act, ws, wgu, wd, src, pos)
        ctx.counts, ctx.K = counts, K
        return sum_choices(y.index_select(0, pos).view(-1, K, D))

    @staticmethod
    def backward(ctx, g):
        xs, h, act, ws, wgu, wd, src, pos = ctx.saved_tensors
        K = ctx.K
        g = g.contiguous()
        gs = g.index_select(0, src)
        M, D = gs.shape
        I = wd.shape[2]
        actw = act * ws
        dactw = gs.new_empty(M, I)
        dwd, dwgu = torch.zeros_like(wd), torch.zeros_like(wgu)
        o = 0
        for e, c in enumerate(ctx.counts):
            if c:
                torch.mm(gs[o : o + c], wd[e], out=dactw[o : o + c])
                torch.mm(gs[o : o + c].t(), actw[o : o + c], out=dwd[e])
            o += c
        dws = (dactw * act).sum(1, dtype=torch.float32)
        dact = dactw.mul_(ws)
        a, b = h.chunk(2, -1)
        dh = torch.empty_like(h)
        da, db = dh.chunk(2, -1)
        torch.mul(F.silu(a), dact, out=db)
        da.copy_(torch.ops.aten.silu_backward(dact.mul_(b), a))
        dxs = torch.empty_like(xs)
        o = 0
        for e, c in enumerate(ctx.counts):
            if c:
                torch.mm(dh[o : o + c], wgu[e], out=dxs[o : o + c])
                torch.mm(dh[o : o + c].t(), xs[o : o + c], out=dwgu[e])
            o += c
        dx = sum_choices(dxs.index_select(0, pos).view(-1, K, D))
        dwt = dws.index_select(0, pos).view(-1, K)
        return dx, dwt, dwgu, dwd, None, None, None


class CausalFn(torch.autograd.Function):
    """Causal attention with materialised scores: faster than the fused kernel for short rows on a CPU."""

    @staticmethod
    def forward(ctx, q, k, v, scale, mask):
        p = torch.bmm(q, k.transpose(1, 2)).mul_(scale).add_(mask)
        p = torch.softmax(p, -1)
        ctx.save_for_backward(q, k, v, p)
        ctx.scale = scale
        return torch.bmm(p, v)

    @staticmethod
    def backward(ctx, g):
        q, k, v, p = ctx.saved_tensors
        g = g.contiguous()
        dv = torch.bmm(p.transpose(1, 2), g)
        ds = torch.ops.aten._softmax_backward_data(
            torch.bmm(g, v.transpose(1, 2)), p, -1, p.dtype
        ).mul_(ctx.scale)
        return torch.bmm(ds, k), torch.bmm(ds.transpose(1, 2), q), dv, None, None


class CrossEntropyFn(torch.autograd.Function):
    """Weighted sum of token losses from hidden rows and head; the forward pass also computes the gradient."""

    @staticmethod
    def forward(ctx, h, w, target, weight):
        logits = h @ w.t()
        t = target.unsqueeze(1)
        p = torch.softmax(logits, -1, dtype=torch.float32)
        loss = -(p.gather(1, t).clamp_min(1e-9).log().squeeze(1) * weight).sum()
        p.scatter_add_(1, t, torch.full_like(t, -1, dtype=p.dtype))
        g = (p * weight.unsqueeze(1)).to(h.dtype)
        ctx.save_for_backward(g @ w, g.t() @ h)
        return loss

    @staticmethod
    def backward(ctx, go):
        dh, dw = ctx.saved_tensors
        s = go.item()
        return dh * s, dw * s, None, None


class Layer(nn.Module):
    def __init__(self, c: Config, dense: bool):
        super().__init__()
        self.dense = dense
        D, H = c.hidden, c.heads
        P = lambda *s: nn.Parameter(torch.empty(*s))
        self.ln1, self.ln2 = P(D), P(D)
        self.q_a, self.q_ln, self.q_b = P(c.q_lora, D), P(c.q_lora), P(H * (c.nope + c.rope), c.q_lora)
        self.kv_a, self.kv_ln, self.kv_b = P(c.kv_lora + c.rope, D), P(c.kv_lora), P(
            H * (c.nope + c.value), c.kv_lora
        )
        self.o = P(D, H * c.value)
        n = c.dense_inner if dense else c.inner * c.shared
        self.gu, self.down = P(2 * n, D), P(D, n)  # dense MLP, or the shared expert
        if not dense:
            self.gate = P(c.experts, D)
            self.wgu, self.wd = P(c.experts, 2 * c.inner, D), P(c.experts, D, c.inner)
            self.register_buffer("bias", torch.zeros(c.experts))
            self.register_buffer("load", torch.zeros(c.experts))


def rope_apply(x, cos, sin):
    """Rotates interleaved pairs of x [batch, tokens, heads, rope], cos/sin [tokens, 1, rope/2].

        The output is de-interleaved.
        """
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Lanternfish(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        self.embed = nn.Parameter(torch.empty(c.vocab, c.hidden))
        self.head = nn.Parameter(torch.empty(c.vocab, c.hidden))
        self.blocks = nn.ModuleList([Layer(c, i < c.first_dense) for i in range(c.layers)])
        self.norm = nn.Parameter(torch.empty(c.hidden))
        self.mtp = Layer(c, False)
        self.enorm, self.hnorm, self.mnorm = (nn.Parameter(torch.empty(c.hidden)) for _ in range(3))
        self.eh = nn.Parameter(torch.empty(c.hidden, 2 * c.hidden))
        for n, p in self.named_parameters():
            if p.dim() == 1:
                nn.init.ones_(p)
            else:
                nn.init.normal_(p, std=0.02 if n in ("embed", "head") else 0.5 / math.sqrt(p.shape[-1]))
        with torch.no_grad():
            for b in [*self.blocks, self.mtp]:
                for p in [b.o, b.down] + ([] if b.dense else [b.wd]):
                    p.mul_(0.5)
                if not b.dense:
                    b.gate.mul_(0.5)
        inv = 1.0 / (c.theta ** (torch.arange(0, c.rope, 2, dtype=torch.float64) / c.rope))
        ang = torch.arange(c.max_positions, dtype=torch.float64)[:, None] * inv[None]
        self.register_buffer("cos", ang.cos().float()[:, None], persistent=False)
        self.register_buffer("sin", ang.sin().float()[:, None], persistent=False)
        self.track, self.pad_rows = True, 128

    def weights(self, dtype):
        return {n: (p if p.dtype == dtype else p.to(dtype)) for n, p in self.named_parameters()}

    def attention(self, x, W, pre, start=0, cache=None):
        c = self.c
        B, T, D = x.shape
        q = F.linear(rms_norm(F.linear(x, W[pre + "q_a"]), W[pre + "q_ln"], c.eps), W[pre + "q_b"]).view(
            B, T, c.heads, c.nope + c.rope
        )
        kva = F.linear(x, W[pre + "kv_a"])
        ckv, kpe = kva.split([c.kv_lora, c.rope], -1)
        kv = F.linear(rms_norm(ckv.contiguous(), W[pre + "kv_ln"], c.eps), W[pre + "kv_b"]).view(
            B, T, c.heads, c.nope + c.value
        )
        if self.training and fused.usable(x):
            o = fused.Attention.apply(q, kpe, kv, self.cos[:T], self.sin[:T], c.nope, c.rope, c.value)
            return F.linear(o, W[pre + "o"])
        cos, sin = self.cos[start : start + T].to(x.dtype), self.sin[start : start + T].to(x.dtype)
        q = torch.cat((q[..., : c.nope], rope_apply(q[..., c.nope :], cos, sin)), -1)
        kpe = rope_apply(kpe.unsqueeze(2), cos, sin).expand(B, T, c.heads, c.rope)
        k = torch.cat((kv[..., : c.nope], kpe), -1)
        v = kv[..., c.nope :]
        if cache is not None:
            if "k" in cache:
                k, v = torch.cat((cache["k"], k), 1), torch.cat((cache["v"], v), 1)
            cache["k"], cache["v"] = k, v
        S = k.shape[1]
        if self.training and x.device.type == "cpu":
            fold = lambda t: t.transpose(1, 2).reshape(B * c.heads, T, -1)
            bias = torch.full((T, T), float("-inf"), dtype=x.dtype).triu_(1)
            o = CausalFn.apply(fold(q), fold(k), fold(v), (c.nope + c.rope) ** -0.5, bias)
            return F.linear(
                o.view(B, c.heads, T, c.value).transpose(1, 2).reshape(B, T, c.heads * c.value), W[pre + "o"]
            )
        v = F.pad(v, (0, c.nope + c.rope - c.value))
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        mask, pad = None, None if cache is None else cache.get("pad")
        if (
            pad is not None
        ):  # [batch] padding on the left; rotary angles are relative, so only the mask needs it
            keys, rows = torch.arange(S, device=x.device), torch.arange(S - T, S, device=x.device)
            mask = (
                (keys[None, None] >= pad[:, None, None]) & (keys <= rows[:, None])
            ) | (keys == rows[:, None])
            mask = mask[:, None]
        elif S != T and T > 1:
            mask = torch.ones(T, S, dtype=torch.bool, device=x.device).tril(S - T)
        o = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=(mask is None and S == T and T > 1)
        )
        o = o.transpose(1, 2)[..., : c.value].reshape(B, T, c.heads * c.value)
        return F.linear(o, W[pre + "o"])

    def route(self, x, gate, bias):
        c = self.c
        s = torch.sigmoid(F.linear(x, gate).float())
        with torch.no_grad():
            ch = s + bias
            g = ch.view(-1, c.groups, c.experts // c.groups).topk(2, -1)[0].sum(-1)
            gi = g.topk(c.active_groups, -1)[1]
            gm = torch.zeros_like(g).scatter_(1, gi, 1.0)
            m = gm.unsqueeze(-1).expand(-1, -1, c.experts // c.groups).reshape(-1, c.experts)
            idx = ch.masked_fill(m == 0, float("-inf")).topk(c.active, -1)[1]
        w = s.gather(1, idx)
        return idx, w / (w.sum(-1, keepdim=True) + 1e-20) * c.scaling

    def moe(self, x, layer, W, pre):
        B, T, D = x.shape
        f = x.reshape(-1, D)
        gate = W[pre + "gate"]
        idx, wt = self.route(
            f if self.training else f.float(), gate if self.training else gate.float(), layer.bias
        )
        flat = idx.reshape(-1)
        cnt = torch.bincount(flat, minlength=self.c.experts)
        if self.training and self.track:
            layer.load += cnt
        perm = flat.argsort(stable=True)
        pad = self.pad_rows if self.training else 1
        padded = (cnt + (pad - 1)) // pad * pad  # few distinct shapes: matmul kernels are cached by shape
        shift = (padded.cumsum(0) - padded) - (cnt.cumsum(0) - cnt)
        pos = torch.empty_like(perm)
        pos[perm] = torch.arange(perm.numel(), device=perm.device) + torch.repeat_interleave(shift, cnt)
        counts = padded.tolist()
        src = torch.zeros(sum(counts), dtype=torch.long, device=perm.device)
        src[pos] = torch.arange(f.shape[0], device=perm.device).repeat_interleave(self.c.active)
        y = (fused.Routed if fused.usable(f) else RoutedFn).apply(
            f, wt, W[pre + "wgu"], W[pre + "wd"], src, pos, counts
        )
        return y.view(B, T, D)

    def block(self, x, layer, W, pre, start=0, cache=None):
        x = x + self.attention(rms_norm(x, W[pre + "ln1"], self.c.eps), W, pre, start, cache)
        h = rms_norm(x, W[pre + "ln2"], self.c.eps)
        y = F.linear(
            (fused.Swiglu if fused.usable(h) else SwigluFn).apply(F.linear(h, W[pre + "gu"])),
            W[pre + "down"],
        )
        if not layer.dense:
            y = y + self.moe(h, layer, W, pre)
        return x + y

    def trunk(self, ids, W, start=0, cache=None):
        x = F.embedding(ids, W["embed"])
        for i, b in enumerate(self.blocks):
            x = self.block(x, b, W, f"blocks.{i}.", start, None if cache is None else cache[i])
        return rms_norm(x, W["norm"], self.c.eps)

    def mtp_hidden(self, h, next_ids, W, start=0, cache=None):
        """Hidden rows that predict token t+2 from the final hidden at t and the embedding of token t+1."""
        c = self.c
        e = rms_norm(F.embedding(next_ids, W["embed"]), W["enorm"], c.eps)
        u = F.linear(torch.cat((e, rms_norm(h, W["hnorm"], c.eps)), -1), W["eh"])
        return rms_norm(self.block(u, self.mtp, W, "mtp.", start, cache), W["mnorm"], c.eps)

    def token_loss(self, h, y, m, head):
        sel = m.reshape(-1).nonzero().squeeze(1)
        n = sel.numel()
        pad = -n % 512
        weight = torch.full((n + pad,), 1.0 / max(1, n), device=h.device)
        if pad:
            weight[n:] = 0
            sel = torch.cat((sel, sel.new_zeros(pad)))
        return (fused.CrossEntropy if fused.usable(h) else CrossEntropyFn).apply(
            h.reshape(-1, h.shape[-1]).index_select(0, sel), head, y.reshape(-1).index_select(0, sel), weight
        )

    def loss(self, ids, mask, W, mtp_rows=0, mtp_weight=0.2):
        """Returns the mean losses (total, main, mtp).

        W: the weights to compute with, a dict by parameter name. ids, mask: [batch, tokens+1]; mask marks the
        targets that count.
        """
        x, y, m = ids[:, :-1], ids[:, 1:], mask[:, 1:]
        h = self.trunk(x, W)
        main = self.token_loss(h, y, m, W["head"])
        if not mtp_rows:
            return main, main.detach(), None
        r = min(mtp_rows, ids.shape[0])
        hm = self.mtp_hidden(h[:r, :-1], x[:r, 1:], W)
        mtp = self.token_loss(hm, y[:r, 1:], m[:r, 1:], W["head"])
        return main + mtp_weight * mtp, main.detach(), mtp.detach()

    @torch.no_grad()
    def balance(self, step):
        """Balances experts without an auxiliary loss: moves each selection bias against the expert's load."""
        out = []
        for b in [*self.blocks, self.mtp]:
            if b.dense or b.load.sum() == 0:
                continue
            mean = b.load.mean()
            out.append((b.load.max() / mean).item())
            b.bias += step * torch.sign(mean - b.load)
            b.load.zero_()
        return out
