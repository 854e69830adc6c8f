// gqa_tile_subgroup_broadcast_8 – core of gqa_decode by broadcasts, for subgroups of 8 or more invocations

#import attention/broadcast_gqa_heads
#import attention/subgroup_broadcast_8
