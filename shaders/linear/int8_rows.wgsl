// int8_rows – quantizes input rows of prefill to 8 bits, two chunks under one scale

#import shared/int8_dot
#import linear/input_row_pair

fn int8_words(chunk: mat4x4<f32>, scale: f32) -> vec4<u32> {
  return vec4<u32>(
    int8_word(chunk[0], scale), int8_word(chunk[1], scale),
    int8_word(chunk[2], scale), int8_word(chunk[3], scale));
}

fn int8_row(at: u32, chunk: u32, chunks: u32) -> Int8Input {
  let pair = input_row_pair(at, chunk, chunks);
  let scale = int8_scale(abs_max_pair(pair));
  return int8_input(Int8Pair(int8_words(pair.first, scale), int8_words(pair.second, scale)), scale);
}
