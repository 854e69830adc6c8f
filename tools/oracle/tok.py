"""Builds small byte-level BPE tokenizers in the format of the real ones.

Styles (pre-tokenisation as in the corresponding family):
  deepseek3   three Split stages (digits in groups of up to 3, CJK runs, words/punctuation) + ByteLevel
  deepseek    the older DeepSeek scheme: newlines, words, punctuation, CJK runs, single digits + ByteLevel
  qwen2       NFC normaliser, one Split with case-insensitive contractions, single digits + ByteLevel
  llama3      one Split with case-insensitive contractions, digit groups, `ignore_merges`, template
              post-processor
"""

import json

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

BOS, EOS, PAD = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>"
LATE = [
    "<think>",
    "</think>",
    "<｜fim▁hole｜>",
    "<｜fim▁begin｜>",
    "<｜fim▁end｜>",
    "<｜User｜>",
    "<｜Assistant｜>",
    "<|EOT|>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁outputs▁begin｜>",
    "<｜tool▁outputs▁end｜>",
    "<｜tool▁output▁begin｜>",
    "<｜tool▁output▁end｜>",
    "<｜tool▁sep｜>",
]

CORPUS = (
    """
The sea below the light is not empty. Cold water moves slowly over the floor of the ocean, and small animals \
that never saw the
sun live on whatever falls from above. A model of the deep has to count every grain: how fast it sinks, \
where the current takes
it, and what is left when it lands. The people who measure these things lower a frame on a long cable, wait \
for the mud to settle,
and bring it back again. Sometimes there is nothing in the jar. Sometimes there is a creature that nobody \
has named before.
In the morning the team writes down the numbers, checks the numbers against the numbers of the day before, \
and argues about them.
It's not that they don't trust the instrument; they've simply seen it fail. "We'll measure it again," she \
said, "and we'll see."
The second measurement agreed with the first to within one part in ten thousand, which was better than \
anyone had expected.
A worker who reads the table from left to right will find the depth, the temperature, the salinity and the \
pressure, in that order.
The water was cold. The night was long. The answer was forty-two, or 42, or 0x2A, depending on who was asked \
and how.
for (let i = 0; i < n; i++) { sum += a[i] * b[i]; }
function softmax(x) { const m = Math.max(...x); return x.map((v) => Math.exp(v - m)); }
def attention(query, key, value):
    scores = query @ key.transpose(-1, -2) / math.sqrt(key.shape[-1])
    return torch.softmax(scores, dim=-1) @ value
let result = await device.queue.submit([encoder.finish()]);
if (error) throw new Error(`tensor ${name} is missing from ${file}`);
深海的光线很暗。模型在浏览器中运行，不需要服务器。今天天气很好，我们去海边走一走。你好，世界！
海底的生物很小，数量很多。这个问题的答案是四十二。
1, 2, 3, 10, 100, 1000, 2024, 3.14159, 2.71828, 1e-5, 50%, 12:30, 2026-11-23
Überraschung! Ça va très bien, merci. ¿Cómo estás? Привет, мир. こんにちは世界。
The quick brown fox jumps over the lazy dog, and the dog, being lazy, does nothing about the fox at all.
"""
    * 2
)

WORDS = (
    "the sea below light cold water moves slowly over floor of ocean and small animals that never saw sun "
    "live on whatever falls from above a model deep has to count every grain how fast it sinks where current "
    "takes what is left when lands people who measure these things lower frame long cable wait for mud "
    "settle bring back again nothing in jar creature nobody named before morning team writes down numbers "
    "checks against day argues about them not trust instrument fail second measurement agreed with first "
    "within one part ten thousand better than anyone expected table depth temperature salinity pressure "
    "order night answer forty-two 42 1000 2024 3.14159 x = y + z; (a[i] * b[j]) {n} 深海 模型 世界 你好 Überraschung "
    "très Привет naïve 🙂 don't we'll it's \n \n\n , . ? ! : ; \" # 0x2A 1e-5"
).split(" ")

_P = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"""
    r""" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
