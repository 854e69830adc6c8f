"""Exports a checkpoint as a Hugging Face `deepseek_v3` folder in DeepSeek-V3's FP8 layout, and checks it.

    python3 export.py RUN ../../public/models/lanternfish

1. writes an unquantised float32 folder, loads it in transformers, compares logits (also of the MTP layer);
2. writes the FP8 folder: linear weights F8_E4M3 + `weight_scale_inv` per 128x128 block, the rest BF16,
   correction bias F32;
3. compares the loss on held-out chats before and after FP8.
"""

import json
import math
import os
import shutil
import sys
import tempfile

import tokenizer as tokenizer_module
import torch
from model import Config, Lanternfish
from safetensors.torch import load_file, save_file

BLOCK = 128


def hf_config(c: Config, quantised=True):
    out = {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "vocab_size": c.vocab,
        "hidden_size": c.hidden,
        "intermediate_size": c.dense_inner,
        "moe_intermediate_size": c.inner,
        "num_hidden_layers": c.layers,
        "num_nextn_predict_layers": 1,
        "num_attention_heads": c.heads,
        "num_key_value_heads": c.heads,
        "q_lora_rank": c.q_lora,
        "kv_lora_rank": c.kv_lora,
        "qk_nope_head_dim": c.nope,
        "qk_rope_head_dim": c.rope,
        "v_head_dim": c.value,
        "n_routed_experts": c.experts,
        "n_shared_experts": c.shared,
        "num_experts_per_tok": c.active,
        "n_group": c.groups,
        "topk_group": c.active_groups,
        "topk_method": "noaux_tc",
        "scoring_func": "sigmoid",
        "norm_topk_prob": True,
        "routed_scaling_factor": c.scaling,
        "first_k_dense_replace": c.first_dense,
        "moe_layer_freq": 1,
        "ep_size": 1,
        "hidden_act": "silu",
        "rms_norm_eps": c.eps,
        "rope_theta": c.theta,
        "rope_scaling": None,
        "rope_interleave": True,
        "max_position_embeddings": c.max_positions,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "tie_word_embeddings": False,
        "use_cache": True,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 2,
        "torch_dtype": "bfloat16" if quantised else "float32",
    }
    if quantised:
        out["quantization_config"] = {
            "activation_scheme": "dynamic",
            "fmt": "e4m3",
            "quant_method": "fp8",
            "weight_block_size": [BLOCK, BLOCK],
        }
    return out


def pairs(c: Config):
    """[(our name, our slice, Hugging Face name, kind)]; kind: fp8, bf16 or f32."""
    out = [
        ("embed", None, "model.embed_tokens.weight", "bf16"),
        ("head", None, "lm_head.weight", "bf16"),
        ("norm", None, "model.norm.weight", "bf16"),
    ]
    for i in range(c.layers + 1):
        mtp = i == c.layers
        a, b = ("mtp." if mtp else f"blocks.{i}."), f"model.layers.{i}."
        out += [
            (a + "ln1", None, b + "input_layernorm.weight", "bf16"),
            (a + "ln2", None, b + "post_attention_layernorm.weight", "bf16"),
        ]
        for x, y, k in (
            ("q_a", "q_a_proj", "fp8"),
            ("q_ln", "q_a_layernorm", "bf16"),
            ("q_b", "q_b_proj", "fp8"),
            ("kv_a", "kv_a_proj_with_mqa", "fp8"),
            ("kv_ln", "kv_a_layernorm", "bf16"),
            ("kv_b", "kv_b_proj", "fp8"),
            ("o", "o_proj", "fp8"),
        ):
            out.append((a + x, None, b + f"self_attn.{y}.weight", k))
        dense = i < c.first_dense
        n, m = (c.dense_inner, "mlp.") if dense else (c.inner * c.shared, "mlp.shared_experts.")
        out += [
            (a + "gu", slice(0, n), b + m + "gate_proj.weight", "fp8"),
            (a + "gu", slice(n, 2 * n), b + m + "up_proj.weight", "fp8"),
            (a + "down", None, b + m + "down_proj.weight", "fp8"),
        ]
        if not dense:
            out += [
                (a + "gate", None, b + "mlp.gate.weight", "bf16"),
                (a + "bias", None, b + "mlp.gate.e_score_correction_bias", "f32"),
            ]
            for e in range(c.experts):
                p = b + f"mlp.experts.{e}."
                out += [
                    (a + "wgu", (e, slice(0, c.inner)), p + "gate_proj.weight", "fp8"),
                    (a + "wgu", (e, slice(c.inner, 2 * c.inner)), p + "up_proj.weight", "fp8"),
                    (a + "wd", e, p + "down_proj.weight", "fp8"),
                ]
    b = f"model.layers.{c.layers}."
    return out + [
        ("enorm", None, b + "enorm.weight", "bf16"),
        ("hnorm", None, b + "hnorm.weight", "bf16"),
        ("eh", None, b + "eh_proj.weight", "bf16"),
        ("mnorm", None, b + "shared_head.norm.weight", "bf16"),
    ]


