// attention/prefill_softmax – the running softmax of 32 queries over tiles of 32 keys, for attend_prefill
//
// 8 invocations share a query. All of them keep its largest score and Σ p, computed in the same order, hence equal.

const WEIGHTS_ROW: u32 = 33; // from one key's weights to the next
const LOWEST = -1e30;        // below every score, and finite

var<workgroup> weights: array<f32, 1056>; // scores, then softmax numerators: [32 keys, 32 queries]
var<workgroup> scratch: array<f32, 256>;
var<workgroup> factors: array<f32, 32>;   // by which each query's earlier sums shrink

// Turns scores into softmax numerators. `before`: the query's largest score and Σ p so far; returns what they are now.
fn soften(before: vec2<f32>, lane: u32) -> vec2<f32> {
  let first = lane % 8 * 4 * WEIGHTS_ROW + lane / 8;
  let scores = vec4<f32>(weights[first], weights[first + WEIGHTS_ROW],
    weights[first + 2 * WEIGHTS_ROW], weights[first + 3 * WEIGHTS_ROW]);
  scratch[lane] = max(max(scores.x, scores.y), max(scores.z, scores.w));
  workgroupBarrier();
  var largest = before.x;
  for (var i = 0u; i < 8; i++) { largest = max(largest, scratch[lane / 8 * 8 + i]); }
  workgroupBarrier();
  let p = exp(scores - largest);
  weights[first] = p.x;
  weights[first + WEIGHTS_ROW] = p.y;
  weights[first + 2 * WEIGHTS_ROW] = p.z;
  weights[first + 3 * WEIGHTS_ROW] = p.w;
  scratch[lane] = p.x + p.y + p.z + p.w;
  let fade = exp(before.x - largest);
  if lane % 8 == 0 { factors[lane / 8] = fade; }
  workgroupBarrier();
  var total = before.y * fade;
  for (var i = 0u; i < 8; i++) { total += scratch[lane / 8 * 8 + i]; }
  return vec2<f32>(largest, total);
}
