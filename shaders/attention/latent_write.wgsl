// latent_write – normalises both latents of a token, rotates its shared key, and keeps latent and key in the form that `pack` says
//
//   step         Step                              uniform
//   projected    f32        [tokens, P_STRIDE]     read
//   latent_norm  f32        [LATENT]               read
//   query_norm   f32        [QUERY]                read
//   rotations    vec2<f32>  [256 + n, ROPE / 2]    read
//   pages        u32        [pages]                read
//   query        f32        [tokens, QUERY]        read_write
//   cache        u32        [rows, RECORD]         read_write
//
//   grid    rows × (2 with a query latent, else 1)
//   exact   f32 sum of squares; the cache rounds to its own format
//
// Without PAGED the record goes to the step's own row of `cache`, not to its place in the KV cache.

#import shared/step
#import shared/pages
#import shared/rotation
#import attention/rope_pairs
#import reduce
#import pack

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> projected: array<f32>; // [query latent | … | latent | shared key]
@group(0) @binding(2) var<storage, read> latent_norm: array<f32>;
@group(0) @binding(3) var<storage, read> query_norm: array<f32>;
@group(0) @binding(4) var<storage, read> rotations: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> pages: array<u32>;
@group(0) @binding(6) var<storage, read_write> query: array<f32>;
@group(0) @binding(7) var<storage, read_write> cache: array<u32>;

override WORKGROUP: u32 = 64;
override P_STRIDE: u32; // floats
override KV_OFFSET: u32;
override LATENT: u32;
override ROPE: u32;
override QUERY: u32; // 0 = the query has no latent
override EPSILON: f32;
override RECORD: u32 = LATENT + ROPE;
override PAGED: bool = true;

var<workgroup> record: array<vec2<f32>, RECORD / 2>; // what `pack` makes words of

// 1 / rms of `width` columns from `first` on.
fn normaliser(first: u32, width: u32, lane: u32) -> f32 {
  var squares = 0.0;
  for (var i = lane; i < width; i += WORKGROUP) { squares += projected[first + i] * projected[first + i]; }
  return inverseSqrt(workgroup_sum(squares, lane) / f32(width) + EPSILON);
}

fn write_query(row: u32, lane: u32) {
  let source = row * P_STRIDE;
  let into = row * ((QUERY + 15) / 16 * 16);
  let scale = normaliser(source, QUERY, lane);
  for (var i = lane; i < QUERY; i += WORKGROUP) { query[into + i] = projected[source + i] * scale * query_norm[i]; }
}

fn write_record(row: u32, lane: u32) {
  let source = row * P_STRIDE + KV_OFFSET;
  let position = step.position + row;
  let scale = normaliser(source, LATENT, lane);
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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  if group.y == 1 { write_query(group.x, lane); } else { write_record(group.x, lane); }
}
