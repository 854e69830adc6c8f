// online_softmax – online softmax of several queries over tiles of 4 * LANES_PER_QUERY keys
//
// The importing tile defines LANES_PER_QUERY (invocations per query), WORKGROUP, and WEIGHTS_STRIDE: numbers
// from one key's weights to the next, one more than there are queries, which avoids bank conflicts. All
// invocations of a query keep its largest score and Σ p; they compute them in the same order, so they agree.

const LOWEST = -1e30; // below every score, and finite

// Softmax numerators: [keys, queries]
var<workgroup> weights: array<f32, 4 * LANES_PER_QUERY * WEIGHTS_STRIDE>;
var<workgroup> scratch: array<f32, WORKGROUP>;
// By which each query's earlier sums are rescaled
var<workgroup> factors: array<f32, WORKGROUP / LANES_PER_QUERY>;

// Index of the weight of an invocation's first key; those of its other three keys follow, WEIGHTS_STRIDE
// apart.
fn weights_at(lane: u32) -> u32 {
  return lane % LANES_PER_QUERY * 4 * WEIGHTS_STRIDE + lane / LANES_PER_QUERY;
}

// Leaves softmax numerators in `weights`. Takes the query's largest score and Σ p so far (`before`) and
// returns the new ones. `scores`: of this invocation's four keys, LOWEST where masked.
fn update_softmax(before: vec2<f32>, scores: vec4<f32>, lane: u32) -> vec2<f32> {
  let first = weights_at(lane);
  let first_lane = lane / LANES_PER_QUERY * LANES_PER_QUERY;
  scratch[lane] = max(max(scores.x, scores.y), max(scores.z, scores.w));
  workgroupBarrier();
  var largest = before.x;
  for (var i = 0u; i < LANES_PER_QUERY; i++) { largest = max(largest, scratch[first_lane + i]); }
  workgroupBarrier();
  let p = exp(scores - largest);
  weights[first] = p.x;
  weights[first + WEIGHTS_STRIDE] = p.y;
  weights[first + 2 * WEIGHTS_STRIDE] = p.z;
  weights[first + 3 * WEIGHTS_STRIDE] = p.w;
  scratch[lane] = p.x + p.y + p.z + p.w;
  let rescale = exp(before.x - largest);
  if lane % LANES_PER_QUERY == 0 { factors[lane / LANES_PER_QUERY] = rescale; }
  workgroupBarrier();
  var total = before.y * rescale;
  for (var i = 0u; i < LANES_PER_QUERY; i++) { total += scratch[first_lane + i]; }
  return vec2<f32>(largest, total);
}
