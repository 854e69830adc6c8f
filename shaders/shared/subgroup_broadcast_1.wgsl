// subgroup_broadcast_1 – products of four weight rows with one input row, without broadcasts
//
// It defines the same names as subgroup_broadcast_4 and _8; each invocation loads the input row itself.

const TILE: u32 = 1; // input rows

alias Sums = array<vec4<f32>, 1>; // the products with the four weight rows
alias RowIndices = u32;
alias RowQuads = vec4<f32>;

fn own_row_indices() -> RowIndices { return 0; }

fn add_rows(sums: ptr<function, Sums>, weights: mat4x4<f32>, own: RowQuads) { (*sums)[0] += weights * own; }
