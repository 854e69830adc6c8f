#!/usr/bin/env python3
"""Checks fixtures on disk again: python3 verify.py DIR [DIR ...] [--json FILE]

Loads every checkpoint again with transformers, reproduces the golden logits, hidden states, routing,
greedy continuation and tokenisation, runs the second implementation in float64 and float32, and
prints one line per fixture.  Exit status 1 if anything is off.
"""

import argparse
import json
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy as np
import tok
import torch
from hf_golden import HF
from reference import Reference, rel
from st_io import E4M3, Checkpoint, File, decode

torch.set_num_threads(1)
LIMIT = 1e-5


def gold_of(d):
    f = File(os.path.join(d, "golden.safetensors"))
    return {n: decode(f.raw(n), e["dtype"], e["shape"]) for n, e in f.entries.items()}


def check_files(d, bad):
    from safetensors import safe_open

    ck = Checkpoint(d)
    seen = set()
    for f in {id(x): x for x in ck.where.values()}.values():
        with safe_open(f.path, "pt") as s:
            for n in s.keys():
                t = s.get_tensor(n)
                seen.add(n)
                v = t.float()
                if not torch.isfinite(v).all():
                    bad.append(f"{n}: not finite")
                if t.dtype == torch.float8_e4m3fn:  # our decoder against torch's
                    mine = E4M3[np.frombuffer(f.raw(n), np.uint8)].reshape(t.shape)
                    if not np.array_equal(mine, v.double().numpy()):
                        bad.append(f"{n}: E4M3 decoders disagree")
                elif not np.array_equal(ck.plain(n), v.numpy()):
                    bad.append(f"{n}: decoders disagree")
    if seen != set(ck.names()):
        bad.append("index and shards list different tensors")
    codes = set()
    for n in ck.names():
        if ck.entry(n)["dtype"] == "F8_E4M3":
            codes |= set(np.frombuffer(ck.where[n].raw(n), np.uint8).tolist())
    if codes and len(codes) != 254:
        bad.append(f"only {len(codes)} of 254 finite E4M3 codes occur")
    return ck


def check_tokenizer(d, g, bad):
    from tokenizers import Tokenizer

    t = Tokenizer.from_file(d + "/tokenizer.json")
    for e in g["tokenizer"]["encode"]:
        if t.encode(e["text"], add_special_tokens=False).ids != e["ids"]:
            bad.append(f"tokenizer: {e['text']!r}")
        if t.decode(e["ids"], skip_special_tokens=False) != e["decoded"]:
            bad.append(f"detokenise: {e['text']!r}")
    if t.encode(g["prompt_text"], add_special_tokens=False).ids != g["prompt_ids"]:
        bad.append("prompt text does not encode to prompt ids")
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    how = "auto"
    try:
        a = AutoTokenizer.from_pretrained(d)
    except Exception:
        how = "fast"
        a = PreTrainedTokenizerFast(
            tokenizer_file=d + "/tokenizer.json", bos_token=tok.BOS, eos_token=tok.EOS
        )
        with open(d + "/tokenizer_config.json") as f:
            a.chat_template = json.load(f)["chat_template"]
    for e in g["tokenizer"]["encode"]:
        if a(e["text"], add_special_tokens=False)["input_ids"] != e["ids"]:
            how += " differs"
            break
    for c in g["tokenizer"]["chat"]:
        if (
            a.apply_chat_template(
                c["messages"], add_generation_prompt=c["add_generation_prompt"], tokenize=False
            )
            != c["rendered"]
        ):
            bad.append("chat template")
    return how


def one(d):
    bad = []
    with open(d + "/golden.json", encoding="utf-8") as f:
        g = json.load(f)
    G = gold_of(d)
    check_files(d, bad)
    ids, new = g["prompt_ids"], g["continuation_ids"]
    T, seq = len(g["prompt_ids"]), g["prompt_ids"] + g["continuation_ids"][:-1]
    r = {"fixture": os.path.basename(d.rstrip("/")), "T": T}
    hf = HF(d)
    h = hf.forward(seq)
    want = np.concatenate([G["logits"], G["decode_logits"]])
    r["hf"] = rel(h["logits"], want)
    r["hidden"] = max(rel(x[: len(G[f"hidden.{i}"])], G[f"hidden.{i}"]) for i, x in enumerate(h["hidden"]))
    for i, (e, w) in h["router"].items():
        if not np.array_equal(e[:T], G[f"router.{i}.ids"]) or rel(w[:T], G[f"router.{i}.weights"]) > LIMIT:
            bad.append(f"router {i}")
        if e.tolist() != g["routing"][str(i)]:
            bad.append(f"routing list {i}")
    for i, s in h["indexer"].items():
        if not np.array_equal(s[:T], G[f"indexer.{i}.ids"]):
            bad.append(f"indexer {i}")
    if hf.greedy(ids, len(new)) != new:
        bad.append("greedy continuation (with KV cache)")
    for name, dt in (("ref64", np.float64), ("ref32", np.float32)):
        ref = Reference(d, dt)
        o = ref.forward(seq)
        r[name] = rel(o["logits"], want)
        for i in h["router"]:
            if not np.array_equal(o["layers"][i]["ids"], np.array(g["routing"][str(i)])):
                bad.append(f"{name} routing {i}")
        if o["logits"][T - 1 :].argmax(-1).tolist() != new:
            bad.append(f"{name} continuation")
        if "mtp_logits" in G:
            r["mtp_" + name] = rel(ref.mtp(ids, ref.forward(ids)), G["mtp_logits"])
    if "mtp_logits" in G:
        r["mtp_hf"] = rel(hf.mtp(ids, torch.from_numpy(h["final"][:T])), G["mtp_logits"])
    r["tok"] = check_tokenizer(d, g, bad)
    r["router_margin"] = g["margins"]["router_min"]
    r["top1_margin"] = g["margins"]["continuation_top1_min"]
    s = {k: v for k, v in g["sensitivity"].items()}
    r["weakest"] = min(s.items(), key=lambda kv: kv[1]) if s else None
    for k in ("hf", "hidden", "ref64", "ref32", "mtp_ref64", "mtp_ref32", "mtp_hf"):
        if r.get(k, 0) > LIMIT or not np.isfinite(r.get(k, 0)):
            bad.append(f"{k} = {r[k]:.1e}")
    r["MB"] = sum(os.path.getsize(os.path.join(d, f)) for f in os.listdir(d)) / 1e6
    r["bad"] = bad
    return r


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("dirs", nargs="+")
    ap.add_argument("--json")
    a = ap.parse_args()
    rows = []
    for d in a.dirs:
        r = one(d)
        rows.append(r)
        m = f"{r['mtp_ref64']:.1e}" if "mtp_ref64" in r else "   -   "
        rm = f"{r['router_margin']:.1e}" if r["router_margin"] else "   -   "
        wk = f"{r['weakest'][0]}={r['weakest'][1]:.3f}" if r["weakest"] else "-"
        print(
            f"{r['fixture']:34s} T={r['T']:3d} {r['MB']:5.2f}MB hf={r['hf']:.1e} f64={r['ref64']:.1e} "
            f"f32={r['ref32']:.1e} mtp={m} router>={rm} top1>={r['top1_margin']:.1e} tok={r['tok']} weakest "
            f"{wk} {'OK' if not r['bad'] else 'BAD ' + '; '.join(r['bad'])}",
            flush=True,
        )
    if a.json:
        with open(a.json, "w") as f:
            json.dump(rows, f, indent=1)
    sys.exit(any(r["bad"] for r in rows))
