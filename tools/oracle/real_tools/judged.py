#!/usr/bin/env python3
"""Writes golden outputs into the folders of mlx_folders.py, ct_folders.py and gptq_folders.py.

    PYTHONPATH=tools/oracle python3 judged.py OUT [PART-OF-A-NAME]

golden.safetensors and golden.json have transformers' float32 logits and greedy tokens over OUT/NAME/float,
the weights that the tool itself dequantised. Prints how far the tool's own logits are from them.
Needs torch and transformers, and hf_golden.py of the oracle.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from hf_golden import HF
from ids import prompt_ids

NEW_TOKENS = 24


def judge(folder):
    model = HF(str(folder / "float"))
    ids = prompt_ids(model.c)
    new = model.greedy(ids, NEW_TOKENS)
    logits = model.forward(ids + new[:-1])["logits"]
    best = np.sort(logits[len(ids) - 1 :], -1)
    margin = float((best[:, -1] - best[:, -2]).min() / np.sqrt((logits**2).mean()))
    golden = {
        "prompt_ids": ids,
        "continuation_ids": new,
        "smallest_margin": margin,
        "golden_from": model.engine,
    }
    (folder / "golden.json").write_text(json.dumps(golden))
    save_file({"logits": logits[: len(ids)]}, folder / "golden.safetensors")
    tool = folder / "tool.safetensors"
    own = load_file(tool)["logits"] if tool.exists() else None
    error = (
        "-"
        if own is None
        else f"{np.linalg.norm(own - logits[: len(ids)]) / np.linalg.norm(logits[: len(ids)]):.1e}"
    )
    print(
        f"{folder.name}: tool's own logits differ by {error}, smallest greedy margin {margin:.1e}", flush=True
    )


if __name__ == "__main__":
    out, part = Path(sys.argv[1]), (sys.argv[2:] or [""])[0]
    for folder in sorted(out.iterdir()):
        if part in folder.name and (folder / "float").exists():
            judge(folder)
