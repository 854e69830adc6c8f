"""First implementation: Hugging Face transformers, loading the checkpoint from disk in float32."""

import json
import os
import shutil
import tempfile

import numpy as np
import torch
from st_io import Checkpoint

os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch.set_num_threads(1)


def dequantised_copy(path):
    """FP8 checkpoint -> temporary directory with the same tensors dequantised to float32."""
    from safetensors.torch import save_file

    ck = Checkpoint(path)
    tmp = tempfile.mkdtemp(prefix="oracle_")
    c = dict(ck.config)
    c.pop("quantization_config")
    with open(tmp + "/config.json", "w") as f:
        json.dump(c, f)
    names = [n for n in ck.names() if not n.endswith("_scale_inv")]
    wm, shard, size, k = {}, {}, 0, 0
    for n in names + [None]:
        if n is None or size > 1 << 30:
            fn = f"model-{k:05d}.safetensors"
            save_file(shard, f"{tmp}/{fn}", metadata={"format": "pt"})
            wm.update({m: fn for m in shard})
            shard, size, k = {}, 0, k + 1
        if n is not None:
            shard[n] = torch.from_numpy(np.ascontiguousarray(ck.get(n, np.float32)))
            size += shard[n].numel() * 4
    with open(tmp + "/model.safetensors.index.json", "w") as f:
        json.dump({"metadata": {}, "weight_map": wm}, f)
    return tmp


def glm4_copy(path, c):
    """Ling 2.0 -> temporary directory with the same model as glm4_moe, whose class computes the same:
    half-rotated heads with norms, the router of V3 with groups, shared experts.  transformers has no class
    for bailing_moe; modeling_bailing_moe_v2.py (GitHub, inclusionAI/Ling-V2) says what it computes."""
    from safetensors.torch import save_file

    tmp = tempfile.mkdtemp(prefix="oracle_")
    drop = ("architectures", "model_type", "num_experts", "num_shared_experts")
    config = {k: v for k, v in c.items() if k not in drop}
    config.update(
        model_type="glm4_moe",
        architectures=["Glm4MoeForCausalLM"],
        n_routed_experts=c["num_experts"],
        n_shared_experts=c["num_shared_experts"],
    )
    with open(tmp + "/config.json", "w") as f:
        json.dump(config, f)
    names = {
        "word_embeddings": "embed_tokens",
        "attention.dense": "self_attn.o_proj",
        "attention.query_layernorm": "self_attn.q_norm",
        "attention.key_layernorm": "self_attn.k_norm",
        "gate.expert_bias": "gate.e_score_correction_bias",
    }
    rows = [c["head_dim"] * c[k] for k in ("num_attention_heads", *["num_key_value_heads"] * 2)]
    ck, out = Checkpoint(path), {}
    for n in ck.names():
        t = torch.from_numpy(np.ascontiguousarray(ck.get(n, np.float32)))
        if "query_key_value" in n:
            for part, x in zip("qkv", t.split(rows)):
                out[n.replace("attention.query_key_value", f"self_attn.{part}_proj")] = x.contiguous()
            continue
        for ours, theirs in names.items():
            n = n.replace(ours, theirs)
        out[n] = t
    save_file(out, tmp + "/model.safetensors", metadata={"format": "pt"})
    return tmp


