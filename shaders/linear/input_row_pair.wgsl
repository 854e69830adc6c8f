// input_row_pair – loads two neighbouring chunks of an input row in prefill

#import shared/chunk
#import shared/abs_max

// `at`: where the row lies, as the kernel's input_row returns it. Zeros beyond the row's chunks.
fn input_row_pair(at: u32, chunk: u32, chunks: u32) -> ChunkPair {
  let quad = 4 * chunk;
  var pair: ChunkPair;
  pair.first = mat4x4<f32>(
    input_quad(at, quad), input_quad(at, quad + 1), input_quad(at, quad + 2), input_quad(at, quad + 3));
  if chunk + 1 < chunks {
    pair.second = mat4x4<f32>(
      input_quad(at, quad + 4), input_quad(at, quad + 5), input_quad(at, quad + 6), input_quad(at, quad + 7));
  }
  return pair;
}

fn abs_max_pair(pair: ChunkPair) -> f32 { return max(abs_max(pair.first), abs_max(pair.second)); }
