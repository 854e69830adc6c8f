// prologue_plain – passes the inputs of a decode kernel through unchanged
//
// A module of the slot `prologue` defines prologue_quad, what matvec_rows multiplies in place of an input,
// and prologue_scale, a factor of the final sums.

fn prologue_quad(row: u32, quad: u32) -> vec4<f32> { return input_quad(row, quad); }

fn prologue_scale(row: u32, lane: u32) -> f32 { return 1.0; }
