// Answers: which command was called, and how did it end? Exit codes: 0 done, 1 failed with a message, 2 wrong usage.
// It must not know what the commands do.
import { printable } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { UsageError } from './args.ts'
import { bench } from './bench.ts'
import { benchKernelsCommand } from './bench-kernels.ts'
import { evaluate } from './evaluate.ts'
import { generate } from './generate.ts'
import { inspect } from './inspect.ts'
import { loadSpeed } from './load-speed.ts'
import { logits } from './logits.ts'
import { makeCheckpoint } from './make-checkpoint.ts'
import { quantizeError } from './quantize-error.ts'
import { tune } from './tune.ts'

const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  bench,
  'bench-kernels': benchKernelsCommand,
  evaluate,
  generate,
  inspect,
  'load-speed': loadSpeed,
  logits,
  'make-checkpoint': makeCheckpoint,
  'quantize-error': quantizeError,
  tune,
}

const USAGE = `Usage: npm run -s hadal -- COMMAND

  generate --model MODEL (--prompt TEXT | --messages FILE.json | --ids FILE.json)
           [--max-tokens N] [--temperature T] [--top-p P] [--top-k K] [--min-p M] [--seed S] [--no-think] [--json [--profile]]
           [--cache latent|latent-fp8|standard|gqa-8|mqa]
           Answers as text, or as one JSON object; --profile adds the time of each kernel in one step.
           Greedy when no sampling option is given. --cache keeps keys and values in another form than the model's own.
  logits   --model MODEL --ids FILE.json --out FILE.safetensors [--mode whole|chunked|decode] [--cache FORM]
           Writes the logits of every position as one F32 tensor "logits" [tokens, vocabulary].
  inspect  MODEL [--tensors] [--json]
           Says what the folder holds and what it would take to run it here, before a weight is read. Needs no GPU.
           Fails when a part of the model is not run by this version, after saying all the rest.
  make-checkpoint --like NAME --out DIR [--layers N] [--dtype bf16|fp8|f16|f32] [--seed S] [--shard-size 5GB]
           [--vocab N] [--experts N] [--dense] [--json]
           Writes a folder like the published model NAME (V2-Lite, V3, Moonlight ...) with random weights: the same widths, names
           and types. From 2 GB on, experts and MLPs are mostly zeros that take no room on the disk; --dense writes every number.
  quantize-error --model MODEL [--formats fp8,q8,q4] [--ids FILE.json] [--json]
           Tables of what each weight format loses: errors of the weights, and of the logits of a text (the model's own, or the ids).
  evaluate --model MODEL [--formats none,q8,q4] [--items N] [--seed S] [--no-think] [--json]
           Asks Lanternfish N questions of each task that it was not trained on, and counts the right answers in each format.
  bench    --model DIR [--contexts 1024,4096] [--cache latent,latent-fp8,standard] [--steps N] [--json]
           What the KV cache costs in each form at each context: bytes, tokens per second, and whether the text is the same.
  bench-kernels [--kernel NAME] [--role TEXT] [--format fp8_block,q8,q4,bf16,f16] [--shape ROWSxCOLUMNS] [--rows 1..8]
           [--prefill-rows N] [--context N] [--products f32|f16|i8] [--repetitions N] [--round 128MiB] [--clock device|cpu] [--untuned]
           [--json]
           Times each kernel at the sizes of V2-Lite, after proving it, as a share of what the adapter can do in the same run.
           --context: tokens in the cache that decode attends to.
  bench    --speed --model MODEL [--position N] [--steps N] [--prefill-tokens 512] [--repetitions N] [--round 128MiB] [--clock device|cpu]
           [--json]
           Proves a whole model (decode and prefill must say the same), then times both as a share of what the adapter can do in the same run,
           and says what passes before the first token and what a token allocates.
           --clock cpu counts CPU time of this process: for software adapters on a machine that has other work to do.
  tune     [--model MODEL] [--forget] [--repetitions N] [--clock device|cpu] [--json]
           Measures which variants of the kernels, and which chunk of prefill, are the quickest on this adapter, at the sizes of V2-Lite or
           of MODEL, and keeps the winners for later runs (XDG_CACHE_HOME or ~/.cache, hadal/tuned.json); --forget removes them, --untuned runs without them.
  load-speed --model DIR
           Bytes per second from the disk to the GPU, and of plain reads of the same files: into 8 MiB again and again, and kept.

MODEL is a folder, the http(s) address of one, or hf:org/name[@revision]; HF_ENDPOINT and HF_TOKEN are read for the latter.
How it is held: [--context N] [--chunk N] (prompt tokens of a prefill step) [--quantize none|fp8|q8|q4|auto, or CLASS=FORMAT,...] [--memory 8GB] (what the GPU may use)
A CLASS of weights is experts, mlp, attention, embedding or head; those that are not named stay as stored: --quantize experts=q4,head=q8.
With a GPU: [--kv f16|f32|fp8] [--products f32|f16|i8] [--limits default|max] [--no-f16] [--no-subgroups] [--untuned] [--adapter NAME]
The adapter is what Dawn finds; on Linux VK_DRIVER_FILES chooses the Vulkan driver, --adapter filters by name.
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
    if (!command)
      throw new UsageError(name === '' ? 'No command was given.' : `There is no command "${name}".`)
    await command(argv)
    return 0
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof UsageError) return `hadal: ${error.message}\n\n${USAGE}`
  if (error instanceof HadalError) {
    const { message, hint } = error
    return `hadal: ${printable(message)}${hint ? `\n${printable(hint)}` : ''}`
  }
  return `hadal: ${error instanceof Error ? (error.stack ?? error.message) : error}`
}

// Dawn keeps the process alive; the exit code is set once standard output has drained.
const code = await main()
process.stdout.write('', () => process.exit(code))
