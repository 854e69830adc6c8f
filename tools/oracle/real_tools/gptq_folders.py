#!/usr/bin/env python3
"""Quantises float checkpoints with GPTQModel, as GPTQ and as AWQ, and writes what it reads back.

    python3 gptq_folders.py BASES OUT [PART-OF-A-NAME]

For each folder of BASES (see README.md) and each recipe below:
    OUT/NAME/quantised    as GPTQModel writes it, calibrated on random tokens
    OUT/NAME/float        the same weights in float32 by its own linear layers
Needs gptqmodel, transformers, torch; GPTQMODEL_CPU_WORKERS=2 where there are few cores.
Then judged.py, then compare.mjs.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from gptqmodel import BACKEND, GPTQModel, QuantizeConfig
from gptqmodel.quantization.awq.utils.packing_utils import dequantize_gemm
from gptqmodel.quantization.config import AWQConfig
from safetensors.torch import load_file, save_file

gptq = lambda **more: (
    lambda: QuantizeConfig(
        offload_to_disk=False, **{"bits": 4, "group_size": 64, "sym": True, "desc_act": False, **more}
    )
)
awq = lambda **more: (
    lambda: AWQConfig(
        offload_to_disk=False, **{"bits": 4, "group_size": 64, "sym": False, "format": "gemm", **more}
    )
)
RECIPES = {
    "llama": {
        "gptq4-g64": gptq(),
        "gptq4-g32-asym": gptq(group_size=32, sym=False),
        "gptq4-row": gptq(group_size=-1, act_group_aware=False),
        "gptq8-g64": gptq(bits=8),
        "gptq4-v2-g64-asym": gptq(sym=False, format="gptq_v2"),
        "gptq4-act-order": gptq(desc_act=True, act_group_aware=False),
        "awq4-g64": awq(),
        "awq4-g32": awq(group_size=32),
    },
    "qwen2": {"gptq4-g64-asym": gptq(sym=False), "awq4-g64": awq()},
    "llama-128": {"gptq4-g128": gptq(group_size=128), "awq4-g128": awq(group_size=128)},
    "deepseek_v2_lite": {"gptq4-g64": gptq()},  # AWQ asserts widths that are multiples of 8
}


def write(base, out, quantization):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    vocabulary = json.loads((base / "config.json").read_text())["vocab_size"]
    ids = torch.randint(3, vocabulary, (16, 64), generator=torch.Generator().manual_seed(0)).tolist()
    model = GPTQModel.load(str(base), quantization, device="cpu")
    model.quantize([{"input_ids": row, "attention_mask": [1] * len(row)} for row in ids], batch_size=4)
    model.save(str(out / "quantised"))
    write_float(out / "quantised", out / "float", base)


def write_float(quantised, out, base):
    """Opened in float16, in which scales are stored; widened then, as the layers multiply in their dtype."""
    method = json.loads((quantised / "config.json").read_text())["quantization_config"]["quant_method"]
    backend = BACKEND.AWQ_TORCH if method == "awq" else BACKEND.GPTQ_TORCH
    model = GPTQModel.load(str(quantised), backend=backend, device="cpu", dtype=torch.float16).model
    plain = {}
    for file in sorted(quantised.glob("*.safetensors")):
        parts = ("qweight", "qzeros", "scales", "g_idx")
        plain.update(
            {
                name: value.float()
                for name, value in load_file(file).items()
                if name.rpartition(".")[2] not in parts
            }
        )
    for name, layer in model.named_modules():
        if not hasattr(layer, "qweight"):
            continue
        layer.scales = layer.scales.float()
        if method == "awq":
            group = layer.in_features if layer.group_size == -1 else layer.group_size
            weight = dequantize_gemm(layer.qweight, layer.qzeros, layer.scales, layer.bits, group)
        else:
            weight = layer.dequantize_weight()
        plain[f"{name}.weight"] = weight.float().t().contiguous()
    out.mkdir()
    save_file(plain, out / "model.safetensors", metadata={"format": "pt"})
    original = json.loads((base / "config.json").read_text())
    (out / "config.json").write_text(json.dumps({**original, "torch_dtype": "float32"}, indent=1))
    for file in base.glob("*token*.json"):
        shutil.copy(file, out)


if __name__ == "__main__":
    bases, target, part = Path(sys.argv[1]), Path(sys.argv[2]), (sys.argv[3:] or [""])[0]
    for base, recipes in RECIPES.items():
        for recipe, quantization in recipes.items():
            name = f"{base}-{recipe}"
            if part not in name:
                continue
            try:
                write(bases / base, target / name, quantization())
                print("wrote", name, flush=True)
            except Exception as error:
                print(
                    "could not write", name, "-", type(error).__name__, str(error).split("\n")[0], flush=True
                )
