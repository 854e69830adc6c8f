#!/usr/bin/env python3
"""Makes a tiny random embedding model in the layout of Qwen3-Embedding, with golden embeddings.

    python3 embedding_golden.py --out ../../tests/fixtures/embedding/qwen3-bf16

The layout is that of the published folders: tensors without `model.` before their names and no output head,
modules.json and 1_Pooling/config.json as sentence-transformers 2 to 5 write them, and a tokenizer.json whose
post-processor appends <|endoftext|>.  The goldens are what sentence-transformers returns for that folder
in float32 (eager attention), for each way of pooling, and the ids that it feeds the model.
`saved.json` has the files that the installed version writes when it saves the same model.
"""

import argparse
import json
import os
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import sentence_transformers
import specs
import tok
import torch
import transformers
import weights
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from tokenizers import AddedToken, processors

torch.set_num_threads(1)

SEED = 71
END = "<|endoftext|>"
SIZES = {
    "hidden_size": 70,
    "intermediate_size": 90,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 22,
    "vocab_size": 420,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 1,
}
MODES = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
PROMPTS = {"query": "Instruct: Find what answers the question\nQuery:", "document": ""}
TEXTS = [
    "a",
    "The sea below the light is not empty.",
    " two  spaces before, one after ",
    "深海的光线很暗。 Überraschung! 🙂",
    "line\n\nbreaks\tand a tab",
    " ".join(tok.WORDS[:60]),
    "The answer was forty-two, or 42, or 0x2A. ",
]


def pooling(mode):
    return {
        "word_embedding_dimension": SIZES["hidden_size"],
        **{key: name == mode for name, key in MODES.items()},
        "include_prompt": True,
    }


def write(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, indent=2, ensure_ascii=False)
        f.write("\n")


def write_tokenizer(out):
    built = tok.build("qwen2", SIZES["vocab_size"] - 4)
    built.add_tokens([AddedToken(END, normalized=False, special=True)])
    end = built.token_to_id(END)
    built.post_processor = processors.Sequence(
        [
            processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
            processors.TemplateProcessing(
                single=f"$A {END}", pair=f"$A {END} $B:1 {END}:1", special_tokens=[(END, end)]
            ),
        ]
    )
    built.save(out + "/tokenizer.json")
    write(
        out + "/tokenizer_config.json",
        {
            "add_bos_token": False,
            "add_prefix_space": False,
            "bos_token": None,
            "clean_up_tokenization_spaces": False,
            "eos_token": END,
            "errors": "replace",
            "model_max_length": 131072,
            "pad_token": END,
            "split_special_tokens": False,
            "tokenizer_class": "Qwen2Tokenizer",
            "unk_token": None,
        },
    )


def write_folder(out):
    config = specs.build("qwen3", "tiny", "bf16", tie=True, overrides=SIZES)
    write(out + "/config.json", config)
    tensors = {
        name.removeprefix("model."): tensor
        for name, tensor in weights.checkpoint(config, SEED, "bf16")
        if not name.startswith("lm_head")
    }
    save_file(tensors, out + "/model.safetensors", metadata={"format": "pt"})
    write_tokenizer(out)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    write(
        out + "/modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (path, kind) in enumerate(modules)
        ],
    )
    write(out + "/1_Pooling/config.json", pooling("lasttoken"))
    write(
        out + "/config_sentence_transformers.json",
        {
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def open_model(out, normalize=True):
    kwargs = {"dtype": torch.float32, "attn_implementation": "eager"}
    model = SentenceTransformer(out, device="cpu", model_kwargs=kwargs)
    return model if normalize else SentenceTransformer(modules=list(model)[:2], device="cpu")


def numbers(vectors):
    """The shortest decimals that give the same float32."""
    rows = np.asarray(vectors, np.float32)
    return [[float(np.format_float_positional(x, unique=True)) for x in row] for row in rows]


def goldens(out):
    model = open_model(out)
    ids = [model.tokenize([text])["input_ids"][0].tolist() for text in TEXTS]
    plain = open_model(out, normalize=False)
    pooled = {}
    for mode in MODES:
        plain[1].pooling_mode = mode
        pooled[mode] = numbers(plain.encode(TEXTS))
    prompted = model.encode(TEXTS[:2], prompt_name="query")
    return {
        "versions": {
            "sentence_transformers": sentence_transformers.__version__,
            "transformers": transformers.__version__,
        },
        "texts": TEXTS,
        "ids": ids,
        "normalized": numbers(model.encode(TEXTS)),
        "query": numbers(prompted),
        "truncated": numbers(model.encode(TEXTS[:2], truncate_dim=16, normalize_embeddings=True)),
        "pooled": pooled,
    }


def saved_files(out):
    """What the installed version writes for this model, apart from weights and tokenizer."""
    with tempfile.TemporaryDirectory() as folder:
        open_model(out).save_pretrained(folder, create_model_card=False)
        names = [
            "modules.json",
            "1_Pooling/config.json",
            "2_Normalize/config.json",
            "config_sentence_transformers.json",
            "sentence_bert_config.json",
            "config.json",
        ]
        return {name: json.load(open(f"{folder}/{name}")) for name in names}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", required=True)
    a = p.parse_args()
    write_folder(a.out)
    with open(a.out + "/golden.json", "w", encoding="utf-8") as f:
        json.dump(goldens(a.out), f, ensure_ascii=False)
        f.write("\n")
    write(a.out + "/saved.json", saved_files(a.out))


if __name__ == "__main__":
    main()
