// taken_plain – inputs as they are
//
// A module of the slot `taken`: what `walk` takes of an input, and what the sums are multiplied with in the end.

fn taken_quad(row: u32, quad: u32) -> vec4<f32> { return input_quad(row, quad); }

fn input_scale(row: u32, lane: u32) -> f32 { return 1.0; }
