#!/usr/bin/env python3
"""Makes a tiny GGUF for llama.cpp whose answers are known: each token is followed by a given one.

    pip install gguf numpy; python3 make_gguf.py OUT.gguf

Attention and feed-forward add nothing, the embedding is the identity and the head is the table of followers.
So the last token of the prompt alone decides, and a chat template and a few words make a model that thinks,
answers, and calls a tool. `llama-server -m OUT.gguf` serves it.
"""
import sys

import gguf
import numpy as np

TEMPLATE = """{%- if tools %}<|system|># Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call>:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|end|>
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'tool' %}<|user|><tool_response>
{{ message.content }}
</tool_response><|end|>
{%- elif message.role == 'assistant' %}<|assistant|>
{%- if message.reasoning_content %}<think>
{{ message.reasoning_content }}
</think>

{% endif %}
{{- message.content or '' }}
{%- for call in message.tool_calls or [] %}
{{- '<tool_call>\\n{"name": "' }}{{ call.function.name }}{{ '", "arguments": ' }}
{{- call.function.arguments | tojson }}{{ '}\\n</tool_call>' }}
{%- endfor %}<|end|>
{%- else %}<|{{ message.role }}|>{{ message.content }}<|end|>
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|assistant|>
{%- if enable_thinking is defined and enable_thinking is false %}<think>

</think>

{% endif %}
{%- endif %}"""

END = '<|end|>'
CONTROL = [END, '<|system|>', '<|user|>', '<|assistant|>']
THOUGHT = ['<think>', '\n', 'They', ' ask', ' what', ' lives', ' down', ' there', '.\n', '</think>']
ANSWER = ['\n\n', 'Lanternfish', ' 🐟', ' live', ' in', ' 深海', '.', END]
CALL = ['<tool_call>', '\n{"', 'name', '": "', 'depth', '", "', 'arguments', '": {"', 'place', '": "Mariana',
        ' Trench', '"}}', '\n</tool_call>', END]
CHAINS = [['<|assistant|>', *THOUGHT, *ANSWER], CALL]


def byte_characters():
    """The printable character that byte-level BPE writes for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(rest)}}


def vocabulary():
    known = [*byte_characters().values(), *CONTROL]
    words = list(dict.fromkeys(word for chain in CHAINS for word in chain if word not in known))
    tokens = [*known, *words]
    kinds = [gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL] * len(CONTROL)
    return tokens, kinds + [gguf.TokenType.USER_DEFINED] * len(words)


def followers(tokens):
    ids = {token: i for i, token in enumerate(tokens)}
    follows = dict.fromkeys(range(len(tokens)), ids['Lanternfish'])
    for chain in CHAINS:
        follows.update({ids[a]: ids[b] for a, b in zip(chain, chain[1:])})
    return follows


def write(path):
    tokens, kinds = vocabulary()
    width = -(-len(tokens) // 32) * 32
    out = gguf.GGUFWriter(path, 'llama')
    out.add_name('chain')
    out.add_context_length(512)
    out.add_embedding_length(width)
    out.add_block_count(1)
    out.add_feed_forward_length(32)
    out.add_head_count(width // 32)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_rope_dimension_count(32)
    out.add_tokenizer_model('gpt2')
    out.add_tokenizer_pre('gpt-2')
    out.add_token_list(tokens)
    out.add_token_types(kinds)
    out.add_token_merges(['t h'])
    out.add_bos_token_id(tokens.index(END))
    out.add_eos_token_id(tokens.index(END))
    out.add_add_bos_token(False)
    out.add_chat_template(TEMPLATE)
    head = np.zeros((len(tokens), width), np.float32)
    for before, after in followers(tokens).items():
        head[after, before] = 1
    # Where the answer ends it would rather call than say more, so `tool_choice: required` makes a call.
    head[tokens.index('<tool_call>'), tokens.index('.')] = 0.9
    tensors = {'token_embd': np.eye(len(tokens), width), 'output': head, 'output_norm': np.ones(width)}
    for name in ['attn_norm', 'ffn_norm']:
        tensors[f'blk.0.{name}'] = np.ones(width)
    for name in ['attn_q', 'attn_k', 'attn_v', 'attn_output']:
        tensors[f'blk.0.{name}'] = np.zeros((width, width))
    for name, shape in {'ffn_gate': (32, width), 'ffn_up': (32, width), 'ffn_down': (width, 32)}.items():
        tensors[f'blk.0.{name}'] = np.zeros(shape)
    for name, values in tensors.items():
        out.add_tensor(f'{name}.weight', values.astype(np.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == '__main__':
    write(sys.argv[1])
