// group_tokens – sorts the chosen (token, expert) pairs by expert and cuts each expert's rows into tiles
//
//   step     Step                      uniform
//   route    u32   [tokens, TOP_K, 2]  read
//   grouped  u32   [grouped words]     read_write
//
//   grid     one workgroup
//   exact    rows by expert, then token, then choice: the same on every run
//
// `grouped` has 1 + 3 * TILES + 2 * MAX_TOKENS * TOP_K words; moe/expert_groups describes the layout.

#import shared/step
#import moe/expert_groups

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> route: array<u32>;
@group(0) @binding(2) var<storage, read_write> grouped: array<u32>;

override WORKGROUP: u32 = 256;
override EXPERTS: u32;
override SHARED_INTERMEDIATE: u32 = 0;
override TILE_ROWS: u32;

var<workgroup> counts: array<atomic<u32>, EXPERTS>;

fn tiles_of(rows: u32) -> u32 { return (rows + TILE_ROWS - 1) / TILE_ROWS; }

fn write_tiles(expert: u32, first_tile: u32, first_row: u32, rows: u32) {
  for (var i = 0u; i < tiles_of(rows); i++) {
    if first_tile + i >= TILES { return; }
    let at = tile_word(first_tile + i);
    grouped[at] = expert;
    grouped[at + 1] = first_row + TILE_ROWS * i;
    grouped[at + 2] = min(rows - TILE_ROWS * i, TILE_ROWS);
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  let pairs = step.tokens * TOP_K;
  for (var i = lane; i < pairs; i += WORKGROUP) { atomicAdd(&counts[route[2 * i]], 1u); }
  workgroupBarrier();

  // Each invocation handles the experts lane, lane + WORKGROUP, ...; number EXPERTS stands for the shared
  // expert and writes the number of tiles.
  for (var own = lane; own <= EXPERTS; own += WORKGROUP) {
    var row = 0u;
    var tile = 0u;
    for (var e = 0u; e < own; e++) {
      let count = atomicLoad(&counts[e]);
      row += count;
      tile += tiles_of(count);
    }
    if own == EXPERTS {
      let rows = select(0, step.tokens, SHARED_INTERMEDIATE > 0);
      write_tiles(EXPERTS, tile, pairs, rows);
      grouped[0] = min(tile + tiles_of(rows), TILES);
    } else {
      write_tiles(own, tile, row, atomicLoad(&counts[own]));
      let end = row + atomicLoad(&counts[own]);
      for (var i = 0u; i < pairs && row < end; i++) {
        if route[2 * i] == own {
          grouped[token_word(row)] = i / TOP_K;
          grouped[row_word(0, i)] = row;
          row++;
        }
      }
    }
  }
}
