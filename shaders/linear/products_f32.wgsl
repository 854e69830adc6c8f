// products_f32 – a tile's numbers kept as f32

#import linear/tile

alias Product = f32;

// Factor that every number of an input chunk is divided by before it is kept.
fn chunk_scale(chunk: mat4x4<f32>) -> f32 { return 1.0; }

// Column i, element j: the dot product of input column i and weight column j.
fn products(inputs: mat4x4<Product>, weights: mat4x4<Product>) -> mat4x4<f32> { return transpose(weights) * inputs; }