class HF:
    """model + recorders.  `patched=False` gives transformers exactly as released."""

    def __init__(self, path, patched=True, dtype=torch.float32):
        with open(os.path.join(path, "config.json")) as f:
            self.c = json.load(f)
        self.kind = self.c["model_type"]
        self.notes = []
        self.tmp = None
        src = path
        if self.c.get("quantization_config"):
            src = self.tmp = dequantised_copy(path)
        elif self.kind == "bailing_moe":
            src = self.tmp = glm4_copy(path, self.c)
        self.path = path
        try:
            if self.kind == "deepseek":
                self._load_v1(src, dtype)
            else:
                self._load(src, dtype, patched)
            self._hooks()
        finally:
            if self.tmp:
                shutil.rmtree(self.tmp)

    def _load_v1(self, src, dtype):
        from deepseek_v1 import DeepseekV1

        ck = Checkpoint(src)
        self.model = DeepseekV1(self.c).eval().to(dtype)
        sd = {n: torch.from_numpy(np.ascontiguousarray(ck.get(n, np.float32))).to(dtype) for n in ck.names()}
        if self.c["tie_word_embeddings"]:
            sd.setdefault("lm_head.weight", sd["model.embed_tokens.weight"])
        self.model.load_state_dict(sd, strict=True)
        self.engine = "plain torch (transformers has no 'deepseek' v1 class)"

    def _load(self, src, dtype, patched):
        import transformers

        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        from transformers import AutoConfig, AutoModelForCausalLM

        cfg = AutoConfig.from_pretrained(src)
        if self.kind == "deepseek_v32":
            # the class sizes its expert stack from num_experts, the released config has n_routed_experts
            cfg.num_experts = self.c["n_routed_experts"]
        self.model, info = AutoModelForCausalLM.from_pretrained(
            src,
            config=cfg,
            dtype=dtype,
            attn_implementation="eager",
            experts_implementation="eager",
            output_loading_info=True,
        )
        self.model.eval()
        L = self.c["num_hidden_layers"]
        stray = [k for k in info["unexpected_keys"] if not k.startswith(f"model.layers.{L}.")]
        if info["missing_keys"] or stray or info["mismatched_keys"]:
            raise RuntimeError(
                f"transformers load: missing {info['missing_keys']}, unexpected {stray}, mismatched "
                f"{info['mismatched_keys']}"
            )
        self.engine = "transformers " + transformers.__version__
        if self.kind == "bailing_moe":
            self.engine += ", as glm4_moe"
        if patched and self.kind == "deepseek_v2":
            self._patch_v2()

    def _patch_v2(self):
        """Two places where this release departs from DeepSeek-V2's own code (see README)."""
        rs = self.c.get("rope_scaling") or {}
        for lay in self.model.model.layers:
            moe = lay.mlp
            if hasattr(moe, "route_tokens_to_experts") and not hasattr(moe, "num_experts"):
                moe.num_experts = self.c["n_routed_experts"]
                self.notes.append(
                    "deepseek_v2: set num_experts (attribute missing in the group-limited path)"
                )
            a = lay.self_attn
            base = a.qk_head_dim**-0.5
            if rs.get("mscale_all_dim") and abs(a.scaling - base) < 1e-12:
                import math

                m = 0.1 * rs["mscale_all_dim"] * math.log(rs["factor"]) + 1.0
                a.scaling = base * m * m
                self.notes.append("deepseek_v2: softmax scale multiplied by yarn mscale^2 (missing upstream)")
        self.notes = sorted(set(self.notes))

    def _hooks(self):
        self.hid, self.route, self.index = [], {}, {}
        if self.kind == "deepseek":
            return
        for i, lay in enumerate(self.model.model.layers):
            lay.register_forward_hook(
                lambda m, a, o: self.hid.append((o[0] if isinstance(o, tuple) else o)[0].detach())
            )
            moe = lay.mlp
            if hasattr(moe, "route_tokens_to_experts"):

                def rec(logits, moe=moe, i=i, orig=moe.route_tokens_to_experts):
                    ids, wt = orig(logits)
                    self.route[i] = (ids.detach(), wt.detach())
                    return ids, wt

                moe.route_tokens_to_experts = rec
            elif hasattr(moe, "gate"):  # returns logits, weights, ids
                moe.gate.register_forward_hook(
                    lambda m, a, o, i=i: self.route.__setitem__(i, (o[2].detach(), o[1].detach()))
                )
            ix = getattr(lay.self_attn, "indexer", None)
            if ix is not None:
                ix.register_forward_hook(lambda m, a, o, i=i: self.index.__setitem__(i, o[0].detach()))

    @torch.no_grad()
    def forward(self, ids):
        """Full forward without cache -> dict of numpy arrays."""
        x = torch.tensor(ids)
        if self.kind == "deepseek":
            logits, hs, fin = self.model(x)
            route = {i: b.mlp.seen for i, b in enumerate(self.model.model.layers) if hasattr(b.mlp, "seen")}
        else:
            self.hid.clear()
            self.route.clear()
            self.index.clear()
            body = self.model.model
            fin = body(input_ids=x[None], use_cache=False).last_hidden_state[0]
            logits = self.model.lm_head(fin) / self.c.get("logits_scaling", 1)
            hs = [body.embed_tokens(x) * self.c.get("embedding_multiplier", 1)] + list(self.hid)
            route = self.route
        out = {
            "logits": logits.numpy(),
            "hidden": [h.numpy() for h in hs],
            "final": fin.numpy(),
            "router": {},
            "indexer": {},
        }
        for i, (e, w) in sorted(route.items()):
            e, o = e.sort(-1)
            out["router"][i] = (e.int().numpy(), w.gather(-1, o).float().numpy())
        for i, sel in sorted(self.index.items()):
            n, k = sel.shape
            tab = np.full((n, k), -1, np.int32)
            for t in range(n):
                s = sorted(v for v in sel[t].tolist() if v <= t)
                tab[t, : len(s)] = s
            out["indexer"][i] = tab
        self.fin = fin
        return out

    @torch.no_grad()
    def greedy(self, ids, n):
        """Greedy continuation with transformers' own KV cache where it has one."""
        ids = list(ids)
        if self.kind in ("deepseek", "deepseek_v32"):
            for _ in range(n):
                ids.append(int(self.forward(ids)["logits"][-1].argmax()))
            return ids[-n:]
        o = self.model(input_ids=torch.tensor([ids]), use_cache=True)
        new = []
        for _ in range(n):
            new.append(int(o.logits[0, -1].argmax()))
            if len(new) < n:
                o = self.model(
                    input_ids=torch.tensor([[new[-1]]]), past_key_values=o.past_key_values, use_cache=True
                )
        return new

    @torch.no_grad()
    def mtp(self, ids, hidden):
        """Multi-token-prediction draft logits by hand, around transformers' own decoder layer.

        hidden: [T, H] handed to the module (main model's output).  Row i predicts token i + 2.
        """
        layer_cls = type(self.model.model.layers[0])
        cfg = self.model.config
        L = self.c["num_hidden_layers"]
        p = f"model.layers.{L}."
        ck = Checkpoint(self.path)
        if getattr(self, "mtp_layer", None) is None:
            import copy

            cfg = copy.deepcopy(cfg)
            if hasattr(cfg, "mlp_layer_types") and cfg.mlp_layer_types:
                cfg.mlp_layer_types = list(cfg.mlp_layer_types) + ["sparse"]
            lay = layer_cls(cfg, L)
            sd, E = {}, self.c["n_routed_experts"]

            def t(n):
                return torch.from_numpy(np.ascontiguousarray(ck.get(n, np.float32)))

            for n in ck.names():
                if n.startswith(p) and not n.endswith("_scale_inv") and ".experts." not in n:
                    s = n[len(p) :]
                    if s.split(".")[0] in ("self_attn", "mlp", "input_layernorm", "post_attention_layernorm"):
                        sd[s] = t(n)
            ex = p + "mlp.experts."
            sd["mlp.experts.gate_up_proj"] = torch.stack(
                [torch.cat([t(f"{ex}{e}.gate_proj.weight"), t(f"{ex}{e}.up_proj.weight")]) for e in range(E)]
            )
            sd["mlp.experts.down_proj"] = torch.stack([t(f"{ex}{e}.down_proj.weight") for e in range(E)])
            lay.load_state_dict(sd, strict=True)
            lay.eval()
            rec = lay.mlp.route_tokens_to_experts

            def keep(x):
                e, w = rec(x)
                o = e.sort(-1)
                self.mtp_route = (o.values.int().numpy(), w.gather(-1, o.indices).numpy())
                return e, w

            lay.mlp.route_tokens_to_experts = keep
            norm_cls = type(self.model.model.norm)
            eps = self.c["rms_norm_eps"]

            def norm(n):
                m = norm_cls(self.c["hidden_size"], eps=eps)
                m.weight.data = t(p + n + ".weight")
                return m

            own = p + "shared_head.head.weight"
            self.mtp_layer = (
                lay,
                norm("enorm"),
                norm("hnorm"),
                t(p + "eh_proj.weight"),
                norm("shared_head.norm"),
                t(own) if own in ck else self.model.lm_head.weight,
            )
        lay, en, hn, eh, sn, head = self.mtp_layer
        x = torch.tensor(ids)
        e = self.model.model.embed_tokens(x[1:])
        z = torch.cat([en(e), hn(hidden[:-1])], -1) @ eh.T
        n = z.shape[0]
        pos = torch.arange(n)[None]
        pe = self.model.model.rotary_emb(z[None], position_ids=pos)
        mask = torch.full((n, n), torch.finfo(z.dtype).min).triu(1)[None, None]
        y = lay(z[None], attention_mask=mask, position_embeddings=pe, position_ids=pos)
        y = (y[0] if isinstance(y, tuple) else y)[0]
        return (sn(y) @ head.T).numpy()
