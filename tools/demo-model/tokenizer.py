"""Trains the tokenizer: byte-level BPE as in DeepSeek-V3, single digits, the same special tokens."""

import json
import os
import sys

import corpus
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

VOCAB = 1536
SPECIAL = [corpus.BOS, corpus.EOS, "<｜▁pad▁｜>", corpus.USER, corpus.ASSISTANT, corpus.THINK, corpus.NOTHINK]
WORDS = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"""
    r""" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)

CHAT_TEMPLATE = (
    "{%- set ns = namespace(system='') -%}{%- for m in messages if m['role'] == 'system' -%}{%- set "
    "ns.system = ns.system + ('\n\n' if ns.system else '') + m['content'] -%}{%- endfor -%}{{- bos_token + "
    "ns.system -}}{%- for m in messages -%}{%- if m['role'] == 'user' -%}{{- '<｜User｜>' + m['content'] "
    "-}}{%- elif m['role'] == 'assistant' -%}{%- set text = m['content'] -%}{%- if '</think>' in text -%}{%- "
    "set text = text.split('</think>', 1)[1] -%}{%- endif -%}{{- '<｜Assistant｜></think>' + text.strip() + "
    "'<｜end▁of▁sentence｜>' -}}{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{%- if "
    "enable_thinking is not defined or enable_thinking -%}{{- '<｜Assistant｜><think>\n' -}}{%- else -%}{{- "
    "'<｜Assistant｜></think>' -}}{%- endif -%}{%- endif -%}"
)


def train(count=60000, seed=11):
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{N}"), "isolated"),
            pre_tokenizers.Split(Regex(WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=False),
        ]
    )
    tok.decoder = decoders.ByteLevel(add_prefix_space=True, trim_offsets=True, use_regex=True)
    special = [
        AddedToken(s, special=s not in (corpus.THINK, corpus.NOTHINK), normalized=False) for s in SPECIAL
    ]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )

    def texts():
        for pieces in corpus.chats(seed, count):
            t = "".join(p for p, _ in pieces)
            for s in SPECIAL:
                t = t.replace(s, "\n")
            yield t

    tok.train_from_iterator(texts(), trainer)
    return tok


def tokenizer_config():
    token = lambda s, special=True: {
        "__type": "AddedToken",
        "content": s,
        "lstrip": False,
        "normalized": False,
        "rstrip": False,
        "single_word": False,
    }
    return {
        "add_bos_token": False,
        "add_eos_token": False,
        "bos_token": token(SPECIAL[0]),
        "eos_token": token(SPECIAL[1]),
        "pad_token": token(SPECIAL[2]),
        "unk_token": None,
        "clean_up_tokenization_spaces": False,
        "legacy": True,
        "model_max_length": 2048,
        "tokenizer_class": "PreTrainedTokenizerFast",
        "chat_template": CHAT_TEMPLATE,
    }


if __name__ == "__main__":
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    tok = train()
    tok.save(os.path.join(out, "tokenizer.json"))
    json.dump(
        tokenizer_config(),
        open(os.path.join(out, "tokenizer_config.json"), "w"),
        ensure_ascii=False,
        indent=2,
    )
    print(tok.get_vocab_size(), {s: tok.token_to_id(s) for s in SPECIAL})
