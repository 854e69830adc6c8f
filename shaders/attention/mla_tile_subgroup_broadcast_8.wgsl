// mla_tile_subgroup_broadcast_8 – core of mla_decode by broadcasts, for subgroups of 8 or more invocations

#import attention/broadcast_mla_heads
#import attention/subgroup_broadcast_8
