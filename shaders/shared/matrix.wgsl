// matrix – where a stored weight matrix [rows, cols] lies in its buffer, for every format of shaders/weights
//
// Rows are padded with zeros to whole chunks of 16 columns. Scales, where the format has them, are words of
// the same buffer: f32, or pairs of bf16.

// Size of the blocks that share one scale; declared here so that every format takes the same constants.
override BLOCK_ROWS: u32 = 128;
override BLOCK_COLS: u32 = 128; // a multiple of 16

struct Matrix {
  base: u32,         // index of the first row, in vec4<u32>
  stride: u32,       // of a row, in vec4<u32>
  scales: u32,       // index of the first scale, in words
  scale_stride: u32, // words of scales per block row
}
