#!/usr/bin/env python3
"""Reads a folder in MLX's layout from the description of the format alone. Needs only numpy.

    python3 read_mlx.py FOLDER [--like ORIGINAL] [--only TEXT] [--json]

Checks config, index, files, shapes and types against each other, then prints for each quantised module its
bits and group size and the SHA-256 of its dequantised weights in float32. With --like also the relative RMS
error against the float or FP8 weights of ORIGINAL, experts stacked. --only takes the modules whose path has
this text.
"""
import argparse
import hashlib
import json
import struct
import sys
from pathlib import Path

import numpy as np

from st_io import Checkpoint

TYPES = {"BF16": np.uint16, "F16": np.float16, "F32": np.float32, "U32": np.uint32}


def read_folder(folder):
    """Config, and all tensors as (type, array); U32 and floats only."""
    config = json.loads((folder / "config.json").read_text())
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    tensors = {}
    for file in sorted(set(index["weight_map"].values())):
        for name, entry in read_file(folder / file).items():
            require(index["weight_map"].get(name) == file, f"the index has {name} in another file")
            tensors[name] = entry
    require(set(tensors) == set(index["weight_map"]), "the index lists tensors that no file has")
    total = sum(array.nbytes for _, array in tensors.values())
    require(index["metadata"]["total_size"] == total, f"total_size is not {total}")
    return config, tensors


def read_file(path):
    data = np.memmap(path, dtype=np.uint8, mode="r")
    (length,) = struct.unpack("<Q", data[:8].tobytes())
    header = json.loads(data[8 : 8 + length].tobytes())
    require(header.pop("__metadata__", {}).get("format") == "mlx", f"{path.name} is not marked as MLX's")
    tensors = {}
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, last = entry["data_offsets"]
        require(first == end, f"{name} does not follow the tensor before it")
        end = last
        raw = data[8 + length + first : 8 + length + last]
        tensors[name] = (entry["dtype"], raw.view(TYPES[entry["dtype"]]).reshape(entry["shape"]))
    require(8 + length + end == data.size, f"{path.name} has bytes after its last tensor")
    return tensors


def floats(dtype, array):
    if dtype == "BF16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32)


def parameters(quantization, module):
    own = quantization.get(module, quantization)
    require(own is not False and own.get("mode", "affine") == "affine", f"{module} is not affine")
    return own["bits"], own["group_size"]


def codes(words, bits):
    """Rows of words, each a bit stream from the low end, as rows of codes."""
    stream = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=-1, bitorder="little")
    weights = (1 << np.arange(bits)).astype(np.uint8)
    return (stream.reshape(*words.shape[:-1], -1, bits) * weights).sum(-1, dtype=np.uint8)


def dequantise(tensors, module, bits, group):
    """scale * code + bias in float64, rounded once."""
    dtype, words = tensors[module + ".weight"]
    require(dtype == "U32", f"{module} has codes of type {dtype}")
    parts = (tensors[f"{module}.{part}"] for part in ("scales", "biases"))
    scale, bias = (floats(*part).astype(np.float64) for part in parts)
    columns = words.shape[-1] * 32 // bits
    require(words.shape[-1] * 32 == columns * bits, f"{module} has rows of no whole number of codes")
    shape = (*words.shape[:-1], columns // group)
    fits = columns % group == 0 and scale.shape == shape and bias.shape == shape
    require(fits, f"{module} has scales {scale.shape}")
    grouped = codes(words, bits).reshape(*shape, group)
    weights = grouped * scale[..., None] + bias[..., None]
    return weights.reshape(*words.shape[:-1], columns).astype(np.float32)


class Original(Checkpoint):
    """Weights of an unquantised or FP8 folder by the names of MLX's modules."""

    def weight(self, module):
        prefix, _, projection = module.partition(".switch_mlp.")
        if not projection:
            return self.get(module + ".weight")
        experts = []
        while (name := f"{prefix}.experts.{len(experts)}.{projection}.weight") in self:
            experts.append(self.get(name))
        return np.stack(experts)


def require(condition, what):
    if not condition:
        sys.exit(f"wrong: {what}")


def report(folder, original, only):
    config, tensors = read_folder(folder)
    quantization = config["quantization"]
    require(config["quantization_config"] == quantization, "quantization_config differs from quantization")
    rows = []
    for name in tensors:
        module, _, part = name.rpartition(".")
        if part != "scales" or only not in module:
            continue
        bits, group = parameters(quantization, module)
        weights = dequantise(tensors, module, bits, group)
        row = {"module": module, "bits": bits, "group_size": group, "shape": list(weights.shape)}
        row["sha256"] = hashlib.sha256(weights.tobytes()).hexdigest()
        if original:
            expected = original.weight(module)
            row["error"] = float(np.linalg.norm(weights - expected) / np.linalg.norm(expected))
        rows.append(row)
    return rows


def main():
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--like", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = report(args.folder, Original(str(args.like)) if args.like else None, args.only)
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        error = f"  error {row['error']:.2e}" if "error" in row else ""
        form = f"{row['bits']} bits, groups of {row['group_size']}"
        print(f"{row['module']}  {form}  {row['sha256'][:16]}{error}")
    print(f"{len(rows)} modules read")


if __name__ == "__main__":
    main()
