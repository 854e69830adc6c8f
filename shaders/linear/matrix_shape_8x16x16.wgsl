// matrix_shape_8x16x16 – the shape of subgroup matrices of Intel (f16)

const MATRIX_M: u32 = 8;
const MATRIX_N: u32 = 16;
const MATRIX_K: u32 = 16;
