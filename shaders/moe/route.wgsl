// route – chooses each token's experts and their weights
//
//   step    Step                      uniform
//   logits  f32   [tokens, EXPERTS]   read
//   bias    f32   [EXPERTS]           read
//   route   u32   [tokens, TOP_K, 2]  read_write
//
//   grid    one workgroup per token
//   exact   the choice follows f32 scores, the smaller id among equals; weights within 1e-5
//
// Scores are sigmoid(logits) or softmax(logits). Experts are chosen by score + bias, only within the
// TOP_GROUPS best of GROUPS groups, and weighted by the score alone. An entry of route is an expert's id and
// the f32 bits of its weight, best choice first.

#import shared/step
#import shared/silu
#import shared/reduce

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> route: array<u32>;

override WORKGROUP: u32 = 64;
override EXPERTS: u32; // up to 512
override TOP_K: u32;
override GROUPS: u32 = 1;
override TOP_GROUPS: u32 = 1;
override SIGMOID: bool = true;
override GROUP_TOP2: bool = true; // a group's score is the sum of its two best; else its best
override NORM_TOPK_PROB: bool = true;
override SCALE: f32 = 1.0;

const LOWEST: f32 = -3.4028234e38;

var<workgroup> scores: array<f32, EXPERTS>;
var<workgroup> keys: array<u32, EXPERTS>;
var<workgroup> group_keys: array<u32, GROUPS>;
var<workgroup> chosen: array<u32, TOP_K>;

// Sort key: larger numbers have larger keys. NaN has a place in the order too, so TOP_K experts are always
// found. Key 0 is below all others.
fn key_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  return select(bits | 0x80000000, ~bits, bits >= 0x80000000);
}

fn value_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffff, key >= 0x80000000));
}

// Whether entry b comes before entry a.
fn precedes(b_key: u32, b: u32, a_key: u32, a: u32) -> bool {
  return b_key > a_key || (b_key == a_key && b < a);
}

fn score_experts(row: u32, lane: u32) {
  var largest = LOWEST;
  var sum = 1.0;
  if !SIGMOID {
    for (var e = lane; e < EXPERTS; e += WORKGROUP) { largest = max(largest, logits[row + e]); }
    largest = workgroup_max(largest, lane);
    sum = 0.0;
    for (var e = lane; e < EXPERTS; e += WORKGROUP) { sum += exp(logits[row + e] - largest); }
    sum = workgroup_sum(sum, lane);
  }
  for (var e = lane; e < EXPERTS; e += WORKGROUP) {
    let logit = logits[row + e];
    var score = 0.0;
    if SIGMOID { score = sigmoid(logit); } else { score = exp(logit - largest) / sum; }
    scores[e] = score;
    keys[e] = key_of(score + bias[e]);
  }
  workgroupBarrier();
}

// Excludes the experts of all but the best groups.
fn exclude_groups(lane: u32) {
  let size = EXPERTS / GROUPS;
  for (var g = lane; g < GROUPS; g += WORKGROUP) {
    var first = LOWEST;
    var second = LOWEST;
    for (var e = g * size; e < (g + 1) * size; e++) {
      let value = value_of(keys[e]);
      second = max(second, min(first, value));
      first = max(first, value);
    }
    group_keys[g] = key_of(select(first, first + second, GROUP_TOP2 && size > 1));
  }
  workgroupBarrier();
  for (var e = lane; e < EXPERTS; e += WORKGROUP) {
    let own = e / size;
    var rank = 0u;
    for (var g = 0u; g < GROUPS; g++) { rank += u32(precedes(group_keys[g], g, group_keys[own], own)); }
    if rank >= TOP_GROUPS { keys[e] = 0; }
  }
  workgroupBarrier();
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  score_experts(group.x * ((EXPERTS + 15) / 16 * 16), lane);
  if TOP_GROUPS < GROUPS { exclude_groups(lane); }

  // An expert's rank is the number of experts before it.
  for (var e = lane; e < EXPERTS; e += WORKGROUP) {
    let key = keys[e];
    var rank = 0u;
    for (var other = 0u; other < EXPERTS; other++) { rank += u32(precedes(keys[other], other, key, e)); }
    if rank < TOP_K { chosen[rank] = e; }
  }
  workgroupBarrier();

  var total = 0.0;
  for (var i = 0u; i < TOP_K; i++) { total += scores[chosen[i]]; }
  let factor = select(SCALE, SCALE / (total + 1e-20), NORM_TOPK_PROB);
  for (var i = lane; i < TOP_K; i += WORKGROUP) {
    let at = 2 * (group.x * TOP_K + i);
    route[at] = chosen[i];
    route[at + 1] = bitcast<u32>(scores[chosen[i]] * factor);
  }
}