_Q = (
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"""
    r""" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
_L = (
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"""
    r""" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)


def _split(rx):
    return pre_tokenizers.Split(Regex(rx), "isolated")


def build(style, vocab_size):
    """-> Tokenizer with at most `vocab_size` ids, BOS/EOS/PAD first, the other markers last."""
    bl = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tk = Tokenizer(models.BPE(ignore_merges=style == "llama3"))
    if style == "deepseek3":
        tk.pre_tokenizer = pre_tokenizers.Sequence(
            [_split(r"\p{N}{1,3}"), _split("[一-龥\u3040-ゟ゠-ヿ]+"), _split(_P), bl]
        )
    elif style == "deepseek":
        tk.pre_tokenizer = pre_tokenizers.Sequence(
            [
                _split("[\r\n]"),
                _split(r"\s?\p{L}+"),
                _split(r"\s?\p{P}+"),
                _split("[一-龥ࠀ-一가-퟿]+"),
                pre_tokenizers.Digits(individual_digits=True),
                bl,
            ]
        )
    elif style == "qwen2":
        tk.normalizer = normalizers.NFC()
        tk.pre_tokenizer = pre_tokenizers.Sequence([_split(_Q), bl])
    elif style == "llama3":
        tk.pre_tokenizer = pre_tokenizers.Sequence([_split(_L), bl])
    else:
        raise ValueError(style)
    tk.decoder = decoders.ByteLevel()
    tr = trainers.BpeTrainer(
        vocab_size=vocab_size - len(LATE),
        special_tokens=[BOS, EOS, PAD],
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        min_frequency=2,
    )
    tk.train_from_iterator(CORPUS.split("\n"), tr)
    from tokenizers import AddedToken

    tk.add_tokens([AddedToken(t, normalized=False, special=False) for t in LATE])
    if style == "llama3":
        tk.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(
                    single=f"{BOS} $A", pair=f"{BOS} $A {BOS}:1 $B:1", special_tokens=[(BOS, 0)]
                ),
            ]
        )
    else:
        tk.post_processor = processors.ByteLevel(trim_offsets=False)
    return tk


# A template with the control flow of the R1 one (namespace, system gathering, reasoning stripped from
# history, tool calls and outputs, open <think> on generation), worded afresh.
CHAT_TEMPLATE = (
    "{%- if add_generation_prompt is not defined -%}{%- set add_generation_prompt = false -%}{%- endif "
    "-%}{%- set st = namespace(sys='', after_tool=false, open_calls=false) -%}{%- for m in messages -%}{%- "
    "if m['role'] == 'system' -%}{%- set st.sys = (st.sys + '\\n\\n' + m['content']) if st.sys else "
    "m['content'] -%}{%- endif -%}{%- endfor -%}{{- bos_token + st.sys -}}{%- for m in messages -%}{%- if "
    "m['role'] == 'user' -%}{%- set st.after_tool = false -%}{{- '<｜User｜>' + m['content'] -}}{%- elif "
    "m['role'] == 'assistant' and m['tool_calls'] is defined and m['tool_calls'] is not none -%}{%- for c in "
    "m['tool_calls'] -%}{%- if loop.first -%}{{- '<｜Assistant｜>' + (m['content'] or '') + "
    "'<｜tool▁calls▁begin｜>' -}}{%- else -%}{{- '\\n' -}}{%- endif -%}{{- '<｜tool▁call▁begin｜>' + c['type'] + "
    "'<｜tool▁sep｜>' + c['function']['name'] + '\\n```json\\n' + c['function']['arguments'] + "
    "'\\n```<｜tool▁call▁end｜>' -}}{%- if loop.last -%}{{- '<｜tool▁calls▁end｜><｜end▁of▁sentence｜>' -}}{%- "
    "endif -%}{%- endfor -%}{%- elif m['role'] == 'assistant' -%}{%- set text = m['content'] -%}{%- if "
    "'</think>' in text -%}{%- set text = text.split('</think>')[-1] -%}{%- endif -%}{{- "
    "('<｜tool▁outputs▁end｜>' if st.after_tool else '<｜Assistant｜>') + text + '<｜end▁of▁sentence｜>' -}}{%- "
    "set st.after_tool = false -%}{%- elif m['role'] == 'tool' -%}{{- ('\\n' if st.after_tool else "
    "'<｜tool▁outputs▁begin｜>') + '<｜tool▁output▁begin｜>' + m['content'] + '<｜tool▁output▁end｜>' -}}{%- set "
    "st.after_tool = true -%}{%- endif -%}{%- endfor -%}{%- if st.after_tool -%}{{- '<｜tool▁outputs▁end｜>' "
    "-}}{%- endif -%}{%- if add_generation_prompt and not st.after_tool -%}{{- '<｜Assistant｜><think>\\n' "
    "-}}{%- endif -%}"
)

