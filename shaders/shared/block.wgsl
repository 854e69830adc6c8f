// block – index of the block of BLOCK cached tokens of a prefill dispatch (16 bytes; dynamic offset)

struct Block { index: u32 }
