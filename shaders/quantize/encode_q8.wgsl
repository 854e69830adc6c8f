// encode_q8 – encodes 64 columns as weights/q8 reads them: two groups, whose scales fill a word

#import quantize/groups

const SPAN: u32 = 4; // chunks

// The words of chunk `half` of a group.
fn pack_chunk(group: Group, half: u32, inverse: f32) -> vec4<u32> {
  let at = 4 * half;
  return vec4<u32>(
    pack_codes(codes_of(group[at], inverse, 128), 0xff),
    pack_codes(codes_of(group[at + 1], inverse, 128), 0xff),
    pack_codes(codes_of(group[at + 2], inverse, 128), 0xff),
    pack_codes(codes_of(group[at + 3], inverse, 128), 0xff));
}

fn encode_group(row: u32, chunk: u32) -> u32 {
  let group = load_group(row, chunk);
  let scale = round_scale(extreme_of(group) * -0x1p-7);
  let inverse = inverse_of(scale);
  for (var half = 0u; half < 2; half++) {
    if chunk + half < chunks_of(batch.cols) {
      store_codes(row, chunk + half, pack_chunk(group, half, inverse));
    }
  }
  return scale;
}

fn encode(row: u32, span: u32) {
  let low = encode_group(row, SPAN * span);
  let high = encode_group(row, SPAN * span + 2);
  store_scale(row, span, (low >> 16) | high);
}
