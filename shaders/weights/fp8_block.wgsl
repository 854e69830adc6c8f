// weights/fp8_block – weights stored as FP8 E4M3, one vec4 a chunk, with an f32 scale per BLOCK_ROWS × BLOCK_COLS block
//
// Exact for all 254 finite codes on every adapter: no subnormal number is ever formed.

#import shared/words_8
#import shared/e4m3
#import shared/block_scale

const OFFSET: f32 = 0;
const FACTOR: f32 = 1;

fn widen(word: u32) -> vec4<f32> { return e4m3_numbers(word); }
