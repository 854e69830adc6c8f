// matvec_rows – the core of decode kernels: multiplies ROWS_PER_INVOCATION weight rows with the input
//
// Each chunk of the input is loaded once for all these rows. The kernel defines
//   fn row_at(first: u32, i: u32) -> u32                     its i-th weight row, clamped to rows that exist
//   fn input_quad(row: u32, quad: u32) -> vec4<f32>          four columns of an input row
// It imports a module of `rows` (defines RowSums) and of `prologue` (what is done to an input before it is
// multiplied). The slot `rowTiling` defines ROWS_PER_INVOCATION and how invocations share rows; the slot
// `kUnroll` defines how many chunks of a row an iteration takes.

#import shared/chunk
#import weights
#import rowTiling
#import kUnroll

var<private> sums: array<RowSums, ROWS_PER_INVOCATION>;
var<private> end_quad: u32; // end of the input's chunks

// Adds `factor` times the dot products over the first `chunks` chunks. Call in uniform control flow.
fn matvec_rows(m: Matrix, first: u32, chunks: u32, factor: f32, lane: u32) {
  end_quad = 4 * chunks;
  for (var chunk = K_UNROLL * lane_in_row(lane); chunk < chunks; chunk += K_UNROLL * LANES) {
    accumulate_chunks(m, first, chunk, factor);
  }
}
