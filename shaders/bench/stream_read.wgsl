// stream_read – adds up every word of a buffer, to measure how fast this adapter reads memory
//
//   step   Step                      uniform
//   words  vec4<u32>  [COUNT]        read
//   sums   u32        [invocations]  read_write
//
//   grid   ceil(COUNT / (WORKGROUP * VEC4S_PER_INVOCATION)), spread over two dimensions
//   exact  u32 sums modulo 2^32

#import shared/step
#import bench/grid_index

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> words: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> sums: array<u32>;

override WORKGROUP: u32 = 64;
override COUNT: u32; // vec4s
override VEC4S_PER_INVOCATION: u32;
override CONTIGUOUS: bool = false; // an invocation's vec4s are contiguous; else a workgroup's are interleaved

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) lane: u32) {
  let group = grid_index(id, grid);
  let first = group * WORKGROUP * VEC4S_PER_INVOCATION
    + select(lane, lane * VEC4S_PER_INVOCATION, CONTIGUOUS);
  let stride = select(WORKGROUP, 1, CONTIGUOUS);
  var sum = vec4<u32>();
  for (var i = 0u; i < VEC4S_PER_INVOCATION; i++) {
    let at = first + i * stride;
    if at < COUNT { sum += words[at]; }
  }
  sums[group * WORKGROUP + lane] = sum.x + sum.y + sum.z + sum.w;
}
