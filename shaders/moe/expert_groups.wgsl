// expert_groups – layout of `grouped`, in which group_tokens lists the rows of each expert for prefill
//
// Word 0 is the number of tiles. Then follow TILES times (expert, first grouped row, rows), the token of each
// grouped row, and the grouped row of each (token, choice). The shared expert's rows come last, in the order
// of tokens.

override TOP_K: u32;
override TILES: u32;      // capacity
override MAX_TOKENS: u32; // capacity

fn tile_word(tile: u32) -> u32 { return 1 + 3 * tile; }

fn token_word(grouped_row: u32) -> u32 { return 1 + 3 * TILES + grouped_row; }

fn row_word(token: u32, choice: u32) -> u32 {
  return 1 + 3 * TILES + (MAX_TOKENS + token) * TOP_K + choice;
}
