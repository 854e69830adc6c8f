// pages – maps a position of a session to a row of the paged KV cache, through the binding `pages`

const PAGE: u32 = 64;

fn cache_row(position: u32) -> u32 { return pages[position / PAGE] * PAGE + position % PAGE; }
