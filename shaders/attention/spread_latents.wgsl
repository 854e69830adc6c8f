// attention/spread_latents – rows that are heads of one token, all of which look at the same latents: attend_split, as attention/attend_tile says
//
// A record is read for the scores of its heads and, out of the CPU's cache, once more for their sums.

#import attention/spread_heads

override VALUE: u32 = LATENT;
override KEY_QUADS: u32 = RECORD_QUADS;

fn rows_end() -> u32 { return HEADS; }

fn sums_at(row: u32, head: u32) -> u32 { return partial_at(token, row, own_split); }

fn row_query(row: u32, head: u32, quad: u32) -> vec4<f32> { return absorbed_quad(token, row, quad); }

fn key_quad(place: u32, head: u32, quad: u32) -> vec4<f32> { return record_quad(place, 2 * quad, RECORD / 2); }

fn value_quad(place: u32, head: u32, quad: u32) -> vec4<f32> { return record_quad(place, 2 * quad, LATENT / 2); }

fn attend_split(first: u32, end: u32, row: u32, head0: u32, split: u32, lane: u32) {
  attend_heads(first, end, row, 0, head0, split, lane);
}
