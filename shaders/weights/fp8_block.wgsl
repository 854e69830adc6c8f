// weights/fp8_block – weights stored as FP8 E4M3, one vec4 a chunk, with an f32 scale per block
//
// Blocks are BLOCK_ROWS × BLOCK_COLS weights. Exact for all 254 finite codes on every adapter, because no
// subnormal f32 is ever formed.

#import shared/dequantize_8
#import shared/e4m3
#import shared/block_scale

const ZERO_POINT: f32 = 0;
const DECODE_SCALE: f32 = 1;

fn dequantize(word: u32) -> vec4<f32> { return e4m3_numbers(word); }
