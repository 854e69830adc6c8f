// Text: how the benchmark measures, and what it leaves open.
import { PAGE_TOKENS } from '../state/kv-formula.ts'

export function Method() {
  return (
    <section class="method" aria-labelledby="method-title">
      <h2 id="method-title">How it is measured</h2>
      <dl>
        <div>
          <dt>The same output first</dt>
          <dd>
            Before anything is timed, each cache decodes the same prompt greedily. The standard cache uses the
            same weights, with keys and values expanded for every head, so it must give the same tokens; if it
            does not, its row says wrong and shows no speed. FP8 rounds on purpose: its row says how far its
            probabilities are from those of the latent cache (mean KL divergence, in nats). GQA-8 and MQA
            caches have the shape a GQA or MQA model has. This model was not trained that way, so their output
            is meaningless; only bytes and speed count.
          </dd>
        </div>
        <div>
          <dt>Bytes</dt>
          <dd>
            The sum of live GPU buffers, counted where they are allocated, next to the formula: layers × whole
            pages of {PAGE_TOKENS} tokens × bytes of a KV entry. Both must be equal. The largest context is
            what one buffer per layer can hold within this device’s limits.
          </dd>
        </div>
        <div>
          <dt>Speed</dt>
          <dd>
            Decode is timed one step at a time with the cache filled to the given context: the median, and the
            middle half of the times. It is not an average over a growing cache. Prefill is the last chunk of
            a prompt that ends at that context. Every part of a step counts: weights, experts, attention,
            sampling. Times come from GPU timestamps if the device has them, otherwise from the clock around
            each step.
          </dd>
        </div>
        <div>
          <dt>What a long cache contains</dt>
          <dd>
            Computing 128k tokens would take hours on most devices, so the pages of a short text are repeated
            until the cache is full. Time and memory do not depend on the cached values; text would.
          </dd>
        </div>
        <div>
          <dt>Longer than trained</dt>
          <dd>
            Contexts may be longer than the model was trained for. Memory and speed are real; the output would
            be meaningless.
          </dd>
        </div>
        <div>
          <dt>What this leaves open</dt>
          <dd>
            A small model spends little of a step on its cache, so its speeds are close together; large models
            at long contexts spend most of it there. A browser shares the GPU: close other tabs, run again,
            and compare the middle halves. This page does not measure whether models trained with one kind of
            attention are as good as those trained with another.
          </dd>
        </div>
      </dl>
    </section>
  )
}
