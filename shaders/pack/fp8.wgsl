// pack/fp8 – packs an MLA KV entry as cache/fp8 reads it; needs no shader-f16

#import shared/e4m3
#import shared/f16_pair
#import attention/fp8_kv_entry

// Scale of a group as bf16: it maps the largest latent to 448, the largest code, up to the rounding of the
// scale.
fn group_scale(group: u32) -> u32 {
  var largest = vec2<f32>(1e-30); // keeps the scale of zeros a normal number
  for (var pair = group * FP8_GROUP / 2; pair < min((group + 1) * FP8_GROUP, LATENT) / 2; pair++) {
    largest = max(largest, abs(kv_entry[pair]));
  }
  let bits = bitcast<u32>(max(largest.x, largest.y) / 448);
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

fn code_word(i: u32) -> u32 {
  let scale = bitcast<f32>(group_scale(4 * i / FP8_GROUP) << 16);
  var latents = vec4<f32>(kv_entry[2 * i], 0, 0);
  if 4 * i + 2 < LATENT { latents = vec4<f32>(latents.xy, kv_entry[2 * i + 1]); }
  return e4m3_codes(latents / scale);
}

fn scale_word(i: u32) -> u32 {
  var word = group_scale(2 * i);
  if 2 * i + 1 < GROUPS_OF_LATENT { word |= group_scale(2 * i + 1) << 16; }
  return word;
}

fn kv_entry_word(i: u32) -> u32 {
  if i < SCALES_AT { return code_word(i); }
  if i < KEY_AT { return scale_word(i - SCALES_AT); }
  return f16_pair(kv_entry[LATENT / 2 + i - KEY_AT]);
}
