// absorb_query – brings each head's query into the latent space: q̃ = W_UKᵀ q_nope, followed by the rotated rope part (decode)
//
//   step       Step                                          uniform
//   query      f32        [tokens, Q_STRIDE]                 read
//   weights    vec4<u32>  [HEADS * (NOPE + VALUE), LATENT]   read
//   rotations  vec2<f32>  [256 + n, ROPE / 2]                read
//   absorbed   f32        [tokens, HEADS * (LATENT + ROPE)]  read_write
//
//   grid    HEADS × rows
//   exact   f32 sums in a fixed order; WORKGROUP of at most 256

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

override WORKGROUP: u32 = 128;
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

override CHUNKS: u32 = (LATENT + 15) / 16;
override WIDTH: u32 = min(CHUNKS, WORKGROUP); // a team of this many invocations covers as many chunks of columns
override TEAMS: u32 = WORKGROUP / WIDTH;      // which share the weight rows

var<workgroup> partial: array<vec4<f32>, 4 * WORKGROUP>; // [TEAMS, WIDTH, 4]

// What this invocation's team has of its chunk of W_UKᵀ q.
fn multiply(m: Matrix, source: u32, head: u32, chunk: u32, team: u32) -> mat4x4<f32> {
  var sums = mat4x4<f32>();
  if team >= TEAMS || chunk >= CHUNKS { return sums; }
  for (var n = team; n < NOPE; n += TEAMS) {
    let out = head * (NOPE + VALUE) + n;
    sums += (query[source + n] * weight_scale(m, out, chunk)) * weight_chunk(m, out, chunk);
  }
  return sums;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let head = group.x;
  let row = group.y;
  let source = row * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE);
  let record = LATENT + ROPE;
  let into = row * ((HEADS * record + 15) / 16 * 16) + head * record;
  let m = Matrix(0, STRIDE, SCALES, SCALE_STRIDE);
  for (var first = 0u; first < CHUNKS; first += WIDTH) {
    let sums = multiply(m, source, head, first + lane % WIDTH, lane / WIDTH);
    partial[4 * lane] = sums[0];
    partial[4 * lane + 1] = sums[1];
    partial[4 * lane + 2] = sums[2];
    partial[4 * lane + 3] = sums[3];
    workgroupBarrier();
    for (var quad = lane; quad < 4 * WIDTH; quad += WORKGROUP) {
      var sum = vec4<f32>();
      for (var i = quad; i < 4 * WIDTH * TEAMS; i += 4 * WIDTH) { sum += partial[i]; }
      let column = 16 * first + 4 * quad;
      for (var i = 0u; i < 4; i++) {
        if column + i < LATENT { absorbed[into + column + i] = sum[i]; }
      }
    }
    workgroupBarrier();
  }
  for (var pair = lane; pair < ROPE / 2; pair += WORKGROUP) {
    let at = source + NOPE + pair_columns(pair);
    let turned = rotate(vec2<f32>(query[at.x], query[at.y]), rotation(step.position + row, pair));
    absorbed[into + LATENT + 2 * pair] = turned.x;
    absorbed[into + LATENT + 2 * pair + 1] = turned.y;
  }
}
