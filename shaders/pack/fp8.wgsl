// pack/fp8 – a record of latent attention as cache/fp8 reads it; needs no shader-f16

#import shared/e4m3
#import attention/fp8_record

// Exponent bits of the scale of a group; the largest of its latents lands between 224 and 448.
fn group_exponent(group: u32) -> u32 {
  var largest = vec2<f32>();
  for (var pair = group * FP8_GROUP / 2; pair < min((group + 1) * FP8_GROUP, LATENT) / 2; pair++) {
    largest = max(largest, abs(record[pair]));
  }
  return e4m3_exponent(max(largest.x, largest.y));
}

fn code_word(i: u32) -> u32 {
  let inverse = power_of_two(254 - group_exponent(4 * i / FP8_GROUP));
  var latents = vec4<f32>(record[2 * i], 0, 0);
  if 4 * i + 2 < LATENT { latents = vec4<f32>(latents.xy, record[2 * i + 1]); }
  return e4m3_codes(latents * inverse);
}

fn scale_word(i: u32) -> u32 {
  var word = 0u;
  for (var group = 4 * i; group < min(4 * i + 4, (LATENT + FP8_GROUP - 1) / FP8_GROUP); group++) {
    word |= group_exponent(group) << (group % 4 * 8);
  }
  return word;
}

fn record_word(i: u32) -> u32 {
  if i < SCALES_AT { return code_word(i); }
  if i < KEY_AT { return scale_word(i - SCALES_AT); }
  return pack2x16float(record[LATENT / 2 + i - KEY_AT]);
}
