"""The operations of model.py as fused CPU kernels (kernels.c) for bfloat16 training.

`available` is False if kernels.so was not built.
"""

import ctypes
import os

import torch

_path = os.environ.get("LANTERNFISH_KERNELS") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "kernels.so"
)
available = os.path.exists(_path)
if available:
    C = ctypes.CDLL(_path)
    C.cross_entropy.restype = ctypes.c_double


def usable(x):
    return available and x.dtype == torch.bfloat16 and x.device.type == "cpu" and torch.is_grad_enabled()


def P(t):
    assert t.is_contiguous()
    return ctypes.c_void_p(t.data_ptr())


L, Fl = ctypes.c_long, ctypes.c_float


class RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, eps):
        x = x.contiguous()
        d = x.shape[-1]
        n = x.numel() // d
        y, r = torch.empty_like(x), torch.empty(n)
        C.rms_fwd(P(x), P(w), P(y), P(r), L(n), L(d), Fl(eps))
        ctx.save_for_backward(x, w, r)
        return y

    @staticmethod
    def backward(ctx, g):
        x, w, r = ctx.saved_tensors
        g = g.contiguous()
        dx, dw = torch.empty_like(x), torch.zeros(w.shape[0])
        C.rms_bwd(P(g), P(x), P(w), P(r), P(dx), P(dw), L(r.shape[0]), L(w.shape[0]))
        return dx, dw.to(w.dtype), None


class Swiglu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, h):
        h = h.contiguous()
        I = h.shape[-1] // 2
        m = h.numel() // (2 * I)
        out = h.new_empty(*h.shape[:-1], I)
        C.swiglu_fwd(P(h), None, P(out), L(m), L(I))
        ctx.save_for_backward(h)
        return out

    @staticmethod
    def backward(ctx, g):
        (h,) = ctx.saved_tensors
        g, dh = g.contiguous(), torch.empty_like(h)
        I = h.shape[-1] // 2
        C.swiglu_bwd(P(h), None, P(g), P(dh), None, L(h.numel() // (2 * I)), L(I))
        return dh


class Routed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, wt, wgu, wd, src, pos, counts):
        K, D, I = wt.shape[1], x.shape[1], wd.shape[2]
        xs = x.index_select(0, src)
        M = xs.shape[0]
        h, act, y, o = x.new_empty(M, 2 * I), x.new_empty(M, I), x.new_empty(M, D), 0
        ws = torch.zeros(M)
        ws[pos] = wt.reshape(-1)
        for e, c in enumerate(counts):
            if c:
                torch.mm(xs[o : o + c], wgu[e].t(), out=h[o : o + c])
            o += c
        C.swiglu_fwd(P(h), P(ws), P(act), L(M), L(I))
        o = 0
        for e, c in enumerate(counts):
            if c:
                torch.mm(act[o : o + c], wd[e].t(), out=y[o : o + c])
            o += c
        out = torch.empty_like(x)
        C.combine(P(y), P(pos), P(out), L(x.shape[0]), L(K), L(D))
        ctx.save_for_backward(xs, h, act, ws, wgu, wd, src, pos)
        ctx.counts, ctx.K = counts, K
        return out

    @staticmethod
    def backward(ctx, g):
        xs, h, act, ws, wgu, wd, src, pos = ctx.saved_tensors
        g = g.contiguous()
        gs = g.index_select(0, src)
        M, I = act.shape
        D = gs.shape[1]
        dact, dh, dws, dxs = torch.empty_like(act), torch.empty_like(h), torch.empty(M), torch.empty_like(xs)
        dwd, dwgu, o = torch.zeros_like(wd), torch.zeros_like(wgu), 0
        for e, c in enumerate(ctx.counts):
            if c:
                torch.mm(gs[o : o + c], wd[e], out=dact[o : o + c])
                torch.mm(gs[o : o + c].t(), act[o : o + c], out=dwd[e])
            o += c
        C.swiglu_bwd(P(h), P(ws), P(dact), P(dh), P(dws), L(M), L(I))
        o = 0
        for e, c in enumerate(ctx.counts):
            if c:
                torch.mm(dh[o : o + c], wgu[e], out=dxs[o : o + c])
                torch.mm(dh[o : o + c].t(), xs[o : o + c], out=dwgu[e])
            o += c
        dx = torch.empty_like(g)
        C.combine(P(dxs), P(pos), P(dx), L(g.shape[0]), L(ctx.K), L(D))
        return dx, dws.index_select(0, pos).view(-1, ctx.K), dwgu, dwd, None, None, None


class Attention(torch.autograd.Function):
    """q [B,T,H,nope+rope], pe [B,T,rope], kv [B,T,H,nope+value] → [B,T,H*value]; rotary, causal."""

    @staticmethod
    def forward(ctx, q, pe, kv, cos, sin, nope, rope, value):
        B, T, H, qd = q.shape
        q, pe, kv = q.contiguous(), pe.contiguous(), kv.contiguous()
        Q, K, V = q.new_empty(B * H, T, qd), q.new_empty(B * H, T, qd), q.new_empty(B * H, T, value)
        dims = tuple(map(L, (B, T, H, nope, rope, value)))
        C.pack(P(q), P(pe), P(kv), P(cos), P(sin), P(Q), P(K), P(V), *dims)
        p = torch.bmm(Q, K.transpose(1, 2))
        C.softmax_fwd(P(p), L(B * H), L(T), Fl(qd**-0.5))
        o = torch.bmm(p, V)
        ctx.save_for_backward(Q, K, V, p, cos, sin)
        ctx.dims = (B, T, H, nope, rope, value)
        return o.view(B, H, T, value).transpose(1, 2).reshape(B, T, H * value)

    @staticmethod
    def backward(ctx, g):
        Q, K, V, p, cos, sin = ctx.saved_tensors
        B, T, H, nope, rope, value = ctx.dims
        g = g.reshape(B, T, H, value).transpose(1, 2).reshape(B * H, T, value)
        dV = torch.bmm(p.transpose(1, 2), g)
        ds = torch.bmm(g, V.transpose(1, 2))
        C.softmax_bwd(P(ds), P(p), L(B * H), L(T), Fl((nope + rope) ** -0.5))
        dQ, dK = torch.bmm(ds, K), torch.bmm(ds.transpose(1, 2), Q)
        dq, dpe, dkv = (
            g.new_empty(B, T, H, nope + rope),
            g.new_empty(B, T, rope),
            g.new_empty(B, T, H, nope + value),
        )
        C.unpack(
            P(dQ),
            P(dK),
            P(dV.contiguous()),
            P(cos),
            P(sin),
            P(dq),
            P(dpe),
            P(dkv),
            *map(L, (B, T, H, nope, rope, value)),
        )
        return dq, dpe, dkv, None, None, None, None, None


class CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, h, w, target, weight):
        g = h @ w.t()
        loss = C.cross_entropy(P(g), P(target), P(weight), L(g.shape[0]), L(g.shape[1]))
        ctx.save_for_backward(g @ w, g.t() @ h)
        return torch.tensor(loss, dtype=torch.float32)

    @staticmethod
    def backward(ctx, go):
        dh, dw = ctx.saved_tensors
        s = go.item()
        return (dh, dw, None, None) if s == 1 else (dh * s, dw * s, None, None)
