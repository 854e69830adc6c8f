// matrix – where a stored weight matrix [rows, cols] lies; every storage format of shaders/weights reads through it
//
// Rows are padded to 16 columns (one chunk) with zeros. Scales, where the format has them, are f32 words of the same buffer.

// Size of the blocks that share one scale; declared here so that every format takes the same constants.
override BLOCK_ROWS: u32 = 128;
override BLOCK_COLS: u32 = 128; // a multiple of 16

struct Matrix {
  base: u32,          // index of the first row, in vec4<u32>
  stride: u32,        // of a row, in vec4<u32>
  scales: u32,        // index of the first scale, in words
  scale_stride: u32,  // scales per block row
}
