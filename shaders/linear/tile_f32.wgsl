// tile_f32 – tiles held as f32

#import linear/workgroup_tile

alias TileNumber = f32;

// The divisor of an input chunk before it is stored.
fn chunk_scale(chunk: mat4x4<f32>) -> f32 { return 1.0; }

fn rounded_chunk(chunk: mat4x4<f32>) -> mat4x4<f32> { return chunk; }

// Column i, element j: the dot product of input column i and weight column j.
fn tile_dots(inputs: mat4x4<TileNumber>, weights: mat4x4<TileNumber>) -> mat4x4<f32> {
  return transpose(weights) * inputs;
}
