"""Measures an exported folder on held-out items, greedily, with and without thinking; writes golden.json.

    python3 evaluate.py ../../public/models/lanternfish RUN/report.json [items per task]

Runs the stored weights (FP8 dequantised to float32) in the module of model.py; `export.py` checks that module
against transformers. The golden completions come from transformers itself and must agree with the module.
"""

import concurrent.futures
import json
import multiprocessing
import os
import sys
import time

import corpus
import torch
from export import load_folder, plain_tensors, transformers_model
from tokenizers import Tokenizer

EOS = 1


@torch.no_grad()
def generate(model, W, prompts, limit=340, width=96):
    """Returns greedy completions of prompts (id lists), batched by similar length and padded on the left."""
    out, order = [None] * len(prompts), sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    for s in range(0, len(order), width):
        part = order[s : s + width]
        n = len(prompts[part[-1]])
        pad = torch.tensor([n - len(prompts[i]) for i in part])
        ids = torch.tensor([[2] * (n - len(prompts[i])) + prompts[i] for i in part])
        cache, alive, pos = [{"pad": pad} if pad.any() else {} for _ in model.blocks], list(part), 0
        done = {i: [] for i in part}
        for _ in range(limit):
            h = model.trunk(ids, W, pos, cache)[:, -1]
            pos += ids.shape[1]
            nxt = (h @ W["head"].t()).argmax(-1)
            for i, t in zip(alive, nxt.tolist()):
                done[i].append(t)
            keep = (nxt != EOS).nonzero().squeeze(1)
            if keep.numel() == 0:
                break
            if keep.numel() < len(alive):
                alive = [alive[k] for k in keep.tolist()]
                nxt = nxt[keep]
                for c in cache:
                    for k in c:
                        c[k] = c[k][keep]
            ids = nxt[:, None]
        for i in part:
            out[i] = done[i]
    return out


