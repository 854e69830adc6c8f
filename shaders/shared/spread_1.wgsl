// spread_1 – products of four weight rows with one input row, which each invocation loads itself: what spread_4 and spread_8 offer, for one row

const TILE: u32 = 1; // input rows

alias Sums = array<vec4<f32>, 1>; // for the four weight rows
alias Places = u32;
alias Quads = vec4<f32>;

fn own_places() -> Places { return 0; }

fn add_rows(sums: ptr<function, Sums>, weights: mat4x4<f32>, own: Quads) { (*sums)[0] += weights * own; }
