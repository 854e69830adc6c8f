// mla_absorb_q – multiplies W_UKᵀ into a token's queries (absorbed MLA) and writes its KV entry (decode)
//
//   step         Step                                          uniform
//   projected    f32        [tokens, PROJECTED_STRIDE]         read
//   latent_norm  f32        [LATENT]                           read
//   query        f32        [tokens, Q_STRIDE]                 read
//   weights      vec4<u32>  [HEADS * (NOPE + VALUE), LATENT]   read
//   rotations    vec2<f32>  [256 + n, ROPE / 2]                read
//   pages        u32        [pages]                            read
//   absorbed     f32        [tokens, HEADS * (LATENT + ROPE)]  read_write
//   cache        u32        [rows, KV_ENTRY]                   read_write
//
//   grid         (HEADS + 1) × tokens: a workgroup for each head, and one for the KV entry
//   exact        f32 sums in a fixed order; the cache rounds to its own format

#import shared/step
#import attention/absorb_query
#import attention/write_kv_entry

@group(0) @binding(0) var<uniform> step: Step;
// From column KV_OFFSET on: [latent | shared key]
@group(0) @binding(1) var<storage, read> projected: array<f32>;
@group(0) @binding(2) var<storage, read> latent_norm: array<f32>;
@group(0) @binding(3) var<storage, read> query: array<f32>; // from column Q_OFFSET on: [HEADS, NOPE + ROPE]
// Per head: NOPE rows of W_UK, VALUE of W_UV
@group(0) @binding(4) var<storage, read> weights: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read> rotations: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read> pages: array<u32>;
@group(0) @binding(7) var<storage, read_write> absorbed: array<f32>;
@group(0) @binding(8) var<storage, read_write> cache: array<u32>;

override WORKGROUP: u32 = 64;
override LATENT: u32;
override ROPE: u32;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  if group.x < HEADS { absorb_query(group.y, group.x, lane); } else { write_kv_entry(group.y, lane); }
}
