// no_offset – for formats in which a weight is its decoded number times weight_scale

const HAS_OFFSET: bool = false;

fn weight_affine(m: Matrix, row: u32, chunk: u32) -> vec2<f32> {
  return vec2<f32>(weight_scale(m, row, chunk), 0);
}
