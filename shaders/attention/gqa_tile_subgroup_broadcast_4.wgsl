// gqa_tile_subgroup_broadcast_4 – core of gqa_decode by broadcasts, for subgroups of 4 to 7 invocations

#import attention/broadcast_gqa_heads
#import attention/subgroup_broadcast_4
