// tiles – what every module of the slot `products` offers to the products of prefill, and asks of them
//
// It offers a tile of TILE_ROWS input rows × TILE_OUTS weight rows by WORKGROUP invocations:
//   multiply_tile(m, row0, out0, chunks, lane)   in uniform control flow; row0, out0: first of each; chunks: of the shared dimension
//   tile_value(i), i < LANE_ROWS                 then the results for input row row0 + tile_row(lane, i) and the weight rows
//                                                out0 + tile_out(lane) to out0 + tile_out(lane) + 3
// The kernel defines, for rows beyond the last as for the last one (their results are dropped):
//   input_row(row) -> u32                        where an input row lies
//   input_quad(at, quad) -> vec4<f32>            columns 4 * quad to 4 * quad + 3 of the row that lies there
//   weight_row(out) -> u32                       the row of the matrix that stands at place `out`
