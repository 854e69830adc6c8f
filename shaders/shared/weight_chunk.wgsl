// weight_chunk – decodes 16 columns of a stored weight row into numbers without their scale
//
// The importing format defines
//   alias Codes                                              what is loaded for a chunk
//   fn load_codes(m: Matrix, row: u32, chunk: u32) -> Codes
//   fn decode_chunk(codes: Codes, odd: u32) -> mat4x4<f32>   the even (0) or odd (1) chunk, plus ZERO_POINT
//   const CHUNKS_PER_LOAD                                    chunks that one Codes holds
//   const ZERO_POINT                                         how much decoded numbers exceed the weights
// Decode kernels subtract ZERO_POINT times the sum of the inputs from a whole dot product, which is cheaper
// than subtracting ZERO_POINT from each weight.

#import shared/matrix
#import shared/chunk

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let numbers = decode_chunk(load_codes(m, row, chunk), chunk % 2);
  if ZERO_POINT == 0 { return numbers; }
  let column = vec4<f32>(ZERO_POINT);
  return numbers - mat4x4<f32>(column, column, column, column);
}
