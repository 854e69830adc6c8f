// absorb_query – multiplies W_UKᵀ into a head's query: [W_UKᵀ q_nope | rotated q_rope], to score latents with
//
// The kernel has the bindings `query`, `weights`, `rotations`, `pages` and `absorbed`, and a WORKGROUP of at
// most 256.

#import shared/weight_buffer
#import shared/pages
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

// Quads of each chunk that are summed over the teams at a time, so that 256 lanes fit into 16 KiB
override QUADS: u32 = select(4u, 2u, WORKGROUP > 128);

var<workgroup> partial: array<vec4<f32>, QUADS * WORKGROUP>; // [TEAMS, WIDTH, QUADS]

// A chunk of W_UKᵀ q, summed over the weight rows of one team.
fn multiply(m: Matrix, source: u32, head: u32, chunk: u32, team: u32) -> mat4x4<f32> {
  var sums = mat4x4<f32>();
  var offset = 0.0; // of all columns
  if team >= TEAMS || chunk >= CHUNKS { return sums; }
  for (var n = team; n < NOPE; n += TEAMS) {
    let out = head * (NOPE + VALUE) + n;
    let affine = query[source + n] * weight_affine(m, out, chunk);
    sums += affine.x * weight_chunk(m, out, chunk);
    if HAS_OFFSET { offset += affine.y; }
  }
  if HAS_OFFSET { return sums + filled_chunk(offset); }
  return sums;
}

// Sums quads `part` to `part` + QUADS - 1 of each chunk over the teams and stores the columns that exist.
fn store_sums(sums: mat4x4<f32>, part: u32, first: u32, into: u32, lane: u32) {
  for (var i = 0u; i < QUADS; i++) { partial[QUADS * lane + i] = sums[part + i]; }
  workgroupBarrier();
  for (var quad = lane; quad < QUADS * WIDTH; quad += WORKGROUP) {
    var sum = vec4<f32>();
    for (var i = quad; i < QUADS * WIDTH * TEAMS; i += QUADS * WIDTH) { sum += partial[i]; }
    let column = 16 * (first + quad / QUADS) + 4 * (part + quad % QUADS);
    for (var i = 0u; i < 4; i++) {
      if column + i < LATENT { absorbed[into + column + i] = sum[i]; }
    }
  }
  workgroupBarrier();
}

fn absorb_query(row: u32, head: u32, lane: u32) {
  let source = row * Q_STRIDE + Q_OFFSET + head * (NOPE + ROPE);
  let into = row * ((HEADS * (LATENT + ROPE) + 15) / 16 * 16) + head * (LATENT + ROPE);
  let m = Matrix(0, STRIDE, SCALES, SCALE_STRIDE);
  for (var first = 0u; first < CHUNKS; first += WIDTH) {
    let sums = multiply(m, source, head, first + lane % WIDTH, lane / WIDTH);
    for (var part = 0u; part < 4; part += QUADS) { store_sums(sums, part, first, into, lane); }
  }
  for (var pair = lane; pair < ROPE / 2; pair += WORKGROUP) {
    let at = source + NOPE + pair_columns(pair);
    let rotated = rotate(vec2<f32>(query[at.x], query[at.y]), rotation(row_position(row), pair));
    absorbed[into + LATENT + 2 * pair] = rotated.x;
    absorbed[into + LATENT + 2 * pair + 1] = rotated.y;
  }
}
