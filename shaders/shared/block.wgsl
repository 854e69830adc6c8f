// block – which block of BLOCK cached tokens a dispatch of prefill processes (16 bytes; dynamic offset)

struct Block { index: u32 }
