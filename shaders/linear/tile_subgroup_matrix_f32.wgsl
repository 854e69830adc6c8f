// tile_subgroup_matrix_f32 – subgroup matrices of f32 factors; for weights of any format

#import linear/subgroup_matrix_tile

alias TileNumber = f32;

// Scales go into the weights, so that results stay in the matrices until the last chunk.
const SCALED_PAIRS: bool = false;

fn input_factors(pair: ChunkPair, at: u32) -> ChunkPair { return pair; }

fn weight_factors(m: Matrix, out: u32, first: u32, second: u32, at: u32) -> ChunkPair {
  return ChunkPair(dequantized_chunk(m, out, first), dequantized_chunk(m, out, second));
}

fn sum_scales(lane: u32) -> mat4x4<f32> {
  let one = vec4<f32>(1.0);
  return mat4x4<f32>(one, one, one, one);
}
