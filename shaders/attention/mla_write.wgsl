// mla_write – normalizes a token's latent, rotates its shared key and writes both as a KV entry (prefill)
//
//   step         Step                                   uniform
//   projected    f32        [tokens, PROJECTED_STRIDE]  read
//   latent_norm  f32        [LATENT]                    read
//   rotations    vec2<f32>  [256 + n, ROPE / 2]         read
//   pages        u32        [pages]                     read
//   cache        u32        [rows, KV_ENTRY]            read_write
//
//   grid         one workgroup per token
//   exact        f32 sum of squares; the cache rounds to its own format

#import shared/step
#import attention/write_kv_entry

@group(0) @binding(0) var<uniform> step: Step;
// From column KV_OFFSET on: [latent | shared key]
@group(0) @binding(1) var<storage, read> projected: array<f32>;
@group(0) @binding(2) var<storage, read> latent_norm: array<f32>;
@group(0) @binding(3) var<storage, read> rotations: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> pages: array<u32>;
@group(0) @binding(5) var<storage, read_write> cache: array<u32>;

override WORKGROUP: u32 = 64;
override LATENT: u32;
override ROPE: u32;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  write_kv_entry(group.x, lane);
}
