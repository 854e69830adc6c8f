// top_logprobs – log-probabilities of the chosen and the most likely tokens, from the unadjusted logits
//
//   step    Step           uniform
//   logits  f32   [VOCAB]  read
//   result  u32   [64]     read_write
//
//   result  [0] (input) the chosen id; [2] its log-probability as f32 bits;
//           [3] n = min(step.alternatives, 20, VOCAB); from [4] on n pairs (id, log-probability as f32 bits),
//           best first, among equals the smaller id first
//   grid    one workgroup
//   exact   f32, sums in a fixed order: 1e-5 absolute; NaN and -inf count as the lowest finite number

#import shared/step
#import shared/reduce
#import sample/rank
#import sample/radix_select

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;

override VOCAB: u32; // below 2^18

const WORKGROUP: u32 = 256;
const MAX_ALTERNATIVES: u32 = 20;

var<workgroup> winners: array<vec2<u32>, MAX_ALTERNATIVES>; // (rank, id)
var<workgroup> winner_count: atomic<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  var own = logit_at(0);
  for (var id = lane; id < VOCAB; id += WORKGROUP) { own = max(own, logit_at(id)); }
  let best = workgroup_max(own, lane);
  var exp_sum = 0.0;
  for (var id = lane; id < VOCAB; id += WORKGROUP) { exp_sum += exp(max(logit_at(id) - best, -100.0)); }
  let log_sum_exp = best + log(workgroup_sum(exp_sum, lane));
  let count = min(min(step.alternatives, MAX_ALTERNATIVES), VOCAB);
  if lane == 0 {
    result[2] = bitcast<u32>(logit_at(min(result[0], VOCAB - 1)) - log_sum_exp);
    result[3] = count;
  }
  if count == 0 { return; }
  let last = radix_select(0, lane);
  // Winners are collected in any order; each then finds its position by counting the better ones.
  for (var id = lane; id < VOCAB; id += WORKGROUP) {
    let winner = vec2<u32>(rank_at(id), id);
    if !comes_before(last, winner) { winners[atomicAdd(&winner_count, 1u)] = winner; }
  }
  workgroupBarrier();
  if lane >= count { return; }
  var position = 0u;
  for (var i = 0u; i < count; i++) { position += select(0u, 1u, comes_before(winners[i], winners[lane])); }
  result[4 + 2 * position] = winners[lane].y;
  result[5 + 2 * position] = bitcast<u32>(logit_of(winners[lane].x) - log_sum_exp);
}

fn logit_at(id: u32) -> f32 { return bitcast<f32>(finite_bits(logits[id])); }

fn rank_at(id: u32) -> u32 { return rank_of(finite_bits(logits[id])); }

fn candidate_mass(id: u32, rank: u32) -> vec3<u32> { return vec3<u32>(0, 0, 1); }

fn target_mass(total: vec2<u32>) -> vec2<u32> {
  return vec2<u32>(0, min(step.alternatives, MAX_ALTERNATIVES));
}

fn comes_before(a: vec2<u32>, b: vec2<u32>) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
