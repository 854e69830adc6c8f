#!/usr/bin/env python3
"""Quantises float checkpoints with llm-compressor, and writes what compressed-tensors reads back.

    python3 ct_folders.py BASES OUT [PART-OF-A-NAME]

For each folder of BASES (see README.md) and each recipe below:
    OUT/NAME/quantised    as `oneshot` (dense models) or `model_free_ptq` (mixtures of experts) writes it
    OUT/NAME/float        the same weights in float32 by compressed-tensors' own `decompress`
Needs compressed-tensors, llmcompressor, transformers, torch. Then judged.py, then compare.mjs.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.compressors.format import infer_module_format
from compressed_tensors.quantization import (
    QuantizationArgs,
    QuantizationConfig,
    QuantizationScheme,
    preset_name_to_scheme,
)
from compressed_tensors.utils import match_quantizable_tensors
from llmcompressor import model_free_ptq, oneshot
from llmcompressor.modifiers.quantization import GPTQModifier, QuantizationModifier
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

DTYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}
IGNORED = ["lm_head", "re:.*mlp.gate$", "re:.*embed_tokens"]


def integers(bits, group, symmetric=True, **more):
    strategy = {"strategy": "group", "group_size": group} if group else {"strategy": "channel"}
    weights = QuantizationArgs(num_bits=bits, type="int", symmetric=symmetric, **strategy, **more)
    return QuantizationScheme(targets=["Linear"], weights=weights)


def preset(name):
    return preset_name_to_scheme(name, ["Linear"])


# name of the recipe -> scheme, dtype of the float model
RECIPES = {
    "w4a16-g32-bf16": (lambda: integers(4, 32), "bf16"),
    "w4a16-g64-f16": (lambda: integers(4, 64), "f16"),
    "w4a16-row-bf16": (lambda: integers(4, None), "bf16"),
    "w4a16-asym-g32-bf16": (lambda: integers(4, 32, symmetric=False), "bf16"),
    "w4a16-asym-g64-f16": (lambda: integers(4, 64, symmetric=False), "f16"),
    "w8a16-g64-bf16": (lambda: integers(8, 64), "bf16"),
    "w8a16-asym-g32-f16": (lambda: integers(8, 32, symmetric=False), "f16"),
    "w8a16-row-f16": (lambda: integers(8, None), "f16"),
    "w8a8-bf16": (lambda: preset("W8A8"), "bf16"),
    "w8a8-f32": (lambda: preset("W8A8"), "f32"),
    "fp8dynamic-bf16": (lambda: preset("FP8_DYNAMIC"), "bf16"),
    "fp8dynamic-f16": (lambda: preset("FP8_DYNAMIC"), "f16"),
    "fp8block-bf16": (lambda: preset("FP8_BLOCK"), "bf16"),
}
ROWS_OF_128 = {
    "w4a16-preset-bf16": (lambda: preset("W4A16"), "bf16"),
    "w4a16asym-preset-bf16": (lambda: preset("W4A16_ASYM"), "bf16"),
    "w4a8-preset-bf16": (lambda: preset("W4A8"), "bf16"),
    "w4afp8-preset-bf16": (lambda: preset("W4AFP8"), "bf16"),
    "w8a16-preset-f16": (lambda: preset("W8A16"), "f16"),
    "w3a16-preset-bf16": (lambda: preset("W3A16"), "bf16"),
    "fp8block-bf16": (lambda: preset("FP8_BLOCK"), "bf16"),
    "mxfp4-bf16": (lambda: preset("MXFP4A16"), "bf16"),
    "nvfp4-bf16": (lambda: preset("NVFP4A16"), "bf16"),
    "mxfp8-bf16": (lambda: preset("MXFP8A16"), "bf16"),
}
# written by GPTQ, with columns in the order of their activations
ORDERED = {
    "gptq-static-bf16": (lambda: integers(4, 64, actorder="static"), "bf16"),
    "gptq-group-bf16": (lambda: integers(4, 64, actorder="group"), "bf16"),
}


def write(base, out, scheme, dtype, ordered):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    cast = out / "cast"
    shutil.copytree(base, cast)
    tensors = {name: value.to(dtype) for name, value in load_file(base / "model.safetensors").items()}
    save_file(tensors, cast / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((base / "config.json").read_text())
    if any("experts" in name for name in tensors):
        model_free_ptq(
            cast,
            out / "quantised",
            scheme=scheme,
            ignore=IGNORED + own_ignored(tensors, scheme),
            device="cpu",
        )
    else:
        quantise_dense(cast, out / "quantised", scheme, dtype, ordered, config["vocab_size"])
    write_float(out / "quantised", out / "float", base)
    shutil.rmtree(cast)


def own_ignored(tensors, scheme):
    """Modules whose width is no multiple of the group: the tools refuse these."""
    group = scheme.weights.group_size
    matrices = [
        (name.removesuffix(".weight"), value.shape[-1]) for name, value in tensors.items() if value.ndim == 2
    ]
    return [name for name, width in matrices if group and group > 0 and width % group]


def quantise_dense(base, out, scheme, dtype, ordered, vocabulary):
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
    ignored = IGNORED[:1] + own_ignored(model.state_dict(), scheme)
    kind = GPTQModifier if ordered else QuantizationModifier
    modifier = kind(config_groups={"group_0": scheme}, ignore=ignored)
    data = {}
    if ordered:
        ids = torch.randint(3, vocabulary, (16, 64), generator=torch.Generator().manual_seed(0))
        data = {
            "dataset": torch.utils.data.DataLoader(
                [{"input_ids": row, "attention_mask": torch.ones_like(row)} for row in ids]
            )
        }
    oneshot(model=model, recipe=modifier, **data)
    model.save_pretrained(out, save_compressed=True)
    AutoTokenizer.from_pretrained(base).save_pretrained(out)


def write_float(quantised, out, base):
    """Widens the scales first: `decompress` multiplies in their dtype."""
    config = json.loads((quantised / "config.json").read_text())
    schemes = QuantizationConfig.model_validate(config["quantization_config"])
    stored = {}
    for file in sorted(quantised.glob("*.safetensors")):
        stored.update(load_file(file))
    plain = {
        name: value.float() if value.dtype in (torch.float16, torch.bfloat16) else value
        for name, value in stored.items()
    }
    for scheme in schemes.config_groups.values():
        compressor = BaseCompressor.get_value_from_registry(
            scheme.format or infer_module_format(torch.nn.Linear, scheme)
        )
        parts = compressor.compression_param_names(scheme)
        for module, _ in list(
            match_quantizable_tensors(plain, schemes.ignore, scheme.targets, param_targets=[parts[0]])
        ):
            if f"{module}.weight_scale" not in plain:
                continue  # without a model an embedding passes for a linear layer
            own = {
                part: plain.pop(f"{module}.{part}")
                for part in (*parts, "weight_g_idx")
                if f"{module}.{part}" in plain
            }
            plain[f"{module}.weight"] = compressor.decompress(own, scheme)["weight"].float()
    out.mkdir()
    save_file(
        {name: value.contiguous() for name, value in plain.items()},
        out / "model.safetensors",
        metadata={"format": "pt"},
    )
    original = json.loads((base / "config.json").read_text())
    (out / "config.json").write_text(json.dumps({**original, "torch_dtype": "float32"}, indent=1))
    for file in base.glob("*token*.json"):
        shutil.copy(file, out)


if __name__ == "__main__":
    bases, target, part = Path(sys.argv[1]), Path(sys.argv[2]), (sys.argv[3:] or [""])[0]
    for base in sorted(bases.iterdir()):
        recipes = (
            ROWS_OF_128
            if base.name == "llama-128"
            else {**RECIPES, **(ORDERED if base.name == "llama" else {})}
        )
        for recipe, (scheme, dtype) in recipes.items():
            name = f"{base.name}-ct-{recipe}"
            if part not in name:
                continue
            try:
                write(base, target / name, scheme(), DTYPES[dtype], recipe in ORDERED)
                print("wrote", name, flush=True)
            except Exception as error:
                print(
                    "could not write", name, "-", type(error).__name__, str(error).split("\n")[0], flush=True
                )
