// input_alone – an invocation loads the inputs that it needs itself

fn input_pair(row: u32, chunk: u32) -> ChunkPair {
  let quad = 4 * chunk;
  return ChunkPair(
    mat4x4<f32>(
      quad_before_end(row, quad), quad_before_end(row, quad + 1),
      quad_before_end(row, quad + 2), quad_before_end(row, quad + 3)),
    mat4x4<f32>(
      quad_before_end(row, quad + 4), quad_before_end(row, quad + 5),
      quad_before_end(row, quad + 6), quad_before_end(row, quad + 7)));
}
