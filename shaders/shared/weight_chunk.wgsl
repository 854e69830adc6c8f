// weight_chunk – decodes 16 columns of a stored weight row into numbers without their scale
//
// The importing format defines
//   alias Codes                                              what is loaded for a chunk
//   fn load_codes(m: Matrix, row: u32, chunk: u32) -> Codes
//   fn decode_chunk(codes: Codes, odd: u32) -> mat4x4<f32>   the even (0) or odd (1) chunk, plus ZERO_POINT
//   const CHUNKS_PER_LOAD                                    chunks that one Codes holds
//   const ZERO_POINT                                         how much decoded numbers exceed the weights
//   const HAS_OFFSET                                         whether offsets are added to scaled numbers
//   fn weight_affine(m: Matrix, row: u32, chunk: u32) -> vec2<f32>   the scale and the offset
// Decode kernels subtract ZERO_POINT times the sum of the inputs from a whole dot product, which is cheaper
// than subtracting ZERO_POINT from each weight.

#import shared/matrix
#import shared/chunk

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let numbers = decode_chunk(load_codes(m, row, chunk), chunk % 2);
  if ZERO_POINT == 0 { return numbers; }
  return numbers - filled_chunk(ZERO_POINT);
}

// The weights themselves. Where rows end within a chunk, columns beyond hold the offset, if there is one.
fn dequantized_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let affine = weight_affine(m, row, chunk);
  let scaled = affine.x * weight_chunk(m, row, chunk);
  if HAS_OFFSET { return scaled + filled_chunk(affine.y); }
  return scaled;
}

// The weights before column `end`, and zeros from there on.
fn dequantized_before(m: Matrix, row: u32, chunk: u32, end: u32) -> mat4x4<f32> {
  let w = dequantized_chunk(m, row, chunk);
  if !HAS_OFFSET { return w; }
  let first = 16 * chunk;
  return mat4x4<f32>(
    w[0] * ones_before(first, end), w[1] * ones_before(first + 4, end),
    w[2] * ones_before(first + 8, end), w[3] * ones_before(first + 12, end));
}

// The dot product of a chunk of weights with inputs. The offset multiplies their sum.
fn dequantized_dot(m: Matrix, row: u32, chunk: u32, x: mat4x4<f32>) -> f32 {
  let affine = weight_affine(m, row, chunk);
  let scaled = affine.x * chunk_dot(weight_chunk(m, row, chunk), x);
  if HAS_OFFSET { return scaled + affine.y * chunk_sum(x); }
  return scaled;
}
