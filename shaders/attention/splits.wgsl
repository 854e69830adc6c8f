// attention/splits – joins what the splits of decode attention left in `partial`: sums in pairs, then the largest score and Σ p
//
// The kernel defines WIDTH, the pairs of one partial result, SPLITS and WORKGROUP.

var<workgroup> shares: array<f32, SPLITS>; // of each split in the sum over all

// Leaves each split's factor, exp(its largest score - the largest of all) / Σ p, in `shares`. `at`: the head's first split, in pairs.
fn share_splits(at: u32, count: u32, lane: u32) {
  var largest = -1e30;
  for (var s = 0u; s < count; s++) { largest = max(largest, partial[at + s * WIDTH + WIDTH - 1].x); }
  var total = 0.0;
  for (var s = 0u; s < count; s++) {
    let softmax = partial[at + s * WIDTH + WIDTH - 1];
    total += exp(softmax.x - largest) * softmax.y;
  }
  for (var s = lane; s < count; s += WORKGROUP) {
    shares[s] = exp(partial[at + s * WIDTH + WIDTH - 1].x - largest) / total;
  }
}

// The sum of one pair over all splits.
fn join_pair(at: u32, count: u32, pair: u32) -> vec2<f32> {
  var sum = vec2<f32>();
  for (var s = 0u; s < count; s++) { sum += shares[s] * partial[at + s * WIDTH + pair]; }
  return sum;
}
