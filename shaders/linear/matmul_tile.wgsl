// matmul_tile – the interface of the modules of slot `tile`, matrix products of prefill (comments only)
//
// A tile is TILE_ROWS input rows × TILE_OUTS weight rows, computed by WORKGROUP invocations:
//   multiply_tile(m, row0, out0, chunks, lane)   computes the tile; call in uniform control flow; row0, out0:
//                                                first input and weight row; chunks: the shared dimension
//   tile_value(i), i < LANE_ROWS                 afterwards the results of input row row0 + tile_row(lane, i)
//                                                and the 4 weight rows from out0 + tile_out(lane) on
// The kernel defines the following, clamped to the last row (results of rows beyond it are dropped):
//   input_row(row) -> u32                        where an input row lies
//   input_quad(at, quad) -> vec4<f32>            columns 4 * quad to 4 * quad + 3 of the input row at `at`
//   weight_row(out) -> u32                       the row of the matrix that computes output `out`
