#!/usr/bin/env python3
"""Makes one tiny random checkpoint in Hugging Face format, with golden outputs.

    python3 make_fixture.py --arch deepseek_v3 --dtype fp8 --size tiny --seed 1 \\
        --out ../../tests/fixtures/models/v3

README.md lists the files it writes and the acceptance rules of a fixture.
"""

import argparse
import json
import os
import shutil
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import specs
import tok
import torch
import weights
from hf_golden import HF
from reference import MTP_MUTATIONS, Reference, rel

torch.set_num_threads(1)
N_NEW = 32


# ------------------------------------------------------------------ writing the checkpoint
def st_dtype(t):
    return {
        torch.float32: "F32",
        torch.float16: "F16",
        torch.bfloat16: "BF16",
        torch.float8_e4m3fn: "F8_E4M3",
        torch.float8_e8m0fnu: "F8_E8M0",
    }[t.dtype]


def t_bytes(t):
    return t.contiguous().view(torch.uint8).numpy().tobytes() if t.numel() else b""


def write_checkpoint(out, a, c):
    from safetensors.torch import save_file
    from st_io import write_raw

    os.makedirs(out, exist_ok=True)
    for f in os.listdir(out):
        if f.endswith((".safetensors", ".json")):
            os.remove(os.path.join(out, f))
    with open(out + "/config.json", "w", encoding="utf-8") as f:
        json.dump(c, f, indent=2, ensure_ascii=False)
        f.write("\n")
    gc = {
        "_from_model_config": True,
        "bos_token_id": 0,
        "eos_token_id": c["eos_token_id"],
        "do_sample": True,
        "temperature": 0.6,
        "top_p": 0.95,
        "transformers_version": c["transformers_version"],
    }
    with open(out + "/generation_config.json", "w") as f:
        json.dump(gc, f, indent=2)
        f.write("\n")

    def save(path, part):
        if a.raw_layout:  # name order, no alignment: legal, but never produced by the format's own writer
            write_raw(
                path,
                [(n, st_dtype(t), t.shape, t_bytes(t)) for n, t in sorted(part.items())],
                {"format": "pt"},
                align_pad=False,
            )
        else:
            save_file(part, path, metadata={"format": "pt"})

    gen = weights.checkpoint(c, a.seed, a.dtype, a.scale_fmt, a.mtp, a.scale_storage, a.bias_dtype)
    if a.shards <= 1:
        part = dict(gen)
        total = sum(t.numel() * t.element_size() for t in part.values())
        save(out + "/model.safetensors", part)
        return total
    sizes = {n: np.prod(s) for n, s in weights.shapes(c, a.mtp).items()}
    per = sum(sizes.values()) / a.shards
    wm, total, k, part, acc = {}, 0, 1, {}, 0

    def flush():
        nonlocal part, k
        fn = f"model-{k:05d}-of-{a.shards:05d}.safetensors"
        save(f"{out}/{fn}", part)
        wm.update({n: fn for n in part})
        part, k = {}, k + 1

    for n, t in gen:
        part[n] = t
        total += t.numel() * t.element_size()
        acc += sizes.get(n, 0)
        # cut as soon as the share is reached: a weight and its scale may land in different shards
        if acc >= per * k and k < a.shards:
            flush()
    flush()
    if k - 1 != a.shards:
        raise SystemExit(f"asked for {a.shards} shards, got {k - 1}")
    with open(out + "/model.safetensors.index.json", "w") as f:
        json.dump({"metadata": {"total_size": total}, "weight_map": dict(sorted(wm.items()))}, f, indent=2)
        f.write("\n")
    return total


def write_tokenizer(out, arch, c):
    tk = tok.build(
        specs.TOK_STYLE.get(arch, "deepseek3"), c["vocab_size"] - (4 if c["vocab_size"] % 2 else 0)
    )
    d = json.loads(tk.to_str())
    with open(out + "/tokenizer.json", "w", encoding="utf-8") as f:
        json.dump(d, f, ensure_ascii=False, separators=(",", ":"))
    with open(out + "/tokenizer_config.json", "w", encoding="utf-8") as f:
        json.dump(tok.config(c), f, indent=2, ensure_ascii=False)
        f.write("\n")
    return tk


# ---------------------------------------------------------- choosing a prompt whose routing is not near a tie
class Margins:
    """Smallest distances to a tie, by kind, over a range of rows."""

    def __init__(self, o, lo=0, hi=None):
        self.router = min(
            [float(r["margin"][lo:hi].min()) for r in o["layers"] if "margin" in r], default=float("inf")
        )
        self.indexer = min(
            [float(r["indexer_margin"][lo:hi].min()) for r in o["layers"] if "indexer_margin" in r],
            default=float("inf"),
        )

    def ok(self, m):
        return self.router >= m[0] and self.indexer >= m[1]


