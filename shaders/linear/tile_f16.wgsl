// tile_f16 – tiles held as f16, which halves the traffic of workgroup memory; multiplied and summed in f32

#import linear/workgroup_tile
#import linear/f16_scale

alias TileNumber = f16;

fn chunk_scale(chunk: mat4x4<f32>) -> f32 { return f16_scale(abs_max(chunk)); }

fn tile_dots(inputs: mat4x4<TileNumber>, weights: mat4x4<TileNumber>) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(weights)) * mat4x4<f32>(inputs);
}
