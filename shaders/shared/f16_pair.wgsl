// f16_pair – packs two numbers as the nearest finite f16
//
// WGSL leaves open what pack2x16float makes of numbers beyond the range of f16.

const LARGEST_F16: f32 = 65504;

fn f16_pair(numbers: vec2<f32>) -> u32 {
  return pack2x16float(clamp(numbers, vec2<f32>(-LARGEST_F16), vec2<f32>(LARGEST_F16)));
}
