// adjust_logits – applies repetition, presence and frequency penalties, the caller's biases, and the mask
//
//   step      Step                uniform
//   logits    f32   [VOCAB]       read
//   counts    u32   [VOCAB]       read
//   biases    u32   [entries, 2]  read
//   mask      u32   [VOCAB / 32]  read
//   adjusted  f32   [VOCAB]       read_write
//
//   counts    bit 31: the token occurs in the prompt; the other bits: how often it was generated
//   biases    token id and f32 bits; the first step.biases entries count, those of the same id add up
//   mask      bit id % 32 of word id / 32: 0 makes the logit the lowest finite number
//   grid      one invocation per token id
//   exact     each penalty is one f32 operation; NaN and -inf become the lowest finite number, +inf the
//             largest

#import shared/step
#import sample/rank

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> counts: array<u32>;
@group(0) @binding(3) var<storage, read> biases: array<u32>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read_write> adjusted: array<f32>;

override WORKGROUP: u32 = 64;
override VOCAB: u32;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) invocation: vec3<u32>) {
  let id = invocation.x;
  if id >= VOCAB { return; }
  var logit = bitcast<f32>(finite_bits(logits[id]));
  let seen = counts[id];
  let generated = seen & 0x7fffffffu;
  if seen != 0 { logit = select(logit * step.repetition, logit / step.repetition, logit > 0.0); }
  if generated != 0 { logit -= step.presence + step.frequency * f32(generated); }
  for (var i = 0u; i < step.biases; i++) {
    if biases[2 * i] == id { logit += bitcast<f32>(biases[2 * i + 1]); }
  }
  let allowed = (mask[id / 32] & (1u << (id % 32))) != 0;
  adjusted[id] = bitcast<f32>(select(LOWEST_BITS, finite_bits(logit), allowed));
}
