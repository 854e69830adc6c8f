// tile_subgroup_matrix_f16 – subgroup matrices of f16 factors, for weights whose scales cover pairs of chunks

#import linear/subgroup_matrix_tile
#import linear/f16_scale

alias TileNumber = f16;

// A scale for a whole row might be too small for f16, so each pair's results are scaled in f32.
const SCALED_PAIRS: bool = true;

fn input_factors(pair: ChunkPair, at: u32) -> ChunkPair {
  let divisor = f16_scale(abs_max_pair(pair));
  var scaled = ChunkPair(pair.first * (1.0 / divisor), pair.second * (1.0 / divisor));
  if HAS_OFFSET { scaled = ChunkPair(rounded_chunk(scaled.first), rounded_chunk(scaled.second)); }
  store_affine(at, vec2<f32>(divisor, divisor * (chunk_sum(scaled.first) + chunk_sum(scaled.second))));
  return scaled;
}

fn weight_factors(m: Matrix, out: u32, first: u32, second: u32, at: u32) -> ChunkPair {
  store_affine(at, weight_affine(m, out, first));
  return ChunkPair(weight_chunk(m, out, first), weight_chunk(m, out, second));
}

fn sum_scales(lane: u32) -> mat4x4<f32> {
  let outs = out_scales(lane % 8);
  let index = lane / 8;
  return mat4x4<f32>(
    outs * tile_scales[index],
    outs * tile_scales[index + 8],
    outs * tile_scales[index + 16],
    outs * tile_scales[index + 24]);
}
