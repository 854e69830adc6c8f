// pages – the rows of a step follow each other in one session, whose page table is the binding `pages`
//
// Maps a position of the session to a row of the paged KV cache. shared/row_pages takes its place where rows
// belong to different sessions.

const PAGE: u32 = 64;

// Call before cache_row, where a row of the step is all that a workgroup computes.
fn select_row(row: u32) {}

fn row_position(row: u32) -> u32 { return step.position + row; }

// Cached tokens per split of decode attention.
fn row_split(row: u32) -> u32 { return step.split; }

fn cache_row(position: u32) -> u32 { return pages[position / PAGE] * PAGE + position % PAGE; }
