// products_f16 – a tile's numbers kept as f16, which halves the traffic of workgroup memory; multiplied and summed in f32

#import linear/tile
#import linear/halves

alias Product = f16;

fn chunk_scale(chunk: mat4x4<f32>) -> f32 { return half_scale(largest_of(chunk)); }

fn products(inputs: mat4x4<Product>, weights: mat4x4<Product>) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(weights)) * mat4x4<f32>(inputs);
}
