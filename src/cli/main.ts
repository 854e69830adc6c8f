// Entry point of the command line: finds the command, runs it, and sets the exit code.

import { QUANTIZATION_NAMES, QUANTIZATIONS } from '../engine/load/quantization.ts'
import { STORAGE_FORMATS } from '../gpu/formats.ts'
import { asHadalError, unforeseenStack } from '../lib/error.ts'
import { escapeControls } from '../lib/format.ts'
import { UsageError } from './args.ts'
import { bench } from './bench.ts'
import { benchKernelsCommand } from './bench-kernels.ts'
import { checks } from './checks.ts'
import { evaluate } from './evaluate.ts'
import { generate, NUMERIC_FLAGS } from './generate.ts'
import { inspect } from './inspect.ts'
import { loadSpeed } from './load-speed.ts'
import { logits } from './logits.ts'
import { makeCheckpoint } from './make-checkpoint.ts'
import { quantize } from './quantize.ts'
import { quantizeError } from './quantize-error.ts'
import { tune } from './tune.ts'

const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  bench,
  'bench-kernels': benchKernelsCommand,
  checks,
  evaluate,
  generate,
  inspect,
  'load-speed': loadSpeed,
  logits,
  'make-checkpoint': makeCheckpoint,
  quantize,
  'quantize-error': quantizeError,
  tune,
}

const NUMERIC_USAGE = NUMERIC_FLAGS.map((flag) => `[--${flag} N]`)

