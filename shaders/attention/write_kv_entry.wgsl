// write_kv_entry – normalizes a token's latent, rotates its shared key, stores both in the format of `pack`
//
// The kernel has the bindings `projected`, `latent_norm`, `rotations`, `pages` and `cache`. Without PAGED the
// entry goes to the step's own row of `cache` instead of its page of the KV cache.

#import shared/pages
#import shared/rotation
#import attention/rope_pairs
#import reduce
#import pack

override PROJECTED_STRIDE: u32; // floats
override KV_OFFSET: u32;
override EPSILON: f32;
override KV_ENTRY: u32 = LATENT + ROPE;
override PAGED: bool = true;

var<workgroup> kv_entry: array<vec2<f32>, KV_ENTRY / 2>; // the numbers that `pack` converts to words

fn write_kv_entry(row: u32, lane: u32) {
  let source = row * PROJECTED_STRIDE + KV_OFFSET;
  select_row(row);
  let position = row_position(row);
  var squares = 0.0;
  for (var i = lane; i < LATENT; i += WORKGROUP) { squares += projected[source + i] * projected[source + i]; }
  let scale = inverseSqrt(workgroup_sum(squares, lane) / f32(LATENT) + EPSILON);
  for (var pair = lane; pair < LATENT / 2; pair += WORKGROUP) {
    let i = 2 * pair;
    let latent = vec2<f32>(projected[source + i], projected[source + i + 1]);
    kv_entry[pair] = latent * scale * vec2<f32>(latent_norm[i], latent_norm[i + 1]);
  }
  for (var pair = lane; pair < ROPE / 2; pair += WORKGROUP) {
    let at = source + LATENT + pair_columns(pair);
    let key = vec2<f32>(projected[at.x], projected[at.y]);
    kv_entry[LATENT / 2 + pair] = rotate(key, rotation(position, pair));
  }
  workgroupBarrier();
  var into = row;
  if PAGED { into = cache_row(position); }
  for (var i = lane; i < KV_ENTRY_WORDS; i += WORKGROUP) {
    cache[into * KV_ENTRY_WORDS + i] = kv_entry_word(i);
  }
}
