"""Trains Lanternfish: time-budgeted, resumable, on a CPU with bfloat16 matrix units or on CUDA.

    python3 tokenizer.py RUN/tokenizer
    python3 train.py --run RUN --minutes 45 --threads 2

Data is generated on the fly (a new seed for each chunk, so no text repeats exactly); rows are single chats,
batched by length. Muon trains the inner matrices, AdamW the rest; the router's selection bias follows the
load (no auxiliary loss). --mix chooses the task mix: first for the first third of the budget, then late,
then last. A second call with the same --run continues from its checkpoint under a new schedule. Writing a
number into RUN/threads changes the number of threads during training.
"""

import argparse
import dataclasses
import json
import math
import os
import random
import time

import corpus
import fused
import torch
from model import Config, Lanternfish
from tokenizers import Tokenizer

BUCKETS = [24, 32, 40, 48, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 384, 512, 768, 1024]


def encode(tok, chats):
    """Returns [(ids, mask)] of rendered chats; each piece is tokenised alone, as in the chat template."""
    chats = list(chats)
    flat = tok.encode_batch_fast([t for c in chats for t, _ in c], add_special_tokens=False)
    out, i = [], 0
    for c in chats:
        ids, mask = [], []
        for _, learn in c:
            e = flat[i].ids
            i += 1
            ids += e
            mask += [learn] * len(e)
        out.append((ids, mask))
    return out


def batches(tok, seed, tokens, count=12000, long=260):
    """Returns the batches [(ids, mask)] of one chunk of data, in random order."""
    rng = random.Random(seed)
    rows = encode(tok, corpus.chats(seed * 2 + 1, count)) + encode(
        tok, corpus.chats(seed * 2 + 2, long, long=True)
    )
    by = {b: [] for b in BUCKETS}
    for ids, mask in rows:
        n = min(len(ids) - 1, BUCKETS[-1])
        by[next(b for b in BUCKETS if b >= n)].append((ids, mask))
    out = []
    for b, rs in by.items():
        rng.shuffle(rs)
        size = max(1, round(tokens / b))
        for i in range(0, len(rs), size):
            part = rs[i : i + size]
            if len(part) < size:
                if i == 0:
                    continue
                part = part + rs[: size - len(part)]
            ids, mask = torch.full((size, b + 1), 2), torch.zeros(size, b + 1, dtype=torch.bool)
            for r, (x, m) in enumerate(part):
                x, m = x[: b + 1], m[: b + 1]
                ids[r, : len(x)] = torch.tensor(x)
                mask[r, : len(m)] = torch.tensor(m)
            out.append((ids, mask))
    rng.shuffle(out)
    return out


def orthogonal(g, steps=5):
    """Newton-Schulz iteration of Muon, for a stack of matrices."""
    x = g.to(torch.bfloat16)
    flip = x.shape[-2] > x.shape[-1]
    if flip:
        x = x.transpose(-2, -1).contiguous()
    x = x / (x.float().square().sum((-2, -1), keepdim=True).sqrt() + 1e-7).to(x.dtype)
    for _ in range(steps):
        a = torch.bmm(x, x.transpose(-2, -1))
        b = torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315)
        x = torch.baddbmm(x, b, x, beta=3.4445)
    return x.transpose(-2, -1) if flip else x


