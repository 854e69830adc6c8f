#!/usr/bin/env python3
"""Quantises float checkpoints with mlx-lm itself, and writes what MLX reads back.

    python3 mlx_folders.py BASES OUT [PART-OF-A-NAME]

For each folder of BASES (see README.md) and each recipe below:
    OUT/NAME/quantised    as `mlx_lm.convert` writes it
    OUT/NAME/float        the same weights in float32 by `mlx.core.dequantize`, under the original names
    OUT/NAME/tool.safetensors   `logits` of mlx-lm's own model in float32, for the ids of judged.py
Needs `pip install "mlx[cpu]" mlx-lm` (read with mlx 0.32.4, mlx-lm 0.32.2). Then judged.py, then compare.mjs.
"""

import json
import shutil
import sys
from pathlib import Path

import mlx.core as mx
from mlx_lm import convert, load

from ids import prompt_ids
from mlx_read import widen

DTYPES = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}
# bits or recipe, group, dtype
EVERY = [
    (3, 32, "bf16"),
    (4, 64, "bf16"),
    (4, 32, "f16"),
    (6, 64, "f16"),
    (8, 64, "bf16"),
    ("mixed_3_4", 32, "bf16"),
    ("mixed_4_6", 64, "f16"),
]
MORE = [
    (2, 32, "bf16"),
    (3, 64, "f16"),
    (4, 64, "f16"),
    (4, 64, "f32"),
    (5, 64, "bf16"),
    (6, 32, "bf16"),
    (8, 32, "f16"),
    ("mixed_2_6", 32, "f16"),
    ("mixed_3_6", 64, "bf16"),
]
OWN = {"llama": MORE, "deepseek_v3": MORE}
RELABELLED = {"youtu": "youtu_llm"}  # model_type: as mlx-lm calls it
ONLY = {"llama-128": [(4, 128, "bf16"), (8, 128, "f16")]}


def write(base, out, bits, group, dtype):
    """Runs the converter, then writes the float twin and mlx-lm's own logits."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    recipe = {"quant_predicate": bits} if isinstance(bits, str) else {"q_bits": bits}
    original = json.loads((base / "config.json").read_text())
    renamed = shutil.copytree(base, out / "renamed")
    model_type = RELABELLED.get(original["model_type"], original["model_type"])
    (renamed / "config.json").write_text(json.dumps({**original, "model_type": model_type}))
    convert(
        str(renamed), str(out / "quantised"), quantize=True, q_group_size=group, dtype=DTYPES[dtype], **recipe
    )
    shutil.rmtree(renamed)
    write_float(out / "quantised", out / "float", original["model_type"])
    write_logits(out / "quantised", out / "tool.safetensors")


def write_float(quantised, out, model_type):
    out.mkdir()
    config = json.loads((quantised / "config.json").read_text())
    stored = {}
    for file in sorted(quantised.glob("*.safetensors")):
        stored.update(mx.load(str(file)))
    plain = original_names(dequantised(stored, config["quantization"]), config)
    mx.save_safetensors(str(out / "model.safetensors"), plain, metadata={"format": "pt"})
    for key in ("quantization", "quantization_config"):
        del config[key]
    config.update(model_type=model_type, torch_dtype="float32")
    (out / "config.json").write_text(json.dumps(config, indent=1))
    for file in quantised.glob("*token*.json"):
        shutil.copy(file, out)


def dequantised(stored, quantization):
    """Every tensor in float32; scales and biases are widened first, so that MLX rounds once."""
    wide = {
        name: value.astype(mx.float32) if mx.issubdtype(value.dtype, mx.floating) else value
        for name, value in stored.items()
    }
    plain = {}
    for name, value in wide.items():
        path, _, last = name.rpartition(".")
        if path + ".scales" not in wide:
            plain[name] = value
        elif last == "weight":
            own = quantization.get(path) or quantization
            plain[name] = mx.dequantize(
                value,
                wide[path + ".scales"],
                wide[path + ".biases"],
                group_size=own["group_size"],
                bits=own["bits"],
            )
        elif last not in ("scales", "biases"):
            plain[name] = value
    return plain


def original_names(tensors, config):
    """Takes expert stacks apart, and puts `embed_q` and `unembed_out` together as `kv_b_proj`."""
    plain = {}
    for name, value in tensors.items():
        if ".switch_mlp." in name:
            for expert in range(value.shape[0]):
                plain[name.replace("switch_mlp", f"experts.{expert}")] = mx.contiguous(value[expert])
        elif name.endswith("embed_q.weight"):
            values = tensors[name.replace("embed_q", "unembed_out")]
            heads = mx.concatenate([value.swapaxes(-1, -2), values], axis=1)
            plain[name.replace("embed_q", "kv_b_proj")] = mx.contiguous(
                heads.reshape(-1, config["kv_lora_rank"])
            )
        elif not name.endswith("unembed_out.weight"):
            plain[name] = value
    return plain


def write_logits(quantised, file):
    """Logits of mlx-lm's model over the packed weights, with float32 scales, norms and activations."""
    model = widen(load(str(quantised), lazy=True)[0])
    ids = prompt_ids(json.loads((quantised / "config.json").read_text()))
    mx.save_safetensors(str(file), {"logits": model(mx.array([ids]))[0].astype(mx.float32)})


if __name__ == "__main__":
    mx.set_default_device(mx.cpu)
    bases, target, part = Path(sys.argv[1]), Path(sys.argv[2]), (sys.argv[3:] or [""])[0]
    for base in sorted(bases.iterdir()):
        recipes = ONLY.get(base.name) or EVERY + OWN.get(base.name, [])
        for bits, group, dtype in recipes:
            name = f"{base.name}-mlx-{bits}-g{group}-{dtype}"
            if part in name:
                write(base, target / name, bits, group, dtype)
                print("wrote", name, flush=True)
