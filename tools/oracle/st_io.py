"""Plain-numpy safetensors reader and low-precision decoders.

Deliberately independent of the `safetensors` package and of torch, so that the
reference implementation shares no code with the library that wrote the files.
"""

import json
import os
import struct

import numpy as np

ITEM = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "I16": 2,
    "U16": 2,
    "I32": 4,
    "U32": 4,
    "I64": 8,
    "U64": 8,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "F8_E8M0": 1,
    "F16": 2,
    "BF16": 2,
    "F32": 4,
    "F64": 8,
}


def _e4m3_table():
    """OCP E4M3 'fn': bias 7, no infinities, S.1111.111 is NaN, subnormals m * 2^-9."""
    t = np.empty(256, np.float64)
    for b in range(256):
        s = -1.0 if b & 0x80 else 1.0
        e, m = (b >> 3) & 15, b & 7
        if e == 15 and m == 7:
            v = float("nan")
        elif e == 0:
            v = m * 2.0**-9
        else:
            v = (1 + m / 8) * 2.0 ** (e - 7)
        t[b] = s * v
    return t


def _e5m2_table():
    t = np.empty(256, np.float64)
    for b in range(256):
        s = -1.0 if b & 0x80 else 1.0
        e, m = (b >> 2) & 31, b & 3
        if e == 31:
            v = float("inf") if m == 0 else float("nan")
        elif e == 0:
            v = m * 2.0**-16
        else:
            v = (1 + m / 4) * 2.0 ** (e - 15)
        t[b] = s * v
    return t


def _e8m0_table():
    """Exponent-only scale format: value 2^(byte-127), 0xFF is NaN."""
    t = np.array([2.0 ** (b - 127) for b in range(256)])
    t[255] = float("nan")
    return t


E4M3 = _e4m3_table()
E5M2 = _e5m2_table()
E8M0 = _e8m0_table()


def decode(raw, dtype, shape, out=np.float32):
    """bytes-like -> ndarray of `out` (floats) or the natural integer type."""
    if dtype == "F32":
        a = np.frombuffer(raw, "<f4").astype(out)
    elif dtype == "F64":
        a = np.frombuffer(raw, "<f8").astype(out)
    elif dtype == "F16":
        a = np.frombuffer(raw, "<f2").astype(out)
    elif dtype == "BF16":
        a = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32).astype(out)
    elif dtype == "F8_E4M3":
        a = E4M3.astype(out)[np.frombuffer(raw, np.uint8)]
    elif dtype == "F8_E5M2":
        a = E5M2.astype(out)[np.frombuffer(raw, np.uint8)]
    elif dtype == "F8_E8M0":
        a = E8M0.astype(out)[np.frombuffer(raw, np.uint8)]
    else:
        a = np.frombuffer(
            raw,
            {
                "I64": "<i8",
                "I32": "<i4",
                "I16": "<i2",
                "I8": "i1",
                "U8": "u1",
                "U16": "<u2",
                "U32": "<u4",
                "U64": "<u8",
                "BOOL": "?",
            }[dtype],
        ).copy()
    return a.reshape(shape)


class File:
    """One safetensors file; validates its header strictly."""

    def __init__(self, path):
        self.path = path
        size = os.path.getsize(path)
        with open(path, "rb") as f:
            head = f.read(8)
            if len(head) < 8:
                raise ValueError(f"{path}: too short for a safetensors header")
            (n,) = struct.unpack("<Q", head)
            if n > size - 8:
                raise ValueError(f"{path}: header length {n} exceeds the file ({size} bytes)")
            hdr = json.loads(f.read(n).decode("utf-8"))
        self.meta = hdr.pop("__metadata__", {})
        self.base = 8 + n
        self.entries = hdr
        end = 0
        for name, e in sorted(hdr.items(), key=lambda kv: kv[1]["data_offsets"]):
            a, b = e["data_offsets"]
            want = ITEM[e["dtype"]] * int(np.prod(e["shape"], dtype=np.int64))
            if a != end or b - a != want or self.base + b > size:
                raise ValueError(f"{path}: tensor {name}: bad offsets {a}..{b}")
            end = b
        if self.base + end != size:
            raise ValueError(f"{path}: {size - self.base - end} trailing bytes")

    def raw(self, name):
        a, b = self.entries[name]["data_offsets"]
        with open(self.path, "rb") as f:
            f.seek(self.base + a)
            return f.read(b - a)


class Checkpoint:
    """A Hugging Face checkpoint directory (single file or index + shards)."""

    def __init__(self, path):
        self.path = path
        with open(os.path.join(path, "config.json"), encoding="utf-8") as f:
            self.config = json.load(f)
        idx = os.path.join(path, "model.safetensors.index.json")
        self.where = {}
        if os.path.exists(idx):
            with open(idx, encoding="utf-8") as f:
                wm = json.load(f)["weight_map"]
            files = {fn: File(os.path.join(path, fn)) for fn in sorted(set(wm.values()))}
            for name, fn in wm.items():
                if name not in files[fn].entries:
                    raise ValueError(f"{fn}: index names {name}, which the file lacks")
                self.where[name] = files[fn]
        else:
            f = File(os.path.join(path, "model.safetensors"))
            self.where = {n: f for n in f.entries}
        q = self.config.get("quantization_config") or {}
        self.block = tuple(q.get("weight_block_size") or (128, 128))

    def __contains__(self, name):
        return name in self.where

    def names(self):
        return list(self.where)

    def entry(self, name):
        return self.where[name].entries[name]

    def plain(self, name, out=np.float32):
        e = self.entry(name)
        return decode(self.where[name].raw(name), e["dtype"], e["shape"], out)

    def get(self, name, out=np.float32, hook=None):
        """Dequantised tensor.  For block-FP8 weights: value = code * scale[row//B, col//B].

        The product is formed in float32 first (that is what a weight-only engine holds), then cast.
        """
        if name not in self.where:
            raise KeyError(f"{self.path}: missing tensor {name}")
        w = self.plain(name, np.float32)
        sname = name + "_scale_inv"
        if sname in self.where:
            s = self.plain(sname, np.float32)
            if hook is not None:
                w, s = hook(name, w, s)
            bi, bj = self.block
            i = np.arange(w.shape[0]) // bi
            j = np.arange(w.shape[1]) // bj
            w = w * s[i][:, j]
        return w.astype(out)


def write_raw(path, tensors, metadata=None, align_pad=True):
    """Write a safetensors file from (name, dtype, shape, bytes) in the order given.

    No sorting and no per-tensor alignment: the format does not promise either.
    """
    hdr, off = {}, 0
    if metadata is not None:
        hdr["__metadata__"] = metadata
    for name, dt, shape, raw in tensors:
        hdr[name] = {"dtype": dt, "shape": list(shape), "data_offsets": [off, off + len(raw)]}
        off += len(raw)
    h = json.dumps(hdr, separators=(",", ":")).encode("utf-8")
    if align_pad and len(h) % 8:
        h += b" " * (8 - len(h) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(h)))
        f.write(h)
        for _, _, _, raw in tensors:
            f.write(raw)