class Muon:
    """One momentum buffer per stack of equal shapes; update scaled to the size of AdamW's.

    Works on pairs (master float32, computing copy): gradients are read from the copy, both are updated.
    """

    def __init__(self, params, momentum=0.95, decay=0.05):
        self.momentum, self.decay, self.groups = momentum, decay, {}
        for p, w in params:
            self.groups.setdefault(tuple(p.shape[-2:]), []).append((p, w))
        self.buf = {
            k: torch.zeros(sum(p.numel() // (k[0] * k[1]) for p, _ in ps), *k, device=ps[0][0].device)
            for k, ps in self.groups.items()
        }

    @torch.no_grad()
    def step(self, lr):
        for k, ps in self.groups.items():
            g = torch.cat([w.grad.reshape(-1, *k) for _, w in ps])
            m = self.buf[k]
            quick = fused.available and g.dtype == torch.bfloat16 and g.device.type == "cpu"
            if quick:
                u = torch.empty_like(g)
                fused.C.momentum(
                    fused.P(g), fused.P(m), fused.P(u), fused.L(g.numel()), fused.Fl(self.momentum)
                )
            else:
                m.lerp_(g.float(), 1 - self.momentum)
                u = torch.lerp(g.float(), m, self.momentum)
            o, rate = orthogonal(u).contiguous(), lr * 0.2 * math.sqrt(max(k))
            keep, i = 1 - lr * self.decay, 0
            for p, w in ps:
                n = p.numel() // (k[0] * k[1])
                if quick:
                    fused.C.apply(
                        fused.P(p),
                        fused.P(o[i : i + n]),
                        fused.P(w),
                        fused.L(p.numel()),
                        fused.Fl(keep),
                        fused.Fl(rate),
                    )
                else:
                    p.mul_(keep).sub_(o[i : i + n].view_as(p).float(), alpha=rate)
                    w.copy_(p)
                i += n


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--run", required=True)
    ap.add_argument(
        "--init", help="start from the weights of an exported folder (when RUN has no checkpoint)"
    )
    ap.add_argument("--minutes", type=float, default=45)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--tokens", type=int, default=4096, help="tokens per batch")
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument(
        "--hold", type=float, default=0.35, help="share of the budget before the learning rate falls"
    )
    ap.add_argument("--mtp-share", type=int, default=3, help="the MTP loss uses one row in this many")
    ap.add_argument("--layers", type=int, default=4)
    ap.add_argument(
        "--mix",
        default="first",
        choices=list(corpus.MIXES),
        help="shares of the tasks; late: more sums and letters",
    )
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--save-minutes", type=float, default=3)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    corpus.choose_mix(a.mix)
    torch.manual_seed(a.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tok = Tokenizer.from_file(os.path.join(a.run, "tokenizer", "tokenizer.json"))
    path = os.path.join(a.run, "checkpoint.pt")
    state = torch.load(path, map_location=device) if os.path.exists(path) else None
    cfg = Config(**state["config"]) if state else Config(layers=a.layers)
    model = Lanternfish(cfg).to(device)
    if state:
        model.load_state_dict(state["model"])
    elif a.init:
        from export import load_folder

        model = load_folder(a.init).to(device)
        cfg = model.c
    # masters are float32; W holds the bfloat16 copies that the steps compute with and that receive the
    # gradients
    W = {n: p.detach().to(torch.bfloat16).requires_grad_() for n, p in model.named_parameters()}
    matrices = [
        (p.data, W[n])
        for n, p in model.named_parameters()
        if p.dim() >= 2 and not n.endswith("gate") and n not in ("embed", "head")
    ]
    small = [
        n
        for n, p in model.named_parameters()
        if p.dim() == 1 or n.endswith("gate") or n in ("embed", "head")
    ]
    named = dict(model.named_parameters())
    tables, norms = [named[n] for n in small if named[n].dim() > 1], [
        named[n] for n in small if named[n].dim() == 1
    ]
    muon = Muon(matrices)
    adam = torch.optim.AdamW(
        [{"params": tables, "weight_decay": 0.02}, {"params": norms, "weight_decay": 0.0}],
        lr=a.lr,
        betas=(0.9, 0.95),
        eps=1e-10,
    )
    done = {"chunk": 0, "step": 0, "tokens": 0, "minutes": 0.0}
    if state:
        muon.buf = state["muon"]
        adam.load_state_dict(state["adam"])
        done = state["done"]
    print(
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {device}, from step "
        f"{done['step']}",
        flush=True,
    )

    def save():
        done["minutes"] = before + (time.time() - start) / 60
        torch.save(
            {
                "config": dataclasses.asdict(cfg),
                "model": model.state_dict(),
                "muon": muon.buf,
                "adam": adam.state_dict(),
                "done": done,
            },
            path + ".new",
        )
        os.replace(path + ".new", path)

    start = saved = time.time()
    before, log, first, finished = done["minutes"], [], done["step"], False
    model.train()
    while not finished:
        for ids, mask in batches(tok, a.seed * 100000 + done["chunk"], a.tokens):
            f = (time.time() - start) / 60 / a.minutes
            if f >= 1:
                finished = True
                break
            warm = min(1.0, (done["step"] - first + 1) / (30 if first else 100))
            scale = warm * (1.0 if f < a.hold else max(0.01, (1 - f) / (1 - a.hold)))
            ids, mask = ids.to(device), mask.to(device)
            loss, main_loss, mtp_loss = model.loss(ids, mask, W, mtp_rows=max(1, ids.shape[0] // a.mtp_share))
            loss.backward()
            for n in small:
                named[n].grad = W[n].grad.float()
            norm = torch.nn.utils.clip_grad_norm_(tables + norms, 1.0)
            muon.step(a.lr * scale)
            for g in adam.param_groups:
                g["lr"] = a.lr * scale
            adam.step()
            with torch.no_grad():
                for n in small:
                    W[n].copy_(named[n])
            for w in W.values():
                w.grad = None
            load = model.balance(2e-3 * max(0.05, scale))
            done["step"] += 1
            done["tokens"] += ids.shape[0] * (ids.shape[1] - 1)
            log.append((main_loss.item(), mtp_loss.item(), max(load), norm.item()))
            if done["step"] % 50 == 0:
                m = [sum(x) / len(log) for x in zip(*log)]
                log = []
                t = (time.time() - start) / 60
                print(
                    f"{t:6.2f} min step {done['step']} tokens {done['tokens'] / 1e6:.2f}M loss {m[0]:.4f} "
                    f"mtp {m[1]:.4f} load {m[2]:.2f} norm {m[3]:.2f} lr {a.lr * scale:.5f}",
                    flush=True,
                )
                try:
                    torch.set_num_threads(int(open(os.path.join(a.run, "threads")).read()))
                except (OSError, ValueError):
                    pass
            if time.time() - saved > a.save_minutes * 60:
                save()
                saved = time.time()
        else:
            done["chunk"] += 1
    save()
    print("done", json.dumps(done))


if __name__ == "__main__":
    main()
