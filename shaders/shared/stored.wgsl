// stored – 16 columns of a weight row as numbers, from the words that its format stores them in
//
// The format defines `alias Words`, what is loaded for a chunk, `fn words_of(m: Matrix, row: u32, chunk: u32) -> Words`, and
// `fn numbers_of(words: Words, odd: u32) -> mat4x4<f32>`, those of an even (0) or an odd chunk, which lie OFFSET above the weights: it is cheaper to
// take OFFSET times the sum of the inputs from a product than OFFSET from each weight. CHUNKS_A_LOAD says how many chunks the same Words hold.

#import shared/matrix
#import shared/chunk

fn weight_chunk(m: Matrix, row: u32, chunk: u32) -> mat4x4<f32> {
  let numbers = numbers_of(words_of(m, row, chunk), chunk % 2);
  if OFFSET == 0 { return numbers; }
  let each = vec4<f32>(OFFSET);
  return numbers - mat4x4<f32>(each, each, each, each);
}
