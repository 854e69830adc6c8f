// walk – an invocation's sums of products with its EACH weight rows: chunks of the input are taken once for all of them
//
// The kernel defines `fn row_at(first: u32, i: u32) -> u32`, its i-th weight row, one that exists, and `fn input_quad(row: u32, quad: u32)
// -> vec4<f32>`, four columns of an input row. It imports the modules of `rows`, that says what a LaneSum is, and of `taken`, that says what becomes
// of an input before it is multiplied. The slot `share` says how many rows EACH is and who shares them; the slot `visit` how much of
// a row is taken at a time.

#import shared/chunk
#import weights
#import share
#import visit

var<private> sums: array<LaneSum, EACH>;
var<private> end_quad: u32; // of the input's chunks

// Adds `factor` times the products of the first `chunks` chunks. In uniform control flow.
fn walk(m: Matrix, first: u32, chunks: u32, factor: f32, lane: u32) {
  end_quad = 4 * chunks;
  for (var chunk = VISIT * place_of(lane); chunk < chunks; chunk += VISIT * LANES) { visit(m, first, chunk, factor); }
}
