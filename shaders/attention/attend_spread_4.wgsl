// mla_tile_subgroup_broadcast_4 – core of mla_decode by broadcasts, for subgroups of 4 to 7 invocations

#import attention/spread_latents
#import attention/spread_4
