// offset – numbers that lie OFFSET above what they mean: it is cheaper to take OFFSET times the sum of the inputs from a product than OFFSET from each weight

fn without_offset(numbers: mat4x4<f32>) -> mat4x4<f32> {
  if OFFSET == 0 { return numbers; }
  let each = vec4<f32>(OFFSET);
  return numbers - mat4x4<f32>(each, each, each, each);
}
