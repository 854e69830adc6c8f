// grouped – the layout of `grouped`: how group_tokens tells the expert kernels of prefill which rows belong together
//
// Word 0 is the number of tiles; then TILES times (expert, first grouped row, rows); then the token of each grouped row;
// then the grouped row of each (token, choice). The shared expert's rows follow all others, in the order of tokens.

override ACTIVE: u32;
override TILES: u32;      // room for tiles
override MAX_TOKENS: u32; // room for tokens

fn tile_word(tile: u32) -> u32 { return 1 + 3 * tile; }

fn token_word(grouped_row: u32) -> u32 { return 1 + 3 * TILES + grouped_row; }

fn row_word(token: u32, choice: u32) -> u32 { return 1 + 3 * TILES + (MAX_TOKENS + token) * ACTIVE + choice; }
