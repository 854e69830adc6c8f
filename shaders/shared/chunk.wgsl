// chunk – 16 consecutive columns of a row as four vec4s: the unit in which weights and activations multiply

// Two neighbouring chunks of a row; the first has an even index.
struct ChunkPair {
  first: mat4x4<f32>,
  second: mat4x4<f32>,
}

fn filled_chunk(value: f32) -> mat4x4<f32> {
  let column = vec4<f32>(value);
  return mat4x4<f32>(column, column, column, column);
}

fn chunk_dot(a: mat4x4<f32>, b: mat4x4<f32>) -> f32 {
  return dot(a[0], b[0]) + dot(a[1], b[1]) + dot(a[2], b[2]) + dot(a[3], b[3]);
}

fn chunk_sum(a: mat4x4<f32>) -> f32 { return chunk_dot(a, filled_chunk(1)); }

// For four columns from `column` on: 1 before `end`, else 0.
fn ones_before(column: u32, end: u32) -> vec4<f32> {
  return select(
    vec4<f32>(), vec4<f32>(1), vec4<u32>(column, column + 1, column + 2, column + 3) < vec4<u32>(end));
}

// Chunks in a row of `columns` columns.
fn chunks_of(columns: u32) -> u32 { return (columns + 15) / 16; }
