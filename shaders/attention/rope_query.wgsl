// rope_query – rotates the rope part of every head of the query, in place (prefill)
//
//   step       Step                            uniform
//   rotations  vec2<f32>  [256 + n, ROPE / 2]  read
//   query      f32        [tokens, Q_STRIDE]   read_write
//
//   grid       ceil(HEADS * ROPE / 2 / WORKGROUP) × tokens
//   exact      one rounding of each product and sum; angles as in shared/rotation

#import shared/step
#import shared/rotation
#import attention/rope_pairs

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> rotations: array<vec2<f32>>;
// From column Q_OFFSET on: [HEADS, NOPE + ROPE]
@group(0) @binding(2) var<storage, read_write> query: array<f32>;

override WORKGROUP: u32 = 64;
override HEADS: u32;
override NOPE: u32;
override ROPE: u32;
override Q_OFFSET: u32 = 0;
override Q_STRIDE: u32; // floats

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if id.x >= HEADS * (ROPE / 2) { return; }
  let pair = id.x % (ROPE / 2);
  let head = id.x / (ROPE / 2);
  let at = id.y * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE) + NOPE + pair_columns(pair);
  let rotated = rotate(vec2<f32>(query[at.x], query[at.y]), rotation(step.position + id.y, pair));
  query[at.x] = rotated.x;
  query[at.y] = rotated.y;
}
