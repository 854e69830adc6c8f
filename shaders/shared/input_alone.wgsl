// input_alone – an invocation loads the inputs that it needs itself

// A chunk through its `taken`; zeros behind the input's chunks.
fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32> {
  let quad = 4 * chunk;
  if quad >= end_quad { return mat4x4<f32>(); }
  return mat4x4<f32>(taken_quad(row, quad), taken_quad(row, quad + 1), taken_quad(row, quad + 2), taken_quad(row, quad + 3));
}

fn input_pair(row: u32, chunk: u32) -> ChunkPair { return ChunkPair(input_chunk(row, chunk), input_chunk(row, chunk + 1)); }
