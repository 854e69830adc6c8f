// attention/attend_spread_8 – the core of latent_attend by broadcasts, where subgroups have 8 invocations or more

#import attention/spread_latents
#import attention/spread_8
