// mla_tile_subgroup_broadcast_8 – core of mla_decode by broadcasts, for subgroups of 8 or more invocations

#import attention/spread_latents
#import attention/spread_8
