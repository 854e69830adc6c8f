// Answers: how is it measured, and what does that leave open? It must not know how the code does it.
import { PAGE_TOKENS } from '../state/formula.ts'

export function Method() {
  return (
    <section class="method" aria-labelledby="method-title">
      <h2 id="method-title">How it is measured</h2>
      <dl>
        <div>
          <dt>The same text first</dt>
          <dd>
            Before anything is timed, each cache decodes the same prompt greedily. The standard cache is made
            from the same weights, its keys and values expanded for every head, so it has to give the same
            tokens; if it does not, its row says wrong and has no speed. FP8 rounds on purpose: its row says
            how far its probabilities are from those of the latent cache (mean KL divergence, in nats). GQA-8
            and MQA caches have the shape that models so trained would have; this model was not, so only their
            bytes and their speed mean something.
          </dd>
        </div>
        <div>
          <dt>Bytes</dt>
          <dd>
            The sum of live GPU buffers, read off where they are allocated, beside what the formula says:
            layers × whole pages of {PAGE_TOKENS} tokens × bytes of a record. Both must be equal. The largest
            context is what one buffer a layer may hold by this device’s limits.
          </dd>
        </div>
        <div>
          <dt>Speed</dt>
          <dd>
            Decode is timed with the cache full up to the context in question, a step at a time: the median,
            and the middle half of the times. It is no average over a growing cache. Prefill is the last chunk
            of a prompt before that context. Everything that a step does counts: weights, experts, attention,
            sampling. Timestamps of the GPU where there are any, else the clock around a step.
          </dd>
        </div>
        <div>
          <dt>What is in a long cache</dt>
          <dd>
            To fill 128k tokens by computing them would take hours on most devices. The pages of a short text
            are repeated until the cache is full. Time and memory do not depend on what numbers are in it;
            text would.
          </dd>
        </div>
        <div>
          <dt>Longer than trained</dt>
          <dd>
            Contexts may be longer than the model was trained for. Their memory and speed are real; what it
            would say there is not worth reading.
          </dd>
        </div>
        <div>
          <dt>What this leaves open</dt>
          <dd>
            A small model spends little of a step on its cache, so its speeds lie close together; large models
            at long contexts spend most of it there. A browser’s GPU is shared: close other tabs, run again,
            and look at the middle half. Whether models trained with one kind of attention are as good as with
            another is not measured here.
          </dd>
        </div>
      </dl>
    </section>
  )
}
