// sample_token – the next token: the best logit, or a draw after temperature, top-k, top-p and min-p
//
//   step      Step           uniform
//   adjusted  f32   [VOCAB]  read
//   counts    u32   [VOCAB]  read_write
//   token     u32   [1]      read_write
//   result    u32   [64]     read_write
//
//   token     the chosen id; result[0] is the same, result[1] is step.draw; counts[id] grows by one
//   greedy    temperature under 1e-6: the best logit; among equals the smallest id
//   draw      weight = exp((logit - best) / temperature), zero under 2^-42. top_k keeps the k best; top_p the
//             fewest best whose mass reaches that fraction of the rest, at least one; min_p keeps weights
//             that are at least min_p. Of equal logits at a cutoff the smaller ids are kept. A uniform number
//             from (seed, draw) then selects from the running mass in the order of ids.
//   grid      one workgroup
//   exact     masses are added as integers (sample/radix_select), so results are reproducible on an adapter.
//             Between adapters weights differ by the error of exp (5e-6 at weight 2^-30); cutoffs and the
//             draw use an f32 product of the mass (2^-23).

#import shared/step
#import sample/rank
#import sample/radix_select

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> adjusted: array<f32>;
@group(0) @binding(2) var<storage, read_write> counts: array<u32>;
@group(0) @binding(3) var<storage, read_write> token: array<u32>;
@group(0) @binding(4) var<storage, read_write> result: array<u32>;

override VOCAB: u32; // below 2^18

const WORKGROUP: u32 = 256;
const STAGE_TOP_K: u32 = 0;
const STAGE_TOP_P: u32 = 1;
const STAGE_DRAW: u32 = 2;

var<private> current_stage: u32;
var<private> best: f32;
var<private> cutoff: vec2<u32>; // (rank, id) of the last candidate that is kept
var<workgroup> minimum: atomic<u32>;
var<workgroup> uniform_minimum: u32;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  let first = best_candidate(lane);
  best = logit_of(first.x);
  cutoff = vec2<u32>(0xffffffffu);
  var id = first.y;
  if step.temperature >= 1e-6 {
    for (var stage = STAGE_TOP_K; stage <= STAGE_DRAW; stage++) {
      if stage == STAGE_TOP_K && (step.top_k == 0 || step.top_k >= VOCAB) { continue; }
      if stage == STAGE_TOP_P && step.top_p >= 1.0 { continue; }
      current_stage = stage;
      cutoff = radix_select(select(0u, 4u, stage == STAGE_DRAW), lane);
    }
    id = cutoff.y;
  }
  if lane != 0 { return; }
  token[0] = id;
  result[0] = id;
  result[1] = step.draw;
  counts[id] += 1;
}

fn rank_at(id: u32) -> u32 { return rank_of(finite_bits(adjusted[id])); }

fn candidate_mass(id: u32, rank: u32) -> vec3<u32> {
  if rank > cutoff.x || (rank == cutoff.x && id > cutoff.y) { return vec3<u32>(0); }
  if current_stage == STAGE_TOP_K { return vec3<u32>(0, 0, 1); }
  let power = (logit_of(rank) - best) / step.temperature;
  if power >= 0.0 { return vec3<u32>(16384, 0, 0); }
  let weight = exp(max(power, -40.0));
  if current_stage == STAGE_DRAW && weight < step.min_p { return vec3<u32>(0); }
  return mass_digits(weight);
}

fn target_mass(total: vec2<u32>) -> vec2<u32> {
  if current_stage == STAGE_TOP_K { return vec2<u32>(0, step.top_k); }
  if current_stage == STAGE_DRAW {
    return mass_plus(mass_from(uniform_number() * mass_value(total)), vec2<u32>(0, 1));
  }
  let mass = mass_from(max(step.top_p, 0.0) * mass_value(total));
  return select(mass, vec2<u32>(0, 1), all(mass == vec2<u32>(0)));
}

// (rank, id) of the best logit; among equals the smallest id.
fn best_candidate(lane: u32) -> vec2<u32> {
  var own = vec2<u32>(0xffffffffu);
  for (var base = lane; base < VOCAB; base += LOAD_AHEAD * WORKGROUP) {
    for (var i = 0u; i < LOAD_AHEAD; i++) {
      let id = min(base + i * WORKGROUP, VOCAB - 1);
      let rank = rank_at(id);
      if rank < own.x || (rank == own.x && id < own.y) { own = vec2<u32>(rank, id); }
    }
  }
  let rank = workgroup_min(own.x, lane);
  return vec2<u32>(rank, workgroup_min(select(0xffffffffu, own.y, own.x == rank), lane));
}

fn workgroup_min(value: u32, lane: u32) -> u32 {
  if lane == 0 { atomicStore(&minimum, 0xffffffffu); }
  workgroupBarrier();
  atomicMin(&minimum, value);
  workgroupBarrier();
  if lane == 0 { uniform_minimum = atomicLoad(&minimum); }
  return workgroupUniformLoad(&uniform_minimum);
}

// A number in [0, 1) of 24 bits that depends only on the seed and the draw's number.
fn uniform_number() -> f32 {
  return f32(scramble(step.draw ^ scramble(step.seed ^ 0x9e3779b9u)) >> 8) / 16777216.0;
}

// A hash that permutes u32: multiplications by odd numbers between xor-shifts. The multipliers are the pair
// with the least bias found in a public search by C. Wellons ("lowbias32").
fn scramble(value: u32) -> u32 {
  var mixed = (value ^ (value >> 16)) * 0x7feb352du;
  mixed = (mixed ^ (mixed >> 15)) * 0x846ca68bu;
  return mixed ^ (mixed >> 16);
}