CHATS = [
    {"messages": [{"role": "user", "content": "How deep is the sea?"}], "add_generation_prompt": True},
    {
        "messages": [
            {"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "1+1?"}
        ],
        "add_generation_prompt": True,
    },
    {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "<think>\nthey greet me\n</think>\n\nHello!"},
            {"role": "user", "content": "深海的光线 🙂"},
        ],
        "add_generation_prompt": True,
    },
    {
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "add_generation_prompt": False,
    },
    {
        "messages": [
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "type": "function",
                        "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
                    },
                    {"type": "function", "function": {"name": "get_tide", "arguments": "{}"}},
                ],
            },
            {"role": "tool", "content": "4 C"},
            {"role": "tool", "content": "low"},
        ],
        "add_generation_prompt": True,
    },
    {"messages": [{"role": "user", "content": "x <｜end▁of▁sentence｜> y"}], "add_generation_prompt": True},
]

TEXTS = [
    "",
    " ",
    "a",
    "The sea below the light is not empty.",
    "  two  spaces\tand a tab",
    "line\n\n\nbreaks\r\n end \n",
    "12345678 and 3.14159, 1e-5",
    "深海的光线很暗。",
    "你好world123",
    "naïve café Ångström Å",
    "🙂👩‍👩‍👧‍👦 emoji",
    "It's don't WE'LL they'VE I'd",
    "x+=y; // comment\n\tif(a[i]>=b){return;}",
    "!!!??? ... --- ___",
    "<think>hm</think>",
    "<｜User｜>hi<｜Assistant｜>",
    "e\u0301 vs é",
    "\u0000\u0001 control",
    "trailing space ",
    "こんにちは世界 カタカナ",
    "한국어 텍스트",
    "ﬁ ligature ½ ² ①",
    "\u200bzero\u200bwidth",
    "a" * 40,
]


def config(vocab_cfg):
    def tok(s):
        return {
            "__type": "AddedToken",
            "content": s,
            "lstrip": False,
            "normalized": True,
            "rstrip": False,
            "single_word": False,
        }

    return {
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": tok(BOS),
        "clean_up_tokenization_spaces": False,
        "eos_token": tok(EOS),
        "legacy": True,
        "model_max_length": vocab_cfg.get("max_position_embeddings", 16384),
        "pad_token": tok(EOS),
        "sp_model_kwargs": {},
        "unk_token": None,
        "tokenizer_class": "LlamaTokenizerFast",
        "chat_template": CHAT_TEMPLATE,
    }


def render(messages, add_generation_prompt):
    """Jinja2 with the options Hugging Face uses for chat templates."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    return env.from_string(CHAT_TEMPLATE).render(
        messages=messages, add_generation_prompt=add_generation_prompt, bos_token=BOS, eos_token=EOS
    )


def goldens(tk):
    """Tokeniser expectations.  Every id list is WITHOUT automatic BOS (add_special_tokens=False)."""
    enc = []
    for t in TEXTS:
        ids = tk.encode(t, add_special_tokens=False).ids
        enc.append(
            {
                "text": t,
                "ids": ids,
                "decoded": tk.decode(ids, skip_special_tokens=False),
                "decoded_skip_special": tk.decode(ids, skip_special_tokens=True),
            }
        )
    chats = []
    for c in CHATS:
        s = render(c["messages"], c["add_generation_prompt"])
        chats.append({**c, "rendered": s, "ids": tk.encode(s, add_special_tokens=False).ids})
    return {"encode": enc, "chat": chats}


if __name__ == "__main__":
    for st in ("deepseek3", "deepseek", "qwen2", "llama3"):
        t = build(st, 320)
        print(st, t.get_vocab_size(), len(json.dumps(json.loads(t.to_str()), ensure_ascii=False)))
        g = goldens(t)
        bad = [e["text"] for e in g["encode"] if e["decoded"] != e["text"]]
        print("  not round-trip:", bad)
        print("  ", t.encode(render(CHATS[2]["messages"], True), add_special_tokens=False).tokens)