def quantise(w):
    """[rows, columns] → FP8 codes and one scale per 128x128 block (the last blocks may be partial)."""
    r, k = w.shape
    R, K = math.ceil(r / BLOCK), math.ceil(k / BLOCK)
    p = torch.zeros(R * BLOCK, K * BLOCK)
    p[:r, :k] = w
    t = p.view(R, BLOCK, K, BLOCK)
    scale = (t.abs().amax((1, 3)) / 448.0).clamp_min(1e-12)
    q = (t / scale[:, None, :, None]).clamp(-448, 448).reshape(R * BLOCK, K * BLOCK)[:r, :k]
    return q.to(torch.float8_e4m3fn).contiguous(), scale.float().contiguous()


def dequantise(q, scale):
    s = scale.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)[: q.shape[0], : q.shape[1]]
    return q.float() * s


def to_hf(model, quantised):
    sd, out = {k: v.detach().float().cpu() for k, v in model.state_dict().items()}, {}
    for name, part, hf, kind in pairs(model.c):
        w = (sd[name] if part is None else sd[name][part]).contiguous()
        if not quantised:
            out[hf] = w.clone()
        elif kind == "fp8":
            out[hf], out[hf + "_scale_inv"] = quantise(w)
        else:
            out[hf] = w.to(torch.bfloat16) if kind == "bf16" else w.clone()
    return out


def config_from_hf(j):
    return Config(
        vocab=j["vocab_size"],
        hidden=j["hidden_size"],
        layers=j["num_hidden_layers"],
        heads=j["num_attention_heads"],
        q_lora=j["q_lora_rank"],
        kv_lora=j["kv_lora_rank"],
        nope=j["qk_nope_head_dim"],
        rope=j["qk_rope_head_dim"],
        value=j["v_head_dim"],
        dense_inner=j["intermediate_size"],
        inner=j["moe_intermediate_size"],
        experts=j["n_routed_experts"],
        shared=j["n_shared_experts"],
        active=j["num_experts_per_tok"],
        groups=j["n_group"],
        active_groups=j["topk_group"],
        scaling=j["routed_scaling_factor"],
        first_dense=j["first_k_dense_replace"],
        theta=j["rope_theta"],
        eps=j["rms_norm_eps"],
        max_positions=j["max_position_embeddings"],
    )


def plain_tensors(folder):
    """Returns all tensors of an exported folder as float32, with FP8 dequantised."""
    t = load_file(os.path.join(folder, "model.safetensors"))
    return {
        k: (dequantise(v, t[k + "_scale_inv"]) if k + "_scale_inv" in t else v.float())
        for k, v in t.items()
        if not k.endswith("_scale_inv")
    }


