// row_pages – takes the place of shared/pages: each row of a step has its own position and page table
//
// The binding `pages` begins with four words for each row: its position, its cached tokens per split, where
// in `pages` its page table begins, and one that is unused.

const PAGE: u32 = 64;

var<private> page_table: u32; // of the selected row

fn select_row(row: u32) { page_table = pages[4 * row + 2]; }

fn row_position(row: u32) -> u32 { return pages[4 * row]; }

fn row_split(row: u32) -> u32 { return pages[4 * row + 1]; }

fn cache_row(position: u32) -> u32 { return pages[page_table + position / PAGE] * PAGE + position % PAGE; }
