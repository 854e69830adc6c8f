// cache/fp8 – records of latent attention with the latent in FP8 E4M3, in u32 words of the binding `cache`; needs no shader-f16

#import shared/e4m3
#import attention/fp8_record

fn cache_load(row: u32, pair: u32) -> vec2<f32> {
  let at = row * RECORD_WORDS;
  if pair >= LATENT / 2 { return unpack2x16float(cache[at + KEY_AT + pair - LATENT / 2]); }
  let group = 2 * pair / FP8_GROUP;
  let scale = power_of_two((cache[at + SCALES_AT + group / 4] >> (group % 4 * 8)) & 0xff);
  let numbers = e4m3_numbers(cache[at + pair / 2]);
  return scale * select(numbers.xy, numbers.zw, pair % 2 == 1);
}