def load_folder(folder):
    """Returns the training module with the float32 weights of an exported folder."""
    c = config_from_hf(json.load(open(os.path.join(folder, "config.json"))))
    m, t = Lanternfish(c), plain_tensors(folder)
    sd = m.state_dict()
    for name, part, hf, _ in pairs(c):
        if part is None:
            sd[name].copy_(t[hf])
        else:
            sd[name][part].copy_(t[hf])
    m.load_state_dict(sd)
    return m.eval()


def transformers_model(tensors, c, mtp=False):
    """Returns DeepseekV3ForCausalLM in float32; `mtp` adds one decoder layer with the MTP block."""
    from transformers import AutoModelForCausalLM

    with tempfile.TemporaryDirectory() as d:
        cfg = hf_config(c, False)
        keep = tensors
        if mtp:
            cfg["num_hidden_layers"] += 1
            keep = {
                k: v
                for k, v in tensors.items()
                if not any(s in k for s in ("eh_proj", "enorm", "hnorm", "shared_head"))
            }
        else:
            keep = {k: v for k, v in tensors.items() if not k.startswith(f"model.layers.{c.layers}.")}
        json.dump(cfg, open(os.path.join(d, "config.json"), "w"))
        save_file(keep, os.path.join(d, "model.safetensors"), metadata={"format": "pt"})
        m, info = AutoModelForCausalLM.from_pretrained(
            d, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
        )
        assert not info["missing_keys"] and not info["unexpected_keys"], info
        return m.eval()


@torch.no_grad()
def compare_with_transformers(model, tensors, text_ids):
    """Returns the largest relative differences from transformers' logits: of the model, of its MTP layer."""
    c, W = model.c, model.weights(torch.float32)
    h = model.trunk(text_ids, W)
    ours = h @ W["head"].t()
    theirs = transformers_model(tensors, c)(text_ids).logits
    main = ((ours - theirs).abs().max() / theirs.abs().max()).item()
    big = transformers_model(tensors, c, mtp=True)
    b = f"model.layers.{c.layers}."
    rms = lambda x, w: x * torch.rsqrt(x.square().mean(-1, keepdim=True) + c.eps) * w
    e = rms(big.model.embed_tokens(text_ids[:, 1:]), tensors[b + "enorm.weight"])
    base = transformers_model(tensors, c).model(text_ids).last_hidden_state[:, :-1]
    u = torch.cat((e, rms(base, tensors[b + "hnorm.weight"])), -1) @ tensors[b + "eh_proj.weight"].t()
    T = u.shape[1]
    mask = torch.full((T, T), float("-inf")).triu(1)[None, None]
    pos = torch.arange(T)[None]
    y = big.model.layers[c.layers](
        u,
        attention_mask=mask,
        position_ids=pos,
        position_embeddings=big.model.rotary_emb(u, position_ids=pos),
    )
    y = rms(
        y[0] if isinstance(y, tuple) else y, tensors[b + "shared_head.norm.weight"]
    ) @ tensors["lm_head.weight"].t()
    mine = model.mtp_hidden(h[:, :-1], text_ids[:, 1:], W) @ W["head"].t()
    return main, ((mine - y).abs().max() / y.abs().max()).item()


@torch.no_grad()
def held_out_loss(model, tok, count=3):
    """Returns the mean loss per learned token on held-out items, with and without thinking."""
    import corpus
    from train import encode

    chats = []
    for i, (_, turns, think, answer) in enumerate(corpus.held_out(77, 12)):
        chats.append(corpus.render(turns[:-1] + [(turns[-1][0], think if i % 2 else None, answer)]))
    rows = encode(tok, chats)
    W, total, n = model.weights(torch.float32), 0.0, 0
    rows.sort(key=lambda r: len(r[0]))
    for i in range(0, len(rows), 32):
        part = rows[i : i + 32]
        L = max(len(x) for x, _ in part)
        ids, mask = torch.full((len(part), L), 2), torch.zeros(len(part), L, dtype=torch.bool)
        for r, (x, m) in enumerate(part):
            ids[r, : len(x)], mask[r, : len(m)] = torch.tensor(x), torch.tensor(m)
        lp = torch.log_softmax(
            model.trunk(ids[:, :-1], W) @ W["head"].t(), -1
        ).gather(2, ids[:, 1:, None]).squeeze(2)
        total -= lp[mask[:, 1:]].sum().item()
        n += mask[:, 1:].sum().item()
    return total / n


