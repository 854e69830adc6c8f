#!/usr/bin/env python3
"""Compares an engine's logits with the golden ones.  Needs only Python and numpy.

    python3 compare.py FIXTURE/golden.safetensors engine.safetensors [--tensor logits]
    python3 compare.py FIXTURE/golden.safetensors engine.f32          (raw little-endian float32, same shape)

Tensors: logits [T, V] (default), decode_logits [31, V], mtp_logits [T-1, V], hidden.N, final_norm,
router.N.ids (compared as sets per row).  Exit 0 if every tolerance holds, 1 if not, 2 on bad input.
"""

import argparse
import json
import os
import struct
import sys

import numpy as np

PRESETS = {  # rel, top-1 agreement, mean KL
    "f32": (1e-4, 1.0, 1e-7),
    "f16": (1e-2, 0.97, 1e-4),
    "bf16": (1e-1, 0.90, 1e-2),
}


def read(path, name, like=None):
    """-> float64 array.  safetensors by extension, anything else is raw float32 shaped like `like`."""
    if not path.endswith(".safetensors"):
        a = np.fromfile(path, "<f4")
        if like is None:
            raise SystemExit2("the golden file must be safetensors")
        if a.size != like.size:
            raise SystemExit2(f"{path}: {a.size} floats, expected {like.size} = {list(like.shape)}")
        return a.reshape(like.shape).astype(np.float64)
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        h = json.loads(f.read(n))
        if name not in h:
            raise SystemExit2(f"{path}: no tensor {name}; has {sorted(k for k in h if k != '__metadata__')}")
        a, b = h[name]["data_offsets"]
        f.seek(8 + n + a)
        raw = f.read(b - a)
    dt = h[name]["dtype"]
    if dt == "BF16":
        x = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        x = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I32": "<i4", "I64": "<i8"}[dt])
    x = x.astype(np.float64).reshape(h[name]["shape"])
    if like is not None and x.shape != like.shape:
        raise SystemExit2(f"{path}: {name} has shape {list(x.shape)}, expected {list(like.shape)}")
    return x


class SystemExit2(Exception):
    pass


def logsoftmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def metrics(gold, got):
    d = got - gold
    m = {
        "finite": bool(np.isfinite(got).all()),
        "max_abs": float(np.abs(d).max()),
        "rel": float(np.linalg.norm(d) / np.linalg.norm(gold)),
    }
    rows = np.linalg.norm(d, axis=-1) / np.maximum(np.linalg.norm(gold, axis=-1), 1e-30)
    m["worst_row_rel"], m["worst_row"] = float(rows.max()), int(rows.argmax())
    m["first_row_rel"] = float(rows[0])
    m["top1"] = float((gold.argmax(-1) == got.argmax(-1)).mean())
    a, b = logsoftmax(gold), logsoftmax(got)
    kl = (np.exp(a) * (a - b)).sum(-1)
    m["kl_mean"], m["kl_max"] = float(kl.mean()), float(kl.max())
    return m


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("golden")
    p.add_argument("engine")
    p.add_argument("--tensor", default="logits", help="name in the golden file")
    p.add_argument("--engine-tensor", help="name in the engine's file, if different")
    p.add_argument(
        "--preset", choices=PRESETS, default="f32", help="what precision the engine keeps activations in"
    )
    p.add_argument("--rel", type=float)
    p.add_argument("--top1", type=float)
    p.add_argument("--kl", type=float)
    p.add_argument("--max-abs", type=float)
    p.add_argument("--json", action="store_true")
    a = p.parse_args()
    try:
        gold = read(a.golden, a.tensor)
        got = read(a.engine, a.engine_tensor or a.tensor, gold)
    except (SystemExit2, OSError, KeyError, ValueError, struct.error) as e:
        print(f"compare: {e}", file=sys.stderr)
        return 2
    if a.tensor.endswith(".ids"):
        same = (np.sort(gold, -1) == np.sort(got, -1)).all(-1)
        print(
            f"{a.tensor}: {int(same.sum())} of {len(same)} rows select the same set"
            + ("" if same.all() else f"; first difference in row {int(np.argmin(same))}")
        )
        return 0 if same.all() else 1
    rel, top1, kl = PRESETS[a.preset]
    rel, top1, kl = a.rel or rel, a.top1 if a.top1 is not None else top1, a.kl or kl
    m = metrics(gold, got)
    is_logits = a.tensor.endswith("logits")
    fails = []
    if not m["finite"]:
        fails.append("not finite")
    if not m["rel"] <= rel:
        fails.append(f"rel {m['rel']:.3g} > {rel:g}")
    if is_logits and not m["top1"] >= top1:
        fails.append(f"top-1 {m['top1']:.4f} < {top1:g}")
    if is_logits and not m["kl_mean"] <= kl:
        fails.append(f"KL {m['kl_mean']:.3g} > {kl:g}")
    if a.max_abs is not None and not m["max_abs"] <= a.max_abs:
        fails.append(f"max abs {m['max_abs']:.3g} > {a.max_abs:g}")
    if a.json:
        print(json.dumps({**m, "tensor": a.tensor, "pass": not fails, "fails": fails}))
    else:
        print(f"{a.tensor} {list(gold.shape)}")
        print(f"  max abs   {m['max_abs']:.6g}")
        print(
            f"  rel       {m['rel']:.6g}   (worst row {m['worst_row']}: {m['worst_row_rel']:.3g}, row 0: "
            f"{m['first_row_rel']:.3g})"
        )
        if is_logits:
            print(f"  top-1     {m['top1']:.4f}")
            print(f"  KL        mean {m['kl_mean']:.3g}, max {m['kl_max']:.3g}")
        if fails and m["finite"]:
            hint(a.golden, a.tensor, m)
        print("PASS" if not fails else "FAIL: " + "; ".join(fails))
    return 1 if fails else 0


def hint(golden, tensor, m):
    """Names known mistakes whose effect on this fixture is about as large as the error."""
    path = os.path.join(os.path.dirname(golden), "golden.json")
    if tensor not in ("logits", "mtp_logits") or not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as f:
        g = json.load(f)
    s = g["sensitivity"] if tensor == "logits" else (g.get("mtp_module") or {}).get("sensitivity", {})
    near = sorted((abs(np.log(v / m["rel"])), k, v) for k, v in s.items() if v > 0)[:4]
    near = [f"{k} ({v:.3g})" for d, k, v in near if d < 0.1]
    if near:
        print("  about as far off as: " + ", ".join(near))


if __name__ == "__main__":
    sys.exit(main())
