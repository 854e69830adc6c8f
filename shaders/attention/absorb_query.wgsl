// absorb_query – brings each head's query into the latent space: q̃ = W_UKᵀ q_nope, followed by the rotated rope part (decode)
//
//   step       Step                                          uniform
//   query      f32        [tokens, Q_STRIDE]                 read
//   weights    vec4<u32>  [HEADS * (NOPE + VALUE), LATENT]   read
//   rotations  vec2<f32>  [256 + n, ROPE / 2]                read
//   absorbed   f32        [tokens, HEADS * (LATENT + ROPE)]  read_write
//
//   grid    HEADS × rows
//   exact   f32 sums in a fixed order; any WORKGROUP, 256 keeps most of a GPU busy

#import shared/step
#import shared/fetch
#import shared/rotation
#import attention/rope_pairs
#import weights

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> query: array<f32>; // from column Q_OFFSET on: [HEADS, NOPE + ROPE]
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>; // head by head: NOPE rows of W_UK, VALUE rows of W_UV
@group(0) @binding(3) var<storage, read> rotations: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> absorbed: array<f32>;

override WORKGROUP: u32 = 256;
override HEADS: u32;
override NOPE: u32;
override ROPE: u32;
override VALUE: u32;
override LATENT: u32;
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;
override Q_OFFSET: u32 = 0;
override Q_STRIDE: u32; // floats

var<workgroup> partial: array<vec4<f32>, WORKGROUP>;

// Sums what the teams found for 4 columns from `column` on; the first team writes.
fn write_columns(value: vec4<f32>, into: u32, column: u32, width: u32, teams: u32, lane: u32) {
  partial[lane] = value;
  workgroupBarrier();
  if lane < width {
    var sum = vec4<f32>();
    for (var team = 0u; team < teams; team++) { sum += partial[team * width + lane]; }
    for (var i = 0u; i < 4; i++) {
      if column + i < LATENT { absorbed[into + column + i] = sum[i]; }
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let head = group.x;
  let row = group.y;
  let source = row * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE);
  let record = LATENT + ROPE;
  let into = row * ((HEADS * record + 15) / 16 * 16) + head * record;
  let m = Matrix(0, STRIDE, SCALES, SCALE_STRIDE);
  // A team of invocations covers the columns, one chunk each; the teams share the weight rows.
  let chunks = (LATENT + 15) / 16;
  for (var first = 0u; first < chunks; first += WORKGROUP) {
    let width = min(chunks - first, WORKGROUP);
    let teams = WORKGROUP / width;
    let chunk = first + lane % width;
    var sums = mat4x4<f32>();
    if lane < teams * width {
      for (var n = lane / width; n < NOPE; n += teams) {
        let out = head * (NOPE + VALUE) + n;
        sums += (query[source + n] * weight_scale(m, out, chunk)) * weight_chunk(m, out, chunk);
      }
    }
    write_columns(sums[0], into, 16 * chunk, width, teams, lane);
    write_columns(sums[1], into, 16 * chunk + 4, width, teams, lane);
    write_columns(sums[2], into, 16 * chunk + 8, width, teams, lane);
    write_columns(sums[3], into, 16 * chunk + 12, width, teams, lane);
  }
  for (var pair = lane; pair < ROPE / 2; pair += WORKGROUP) {
    let at = source + NOPE + pair_columns(pair);
    let turned = rotate(vec2<f32>(query[at.x], query[at.y]), rotation(step.position + row, pair));
    absorbed[into + LATENT + 2 * pair] = turned.x;
    absorbed[into + LATENT + 2 * pair + 1] = turned.y;
  }
}
