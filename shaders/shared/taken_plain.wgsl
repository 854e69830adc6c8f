// taken_plain – inputs as they are
//
// A module of the slot `taken`: what `walk` takes of a chunk of the input, and what the sums are multiplied with in the end.

const EXTRA: u32 = 0; // sums beside those of the weight rows

fn taken(chunk: u32, own: f32) -> Inputs { return inputs(chunk); }

fn input_scale(row: u32) -> f32 { return 1.0; }