def top_margins(logits):
    s = np.sort(logits, -1)
    return (s[:, -1] - s[:, -2]) / np.sqrt((logits * logits).mean(-1))


def choose_prompt(ref, tk, n, seed, m, log):
    """Grows a user message word by word, keeping every router decision at least `m` from a tie."""
    g = np.random.default_rng([seed, 77])
    head = tok.BOS + "<｜User｜>"
    tail = "<｜Assistant｜><think>\n"
    n_tail = len(tk.encode(tail, add_special_tokens=False).ids)
    text, ids = "", tk.encode(head, add_special_tokens=False).ids
    if not Margins(ref.forward(ids)).ok(m):
        return False  # the fixed opening tokens already sit near a tie: no prompt can help
    n0, tries = 0, 0
    while len(ids) < n - n_tail:
        tries += 1
        if tries > 60 * n:
            return None
        w = tok.WORDS[g.integers(len(tok.WORDS))]
        cand = (text + " " + w) if text else w
        cid = tk.encode(head + cand, add_special_tokens=False).ids
        if len(cid) > n - n_tail or cid[: len(ids)] != ids or len(cid) == len(ids):
            if len(ids) > n - n_tail - 4:  # close the gap with single-character words
                cand = text + " " + chr(97 + g.integers(26))
                cid = tk.encode(head + cand, add_special_tokens=False).ids
                if len(cid) > n - n_tail or cid[: len(ids)] != ids:
                    text = " ".join(text.split(" ")[:-3])
                    ids = tk.encode(head + text, add_special_tokens=False).ids
                    n0 = min(n0, len(ids))
                    continue
            else:
                continue
        o = ref.forward(cid)
        if not Margins(o, n0).ok(m):
            continue
        text, ids, n0 = cand, cid, len(cid)
    full = head + text + tail
    return full, tk.encode(full, add_special_tokens=False).ids, text


def greedy_ref(ref, ids, n, m, tm, stop):
    """Returns the greedy continuation; None as soon as a decision comes within the margins."""
    ids = list(ids)
    T = len(ids)
    o = ref.forward(ids)
    if not Margins(o).ok(m):
        return None, "router margin in prompt"
    k = float(top_margins(o["logits"]).min())
    if k < 4e-4:
        return None, f"top-1 margin {k:.1e} inside the prompt"
    tops = []
    for s in range(n):
        row = o["logits"][-1:]
        k = float(top_margins(row)[0])
        if k < tm:
            return None, f"argmax margin {k:.1e} at step {s}"
        tops.append(k)
        ids.append(int(row[0].argmax()))
        if s < n - 1:
            o = ref.forward(ids)
            if not Margins(o, len(ids) - 1).ok(m):
                return None, f"router margin at step {s}"
    if stop & set(ids[T:]):
        return None, "continuation hits an end-of-sequence token"
    if len(set(ids[T:])) < 8:
        return None, f"degenerate continuation ({len(set(ids[T:]))} distinct)"
    return (ids[T:], tops, o), None


def big_model(c):
    return sum(int(np.prod(s)) for s in weights.shapes(c, "none").values()) > 5e7


