// attention/attend_spread_4 – the core of latent_attend by broadcasts, where subgroups have 4 to 7 invocations

#import attention/spread_latents
#import attention/spread_4
