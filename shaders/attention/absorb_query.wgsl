// absorb_query – multiplies W_UKᵀ into a head's query: [W_UKᵀ q_nope | rotated q_rope], to score latents with
//
// The kernel has the bindings `query`, `weights`, `rotations` and `absorbed`, and a WORKGROUP of at most 256.

#import shared/weight_buffer
#import shared/rotation
#import attention/rope_pairs
#import weights

override HEADS: u32;
override NOPE: u32;
override VALUE: u32;
override STRIDE: u32;
override SCALES: u32;
override SCALE_STRIDE: u32;
override Q_OFFSET: u32 = 0;
override Q_STRIDE: u32; // floats

override CHUNKS: u32 = (LATENT + 15) / 16;
// A team has WIDTH invocations, one chunk of columns each. The teams divide the weight rows among them.
override WIDTH: u32 = min(CHUNKS, WORKGROUP);
override TEAMS: u32 = WORKGROUP / WIDTH;

var<workgroup> partial: array<vec4<f32>, 4 * WORKGROUP>; // [TEAMS, WIDTH, 4]

// A chunk of W_UKᵀ q, summed over the weight rows of one team.
fn multiply(m: Matrix, source: u32, head: u32, chunk: u32, team: u32) -> mat4x4<f32> {
  var sums = mat4x4<f32>();
  if team >= TEAMS || chunk >= CHUNKS { return sums; }
  for (var n = team; n < NOPE; n += TEAMS) {
    let out = head * (NOPE + VALUE) + n;
    sums += (query[source + n] * weight_scale(m, out, chunk)) * weight_chunk(m, out, chunk);
  }
  return sums;
}

fn absorb_query(row: u32, head: u32, lane: u32) {
  let source = row * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE);
  let into = row * ((HEADS * (LATENT + ROPE) + 15) / 16 * 16) + head * (LATENT + ROPE);
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
    let rotated = rotate(vec2<f32>(query[at.x], query[at.y]), rotation(step.position + row, pair));
    absorbed[into + LATENT + 2 * pair] = rotated.x;
    absorbed[into + LATENT + 2 * pair + 1] = rotated.y;
  }
}
