// block – which run of BLOCK cached tokens the prefill dispatches of one round work on (16 bytes; a dynamic offset counts it up)

struct Block { index: u32 }