const USAGE = `Usage: npm run -s hadal -- COMMAND

  generate --model MODEL (--prompt TEXT | --messages FILE.json | --ids FILE.json)
           [--cache latent|latent-fp8|standard|gqa-8|mqa] [--no-think] [--n N] [--json [--profile]]
           ${NUMERIC_USAGE.slice(0, 5).join(' ')}
           ${NUMERIC_USAGE.slice(5).join(' ')}
           Prints the answer as text or as one JSON object; --profile adds the kernel times of one step.
           Greedy without sampling options. --cache selects another cache layout than the model's own.
  logits   --model MODEL --ids FILE.json --out FILE.safetensors [--mode whole|chunked|decode]
           [--cache LAYOUT]
           Writes the logits of every position as one F32 tensor "logits" [tokens, vocabulary].
  inspect  MODEL [--tensors] [--json]
           Describes the model and what it would take to run it here, without reading weights. Needs no GPU.
           Fails after the report if this version does not support a part of the model.
  inspect  [--memory 8GB] [--context N] [--json]
           Lists models of the Hub that are worth trying, and with --memory which of them fit.
  checks   (--model MODEL | --like NAME) [--adapter-variants] [--json]
           Lists every kernel that the model (or the published model NAME: V2-Lite, V3, Moonlight ...) would
           run, and checks each on random inputs. Reads no weights. Takes the variants that GPUs get by
           default, or with --adapter-variants those of this adapter. Fails if a kernel is wrong.
  make-checkpoint --like NAME --out DIR [--layers N] [--dtype bf16|fp8|f16|f32] [--format mlx4]
           [--seed S] [--shard-size 5GB] [--vocab N] [--experts N] [--dense] [--json]
           Writes a checkpoint with the tensor names, shapes and dtypes of the published model NAME (V2-Lite,
           V3, Moonlight ...) and random weights. --format mlx2, 3, 4, 5, 6 or 8 stores them as MLX does, in
           groups of 64. Otherwise from 2 GB on, experts and MLPs are mostly zeros that take no disk space;
           --dense writes every number.
  quantize --model MODEL --quantize q4|q8|CLASS=FORMAT,... --out DIR [--shard-size 1.9GB] [--json]
           Writes a quantized copy of the model as a folder in MLX's layout, which Hadal, mlx-lm and others
           read. The weights are those that --quantize gives on load. Peak memory stays below 1 GB.
  quantize-error --model MODEL [--formats ${QUANTIZATION_NAMES.join()}] [--ids FILE.json] [--json]
           Errors of each weight format: of the weights, and of the logits of a text (the model's own answers,
           or the given ids).
  evaluate --model MODEL [--formats none,q8,q4] [--items N] [--seed S] [--no-think] [--json]
           Asks Lanternfish N held-out questions per task, and counts the correct answers in each format.
  evaluate --model MODEL --budgets 0,32,inf --n 1,4,8 [--temperature 1] [--items N] [--seed S] [--json]
           Accuracy against tokens spent: for each thinking budget, and each number of answers that vote.
  bench    --model MODEL [--contexts 1024,4096] [--cache latent,latent-fp8,standard] [--steps N] [--json]
           Size and speed of the KV cache in each layout at each context, and whether the output is the same.
  bench    --speed --model MODEL [--position N] [--steps N] [--prefill-tokens 512] [--repetitions N]
           [--round 128MiB] [--clock device|cpu] [--json]
           Checks that decode and prefill agree, then times both as a fraction of what the adapter can do in
           the same run. Also reports the time to the first token and what each token allocates.
           --clock cpu counts CPU time of this process: for software adapters on a busy machine.
  bench-kernels [--kernel NAME] [--role TEXT] [--format ${STORAGE_FORMATS.join()}] [--shape ROWSxCOLUMNS]
           [--rows 1..8] [--prefill-rows N] [--context N] [--matmul-precision f32|f16|i8]
           [--repetitions N] [--round 128MiB] [--clock device|cpu] [--untuned] [--json]
           Checks each kernel, then times it at the sizes of V2-Lite, as a fraction of what the adapter can do
           in the same run. --context: tokens in the cache that decode attends to.
  tune     [--model MODEL] [--forget] [--repetitions N] [--clock device|cpu] [--json]
           Measures which kernel variants and which prefill chunk are fastest on this adapter, at the sizes of
           V2-Lite or of MODEL, and stores them for later runs in hadal/tuned.json (in XDG_CACHE_HOME or
           ~/.cache). --forget removes them; --untuned runs a command without them.
  load-speed --model DIR
           Speed of loading from disk to GPU, and of plain reads of the same files: into one reused 8 MiB
           buffer, and into memory that stays allocated.

MODEL is a folder, an http(s) address, or hf:org/name[@revision] (uses HF_ENDPOINT and HF_TOKEN).
Memory:  [--context N] [--prefill-chunk N] (prompt tokens per prefill step) [--memory 8GB] (GPU limit)
         [--quantize ${QUANTIZATIONS.join('|')}|auto, or CLASS=FORMAT,...]
         CLASS is experts, mlp, attention, embedding or head; other classes stay as stored:
         --quantize experts=q4,head=q8
Config:  [--config KEY=VALUE]... replaces a value of config.json: VALUE is JSON or a text, null takes KEY
         away, and dots lead into objects: --config rope_scaling.factor=8
GPU:     [--kv f16|f32|fp8] [--matmul-precision f32|f16|i8] [--limits default|max] [--no-f16]
         [--speculative off|auto|mtp|lookup]
         [--no-subgroups] [--untuned] [--adapter NAME]
         Dawn finds the adapter. On Linux, VK_DRIVER_FILES selects the Vulkan driver; --adapter filters by
         name.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`

async function main(): Promise<number> {
  const [name = '', ...argv] = process.argv.slice(2)
  if (name === '--help' || name === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  try {
    if (!command) throw new UsageError(name === '' ? 'No command given.' : `Unknown command "${name}".`)
    await command(argv)
    return 0
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof UsageError) return `hadal: ${error.message}\n\n${USAGE}`
  const { message, hint } = asHadalError(error)
  const what = unforeseenStack(error) ?? escapeControls(message)
  return `hadal: ${what}${hint ? `\n${escapeControls(hint)}` : ''}`
}

// Dawn keeps the process alive, so exit explicitly once standard output is written.
const code = await main()
process.stdout.write('', () => process.exit(code))
