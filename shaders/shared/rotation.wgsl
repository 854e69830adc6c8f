// rotation – cos and sin of rotary (RoPE) angles, from a table in the binding `rotations`
//
// The table is vec2<f32> [256 + ceil(context / 256), ROPE / 2]. WGSL promises only 2^-11 for cos, and f32
// angles lose digits at large positions. So rows 0..255 hold the rotations of positions 0..255 (times the
// YaRN magnitude), and row 256 + i that of position 256 * i, all computed in f64; the product of two rows is
// the wanted rotation.

fn rotation(position: u32, pair: u32) -> vec2<f32> {
  let low = rotations[(position % 256) * (ROPE / 2) + pair];
  let high = rotations[(256 + position / 256) * (ROPE / 2) + pair];
  return rotate(low, high);
}

// Complex product.
fn rotate(value: vec2<f32>, by: vec2<f32>) -> vec2<f32> {
  return vec2<f32>(value.x * by.x - value.y * by.y, value.x * by.y + value.y * by.x);
}
