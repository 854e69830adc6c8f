// abs_max – the largest magnitude in a chunk

fn abs_max(chunk: mat4x4<f32>) -> f32 {
  let four = max(max(abs(chunk[0]), abs(chunk[1])), max(abs(chunk[2]), abs(chunk[3])));
  return max(max(four.x, four.y), max(four.z, four.w));
}
