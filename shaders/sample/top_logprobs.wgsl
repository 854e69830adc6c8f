// top_logprobs – log-probabilities of the chosen token and of the likeliest ones, from the model's own logits
//
//   step    Step           uniform
//   logits  f32  [VOCAB]   read
//   result  u32  [64]      read_write
//
//   result  [0] (given) the chosen id; [2] its log-probability as f32 bits; [3] n = min(step.alternatives, 20, VOCAB);
//           from [4] on n pairs (id, log-probability as f32 bits), best first, of equals the smaller id first
//   grid    one workgroup
//   exact   f32, sums in a fixed order: 1e-5 absolute; NaN and -inf count as the lowest finite number

#import shared/step
#import shared/reduce
#import sample/rank
#import sample/select

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;

override VOCAB: u32; // below 2^18

const WORKGROUP: u32 = 256;
const MOST: u32 = 20;

var<workgroup> winners: array<vec2<u32>, MOST>; // (rank, id)
var<workgroup> winner_count: atomic<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  var own = logit_at(0);
  for (var id = lane; id < VOCAB; id += WORKGROUP) { own = max(own, logit_at(id)); }
  let best = workgroup_max(own, lane);
  var share = 0.0;
  for (var id = lane; id < VOCAB; id += WORKGROUP) { share += exp(max(logit_at(id) - best, -100.0)); }
  let normaliser = best + log(workgroup_sum(share, lane));
  let count = min(min(step.alternatives, MOST), VOCAB);
  if lane == 0 {
    result[2] = bitcast<u32>(logit_at(min(result[0], VOCAB - 1)) - normaliser);
    result[3] = count;
  }
  if count == 0 { return; }
  let last = select_place(0, lane);
  // Winners are gathered in any order; each then finds its place by counting the better ones.
  for (var id = lane; id < VOCAB; id += WORKGROUP) {
    let winner = vec2<u32>(rank_at(id), id);
    if !comes_before(last, winner) { winners[atomicAdd(&winner_count, 1u)] = winner; }
  }
  workgroupBarrier();
  if lane >= count { return; }
  var place = 0u;
  for (var i = 0u; i < count; i++) { place += select(0u, 1u, comes_before(winners[i], winners[lane])); }
  result[4 + 2 * place] = winners[lane].y;
  result[5 + 2 * place] = bitcast<u32>(logit_of(winners[lane].x) - normaliser);
}

fn logit_at(id: u32) -> f32 { return bitcast<f32>(finite_bits(logits[id])); }

fn rank_at(id: u32) -> u32 { return rank_of(finite_bits(logits[id])); }

fn weigh(id: u32, rank: u32) -> vec3<u32> { return vec3<u32>(0, 0, 1); }

fn wanted(total: vec2<u32>) -> vec2<u32> { return vec2<u32>(0, min(step.alternatives, MOST)); }

fn comes_before(a: vec2<u32>, b: vec2<u32>) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
