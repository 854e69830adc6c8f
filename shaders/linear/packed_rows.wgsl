// packed_rows – input rows of prefill rounded to eight bits, a pair of chunks at a time

#import shared/packed

fn largest_of(quad: vec4<f32>) -> f32 {
  let each = abs(quad);
  return max(max(each.x, each.y), max(each.z, each.w));
}

// Zeros behind the chunks of the row that lies `at`.
fn packed_row(at: u32, chunk: u32, chunks: u32) -> PackedInput {
  let quad = 4 * chunk;
  let a = mat4x4<f32>(input_quad(at, quad), input_quad(at, quad + 1), input_quad(at, quad + 2), input_quad(at, quad + 3));
  var b = mat4x4<f32>();
  if chunk + 1 < chunks {
    b = mat4x4<f32>(input_quad(at, quad + 4), input_quad(at, quad + 5), input_quad(at, quad + 6), input_quad(at, quad + 7));
  }
  let largest = max(
    max(max(largest_of(a[0]), largest_of(a[1])), max(largest_of(a[2]), largest_of(a[3]))),
    max(max(largest_of(b[0]), largest_of(b[1])), max(largest_of(b[2]), largest_of(b[3]))));
  let scale = packed_scale(largest);
  return packed_input(
    PackedPair(
      vec4<u32>(packed_word(a[0], scale), packed_word(a[1], scale), packed_word(a[2], scale), packed_word(a[3], scale)),
      vec4<u32>(packed_word(b[0], scale), packed_word(b[1], scale), packed_word(b[2], scale), packed_word(b[3], scale))),
    scale);
}
