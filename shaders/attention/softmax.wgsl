// attention/softmax – the running softmax of several queries over tiles of 4 * SHARERS keys
//
// The kernel defines SHARERS, the invocations that share a query, WORKGROUP, and WEIGHTS_ROW: numbers from one key's weights to the
// next, one more than there are queries. All sharers keep their query's largest score and Σ p, computed in the same order, hence equal.

const LOWEST = -1e30; // below every score, and finite

var<workgroup> weights: array<f32, 4 * SHARERS * WEIGHTS_ROW>; // softmax numerators: [keys, queries]
var<workgroup> scratch: array<f32, WORKGROUP>;
var<workgroup> factors: array<f32, WORKGROUP / SHARERS>; // by which each query's earlier sums shrink

// Where the first of an invocation's four keys has its weight; those of the others follow WEIGHTS_ROW apart.
fn weights_at(lane: u32) -> u32 { return lane % SHARERS * 4 * WEIGHTS_ROW + lane / SHARERS; }

// Leaves softmax numerators in `weights`. `before`: the query's largest score and Σ p so far; returns what they are now.
// `scores`: of this invocation's four keys, LOWEST where a query may not look.
fn soften(before: vec2<f32>, scores: vec4<f32>, lane: u32) -> vec2<f32> {
  let first = weights_at(lane);
  let sharers = lane / SHARERS * SHARERS;
  scratch[lane] = max(max(scores.x, scores.y), max(scores.z, scores.w));
  workgroupBarrier();
  var largest = before.x;
  for (var i = 0u; i < SHARERS; i++) { largest = max(largest, scratch[sharers + i]); }
  workgroupBarrier();
  let p = exp(scores - largest);
  weights[first] = p.x;
  weights[first + WEIGHTS_ROW] = p.y;
  weights[first + 2 * WEIGHTS_ROW] = p.z;
  weights[first + 3 * WEIGHTS_ROW] = p.w;
  scratch[lane] = p.x + p.y + p.z + p.w;
  let fade = exp(before.x - largest);
  if lane % SHARERS == 0 { factors[lane / SHARERS] = fade; }
  workgroupBarrier();
  var total = before.y * fade;
  for (var i = 0u; i < SHARERS; i++) { total += scratch[sharers + i]; }
  return vec2<f32>(largest, total);
}
