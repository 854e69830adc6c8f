// matrix_shape_16x16x16 – the shape of subgroup matrices of NVIDIA and AMD (f16)

const MATRIX_M: u32 = 16;
const MATRIX_N: u32 = 16;
const MATRIX_K: u32 = 16;