# ------------------------------------------------------------------ one attempt with one seed
def attempt(a, c, out, seed, log):
    a.seed = seed
    total = write_checkpoint(out, a, c)
    tk = write_tokenizer(out, a.arch, c)
    big = big_model(c)
    T = a.prompt_len or specs.PROMPT_LEN[a.size]
    ref = Reference(out, np.float32 if big else np.float64)
    m, tm = (a.min_margin, a.min_index_margin), a.min_top_margin
    eos = c["eos_token_id"]
    stop = {0, 1, 2} | set(eos if isinstance(eos, list) else [eos])  # begin, end, pad
    best = None
    for k in range(1 if big else a.prompt_tries):
        if big:  # one shot: build the text, measure, report
            g = np.random.default_rng([seed, 77])
            text = " ".join(tok.WORDS[g.integers(len(tok.WORDS))] for _ in range(T // 2))
            full = tok.BOS + "<｜User｜>" + text + "<｜Assistant｜><think>\n"
            best = (full, tk.encode(full, add_special_tokens=False).ids, text)
            break
        p = choose_prompt(ref, tk, T, seed * 1000 + k, m, log)
        if p is False:
            log("  opening tokens too close to a tie")
            break
        if p is None:
            log(f"  prompt {k}: could not keep the margin")
            continue
        r, why = greedy_ref(ref, p[1], N_NEW, m, tm, stop)
        if r is None:
            log(f"  prompt {k}: {why}")
            continue
        best = p
        break
    if best is None:
        return None
    full, ids, user = best
    T = len(ids)

    # ---- first implementation
    hf = HF(out)
    new = hf.greedy(ids, N_NEW)
    seq = ids + new[:-1]
    h = hf.forward(seq)
    if h["logits"][T - 1 :].argmax(-1).tolist() != new:
        return None if not big else sys.exit("greedy continuation disagrees with the full forward")
    # ---- second implementation
    r = ref.forward(seq)
    err = rel(h["logits"], r["logits"])
    ref32 = rel(Reference(out, np.float32).forward(seq)["logits"], h["logits"]) if not big else err
    log(f"  transformers f32 vs reference f64: {err:.2e}   vs reference f32: {ref32:.2e}")
    if err > a.max_disagreement:
        raise SystemExit(f"the two implementations disagree: {err:.2e}")
    routing_same = all(np.array_equal(h["router"][i][0], r["layers"][i]["ids"]) for i in h["router"])
    index_same = all(np.array_equal(h["indexer"][i], r["layers"][i]["indexer_ids"]) for i in h["indexer"])
    if not (routing_same and index_same) or r["logits"][T - 1 :].argmax(-1).tolist() != new:
        log("  routing / selection / continuation differ between implementations")
        return None
    hid_err = max(rel(x, y) for x, y in zip(h["hidden"], r["hidden"]))
    mg = Margins(r)
    tops = top_margins(r["logits"].astype(np.float64))

    R = min(T, a.hidden_rows or T)
    gold = {"logits": h["logits"][:T], "decode_logits": h["logits"][T:], "final_norm": h["final"][:R]}
    for i, x in enumerate(h["hidden"]):
        gold[f"hidden.{i}"] = x[:R]
    for i, (e, w) in h["router"].items():
        gold[f"router.{i}.ids"], gold[f"router.{i}.weights"] = e[:T], w[:T]
    for i, s in h["indexer"].items():
        gold[f"indexer.{i}.ids"] = s[:T]

    # ---- multi-token prediction
    mtp_info = None
    L = c["num_hidden_layers"]
    has_mtp = f"model.layers.{L}.eh_proj.weight" in ref.ck
    if has_mtp and c["model_type"] == "deepseek_v3":
        rec = {}
        rr = ref.forward(ids)
        rm = ref.mtp(ids, rr, rec)
        hm = hf.mtp(ids, torch.from_numpy(h["final"][:T]))
        hp = hf.mtp(ids, torch.from_numpy(h["hidden"][-1][:T]))
        hm = hf.mtp(ids, torch.from_numpy(h["final"][:T]))
        e1 = rel(hm, rm)
        ref.m = {"mtp_prenorm_hidden"}
        e2 = rel(hp, ref.mtp(ids, rr))
        ref.m = set()
        mmin = float(rec["margin"].min())
        log(
            f"  MTP: two implementations differ by {e1:.2e} (pre-norm variant {e2:.2e}), router margin "
            f"{mmin:.1e}"
        )
        if max(e1, e2) > a.max_disagreement:
            raise SystemExit("MTP implementations disagree")
        if mmin < (1e-4 if not big else 0):
            log("  MTP router too close to a tie")
            return None
        gold["mtp_logits"] = hm
        gold[f"router.{L}.ids"], gold[f"router.{L}.weights"] = hf.mtp_route
        mtp_info = {
            "rel_err_two_implementations": e1,
            "top1": hm.argmax(-1).tolist(),
            "top1_if_fed_before_final_norm": hp.argmax(-1).tolist(),
            "min_router_margin": mmin,
            "top1_margin_min": float(top_margins(hm.astype(np.float64)).min()),
            "sensitivity": {},
        }
        if not big:
            for mu in MTP_MUTATIONS:
                ref.m = {mu}
                mtp_info["sensitivity"][mu] = round(rel(ref.mtp(ids, rr), rm), 6)
            ref.m = set()

    # ---- does every feature matter?
    sens, weak = {}, []
    if not big:
        base = r["logits"][:T]
        for mu in ref.applicable():
            with np.errstate(all="ignore"):
                x = Reference(out, np.float64, [mu]).forward(ids)["logits"]
            sens[mu] = round(rel(x, base), 6) if np.isfinite(x).all() else 1e9
            if sens[mu] < a.min_sensitivity:
                weak.append(mu)
        for mu in weak:
            if mu not in a.allow_weak:
                log(f"  WEAK: {mu} moves the logits by only {sens[mu]:.1e}")
        log("  sensitivity: min %s" % (min(sens.items(), key=lambda kv: kv[1]),))
        if [w for w in weak if w not in a.allow_weak] and a.strict_sensitivity:
            return None
        if mtp_info:
            log("  MTP sensitivity: " + ", ".join(f"{k}={v:.2g}" for k, v in mtp_info["sensitivity"].items()))
    exp = {}
    if not big:
        exp["f32"] = {"rel": ref32}
        for kind in ("f16", "bf16") + (("fp8",) if a.dtype == "fp8" else ()):
            with np.errstate(all="ignore"):
                o = Reference(out, np.float32, acts=kind).forward(seq)
            flips = sum(
                int(
                    (np.asarray(o["layers"][i]["ids"]) != h["router"][i][0]).any(1).sum()
                ) for i in h["router"]
            )
            exp[kind + "_activations"] = {
                "rel": rel(o["logits"], r["logits"]),
                "routing_rows_changed": flips,
                "top1_agreement": float((o["logits"].argmax(-1) == h["logits"].argmax(-1)).mean()),
            }
        log(
            "  expected error: " + json.dumps(
                {k: {x: float(f"{y:.2g}") for x, y in v.items()} for k, v in exp.items()}
            )
        )
        f16 = exp["f16_activations"]
        if f16["rel"] > a.max_f16_rel or f16["routing_rows_changed"] > 0:
            log("  half-precision activations already flip a selection here")
            return None
    stock = None
    if hf.notes:
        try:
            s = HF(out, patched=False).forward(seq)
            stock = {"rel_err_of_unpatched_transformers": rel(s["logits"], r["logits"])}
        except AttributeError as e:
            stock = {"unpatched_transformers_raises": str(e)}
        log(f"  unpatched transformers: {stock}")

    import transformers

    g = {
        "format": 1,
        "arch": a.arch,
        "model_type": c["model_type"],
        "dtype": a.dtype,
        "size": a.size,
        "seed": seed,
        "scale_fmt": a.scale_fmt if a.dtype == "fp8" else None,
        "scale_storage": a.scale_storage if a.dtype == "fp8" else None,
        "rope": (c.get("rope_scaling") or {}).get("type")
        or (c.get("rope_scaling") or {}).get("rope_type")
        or "default",
        "shards": a.shards,
        "tensor_bytes": total,
        "tied": c["tie_word_embeddings"],
        "mtp": a.mtp if has_mtp else None,
        "golden_from": hf.engine,
        "patches": hf.notes,
        "unpatched": stock,
        "versions": {
            "transformers": transformers.__version__, "torch": torch.__version__, "numpy": np.__version__
        },
        "prompt_text": full,
        "user_message": user,
        "prompt_ids": ids,
        "continuation_ids": new,
        "continuation_text": tk.decode(
            [t for t in new if t < tk.get_vocab_size()], skip_special_tokens=False
        ),
        "tokenizer_size": tk.get_vocab_size(),
        "prompt_top1": h["logits"][:T].argmax(-1).tolist(),
        "prompt_top1_margins": [round(float(x), 5) for x in tops[:T]],
        "continuation_margins": [round(float(x), 5) for x in tops[T - 1 :]],
        "margins": {
            "router_min": mg.router if np.isfinite(mg.router) else None,
            "indexer_min": mg.indexer if np.isfinite(mg.indexer) else None,
            "continuation_top1_min": float(tops[T - 1 :].min()),
            "prompt_top1_min": float(tops[:T].min()),
        },
        "hidden_rms": [
            [
                round(float(v), 6) for v in np.sqrt((x[:T].astype(np.float64) ** 2).mean(-1))
            ] for x in h["hidden"]
        ],
        "logits_rms": float(np.sqrt((h["logits"].astype(np.float64) ** 2).mean())),
        "routing": {str(i): e.tolist() for i, (e, _) in h["router"].items()},
        "agreement": {
            "hf_f32_vs_reference_f64": err, "hf_f32_vs_reference_f32": ref32, "worst_hidden": hid_err
        },
        "mtp_module": mtp_info,
        "sensitivity": sens,
        "expected_error": exp,
        "tokenizer": tok.goldens(tk),
    }
    dump_json(out + "/golden.json", g)
    from safetensors.numpy import save_file as np_save

    np_save(
        {
            k: np.ascontiguousarray(v if v.dtype == np.int32 else v.astype(np.float32))
            for k, v in gold.items()
        },
        out + "/golden.safetensors",
        metadata={"of": a.arch},
    )
    return g


def dump_json(path, g):
    """Readable, but with flat number lists on one line."""
    import re

    s = json.dumps(g, indent=1, ensure_ascii=False)
    s = re.sub(r"\[\s+((?:-?[\d.eE+-]+,?\s+)+)\]", lambda m: "[" + re.sub(r"\s+", "", m.group(1)) + "]", s)
    with open(path, "w", encoding="utf-8") as f:
        f.write(s + "\n")


def parse(argv=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--arch", required=True, choices=specs.ARCHS)
    p.add_argument("--dtype", default="bf16", choices=["f32", "f16", "bf16", "fp8"])
    p.add_argument(
        "--scale-fmt", default="f32", choices=["f32", "ue8m0"], help="ue8m0: FP8 scales are powers of two"
    )
    p.add_argument(
        "--scale-storage", default="f32", choices=["f32", "e8m0"], help="dtype in which the scales are stored"
    )
    p.add_argument("--rope", choices=["yarn", "none"], help="default: what the released model uses")
    p.add_argument("--size", default="tiny", choices=specs.SIZES)
    p.add_argument("--shards", type=int, default=1)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--out", required=True)
    p.add_argument("--tie", action="store_true", help="tie_word_embeddings, no lm_head tensor")
    p.add_argument("--untie", action="store_true", help="override an architecture that ties by default")
    p.add_argument(
        "--mtp",
        default="full",
        choices=["full", "shared", "none"],
        help="multi-token-prediction layer: with its own copies of embedding and head, without them, "
        "or absent",
    )
    p.add_argument(
        "--bias-dtype", choices=["f32", "bf16"], help="stored dtype of e_score_correction_bias (default f32)"
    )
    p.add_argument(
        "--raw-layout", action="store_true", help="write tensors in name order without any alignment"
    )
    p.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=JSON",
        help="override a config field (a.b reaches into a dict)",
    )
    p.add_argument("--prompt-len", type=int)
    p.add_argument("--min-margin", type=float, default=1e-3, help="smallest router distance to a tie")
    p.add_argument(
        "--min-index-margin",
        type=float,
        default=2e-4,
        help="the same for the sparse-attention indexer, relative",
    )
    p.add_argument(
        "--min-top-margin",
        type=float,
        default=5e-3,
        help="smallest greedy top-1 margin, relative to logit RMS",
    )
    p.add_argument("--min-sensitivity", type=float, default=5e-3)
    p.add_argument("--allow-weak", nargs="*", default=[])
    p.add_argument(
        "--loose", dest="strict_sensitivity", action="store_false", help="report weak features, do not reject"
    )
    p.add_argument("--max-disagreement", type=float, default=1e-5)
    p.add_argument(
        "--max-f16-rel",
        type=float,
        default=0.05,
        help="reject seeds on which simulated f16 activations do worse",
    )
    p.add_argument("--hidden-rows", type=int, help="store hidden states of the first N positions only")
    p.add_argument("--prompt-tries", type=int, default=12)
    p.add_argument(
        "--seed-tries", type=int, default=8, help="on rejection, go on with seed+1000, seed+2000, ..."
    )
    p.add_argument("-q", "--quiet", action="store_true")
    return p.parse_args(argv)


def main(argv=None):
    a = parse(argv)
    log = (lambda *x: None) if a.quiet else (lambda *x: print(*x, flush=True))
    over = {}
    for kv in a.set:
        k, v = kv.split("=", 1)
        over[k] = json.loads(v)
    tie = True if a.tie else False if a.untie else None
    c = specs.build(a.arch, a.size, a.dtype, a.rope, a.scale_fmt, tie, over)
    if a.mtp == "none" and c.get("num_nextn_predict_layers"):
        c["num_nextn_predict_layers"] = 0
    if not a.bias_dtype and a.arch == "moonlight":
        a.bias_dtype = "bf16"
    os.makedirs(a.out, exist_ok=True)
    base = a.seed
    for i in range(a.seed_tries):
        s = base + 1000 * i
        log(f"{a.arch} {a.dtype} {a.size} seed {s}")
        if attempt(a, c, a.out, s, log):
            for f in os.listdir(a.out):
                os.chmod(os.path.join(a.out, f), 0o644)
            size = sum(os.path.getsize(os.path.join(a.out, f)) for f in os.listdir(a.out))
            log(f"  -> {a.out}: {size / 1e6:.2f} MB")
            return 0
    shutil.rmtree(a.out)
    print(f"no acceptable seed for {a.out}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
