// input_loads – each invocation of a decode kernel loads the inputs that it needs itself

// A chunk of an input row, through the module of `prologue`; zeros beyond the row's chunks.
fn input_chunk(row: u32, chunk: u32) -> mat4x4<f32> {
  let quad = 4 * chunk;
  if quad >= end_quad { return mat4x4<f32>(); }
  return mat4x4<f32>(
    prologue_quad(row, quad), prologue_quad(row, quad + 1),
    prologue_quad(row, quad + 2), prologue_quad(row, quad + 3));
}

fn input_chunk_pair(row: u32, chunk: u32) -> ChunkPair {
  return ChunkPair(input_chunk(row, chunk), input_chunk(row, chunk + 1));
}
