// matrix_shape_8x8x8 – the shape of subgroup matrices of Apple (f32)

const MATRIX_M: u32 = 8;
const MATRIX_N: u32 = 8;
const MATRIX_K: u32 = 8;