@torch.no_grad()
def drafts(model, W, prompts, outs, count=200):
    """Returns (accepted, tried): how often the MTP layer's greedy draft is the token the model writes."""
    ok = n = 0
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]) + len(outs[i]))
    for i in order[:: max(1, len(order) // count)]:
        x = torch.tensor([prompts[i] + outs[i]])
        h = model.trunk(x, W)
        g = (model.mtp_hidden(h[:, :-1], x[:, 1:], W) @ W["head"].t()).argmax(-1)[0]
        a = len(prompts[i]) - 1  # from here on, position a knows token a+1, which the model wrote
        want = x[0, a + 2 :]
        ok += (g[a : a + len(want)] == want).sum().item()
        n += len(want)
    return ok, n


@torch.no_grad()
def balance(model, W, seqs):
    """Returns the busiest expert's load divided by the mean, per MoE layer."""
    counts, real = {}, model.route
    names = {id(b.bias): f"layer {i}" for i, b in enumerate(model.blocks) if not b.dense}

    def spy(x, gate, bias):
        idx, w = real(x, gate, bias)
        if id(bias) in names:
            k = names[id(bias)]
            counts[k] = counts.get(k, 0) + torch.bincount(idx.reshape(-1), minlength=model.c.experts)
        return idx, w

    model.route = spy
    for s in seqs:
        model.trunk(torch.tensor([s]), W)
    model.route = real
    return {
        k: {
            "max/mean": round((c.max() / c.float().mean()).item(), 2),
            "min/mean": round((c.min() / c.float().mean()).item(), 2),
        }
        for k, c in counts.items()
    }


def split_answer(text, thinking):
    if not thinking:
        return text.strip()
    return text.split("</think>", 1)[1].strip() if "</think>" in text else ""


GOLDEN = [
    ([("user", "Who are you?")], True),
    ([("user", "What is MLA?")], False),
    ([("user", "How many r are in strawberry?")], True),
    ([("user", "What is 347 + 586?")], True),
    ([("user", "what is 47 * 36")], True),
    (
        [("user", "My name is Ada."), ("assistant", "Nice to meet you, Ada!"), ("user", "What is my name?")],
        True,
    ),
    ([("system", "You are a helpful assistant."), ("user", "What is the capital of Japan?")], False),
    ([("user", "Tell me a story about a whale and a lantern.")], True),
    ([("user", "What is the weather in Paris?")], True),
    (
        [
            ("user", "What is 12 + 7?"),
            ("assistant", "<think>\n12+7\n</think>12 + 7 = 19."),
            ("user", "And what is twice that?"),
        ],
        True,
    ),
    ([("user", "Reverse the word lantern.")], True),
    ([("user", "Grüße aus dem Meer 🐟! What can you do?")], False),
]


def golden(folder, model, W):
    from transformers import AutoTokenizer

    at = AutoTokenizer.from_pretrained(folder)
    hf = transformers_model(plain_tensors(folder), model.c)
    tok, out, same = Tokenizer.from_file(os.path.join(folder, "tokenizer.json")), [], 0
    for messages, thinking in GOLDEN:
        ms = [{"role": r, "content": c} for r, c in messages]
        text = at.apply_chat_template(
            ms, tokenize=False, add_generation_prompt=True, enable_thinking=thinking
        )
        ids = at(text, add_special_tokens=False)["input_ids"]
        assert (
            ids == at(text)["input_ids"] == tok.encode(text, add_special_tokens=False).ids
            and ids[0] == 0
            and ids[1] != 0
        )
        full = hf.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            do_sample=False,
            max_new_tokens=340,
            eos_token_id=EOS,
            pad_token_id=2,
        )
        comp = full[0, len(ids) :].tolist()
        same += comp == generate(model, W, [ids])[0]
        out.append(
            {
                "messages": ms,
                "enable_thinking": thinking,
                "text": text,
                "ids": ids,
                "completion_ids": comp,
                "completion_text": at.decode(comp, skip_special_tokens=False),
            }
        )
    with open(os.path.join(folder, "golden.json"), "w") as f:
        json.dump(
            {
                "note": "Greedy completions in float32 from the dequantised weights of model.safetensors.",
                "items": out,
            },
            f,
            ensure_ascii=False,
            indent=1,
        )
    return same, out


def run_mode(folder, n, thinking):
    """Returns all held-out items in one mode: (prompts, completions, MTP (accepted, tried))."""
    torch.set_num_threads(1)
    tok = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    model = load_folder(folder)
    W = {k: v.detach() for k, v in model.named_parameters()}
    prompts = []
    for _, turns, _, _ in corpus.held_out(2026, n):
        pieces = corpus.render(turns[:-1] + [(turns[-1][0], "x" if thinking else None, "")])[:-1]
        prompts.append(tok.encode("".join(p for p, _ in pieces), add_special_tokens=False).ids)
    outs = generate(model, W, prompts)
    seqs = [p + o for p, o in zip(prompts[::8], outs[::8])]
    return outs, drafts(model, W, prompts, outs), balance(model, W, seqs) if thinking else None


def main():
    folder, report = sys.argv[1], sys.argv[2]
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    torch.set_num_threads(1)
    t0 = time.time()
    pool = concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    jobs = [(thinking, pool.submit(run_mode, folder, n, thinking)) for thinking in (True, False)]
    tok = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    model = load_folder(folder)
    same, gold = golden(folder, model, {k: v.detach() for k, v in model.named_parameters()})
    for g in gold:
        print(json.dumps(g["messages"][-1]["content"]), "→", g["completion_text"].replace("\n", " | "))
    print(f"golden: {same} of {len(gold)} agree with transformers, {time.time() - t0:.0f} s", flush=True)
    items, table, wrong, acc, load = corpus.held_out(2026, n), {}, [], {}, None
    for thinking, job in jobs:
        outs, (ok, tried), b = job.result()
        mode = "thinking" if thinking else "direct"
        acc[mode], load = round(100 * ok / max(1, tried), 1), b or load
        for (task, turns, think, answer), o in zip(items, outs):
            text = tok.decode(o[:-1] if o[-1] == EOS else o, skip_special_tokens=False)
            got = split_answer(text, thinking)
            r = table.setdefault(task, {"items": 0, "thinking": 0, "direct": 0})
            r["items"] += thinking
            r[mode] += got == answer
            if got != answer and len(
                [1 for w in wrong if w["task"] == task and w["thinking"] == thinking]
            ) < 4:
                wrong.append(
                    {
                        "task": task,
                        "thinking": thinking,
                        "asked": turns[-1][0],
                        "wrote": text,
                        "expected": answer,
                    }
                )
        print(f"{mode}: {time.time() - t0:.0f} s", flush=True)
    for r in table.values():
        for k in ("thinking", "direct"):
            r[k] = round(100 * r[k] / r["items"], 1)
    out = {
        "accuracy": table,
        "mtp_acceptance_percent": acc,
        "expert_balance": load,
        "golden_agree": f"{same} of {len(gold)}",
        "mistakes": wrong,
    }
    json.dump(out, open(report, "w"), ensure_ascii=False, indent=1)
    for k, v in table.items():
        print(f"{k:20s} n={v['items']:4d} thinking {v['thinking']:5.1f}  direct {v['direct']:5.1f}")
    print(acc, load, f"{time.time() - t0:.0f} s")


if __name__ == "__main__":
    main()
