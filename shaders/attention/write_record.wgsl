// write_record – normalises the latent of a token, rotates its shared key, and keeps both in the form that `pack` says
//
// The kernel has the bindings `projected`, `latent_norm`, `rotations`, `pages` and `cache`. Without PAGED the record goes to the step's own
// row of `cache`, not to its place in the KV cache.

#import shared/pages
#import shared/rotation
#import attention/rope_pairs
#import reduce
#import pack

override P_STRIDE: u32; // floats
override KV_OFFSET: u32;
override EPSILON: f32;
override RECORD: u32 = LATENT + ROPE;
override PAGED: bool = true;

var<workgroup> record: array<vec2<f32>, RECORD / 2>; // what `pack` makes words of

fn write_record(row: u32, lane: u32) {
  let source = row * P_STRIDE + KV_OFFSET;
  let position = step.position + row;
  var squares = 0.0;
  for (var i = lane; i < LATENT; i += WORKGROUP) { squares += projected[source + i] * projected[source + i]; }
  let scale = inverseSqrt(workgroup_sum(squares, lane) / f32(LATENT) + EPSILON);
  for (var pair = lane; pair < LATENT / 2; pair += WORKGROUP) {
    let i = 2 * pair;
    let latent = vec2<f32>(projected[source + i], projected[source + i + 1]);
    record[pair] = latent * scale * vec2<f32>(latent_norm[i], latent_norm[i + 1]);
  }
  for (var pair = lane; pair < ROPE / 2; pair += WORKGROUP) {
    let at = source + LATENT + pair_columns(pair);
    let key = vec2<f32>(projected[at.x], projected[at.y]);
    record[LATENT / 2 + pair] = rotate(key, rotation(position, pair));
  }
  workgroupBarrier();
  var into = row;
  if PAGED { into = cache_row(position); }
  for (var i = lane; i < RECORD_WORDS; i += WORKGROUP) { cache[into * RECORD_WORDS + i] = record_word(i); }
}