def main():
    run, out = sys.argv[1], sys.argv[2]
    torch.set_num_threads(int(os.environ.get("THREADS", "2")))
    os.makedirs(out, exist_ok=True)
    state = torch.load(os.path.join(run, "checkpoint.pt"), map_location="cpu")
    model = Lanternfish(Config(**state["config"]))
    model.load_state_dict(state["model"])
    model.eval()
    for n in ("tokenizer.json",):
        shutil.copy(os.path.join(run, "tokenizer", n), os.path.join(out, n))
    json.dump(
        tokenizer_module.tokenizer_config(),
        open(os.path.join(out, "tokenizer_config.json"), "w"),
        ensure_ascii=False,
        indent=2,
    )
    json.dump(hf_config(model.c), open(os.path.join(out, "config.json"), "w"), indent=2)
    json.dump(
        {
            "bos_token_id": 0,
            "eos_token_id": 1,
            "pad_token_id": 2,
            "do_sample": True,
            "temperature": 0.3,
            "top_p": 0.95,
        },
        open(os.path.join(out, "generation_config.json"), "w"),
        indent=2,
    )
    tensors = to_hf(model, True)
    save_file(tensors, os.path.join(out, "model.safetensors"), metadata={"format": "pt"})
    from tokenizers import Tokenizer

    tok = Tokenizer.from_file(os.path.join(out, "tokenizer.json"))
    ids = torch.tensor(
        [
            tok.encode(
                (
                    "<｜begin▁of▁sentence｜><｜User｜>How many r are in strawberry?<｜Assistant｜><think>\nspell: "
                    "s t r a w b e r r y\ncount r: s t r1 a w b e r2 r3 y\n3\n</think>The letter r occurs 3 "
                    "times in strawberry."
                ),
                add_special_tokens=False,
            ).ids
        ]
    )
    main_diff, mtp_diff = compare_with_transformers(model, to_hf(model, False), ids)
    long_diff, _ = compare_with_transformers(
        model,
        to_hf(model, False),
        torch.randint(7, model.c.vocab, (1, 1200), generator=torch.Generator().manual_seed(1)),
    )
    before = held_out_loss(model, tok)
    after = held_out_loss(load_folder(out), tok)
    n = sum(p.numel() for p in model.parameters())
    c = model.c
    active = (
        n
        - sum((c.experts - c.active) * 3 * c.hidden * c.inner for b in model.blocks if not b.dense)
        - sum(
            p.numel()
            for k, p in model.named_parameters()
            if k.startswith("mtp.") or k in ("eh", "enorm", "hnorm", "mnorm")
        )
        - model.embed.numel()
    )
    report = {
        "parameters": n,
        "active_per_token": active,
        "training": state["done"],
        "logits_vs_transformers": main_diff,
        "mtp_logits_vs_transformers": mtp_diff,
        "logits_vs_transformers_1200_tokens": long_diff,
        "held_out_loss_float32": before,
        "held_out_loss_fp8": after,
        "fp8_loss_increase": after - before,
        "bytes": {f: os.path.getsize(os.path.join(out, f)) for f in sorted(os.listdir(out))},
    }
    print(json.dumps(report, indent=2))
    json.dump(report, open(os.path.join(run, "export.json"), "w"), indent=2)
    assert main_diff < 1e-4 and mtp_diff < 1e-4 and long_diff < 1e-4


if __name__ == "__main__":
    main()
