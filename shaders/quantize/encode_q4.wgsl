// encode_q4 – encodes 64 columns as weights/q4 reads them: two groups, whose scales fill a word
//
// With only 15 steps it pays to search for the scale. Of scales that map the extreme weight to -7.25 .. -9
// (clamped to -8), it takes the one with the smallest squared error.

#import quantize/groups

const SPAN: u32 = 4; // chunks

// Squared error in units of the extreme weight, so that no square over- or underflows.
fn squared_error(group: Group, scale: u32, extreme: f32) -> f32 {
  let inverse = inverse_of(scale);
  var sums = vec4<f32>();
  for (var i = 0u; i < 8; i++) {
    let difference = group[i] * inverse - codes_of(group[i], inverse, 8);
    sums += difference * difference;
  }
  let unit = bitcast<f32>(scale) / extreme;
  return (sums.x + sums.y + sums.z + sums.w) * unit * unit;
}

fn best_scale(group: Group) -> u32 {
  let extreme = extreme_of(group);
  var best = round_scale(extreme * -0.125);
  if best == 0 { return 0; }
  var smallest = squared_error(group, best, extreme);
  for (var i = 29u; i <= 36; i++) {
    let scale = round_scale(extreme * (-4.0 / f32(i)));
    let error = squared_error(group, scale, extreme);
    if error < smallest {
      smallest = error;
      best = scale;
    }
  }
  return best;
}

// Column i of both chunks in one byte.
fn pack_pair(low: vec4<f32>, high: vec4<f32>, inverse: f32) -> u32 {
  return pack_codes(codes_of(low, inverse, 8), 0xf) | (pack_codes(codes_of(high, inverse, 8), 0xf) << 4);
}

fn encode_group(row: u32, chunk: u32) -> u32 {
  let group = load_group(row, chunk);
  let scale = best_scale(group);
  let inverse = inverse_of(scale);
  let words = vec4<u32>(
    pack_pair(group[0], group[4], inverse), pack_pair(group[1], group[5], inverse),
    pack_pair(group[2], group[6], inverse), pack_pair(group[3], group[7], inverse));
  if chunk < chunks_of(batch.cols) { store_codes(row, chunk / 2, words); }
  return scale;
}

fn encode(row: u32, span: u32) {
  let low = encode_group(row, SPAN * span);
  let high = encode_group(row, SPAN * span + 2);
  store_scale(row, span, (low >> 16) | high);
}
