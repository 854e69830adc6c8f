// packed_rows – input rows of prefill rounded to eight bits, a pair of chunks at a time

#import shared/packed
#import linear/row_pair

fn packed_words(chunk: mat4x4<f32>, scale: f32) -> vec4<u32> {
  return vec4<u32>(
    packed_word(chunk[0], scale), packed_word(chunk[1], scale), packed_word(chunk[2], scale), packed_word(chunk[3], scale));
}

fn packed_row(at: u32, chunk: u32, chunks: u32) -> PackedInput {
  let pair = row_pair(at, chunk, chunks);
  let scale = packed_scale(largest_of_pair(pair));
  return packed_input(PackedPair(packed_words(pair.first, scale), packed_words(pair.second, scale)), scale);
}
