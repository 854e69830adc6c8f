// weights/fp8_block – weights stored as FP8 E4M3, one vec4 a chunk, with an f32 scale per BLOCK_ROWS × BLOCK_COLS block
//
// Exact for all 254 finite codes on every adapter: no subnormal number is ever formed.

#import shared/matrix
#import shared/e4m3
#import shared/chunk_pair
#import shared/block_scale

const FACTOR: f32 = 1;

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let words = fetch(m.base + row * m.stride + chunk);
  return mat4x4<f32>(e4m3_numbers(words.x), e4m3_numbers(words.y), e4m3_numbers(words.z), e4m3_numbers(words.w));
}
