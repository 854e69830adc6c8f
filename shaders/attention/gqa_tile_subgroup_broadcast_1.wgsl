// gqa_tile_subgroup_broadcast_1 – the core of gqa_decode without broadcasts, for a group of one head

#import attention/broadcast_gqa_heads
#import attention/subgroup_broadcast_1
