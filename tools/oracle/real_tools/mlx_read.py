#!/usr/bin/env python3
"""Opens a folder with mlx-lm and prints the tokens it answers with, to judge folders that Hadal writes.

    python3 mlx_read.py DIR [--tokens 24] [--logits FILE.safetensors] PROMPT_ID...

Greedy, on the CPU. Scales, norms and activations are widened to float32, so that the tokens are comparable
to those of `hadal generate --ids --kv f32 --matmul-precision f32`. `--logits` also writes the prompt's
logits [tokens, vocabulary]. Fails where mlx-lm refuses the folder: a tensor that is missing, left over, or
of another shape. End tokens are not heeded.
"""

import argparse
import json

import mlx.core as mx
from mlx.utils import tree_map
from mlx_lm import load
from mlx_lm.models.cache import make_prompt_cache


def widen(model):
    model.update(
        tree_map(
            lambda value: value.astype(mx.float32) if mx.issubdtype(value.dtype, mx.floating) else value,
            model.parameters(),
        )
    )
    return model


def greedy(model, prompt, count):
    cache = make_prompt_cache(model)
    ids = []
    logits = model(mx.array([prompt]), cache=cache)
    for _ in range(count):
        ids.append(mx.argmax(logits[0, -1]).item())
        logits = model(mx.array([ids[-1:]]), cache=cache)
    return ids


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("folder")
    arguments.add_argument("prompt", type=int, nargs="+")
    arguments.add_argument("--tokens", type=int, default=24)
    arguments.add_argument("--logits")
    options = arguments.parse_args()
    mx.set_default_device(mx.cpu)
    model = widen(load(options.folder)[0])
    if options.logits:
        mx.save_safetensors(options.logits, {"logits": model(mx.array([options.prompt]))[0]})
    print(json.dumps(greedy(model, options.prompt, options.tokens)))
