"""Writes the measured figures into README.md (between the markers) and into the model card.

    python3 card.py RUN/export.json RUN/report.json ../../public/models/lanternfish
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
A, Z = "<!-- figures -->", "<!-- /figures -->"


def figures(e, r):
    out = ["| task (held-out items) | items | with thinking | direct |", "|---|---:|---:|---:|"]
    for k, v in r["accuracy"].items():
        out.append(f"| {k} | {v['items']} | {v['thinking']:.0f} % | {v['direct']:.0f} % |")
    acc = r["mtp_acceptance_percent"]
    t = e["training"]
    out += [
        "",
        (
            "Counted as right: the sentence after `</think>` equals the expected one, letter by letter. "
            "Greedy decoding, FP8 weights multiplied out, float32."
        ),
        "",
        f"- parameters: {e['parameters']:,} in all (with the MTP layer), {e['active_per_token']:,} used for "
        f"each token (without the embedding table and the MTP layer)",
        f"- training: {t['tokens'] / 1e6:.1f} M tokens, {t['step']} steps, {t['minutes']:.0f} minutes on "
        f"mostly one, shared, CPU core with bfloat16 matrix units",
        f"- MTP, greedy acceptance of the one drafted token: {acc['thinking']:.1f} % with thinking, "
        f"{acc['direct']:.1f} % direct",
        f"- loss on held-out chats, per learned token: {e['held_out_loss_float32']:.4f} before FP8, "
        f"{e['held_out_loss_fp8']:.4f} after (increase {e['fp8_loss_increase']:+.4f})",
        f"- logits against transformers, float32, before FP8: largest relative difference "
        f"{e['logits_vs_transformers']:.1e} (1200 tokens: {e['logits_vs_transformers_1200_tokens']:.1e}), "
        f"MTP layer {e['mtp_logits_vs_transformers']:.1e}",
        "- expert load, busiest and idlest expert against the mean: "
        + ", ".join(f"{k} {v['max/mean']:.2f} / {v['min/mean']:.2f}" for k, v in r["expert_balance"].items()),
        f"- golden.json: {r['golden_agree']} completions are the same from transformers and from `model.py`",
    ]
    return "\n".join(out)


CARD = """---
language: en
library_name: transformers
pipeline_tag: text-generation
tags: [deepseek_v3, mixture-of-experts, mla, fp8, mtp, webgpu, synthetic-data]
---
# Lanternfish

A tiny language model with the architecture of DeepSeek-V3, made as the bundled demo of Hadal, an engine \
that runs DeepSeek-style
models in the browser on WebGPU. It is a real checkpoint in real Hugging Face format, trained from scratch \
on synthetic text; it is
not made or endorsed by DeepSeek.

{shape}

Weights are stored as DeepSeek-V3 stores them: linear layers in FP8 (E4M3) with `weight_scale_inv` per \
128x128 block; embeddings,
head, norms, router and `eh_proj` in BF16; `e_score_correction_bias` in F32. The MTP layer is layer {n}; it \
shares embedding and head.

## Use

Chat template as in DeepSeek-V3.1: `enable_thinking` (default true) opens the answer with `<think>`, \
otherwise with `</think>`.
The template writes the BOS token; the tokenizer adds none. Stop at `<｜end▁of▁sentence｜>` (id 1). Greedy or \
a low temperature suits it best.

## What it can and cannot do

It answers questions about itself, Hadal and language models, works out sums digit by digit, counts and \
reverses letters, tells very
short stories, knows some capitals and units. Everything else it should decline. It is tiny and often wrong: \
see the figures. It
speaks only English, ignores most system prompts and knows nothing beyond its synthetic text.

## Figures

{figures}

`golden.json` holds chats with rendered text, token ids and greedy completions, for testing an engine.
"""


def shape(c):
    return (
        f"{c['num_hidden_layers']} layers (the first dense) and one MTP layer, hidden {c['hidden_size']}, "
        f"{c['num_attention_heads']} heads; latent attention with q rank {c['q_lora_rank']}, kv rank "
        f"{c['kv_lora_rank']}, {c['qk_nope_head_dim']} + {c['qk_rope_head_dim']} (rotary) and value "
        f"{c['v_head_dim']} per head; {c['n_routed_experts']} routed experts of {c['moe_intermediate_size']} "
        f"in {c['n_group']} groups (best {c['topk_group']} groups, top {c['num_experts_per_tok']}), "
        f"{c['n_shared_experts']} shared expert, sigmoid scores, scaling {c['routed_scaling_factor']}; "
        f"vocabulary {c['vocab_size']}; {c['max_position_embeddings']} positions."
    )


if __name__ == "__main__":
    e, r, folder = json.load(open(sys.argv[1])), json.load(open(sys.argv[2])), sys.argv[3]
    c = json.load(open(os.path.join(folder, "config.json")))
    f = figures(e, r)
    open(os.path.join(folder, "README.md"), "w").write(
        CARD.format(shape=shape(c), n=c["num_hidden_layers"], figures=f)
    )
    p = os.path.join(HERE, "README.md")
    s = open(p).read()
    open(p, "w").write(s[: s.index(A) + len(A)] + "\n" + f + "\n" + s[s.index(Z) :])
