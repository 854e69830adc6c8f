// combine_splits – combines the partial results of the splits of decode attention
//
// A partial result is WIDTH pairs: Σ p·v, then (largest score, Σ p). They lie in the binding `partial`, split
// by split. The kernel defines WIDTH, SPLITS and WORKGROUP.

var<workgroup> split_factors: array<f32, SPLITS>; // factor of each split in the combined result

// Leaves each split's factor, exp(its largest score - the largest of all) / Σ p, in `split_factors`.
// `at`: the head's first split, in pairs.
fn compute_split_factors(at: u32, count: u32, lane: u32) {
  var largest = -1e30;
  for (var s = 0u; s < count; s++) { largest = max(largest, partial[at + s * WIDTH + WIDTH - 1].x); }
  var total = 0.0;
  for (var s = 0u; s < count; s++) {
    let softmax = partial[at + s * WIDTH + WIDTH - 1];
    total += exp(softmax.x - largest) * softmax.y;
  }
  for (var s = lane; s < count; s += WORKGROUP) {
    split_factors[s] = exp(partial[at + s * WIDTH + WIDTH - 1].x - largest) / total;
  }
}

// The sum of one pair over all splits.
fn combine_pair(at: u32, count: u32, pair: u32) -> vec2<f32> {
  var sum = vec2<f32>();
  for (var s = 0u; s < count; s++) { sum += split_factors[s] * partial[at + s * WIDTH + pair]; }
  return sum;
}
